#include "gateway/core/utf8.h"
#include "recorder/evidence/told.h"
#include "recorder/reader/channel.h"
#include "recorder/reader/format.h"
#include <sodium.h>
#include <string.h>

/*
 * What was on the screens and what databases were asked to run, line by line, for searching: a frame a line, with the time at which it was finished.  Lines
 * without a letter or digit are left out, and those that were there a moment ago: a flood of the same says nothing new.
 */
enum { MESSAGE = 32 * 1024, LINE_MAX_BYTES = 2048, LATELY = 16 };

struct state {
	struct reader_out *out;
	struct reader_channels channels;
	struct buf text; /* of the frame at hand */
	uint64_t lately[LATELY];
	unsigned turn;
	uint64_t time_us; /* of the last frame */
};

static void begin(void *state, struct reader_out *o, int64_t from_us)
{
	struct state *s = state;
	(void)from_us;
	s->out = o;
	buf_init(&s->text, 4 << 20);
}

static bool was_there(struct state *s, struct span line)
{
	static const uint8_t key[crypto_shorthash_KEYBYTES];
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, line.p, line.n, key);
	for (unsigned i = 0; i < LATELY; i++)
		if (s->lately[i] == hash)
			return true;
	s->lately[s->turn++ % LATELY] = hash;
	return false;
}

static bool says_something(struct span line)
{
	for (size_t i = 0; i < line.n; i++) {
		uint8_t c = line.p[i];
		if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return true;
	}
	return false;
}

static struct span trimmed(struct span s)
{
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	while (s.n > 0 && s.p[0] == ' ')
		s = span_of(s.p + 1, s.n - 1);
	return s;
}

static int give(struct state *s, const struct frame *f, struct span line)
{
	line = trimmed(line);
	if (!says_something(line) || was_there(s, line))
		return 0;
	if (s->out->b.len + FRAME_HEAD + line.n > MESSAGE) {
		int rc = reader_out_flush(s->out);
		if (rc < 0)
			return rc;
	}
	frame_put(&s->out->b,
		&(struct frame){ .time_us = f->time_us, .type = f->type, .channel = f->channel, .body = line });
	return 0;
}

/* A long line is given in pieces, none of them with half a character. */
static size_t piece(struct span s)
{
	size_t n = LINE_MAX_BYTES;
	if (s.n <= n)
		return s.n;
	while (n > LINE_MAX_BYTES - 4 && (s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static int give_text(struct state *s, const struct frame *f)
{
	struct span rest = buf_span(&s->text);
	int rc = 0;
	for (size_t i = 0; i < rest.n; i++) /* tabs, and whatever a database would not take */
		if (s->text.data[i] < 0x20 && s->text.data[i] != '\n')
			s->text.data[i] = ' ';
	while (rc == 0 && rest.n > 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		struct span line = end ? span_of(rest.p, (size_t)(end - rest.p)) : rest;
		size_t whole = line.n + (end ? 1 : 0);
		for (size_t n; rc == 0 && line.n > 0; line = span_of(line.p + n, line.n - n)) {
			n = piece(line);
			rc = give(s, f, span_of(line.p, n));
		}
		rest = span_of(rest.p + whole, rest.n - whole);
	}
	buf_clear(&s->text);
	return rc;
}

static int feed(struct state *s, const struct frame *f)
{
	struct reader_channel *ch = reader_channel_of(&s->channels, f->channel);
	if (!ch || ch->hidden)
		return 0;
	if (!ch->has_plain) {
		term_plain_init(&ch->out);
		term_plain_init(&ch->err);
		ch->has_plain = true;
	}
	term_plain_feed(f->type == FRAME_ERR ? &ch->err : &ch->out, f->body, &s->text);
	return give_text(s, f);
}

/* The last, unfinished lines of a channel. */
static int finish(struct state *s, struct reader_channel *ch)
{
	struct frame f = { .time_us = s->time_us, .type = FRAME_OUT, .channel = ch->number };
	if (!ch->has_plain)
		return 0;
	term_plain_end(&ch->out, &s->text);
	int rc = give_text(s, &f);
	f.type = FRAME_ERR;
	term_plain_end(&ch->err, &s->text);
	return rc < 0 ? rc : give_text(s, &f);
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	int rc = 0;
	s->time_us = f->time_us;
	if (f->type == FRAME_OPEN || f->type == FRAME_NOTE) {
		(void)reader_channel_learn(&s->channels, f);
	} else if (f->type == FRAME_OUT || f->type == FRAME_ERR) {
		rc = feed(s, f);
	} else if (f->type == FRAME_STATEMENT) {
		evidence_told_statement(f->body, &s->text);
		rc = give_text(s, f);
	} else if (f->type == FRAME_CLOSE) {
		struct reader_channel *ch = reader_channel_of(&s->channels, f->channel);
		rc = ch ? finish(s, ch) : 0;
		reader_channel_drop(&s->channels, f->channel);
	}
	return rc;
}

static int end(void *state)
{
	struct state *s = state;
	int rc = 0;
	for (struct reader_channel *ch = s->channels.first; ch && rc == 0; ch = ch->next)
		rc = finish(s, ch);
	return rc < 0 ? rc : reader_out_flush(s->out);
}

static void done(void *state)
{
	struct state *s = state;
	reader_channels_done(&s->channels);
	buf_done(&s->text);
}

const struct reader_format reader_search = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done, .is_text = true
};
