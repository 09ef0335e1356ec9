#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "gateway/term/safe.h"
#include <assert.h>
#include <string.h>

/* The promise of safe.h, checked by a second, stricter reader: each call takes one allowed thing off the front. */
static size_t sequence(struct span s)
{
	assert(s.n >= 2);
	if (memchr("78DEM", s.p[1], 5))
		return 2;
	assert(s.p[1] == '[');
	size_t i = 2;
	bool private = s.n > i && s.p[i] == '?', colon = false;
	unsigned mode = 0;
	i += private;
	for (; i < s.n && (s.p[i] == ';' || s.p[i] == ':' || (s.p[i] >= '0' && s.p[i] <= '9')); i++) {
		colon = colon || s.p[i] == ':';
		mode = s.p[i] >= '0' && s.p[i] <= '9' ? mode * 10 + s.p[i] - '0' : 0;
	}
	assert(i < s.n);
	uint8_t final = s.p[i];
	assert(!colon || final == 'm');
	if (final == 'h' || final == 'l')
		assert(private ? mode == 6 || mode == 7 || mode == 25 || mode == 47 || (mode >= 1047 && mode <= 1049) : mode == 4);
	else
		assert(!private && memchr("@ABCDEFGHIJKLMPSTXZ`abdefmrsu", final, 29));
	return i + 1;
}

static void check(struct span s)
{
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		assert(n > 0);
		if (c == 0x1b)
			n = sequence(s);
		else
			assert(!utf8_is_control(c) || c == '\r' || c == '\n' || c == '\b' || c == '\t');
		s = span_of(s.p + n, s.n - n);
	}
}

static void check_plain(struct span s)
{
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		assert(n > 0 && (!utf8_is_control(c) || c == '\n' || c == '\t'));
		s = span_of(s.p + n, s.n - n);
	}
}

/* Input: one byte that says where to cut, then a target's bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1)
		return 0;
	struct span in = { data + 1, n - 1 };
	size_t cut = in.n * data[0] / 256;
	struct term_safe whole = { 0 }, split = { 0 };
	struct term_plain plain;
	scoped(buf_done) struct buf a, b, text;
	buf_init(&a, 3 * n + 64);
	buf_init(&b, 3 * n + 64);
	buf_init(&text, 4 * n + 64);
	term_safe_feed(&whole, in, &a);
	term_safe_feed(&split, span_of(in.p, cut), &b);
	term_safe_feed(&split, span_of(in.p + cut, in.n - cut), &b);
	assert(!a.failed && span_eq(buf_span(&a), buf_span(&b)));
	check(buf_span(&a));
	term_plain_init(&plain);
	term_plain_feed(&plain, in, &text);
	term_plain_end(&plain, &text);
	term_plain_done(&plain);
	assert(!text.failed);
	check_plain(buf_span(&text));
	return 0;
}
