#include "policy/say/say.h"
#include <string.h>

enum { WORDS = 4, TEXT_MAX = 1024 };

const struct say_text *const say_tables[] = {
	say_texts_clouds, say_texts_credentials, say_texts_databases, say_texts_documents, say_texts_login,
	say_texts_notify, say_texts_people, say_texts_requests, say_texts_rules, say_texts_sql, say_texts, NULL,
};

struct words {
	struct span of[WORDS];
	size_t n;
};

/* Where the literal stands in s, at or behind the beginning; SIZE_MAX = nowhere. */
static size_t find(struct span s, const char *literal, size_t n)
{
	const uint8_t *at = n <= s.n ? memmem(s.p, s.n, literal, n) : NULL;
	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

/* The literals between two {} are met one after the other; the last one at the very end. */
static bool read_words(const char *pattern, struct span s, struct words *ret)
{
	const char *hole = strstr(pattern, "{}");
	size_t n = hole ? (size_t)(hole - pattern) : strlen(pattern);
	*ret = (struct words){ 0 };
	if (n > s.n || memcmp(s.p, pattern, n) != 0 || (!hole && n != s.n))
		return false;
	s = span_of(s.p + n, s.n - n);
	while (hole) {
		const char *literal = hole + 2;
		hole = strstr(literal, "{}");
		n = hole ? (size_t)(hole - literal) : strlen(literal);
		size_t at = !hole ? (s.n >= n && memcmp(s.p + s.n - n, literal, n) == 0 ? s.n - n : SIZE_MAX)
				  : find(s, literal, n);
		if (at == SIZE_MAX || ret->n == WORDS)
			return false;
		ret->of[ret->n++] = span_of(s.p, at);
		s = span_of(s.p + at + n, s.n - at - n);
	}
	return true;
}

static void put_words(const char *zh, const struct words *w, struct buf *out)
{
	size_t next = 0;
	while (*zh) {
		size_t n = strcspn(zh, "{"), which = WORDS;
		buf_put(out, zh, n);
		zh += n;
		if (zh[0] == '{' && zh[1] == '}') {
			which = next++;
			zh += 2;
		} else if (zh[0] == '{' && zh[1] >= '1' && zh[1] <= '0' + WORDS && zh[2] == '}') {
			which = (size_t)(zh[1] - '1');
			zh += 3;
		} else if (zh[0]) {
			buf_put(out, zh++, 1);
		}
		if (which < w->n)
			buf_put_span(out, w->of[which]);
	}
}

bool say_match(const struct say_text *row, struct span en, struct buf *out)
{
	struct words w;
	if (en.n > TEXT_MAX || !read_words(row->en, en, &w))
		return false;
	put_words(row->zh, &w, out);
	return true;
}

bool say_zh(struct span en, struct buf *out)
{
	for (const struct say_text *const *table = say_tables; *table; table++)
		for (const struct say_text *t = *table; t->en; t++)
			if (say_match(t, en, out))
				return true;
	return false;
}
