#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/told.h"
#include "recorder/reader/channel.h"
#include "recorder/reader/format.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/*
 * asciicast v2: one screen.  Channels that speak in turns are shown in turns: when another one speaks, its screen is drawn
 * first.  Made safe as for a watcher: whoever plays it plays it in his own terminal.
 */
enum { PIECE_MAX = 1 << 20 };
struct state {
	struct reader_out *out;
	struct reader_channels channels;
	bool has_header, has_current;
	uint32_t current, columns, rows; /* on the screen */
	uint64_t start_us;
	char title[512];
	struct buf piece;
};

static void json_scope(json_t **j)
{
	json_decref(*j);
}

static void begin(void *state, struct reader_out *o, int64_t from_us)
{
	struct state *s = state;
	(void)from_us;
	s->out = o;
	buf_init(&s->piece, PIECE_MAX);
}

static void event(struct state *s, const struct frame *f, const char *code, struct span text)
{
	uint64_t us = f->time_us > s->start_us ? f->time_us - s->start_us : 0;
	struct json j;
	char time[40];
	int n = snprintf(time, sizeof time, "%" PRIu64 ".%06u", us / 1000000, (unsigned)(us % 1000000));
	json_open(&j, &s->out->b);
	json_arr(&j, NULL);
	json_raw(&j, NULL, span_of(time, (size_t)n));
	json_str(&j, NULL, span_str(code));
	json_str(&j, NULL, text);
	json_end(&j);
	buf_put(&s->out->b, "\n", 1);
}

static void header(struct state *s, const struct reader_channel *ch)
{
	struct json j;
	if (s->has_header)
		return;
	s->has_header = true;
	s->columns = ch ? ch->columns : 80;
	s->rows = ch ? ch->rows : 24;
	json_open(&j, &s->out->b);
	json_obj(&j, NULL);
	json_num(&j, "version", 2);
	json_num(&j, "width", s->columns);
	json_num(&j, "height", s->rows);
	json_num(&j, "timestamp", (int64_t)(s->start_us / 1000000));
	if (s->title[0])
		json_str(&j, "title", span_str(s->title));
	json_end(&j);
	buf_put(&s->out->b, "\n", 1);
}

static void meta(struct state *s, const struct frame *f)
{
	scoped(json_scope) json_t *doc = json_loadb((const char *)f->body.p, f->body.n, 0, NULL);
	const char *user = json_string_value(json_object_get(doc, "user"));
	const char *account = json_string_value(json_object_get(doc, "account"));
	const char *target = json_string_value(json_object_get(doc, "target"));
	s->start_us = f->time_us;
	if (user && account && target)
		(void)snprintf(s->title, sizeof s->title, "%s: %s@%s", user, account, target);
}

static void size(struct state *s, const struct frame *f, const struct reader_channel *ch)
{
	char text[32];
	if (ch->columns == s->columns && ch->rows == s->rows)
		return;
	s->columns = ch->columns;
	s->rows = ch->rows;
	(void)snprintf(text, sizeof text, "%ux%u", s->columns, s->rows);
	event(s, f, "r", span_str(text));
}

/* Another channel speaks: what its screen showed comes first. */
static void switch_to(struct state *s, const struct frame *f, struct reader_channel *ch)
{
	static const char clear[] = "\033[0m\033[r\033[2J\033[H";
	bool first = !s->has_current;
	if (!first && s->current == ch->number)
		return;
	s->has_current = true;
	s->current = ch->number;
	if (ch->terminal)
		size(s, f, ch);
	if (first)
		return;
	buf_clear(&s->piece);
	buf_put(&s->piece, clear, sizeof clear - 1);
	if (ch->screen) {
		size_t at = s->piece.len;
		term_screen_draw(ch->screen, &s->piece);
		if (s->piece.len >= at + 8) { /* columns and rows in front */
			memmove(s->piece.data + at, s->piece.data + at + 8, s->piece.len - at - 8);
			s->piece.len -= 8;
		}
	}
	event(s, f, "o", buf_span(&s->piece));
}

/* A program without a terminal ends its lines with LF alone. */
static void with_returns(struct span in, struct buf *out)
{
	for (size_t i = 0, from = 0; i <= in.n; i++)
		if (i == in.n || in.p[i] == '\n') {
			buf_put(out, in.p + from, i - from);
			if (i < in.n)
				buf_put(out, "\r\n", 2);
			from = i + 1;
		}
}

static void feed(struct state *s, const struct frame *f)
{
	struct reader_channel *ch = reader_channel_of(&s->channels, f->channel);
	if (!ch || ch->hidden)
		return;
	header(s, ch);
	switch_to(s, f, ch);
	buf_clear(&s->piece);
	if (ch->terminal) {
		if (!ch->screen)
			(void)term_screen_new(ch->columns, ch->rows, &ch->screen, NULL);
		if (ch->screen)
			term_screen_feed(ch->screen, f->body);
		term_safe_feed(&ch->safe, f->body, &s->piece);
	} else {
		scoped(buf_done) struct buf lines;
		buf_init(&lines, PIECE_MAX);
		with_returns(f->body, &lines);
		term_safe_feed(&ch->safe, buf_span(&lines), &s->piece);
	}
	if (s->piece.len > 0)
		event(s, f, "o", buf_span(&s->piece));
}

static void resize(struct state *s, const struct frame *f)
{
	struct reader_channel *ch = reader_channel_learn(&s->channels, f);
	if (!ch)
		return;
	if (ch->screen)
		term_screen_resize(ch->screen, ch->columns, ch->rows);
	if (s->has_header && s->has_current && s->current == ch->number)
		size(s, f, ch);
}

static void file(struct state *s, const struct frame *f)
{
	scoped(buf_done) struct buf line;
	buf_init(&line, PIECE_MAX);
	evidence_told_file(f->body, false, &line);
	if (line.len == 0)
		return;
	header(s, NULL);
	event(s, f, "m", buf_span(&line));
}

static void note(struct state *s, const struct frame *f)
{
	(void)reader_channel_learn(&s->channels, f);
	scoped(json_scope) json_t *doc = json_loadb((const char *)f->body.p, f->body.n, 0, NULL);
	const char *text = json_string_value(json_object_get(doc, "text"));
	header(s, NULL);
	event(s, f, "m", span_str(text ? text : "note"));
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	switch (f->type) {
	case FRAME_META:
		meta(s, f);
		break;
	case FRAME_OPEN: {
		const struct reader_channel *ch = reader_channel_learn(&s->channels, f);
		if (ch && ch->terminal)
			header(s, ch);
		break;
	}
	case FRAME_OUT:
	case FRAME_ERR:
		feed(s, f);
		break;
	case FRAME_SIZE:
		resize(s, f);
		break;
	case FRAME_NOTE:
		note(s, f);
		break;
	case FRAME_FILE:
		file(s, f);
		break;
	case FRAME_STATEMENT: /* a session of a database: there is no screen to play */
		return -ENOTSUP;
	case FRAME_CLOSE:
		reader_channel_drop(&s->channels, f->channel);
		break;
	default:
		break;
	}
	return reader_out_some(s->out);
}

static int end(void *state)
{
	struct state *s = state;
	header(s, NULL);
	return reader_out_flush(s->out);
}

static void done(void *state)
{
	struct state *s = state;
	reader_channels_done(&s->channels);
	buf_done(&s->piece);
}

const struct reader_format reader_asciicast = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done, .is_text = true
};
