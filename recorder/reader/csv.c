#include "gateway/core/scope.h"
#include "recorder/reader/format.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * The statements of a session with a database as CSV (RFC 4180), a row each, with how it ended.
 *
 * A row waits for its outcome; of WAITING that do, the oldest is written without one, and at the end all are.
 * What a spreadsheet would take for a formula (= + - @, a tab or CR at the beginning) gets an apostrophe in front.
 */
enum { WAITING = 64, CELL_MAX = 4 * FRAME_BODY_MAX };
static const char head[] =
	"number,time,kind,database,verdict,rule,sql,params,classes,flags,tables,fingerprint,sha256,ok,rows,code,state,words,microseconds\r\n";

struct waiting {
	json_t *doc; /* of the statement; NULL = free */
	uint64_t time_us;
};
struct state {
	struct reader_out *out;
	bool headed;
	struct waiting waiting[WAITING]; /* oldest first */
	size_t n;
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
}

/* ---- cells ---- */

static void cell(struct buf *out, struct span text)
{
	bool formula = text.n > 0 && memchr("=+-@\t\r", text.p[0], 6) != NULL;
	buf_put(out, formula ? "\"'" : "\"", formula ? 2 : 1);
	for (size_t i = 0; i < text.n; i++) {
		buf_put(out, text.p + i, 1);
		if (text.p[i] == '"')
			buf_put(out, "\"", 1);
	}
	buf_put(out, "\"", 1);
}

/* Texts as they are, lists of words with blanks between, anything else as JSON. */
static void value(struct buf *out, const json_t *v)
{
	scoped(scope_free) char *line = NULL;
	if (json_is_string(v)) {
		cell(out, span_of(json_string_value(v), json_string_length(v)));
	} else if (json_is_integer(v)) {
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	} else if (v && !json_is_null(v)) {
		line = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
		cell(out, span_str(line ? line : ""));
	}
}

static void words(struct buf *out, const json_t *list)
{
	scoped(buf_done) struct buf text = { 0 };
	buf_init(&text, CELL_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));
		buf_printf(&text, "%s%s", i ? " " : "", word ? word : "?");
	}
	cell(out, buf_span(&text));
}

static void when(struct buf *out, uint64_t us)
{
	time_t s = (time_t)(us / 1000000 & INT32_MAX);
	struct tm tm;
	char date[32];
	(void)gmtime_r(&s, &tm);
	(void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(out, "%s.%06uZ", date, (unsigned)(us % 1000000));
}

/* ---- rows ---- */

static void row(struct state *s, const struct waiting *w, const json_t *outcome)
{
	static const char *const front[] = { "kind", "database", "verdict", "rule", "sql", "params" }, *const lists[] = { "classes", "flags", "tables" },
				 *const behind[] = { "fingerprint", "sha256" }, *const after[] = { "ok", "rows", "code", "state", "words", "us" };
	struct buf *out = &s->out->b;
	if (!s->headed)
		buf_put(out, head, sizeof head - 1);
	s->headed = true;
	if (!w)
		return;
	value(out, json_object_get(w->doc, "n"));
	buf_put(out, ",", 1);
	when(out, w->time_us);
	for (size_t i = 0; i < COUNT_OF(front); i++)
		buf_put(out, ",", 1), value(out, json_object_get(w->doc, front[i]));
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		buf_put(out, ",", 1), words(out, json_object_get(w->doc, lists[i]));
	for (size_t i = 0; i < COUNT_OF(behind); i++)
		buf_put(out, ",", 1), value(out, json_object_get(w->doc, behind[i]));
	for (size_t i = 0; i < COUNT_OF(after); i++)
		buf_put(out, ",", 1), value(out, json_object_get(outcome, after[i]));
	buf_put(out, "\r\n", 2);
}

/* Writes the one at `at`, and takes it off. */
static void release(struct state *s, size_t at, const json_t *outcome)
{
	row(s, &s->waiting[at], outcome);
	json_decref(s->waiting[at].doc);
	s->n--;
	memmove(&s->waiting[at], &s->waiting[at + 1], (s->n - at) * sizeof s->waiting[0]);
}

static void statement(struct state *s, const struct frame *f)
{
	json_t *doc = json_loadb((const char *)f->body.p, f->body.n, 0, NULL);
	if (!json_is_object(doc)) {
		json_decref(doc);
		return;
	}
	if (s->n == WAITING)
		release(s, 0, NULL);
	s->waiting[s->n++] = (struct waiting){ .doc = doc, .time_us = f->time_us };
}

static void outcome(struct state *s, const struct frame *f)
{
	scoped(json_scope) json_t *doc = json_loadb((const char *)f->body.p, f->body.n, 0, NULL);
	const json_t *n = json_object_get(doc, "n");
	for (size_t i = 0; json_is_integer(n) && i < s->n; i++)
		if (json_integer_value(json_object_get(s->waiting[i].doc, "n")) == json_integer_value(n)) {
			release(s, i, doc);
			return;
		}
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	if (f->type == FRAME_STATEMENT)
		statement(s, f);
	else if (f->type == FRAME_OUTCOME)
		outcome(s, f);
	return reader_out_some(s->out);
}

static int end(void *state)
{
	struct state *s = state;
	int rc = 0;
	row(s, NULL, NULL);
	while (s->n > 0 && rc == 0) {
		release(s, 0, NULL);
		rc = reader_out_some(s->out);
	}
	return rc < 0 ? rc : reader_out_flush(s->out);
}

static void done(void *state)
{
	struct state *s = state;
	while (s->n > 0)
		json_decref(s->waiting[--s->n].doc);
}

const struct reader_format reader_csv = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done, .is_text = true
};
