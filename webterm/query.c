#include "webterm/query.h"
#include "gateway/core/json.h"
#include "gateway/core/utf8.h"
#include <stdlib.h>
#include <string.h>

static bool is_key(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= 'A' && s.p[i] <= 'Z') &&
			!(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '_' && s.p[i] != '.')
			return false;
	return s.n > 0 && s.n <= WEB_QUERY_KEY;
}

static bool is_text(struct span s)
{
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		if (n == 0 || utf8_is_control(c))
			return false;
		s = span_of(s.p + n, s.n - n);
	}
	return true;
}

bool web_query_add(struct web_query *q, struct span field)
{
	const uint8_t *equals = field.n > 0 ? memchr(field.p, '=', field.n) : NULL;
	if (!equals || q->n == WEB_QUERY_FIELDS)
		return false;
	struct span key = span_of(field.p, (size_t)(equals - field.p));
	struct span value = span_of(equals + 1, field.n - key.n - 1);
	if (!is_key(key) || value.n > WEB_QUERY_VALUE || !is_text(value))
		return false;
	for (size_t i = 0; i < q->n; i++)
		if (span_is(key, q->fields[i].key))
			return false;
	struct web_query_field f = { 0 };
	if (span_dup(key, WEB_QUERY_KEY, &f.key) < 0 || span_dup(value, WEB_QUERY_VALUE, &f.value) < 0) {
		free(f.key);
		return false;
	}
	q->fields[q->n++] = f;
	return true;
}

void web_query_done(struct web_query *q)
{
	while (q->n > 0) {
		q->n--;
		free(q->fields[q->n].key);
		free(q->fields[q->n].value);
	}
}

const char *web_query_value(const struct web_query *q, const char *key)
{
	for (size_t i = 0; i < q->n; i++)
		if (strcmp(q->fields[i].key, key) == 0)
			return q->fields[i].value;
	return NULL;
}

void web_query_json(const struct web_query *q, struct buf *out)
{
	struct json j;
	json_open(&j, out);
	json_obj(&j, NULL);
	for (size_t i = 0; i < q->n; i++)
		json_str(&j, q->fields[i].key, span_str(q->fields[i].value));
	json_end(&j);
}
