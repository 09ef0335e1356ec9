/* ZMODEM starts: where the bytes are cut changes nothing; what is no start passes as it is. */
#include "webterm/term/zmodem.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct web_term_zmodem whole = { 0 }, cut = { 0 };
	struct buf a, b;
	buf_init(&a, 2 * n + 16);
	buf_init(&b, 2 * n + 16);
	bool met = web_term_zmodem_feed(&whole, span_of(data, n), &a), met_too = false;
	for (size_t i = 0; i < n; i++)
		met_too |= web_term_zmodem_feed(&cut, span_of(data + i, 1), &b);
	if (a.failed || met != met_too || !span_eq(buf_span(&a), buf_span(&b)) || a.len > n)
		abort();
	if (!met && (a.len > n || (n > 0 && a.len > 0 && memcmp(a.data, data, a.len) != 0)))
		abort();
	buf_done(&a);
	buf_done(&b);
	return 0;
}
