#include "gateway/core/charset.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include <assert.h>

/* Good UTF-8, and every ASCII control byte of the input in its order: none may be swallowed. */
static void check(struct span in, struct span out)
{
	for (; in.n > 0; in = span_of(in.p + 1, in.n - 1)) {
		if (in.p[0] >= 0x30)
			continue;
		uint32_t c = 0x30;
		while (c >= 0x30) {
			size_t n = utf8_get(out, &c);
			assert(n > 0);
			out = span_of(out.p + n, out.n - n);
		}
		assert(c == in.p[0]);
	}
	for (uint32_t c = 0; out.n > 0;) {
		size_t n = utf8_get(out, &c);
		assert(n > 0 && c >= 0x30);
		out = span_of(out.p + n, out.n - n);
	}
}

/* Input: the set, where to cut, then bytes of a target. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	struct charset_decoder d = { .charset = (uint8_t)(1 + data[0] % (CHARSETS - 1)) };
	struct span in = { data + 2, n - 2 };
	size_t cut = in.n * data[1] / 256;
	scoped(buf_done) struct buf whole, parts, back;
	buf_init(&whole, 3 * n + 3);
	buf_init(&parts, 3 * n + 3);
	buf_init(&back, 4 * n + 4);
	charset_to_utf8(d.charset, in, &whole);
	charset_decode(&d, span_of(in.p, cut), &parts);
	charset_decode(&d, span_of(in.p + cut, in.n - cut), &parts);
	charset_decode_end(&d, &parts);
	assert(!whole.failed && span_eq(buf_span(&whole), buf_span(&parts)));
	check(in, buf_span(&whole));
	if (in.n < 256)
		charset_from_utf8(d.charset, in, &back); /* slow */
	assert(!back.failed);
	return 0;
}
