#include "recorder/evidence/told.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static void json_scope(json_t **j)
{
	json_decref(*j);
}

static json_t *parse(struct span text)
{
	return text.n > 0 ? json_loadb((const char *)text.p, text.n, 0, NULL) : NULL;
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));
	return s ? s : "";
}

bool evidence_told_hides(struct span open)
{
	scoped(json_scope) json_t *doc = parse(open);
	return *text_of(doc, "files") != '\0';
}

bool evidence_told_stream(struct span note)
{
	scoped(json_scope) json_t *doc = parse(note);
	return strcmp(text_of(doc, "kind"), "stream") == 0;
}

/* lines: what ends a line in it is a blank here. */
static void put(struct buf *out, const char *before, const char *text, const char *after, bool lines)
{
	struct span s = span_str(text);
	if (s.n == 0)
		return;
	buf_put_span(out, span_str(before));
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		bool shown = n > 0 && !utf8_is_control(c);
		n += n == 0;
		bool blank = lines && n == 1 && (c == '\n' || c == '\r' || c == '\t');
		buf_put(out, shown ? (const void *)s.p : blank ? " " : "?", shown ? n : 1);
		s = span_of(s.p + n, s.n - n);
	}
	buf_put_span(out, span_str(after));
}

static void put_clean(struct buf *out, const char *before, const char *text, const char *after)
{
	put(out, before, text, after, false);
}

void evidence_told_file(struct span file, bool begun, struct buf *line)
{
	scoped(json_scope) json_t *doc = parse(file);
	const json_t *size = json_object_get(doc, "size");
	if (!doc || (!begun && strcmp(text_of(doc, "state"), "begun") == 0))
		return;
	put_clean(line, "", text_of(doc, "op"), "");
	put_clean(line, " ", text_of(doc, "state"), "");
	if (json_is_integer(size))
		buf_printf(line, " %" JSON_INTEGER_FORMAT " bytes", json_integer_value(size));
	put_clean(line, " sha256 ", text_of(doc, "sha256"), "");
	put_clean(line, " ", text_of(doc, "path"), "");
	put_clean(line, " -> ", text_of(doc, "to"), "");
	put_clean(line, " (", text_of(doc, "why"), ")");
}

static bool number_of(const json_t *doc, const char *key, int64_t *ret)
{
	const json_t *v = json_object_get(doc, key);
	*ret = json_integer_value(v);
	return json_is_integer(v);
}

void evidence_told_statement(struct span statement, struct buf *line)
{
	scoped(json_scope) json_t *doc = parse(statement);
	const json_t *params = json_object_get(doc, "params");
	scoped(scope_free) char *values = json_array_size(params) > 0 ? json_dumps(params, JSON_COMPACT) : NULL;
	const char *verdict = text_of(doc, "verdict");
	int64_t n, rule;
	if (!number_of(doc, "n", &n))
		return;
	buf_printf(line, "#%" PRId64 " ", n);
	put_clean(line, "", text_of(doc, "database"), "");
	buf_put(line, "> ", 2);
	put(line, "", text_of(doc, "sql"), "", true);
	if (json_is_true(json_object_get(doc, "cut")))
		buf_printf(line, "…");
	put_clean(line, " ", values ? values : "", "");
	if (strcmp(verdict, "allow") == 0 || verdict[0] == 0)
		return;
	put_clean(line, " (", verdict, "");
	if (number_of(doc, "rule", &rule) && rule > 0)
		buf_printf(line, ", rule %" PRId64, rule);
	buf_put(line, ")", 1);
}

void evidence_told_outcome(struct span outcome, struct buf *line)
{
	scoped(json_scope) json_t *doc = parse(outcome);
	bool ok = json_is_true(json_object_get(doc, "ok"));
	int64_t n, value;
	if (!number_of(doc, "n", &n))
		return;
	buf_printf(line, "#%" PRId64 " %s", n, ok ? "ok" : "failed");
	if (number_of(doc, "rows", &value))
		buf_printf(line, ", %" PRId64 " rows", value);
	if (!ok && number_of(doc, "code", &value))
		buf_printf(line, " %" PRId64, value);
	put_clean(line, " ", ok ? "" : text_of(doc, "state"), "");
	put(line, ": ", ok ? "" : text_of(doc, "words"), "", true);
	if (number_of(doc, "us", &value))
		buf_printf(line, ", %" PRId64 " us", value);
}
