#include "gateway/core/buf.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

struct span span_str(const char *s)
{
	return s ? span_of(s, strlen(s)) : (struct span){ 0 };
}

bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_is(struct span a, const char *s)
{
	return span_eq(a, span_str(s));
}

int span_dup(struct span s, size_t max, char **ret)
{
	if (s.n > max)
		return -EMSGSIZE;
	if (s.n > 0 && memchr(s.p, 0, s.n))
		return -EPROTO;
	char *copy = malloc(s.n + 1);
	if (!copy)
		return -ENOMEM;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	*ret = copy;
	return 0;
}

void buf_init(struct buf *b, size_t cap)
{
	*b = (struct buf){ .cap = cap };
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .cap = b->cap };
}

/* Room for n bytes and the NUL behind them. */
static bool reserve(struct buf *b, size_t n)
{
	if (b->failed || n > b->cap - b->len) {
		b->failed = true;
		return false;
	}
	size_t need = b->len + n + 1;
	if (need <= b->size)
		return true;
	size_t size = b->size < 32 ? 64 : b->size * 2;
	if (size > b->cap + 1)
		size = b->cap + 1;
	if (size < need)
		size = need;
	uint8_t *data = realloc(b->data, size);
	if (!data)
		abort();
	b->data = data;
	b->size = size;
	return true;
}

uint8_t *buf_room(struct buf *b, size_t n)
{
	return reserve(b, n) ? b->data + b->len : NULL;
}

void buf_grew(struct buf *b, size_t n)
{
	assert(n == 0 || n < b->size - b->len);
	b->len += n;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !reserve(b, n))
		return;
	memcpy(b->data + b->len, p, n);
	b->len += n;
}

void buf_put_span(struct buf *b, struct span s)
{
	buf_put(b, s.p, s.n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list measure, print;
	va_start(measure, fmt);
	va_copy(print, measure);
	int n = vsnprintf(NULL, 0, fmt, measure);
	va_end(measure);
	if (n < 0)
		b->failed = true;
	else if (reserve(b, (size_t)n))
		b->len += (size_t)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, print);
	va_end(print);
}

void buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n > 0 && n < b->len)
		memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

struct span buf_span(const struct buf *b)
{
	return (struct span){ b->data, b->len };
}

const char *buf_str(struct buf *b)
{
	if (!b->data)
		return "";
	b->data[b->len] = '\0';
	return (const char *)b->data;
}
