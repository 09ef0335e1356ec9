#include "gateway/core/json.h"
#include "gateway/core/utf8.h"
#include <assert.h>
#include <inttypes.h>

enum { JSON_DEPTH_MAX = 16 };

void json_open(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out };
}

static void put_string(struct buf *out, struct span s)
{
	buf_put(out, "\"", 1);
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		if (n == 0)
			buf_put(out, "\xef\xbf\xbd", 3);
		else if (c == '"' || c == '\\')
			buf_put(out, (const uint8_t[]){ '\\', (uint8_t)c }, 2);
		else if (utf8_is_control(c))
			buf_printf(out, "\\u%04" PRIx32, c); /* all of them lie below U+10000 */
		else
			buf_put(out, s.p, n);
		n += n == 0;
		s.p += n;
		s.n -= n;
	}
	buf_put(out, "\"", 1);
}

/* The comma and the key in front of a value. */
static void start(struct json *j, const char *key)
{
	uint32_t bit = UINT32_C(1) << j->depth;
	assert(j->depth == 0 || (key == NULL) == ((j->arrays & bit) != 0));
	if (j->more & bit)
		buf_put(j->out, ",", 1);
	j->more |= bit;
	if (key) {
		put_string(j->out, span_str(key));
		buf_put(j->out, ":", 1);
	}
}

static void descend(struct json *j, const char *key, bool array)
{
	start(j, key);
	assert(j->depth < JSON_DEPTH_MAX);
	j->depth++;
	uint32_t bit = UINT32_C(1) << j->depth;
	j->more &= ~bit;
	j->arrays = array ? j->arrays | bit : j->arrays & ~bit;
	buf_put(j->out, array ? "[" : "{", 1);
}

void json_obj(struct json *j, const char *key)
{
	descend(j, key, false);
}

void json_arr(struct json *j, const char *key)
{
	descend(j, key, true);
}

void json_end(struct json *j)
{
	assert(j->depth > 0);
	buf_put(j->out, j->arrays & UINT32_C(1) << j->depth ? "]" : "}", 1);
	j->depth--;
}

void json_str(struct json *j, const char *key, struct span s)
{
	start(j, key);
	put_string(j->out, s);
}

void json_num(struct json *j, const char *key, int64_t v)
{
	start(j, key);
	buf_printf(j->out, "%" PRId64, v);
}

void json_bool(struct json *j, const char *key, bool v)
{
	start(j, key);
	buf_printf(j->out, "%s", v ? "true" : "false");
}

void json_none(struct json *j, const char *key)
{
	start(j, key);
	buf_put(j->out, "null", 4);
}

void json_raw(struct json *j, const char *key, struct span json)
{
	start(j, key);
	buf_put_span(j->out, json);
}
