#include "recorder/evidence/tombstone.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/keys.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char magic[8] = { 'y', 'a', 'n', 'm', 'e', 'n', 'T', '1' };

void evidence_tombstone_put(struct buf *b, const struct evidence_tombstone *t)
{
	size_t n = t->reason.n;

	if (n > EVIDENCE_TOMBSTONE_REASON)
		for (n = EVIDENCE_TOMBSTONE_REASON; n > 0 && (t->reason.p[n] & 0xc0) == 0x80;)
			n--;
	buf_put(b, magic, sizeof magic);
	buf_put(b, t->id.b, sizeof t->id.b);
	wr_le(b, (uint64_t)t->started_us, 8);
	wr_le(b, t->seq, 8);
	buf_put(b, t->head, sizeof t->head);
	wr_le(b, (uint64_t)t->removed_us, 8);
	wr_str32le(b, span_of(t->reason.p, n));
}

void evidence_tombstone_claim(const struct evidence_tombstone *t, struct span body, struct evidence_sign_claim *ret)
{
	*ret = (struct evidence_sign_claim){
		.what = WIRE_SIGN_TOMBSTONE, .id = t->id, .seq = t->seq, .time_us = t->removed_us
	};
	(void)crypto_generichash(ret->hash, sizeof ret->hash, body.p, body.n, NULL, 0);
}

int evidence_tombstone_get(struct span in, struct evidence_tombstone *ret, struct err *err)
{
	struct rd r = rd_of(in);
	struct evidence_tombstone t = { 0 };

	bool ours = span_eq(rd_bytes(&r, sizeof magic), span_of(magic, sizeof magic));
	struct span id = rd_bytes(&r, sizeof t.id.b);
	t.started_us = (int64_t)rd_u64le(&r);
	t.seq = rd_u64le(&r);
	struct span head = rd_bytes(&r, sizeof t.head);
	t.removed_us = (int64_t)rd_u64le(&r);
	t.reason = rd_str32le(&r);
	if (r.bad || !ours || t.reason.n > EVIDENCE_TOMBSTONE_REASON || r.n != EVIDENCE_SIGNATURE)
		return fault(err, -EPROTO, "this is no tombstone of a recording, or it is damaged", "%zu bytes", in.n);
	memcpy(t.id.b, id.p, sizeof t.id.b);
	memcpy(t.head, head.p, sizeof t.head);
	*ret = t;
	return 0;
}

int evidence_tombstone_check(
	struct span in, const struct evidence_keys *keys, struct evidence_tombstone *ret, struct err *err)
{
	struct evidence_tombstone t;
	struct evidence_sign_claim claim;

	int r = evidence_tombstone_get(in, &t, err);
	if (r < 0)
		return r;
	size_t body = in.n - EVIDENCE_SIGNATURE;
	evidence_tombstone_claim(&t, span_of(in.p, body), &claim);
	r = evidence_keys_check(keys, &claim, in.p + body, err);
	if (r == 0)
		*ret = t;
	return r;
}
