#include "recorder/evidence/told.h"
#include "recorder/reader/channel.h"
#include "recorder/reader/format.h"

/* What was on the screens, as plain lines, and a line for each file, statement and outcome.  Channels side by side alternate line by line. */
struct state {
	struct reader_out *out;
	struct reader_channels channels;
};

static void begin(void *state, struct reader_out *o, int64_t from_us)
{
	struct state *s = state;
	(void)from_us;
	s->out = o;
}

static void finish(struct state *s, struct reader_channel *ch)
{
	if (!ch->has_plain)
		return;
	term_plain_end(&ch->out, &s->out->b);
	term_plain_end(&ch->err, &s->out->b);
}

static void feed(struct state *s, const struct frame *f)
{
	struct reader_channel *ch = reader_channel_of(&s->channels, f->channel);
	if (!ch || ch->hidden)
		return;
	if (!ch->has_plain) {
		term_plain_init(&ch->out);
		term_plain_init(&ch->err);
		ch->has_plain = true;
	}
	term_plain_feed(f->type == FRAME_ERR ? &ch->err : &ch->out, f->body, &s->out->b);
}

static void told(struct state *s, const struct frame *f)
{
	struct buf *out = &s->out->b;
	size_t before = out->len;
	if (f->type == FRAME_STATEMENT)
		evidence_told_statement(f->body, out);
	else if (f->type == FRAME_OUTCOME)
		evidence_told_outcome(f->body, out);
	else
		evidence_told_file(f->body, false, out);
	if (out->len > before)
		buf_put(out, "\n", 1);
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	switch (f->type) {
	case FRAME_OPEN:
	case FRAME_NOTE:
		(void)reader_channel_learn(&s->channels, f);
		break;
	case FRAME_OUT:
	case FRAME_ERR:
		feed(s, f);
		break;
	case FRAME_FILE:
	case FRAME_STATEMENT:
	case FRAME_OUTCOME:
		told(s, f);
		break;
	case FRAME_CLOSE: {
		struct reader_channel *ch = reader_channel_of(&s->channels, f->channel);
		if (ch)
			finish(s, ch);
		reader_channel_drop(&s->channels, f->channel);
		break;
	}
	default:
		break;
	}
	return reader_out_some(s->out);
}

static int end(void *state)
{
	struct state *s = state;
	for (struct reader_channel *ch = s->channels.first; ch; ch = ch->next)
		finish(s, ch);
	return reader_out_flush(s->out);
}

static void done(void *state)
{
	struct state *s = state;
	reader_channels_done(&s->channels);
}

const struct reader_format reader_text = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done, .is_text = true
};
