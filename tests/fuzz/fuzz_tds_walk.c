/* An answer of a server: the first byte chooses the version, the second how it is cut; the events do not depend on that. */
#include "gateway/core/utf8.h"
#include "sqlproxy/tds/walk.h"
#include <stdlib.h>
#include <string.h>

static void words_are_safe(struct span s)
{
	for (uint32_t c; s.n > 0;) {
		size_t one = utf8_get(s, &c);
		if (one == 0 || utf8_is_control(c))
			abort();
		s = span_of(s.p + one, s.n - one);
	}
}

static void events(struct span in, enum tds_rank rank, size_t step, struct buf *said)
{
	struct tds_walk w;
	struct tds_event e;
	int k = 0;
	if (tds_walk_init(&w, rank, NULL) < 0)
		abort();
	for (size_t at = 0; at < in.n && k >= 0; at += step) {
		struct span piece = span_of(in.p + at, in.n - at < step ? in.n - at : step);
		while ((k = tds_walk_next(&w, &piece, &e, NULL)) > 0) {
			if (e.kind == TDS_EVENT_ERROR || e.kind == TDS_EVENT_INFO)
				words_are_safe(e.text);
			buf_printf(said, "%d:%u,%u,%llu,%lld,", (int)e.kind, e.code, e.status, (unsigned long long)e.rows, (long long)e.number);
			buf_put_span(said, e.text);
		}
		if (k == 0 && piece.n > 0)
			abort();
	}
	if (k >= 0)
		k = tds_walk_end(&w, &e, NULL);
	buf_printf(said, "%d:%u", k > 0, k > 0 ? e.status : 0);
	tds_walk_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf whole, cut;
	if (n < 3 || n > 65536)
		return 0;
	enum tds_rank rank = (enum tds_rank)(TDS_7_0 + data[0] % 7);
	struct span in = span_of(data + 2, n - 2);
	buf_init(&whole, 1 << 24);
	buf_init(&cut, 1 << 24);
	events(in, rank, in.n, &whole);
	events(in, rank, (size_t)data[1] + 1, &cut);
	if (whole.failed || !span_eq(buf_span(&whole), buf_span(&cut)))
		abort();
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
