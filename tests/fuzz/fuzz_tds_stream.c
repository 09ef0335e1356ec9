/* Packets of a client, and PRELOGIN: the messages do not depend on how the bytes are cut.  The first byte says how. */
#include "sqlproxy/tds/prelogin.h"
#include "sqlproxy/tds/stream.h"
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 4096 };

/* Everything that was said, side by side; the last byte says how it ended. */
static void all(struct span in, size_t step, struct buf *said)
{
	struct tds_message m;
	struct buf held;
	int k = 0;
	tds_message_init(&m, LIMIT);
	buf_init(&held, in.n);
	for (size_t at = 0; at < in.n && k >= 0; at += step) {
		struct tds_frame f;
		buf_put(&held, in.p + at, in.n - at < step ? in.n - at : step);
		while ((k = tds_frame_get(buf_span(&held), TDS_FROM_CLIENT, &f, NULL)) > 0) {
			if (f.bytes.n != f.body.n + TDS_PACKET_HEAD || f.bytes.n > held.len)
				abort();
			k = tds_message_add(&m, &f, NULL);
			if (m.wire.len > LIMIT || m.body.len > LIMIT)
				abort();
			if (k > 0) {
				buf_put(said, &m.type, 1);
				buf_put(said, &m.status, 1);
				buf_put_span(said, tds_message_body(&m));
				buf_put_span(said, tds_message_wire(&m));
				tds_message_clear(&m);
			}
			if (k < 0)
				break;
			buf_drop(&held, f.bytes.n);
		}
	}
	buf_put(said, k < 0 ? "-" : "+", 1);
	tds_message_done(&m);
	buf_done(&held);
}

static void prelogin(struct span in)
{
	static const uint8_t version[6];
	struct tds_prelogin p, again;
	struct buf out;
	uint8_t answer;
	enum tds_cover cover;
	if (tds_prelogin_get(in, &p, NULL) < 0)
		return;
	for (int least = TDS_COVER_NONE; least <= TDS_COVER_ALL; least++)
		if (tds_prelogin_choose(p.encryption, (enum tds_cover)least, &answer, &cover, NULL) == 0 && (int)cover < least)
			abort();
	buf_init(&out, 256);
	tds_prelogin_put(&p, version, answer, &out);
	if (tds_prelogin_get(buf_span(&out), &again, NULL) < 0 || again.mars || again.fedauth || again.encryption != answer)
		abort();
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf whole, cut;
	if (n < 2 || n > 16384)
		return 0;
	struct span in = span_of(data + 1, n - 1);
	prelogin(in);
	buf_init(&whole, n * 4 + 16);
	buf_init(&cut, n * 4 + 16);
	all(in, in.n, &whole);
	all(in, (size_t)data[0] + 1, &cut);
	if (whole.failed || !span_eq(buf_span(&whole), buf_span(&cut)))
		abort();
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
