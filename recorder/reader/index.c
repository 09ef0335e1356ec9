#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/told.h"
#include "recorder/reader/format.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/*
 * What is in a recording, ahead of playing it: how long it is, when how much happened, and its markers (what was opened, files,
 * statements, sizes, notes, the end).  One JSON object, docs/RECORDING.md, "Index".
 *
 * The steps of the activity begin at a second and double whenever the recording is longer than STEPS of them.
 */
enum { STEPS = 512, MARKERS_MAX = 5000, MARKERS_BYTES = 2 << 20, TEXT_MAX = 300 };
struct state {
	struct reader_out *out;
	bool begun, ended;
	uint64_t begun_us, last_us, step_us;
	uint64_t activity[STEPS];
	unsigned markers, left; /* written; left out */
	struct buf text;        /* the markers, with commas between */
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
	s->step_us = 1000 * 1000;
	buf_init(&s->text, MARKERS_BYTES);
}

static void happened(struct state *s, uint64_t much)
{
	while ((s->last_us - s->begun_us) / s->step_us >= STEPS) {
		for (unsigned i = 0; i < STEPS / 2; i++)
			s->activity[i] = s->activity[2 * i] + s->activity[2 * i + 1];
		memset(s->activity + STEPS / 2, 0, sizeof s->activity / 2);
		s->step_us *= 2;
	}
	s->activity[(s->last_us - s->begun_us) / s->step_us] += much;
}

static struct span cut(struct span s)
{
	size_t n = s.n < TEXT_MAX ? s.n : TEXT_MAX;
	while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80)
		n--;
	return span_of(s.p, n);
}

static void mark(struct state *s, const struct frame *f, const char *kind, struct span text)
{
	struct json j;
	if (s->markers == MARKERS_MAX || s->text.len + 8 * TEXT_MAX > MARKERS_BYTES) {
		s->left++;
		return;
	}
	if (s->markers++ > 0)
		buf_put(&s->text, ",\n", 2);
	json_open(&j, &s->text);
	json_obj(&j, NULL);
	json_num(&j, "ms", (int64_t)((s->last_us - s->begun_us) / 1000));
	json_str(&j, "kind", span_str(kind));
	json_num(&j, "channel", f->channel);
	json_str(&j, "text", cut(text));
	json_end(&j);
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));
	return s ? s : "";
}

/* Of open, note and finish, whose bodies are JSON. */
static void told(struct state *s, const struct frame *f)
{
	scoped(json_scope) json_t *doc = json_loadb((const char *)f->body.p, f->body.n, 0, NULL);
	scoped(buf_done) struct buf text = { 0 };
	const char *kind = text_of(doc, "kind");
	bool command = f->type == FRAME_OPEN && strcmp(kind, "exec") == 0;
	buf_init(&text, FRAME_BODY_MAX + 64);
	if (command)
		buf_printf(&text, "%s", text_of(doc, "command"));
	else if (f->type == FRAME_FINISH)
		buf_printf(&text, "%s", text_of(doc, "reason"));
	else
		buf_printf(&text, "%s %s", kind, text_of(doc, f->type == FRAME_OPEN ? "command" : "text"));
	mark(s, f, command ? "command" : f->type == FRAME_OPEN ? "channel" : f->type == FRAME_NOTE ? "note" : "end", buf_span(&text));
}

static void file(struct state *s, const struct frame *f)
{
	scoped(buf_done) struct buf line = { 0 };
	buf_init(&line, 2 * FRAME_BODY_MAX);
	evidence_told_file(f->body, false, &line);
	if (line.len > 0)
		mark(s, f, "file", buf_span(&line));
}

static void statement(struct state *s, const struct frame *f)
{
	scoped(buf_done) struct buf line = { 0 };
	buf_init(&line, 2 * FRAME_BODY_MAX);
	evidence_told_statement(f->body, &line);
	if (line.len > 0)
		mark(s, f, "statement", buf_span(&line));
	happened(s, f->body.n);
}

static void size(struct state *s, const struct frame *f)
{
	struct rd r = rd_of(f->body);
	char text[32];
	uint32_t columns = rd_u32le(&r), rows = rd_u32le(&r);
	int n = snprintf(text, sizeof text, "%" PRIu32 "x%" PRIu32, columns, rows);
	if (!r.bad)
		mark(s, f, "size", span_of(text, (size_t)n));
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	uint64_t at = f->time_us < INT64_MAX ? f->time_us : INT64_MAX; /* what JSON has for a number */
	if (!s->begun)
		s->begun_us = s->last_us = at;
	s->begun = true;
	if (at > s->last_us) /* a clock that was put back stands still here */
		s->last_us = at;
	switch (f->type) {
	case FRAME_OPEN:
	case FRAME_NOTE:
		told(s, f);
		break;
	case FRAME_FINISH:
		s->ended = true;
		told(s, f);
		break;
	case FRAME_FILE:
		file(s, f);
		break;
	case FRAME_STATEMENT:
		statement(s, f);
		break;
	case FRAME_SIZE:
		size(s, f);
		break;
	case FRAME_KEYS:
	case FRAME_IN:
	case FRAME_OUT:
	case FRAME_ERR:
		happened(s, f->body.n);
		break;
	default:
		break;
	}
	return 0;
}

static int end(void *state)
{
	struct state *s = state;
	struct buf *out = &s->out->b;
	uint64_t n = (s->last_us - s->begun_us) / s->step_us + 1;
	buf_printf(out, "{\"begun_us\":%" PRIu64 ",\"ms\":%" PRIu64 ",\"ended\":%s,\"step_ms\":%" PRIu64 ",\"activity\":[", s->begun_us,
		(s->last_us - s->begun_us) / 1000, s->ended ? "true" : "false", s->step_us / 1000);
	for (uint64_t i = 0; i < n && i < STEPS; i++)
		buf_printf(out, "%s%" PRIu64, i > 0 ? "," : "", s->activity[i]);
	buf_printf(out, "],\"left_out\":%u,\"markers\":[\n", s->left);
	int rc = reader_out_flush(s->out);
	struct span rest = buf_span(&s->text);
	while (rc == 0 && rest.n > 0) {
		size_t some = rest.n < 32768 ? rest.n : 32768;
		buf_put(out, rest.p, some);
		rest = span_of(rest.p + some, rest.n - some);
		rc = reader_out_flush(s->out);
	}
	buf_printf(out, "]}\n");
	return rc < 0 ? rc : reader_out_flush(s->out);
}

static void done(void *state)
{
	buf_done(&((struct state *)state)->text);
}

const struct reader_format reader_index = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done, .is_text = true
};
