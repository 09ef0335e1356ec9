/* A client's commands and a server's replies, whole and in pieces: neither what is understood nor what passes depends on where bytes are split.
 * Byte 0: kind of the reply (low bits) and capabilities; byte 1: the length of a piece. */
#include "sqlproxy/mysql/result.h"
#include "sqlproxy/mysql/stream.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 20 };

struct heard {
	struct mysql_result r;
	struct buf out, payloads;
	int code;
	int ends;
};

static void listen(struct heard *h, uint8_t how, struct span bytes, size_t piece)
{
	struct mysql_stream s = { 0 };
	bool over = false;
	h->r.deprecate_eof = how & 8;
	h->r.tracks = how & 16;
	h->r.strip = how & 32;
	buf_init(&h->out, MOST);
	buf_init(&h->payloads, MOST);
	mysql_result_begin(&h->r, (enum mysql_result_kind)((how & 7) % 6), 1);
	for (size_t at = 0; at < bytes.n; at += piece) {
		struct span in = span_of(bytes.p + at, bytes.n - at < piece ? bytes.n - at : piece), too = in;
		if (h->code == 0 && !h->r.done && !h->r.infile)
			h->code = mysql_result_feed(&h->r, &in, &h->out, NULL);
		struct mysql_piece p;
		int r;
		while (!over && (r = mysql_stream_next(&s, &too, &p)) != 0) {
			over = r < 0;
			if (over)
				break;
			buf_put_span(&h->payloads, p.data);
			h->ends += p.last;
			if (p.last)
				mysql_stream_expect(&s, 0);
		}
	}
}

static void forget(struct heard *h)
{
	mysql_result_free(&h->r);
	buf_done(&h->out);
	buf_done(&h->payloads);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 3 || n > MOST / 2)
		return 0;
	struct span bytes = span_of(data + 2, n - 2);
	struct heard *whole = calloc(1, sizeof *whole), *split = calloc(1, sizeof *split);
	if (!whole || !split)
		abort();
	listen(whole, data[0], bytes, bytes.n);
	listen(split, data[0], bytes, data[1] % 7 + 1U);
	if (whole->code != split->code || whole->r.done != split->r.done || whole->r.infile != split->r.infile || whole->r.rows != split->r.rows ||
		whole->r.affected != split->r.affected || whole->ends != split->ends || strcmp(whole->r.words, split->r.words) != 0)
		abort();
	if (whole->code == 0 && !span_eq(buf_span(&whole->out), buf_span(&split->out)))
		abort();
	if (!span_eq(buf_span(&whole->payloads), buf_span(&split->payloads)))
		abort();
	forget(whole);
	forget(split);
	free(whole);
	free(split);
	return 0;
}
