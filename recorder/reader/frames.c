#include "recorder/reader/format.h"
#include <stdlib.h>

/*
 * Frames as they are, in messages; without the contents of files, which nobody plays.  With a start time: what a channel showed before it is told by its last screen
 * key-frame and what followed, and nothing older; what opened, closed and was noted is told from the beginning.
 */
enum { MESSAGE = 32 * 1024, HELD_MAX = 16 << 20, CHANNELS_MAX = 256 };

struct held {
	struct held *next;
	uint32_t channel;
	struct buf frames;
};
struct state {
	struct reader_out *out;
	uint64_t from_us;
	bool begun;
	unsigned channels;
	struct held *held;
};

static void begin(void *state, struct reader_out *o, int64_t from_us)
{
	struct state *s = state;
	s->out = o;
	s->from_us = from_us > 0 ? (uint64_t)from_us : 0;
}

static int pass(struct state *s, const struct frame *f)
{
	if (s->out->b.len + FRAME_HEAD + f->body.n > MESSAGE) {
		int rc = reader_out_flush(s->out);
		if (rc < 0)
			return rc;
	}
	frame_put(&s->out->b, f);
	return 0;
}

static int release(struct state *s, struct held *h)
{
	struct span in = buf_span(&h->frames);
	struct frame f;
	for (int n; (n = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + n, in.n - (size_t)n)) {
		int rc = pass(s, &f);
		if (rc < 0)
			return rc;
	}
	buf_clear(&h->frames);
	return 0;
}

static struct held *held_of(struct state *s, uint32_t channel)
{
	struct held *h = s->held;
	while (h && h->channel != channel)
		h = h->next;
	if (h || s->channels == CHANNELS_MAX || !(h = calloc(1, sizeof *h)))
		return h;
	h->channel = channel;
	h->next = s->held;
	buf_init(&h->frames, HELD_MAX);
	s->held = h;
	s->channels++;
	return h;
}

static bool is_picture(uint8_t type)
{
	return type == FRAME_IN || type == FRAME_OUT || type == FRAME_ERR || type == FRAME_SCREEN || type == FRAME_KEYS;
}

/* Before the start: only the newest picture of each channel is kept. */
static int hold(struct state *s, const struct frame *f)
{
	struct held *h = held_of(s, f->channel);
	if (!h)
		return 0;
	if (f->type == FRAME_SCREEN || h->frames.len + FRAME_HEAD + f->body.n > HELD_MAX)
		buf_clear(&h->frames);
	frame_put(&h->frames, f);
	return 0;
}

static int begin_now(struct state *s)
{
	s->begun = true;
	for (struct held *h = s->held; h; h = h->next) {
		int rc = release(s, h);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	if (f->type == FRAME_CONTENT)
		return 0;
	if (!s->begun && f->time_us < s->from_us)
		return is_picture(f->type) ? hold(s, f) : pass(s, f);
	int rc = s->begun ? 0 : begin_now(s);
	return rc < 0 ? rc : pass(s, f);
}

static int end(void *state)
{
	struct state *s = state;
	int rc = s->begun ? 0 : begin_now(s);
	return rc < 0 ? rc : reader_out_flush(s->out);
}

static void done(void *state)
{
	struct state *s = state;
	for (struct held *h = s->held, *next; h; h = next) {
		next = h->next;
		buf_done(&h->frames);
		free(h);
	}
}

const struct reader_format reader_frames = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done
};
