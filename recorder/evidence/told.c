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

static void put_clean(struct buf *out, const char *before, const char *text, const char *after)
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
		buf_put(out, shown ? (const void *)s.p : "?", shown ? n : 1);
		s = span_of(s.p + n, s.n - n);
	}
	buf_put_span(out, span_str(after));
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
