#include "recorder/evidence/record.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char magic[8] = { 'y', 'a', 'n', 'm', 'e', 'n', 'R', '1' };

/* BLAKE2b-256 over two pieces. */
static void hash_two(struct span a, struct span b, uint8_t ret[static EVIDENCE_HASH])
{
	crypto_generichash_state st;
	crypto_generichash_init(&st, NULL, 0, EVIDENCE_HASH);
	crypto_generichash_update(&st, a.p, a.n);
	crypto_generichash_update(&st, b.p, b.n);
	crypto_generichash_final(&st, ret, EVIDENCE_HASH);
}

void evidence_header_put(struct buf *b, const struct evidence_header *h)
{
	buf_put(b, magic, sizeof magic);
	buf_put(b, h->id.b, sizeof h->id.b);
	wr_le(b, (uint64_t)h->created_us, 8);
	buf_put(b, h->sealed_key, sizeof h->sealed_key);
}

int evidence_header_get(struct span in, struct evidence_header *ret, struct evidence_chain *ret_chain, struct err *err)
{
	if (in.n < EVIDENCE_HEADER)
		return fault(err, -EAGAIN, "the file is cut", "header of %zu bytes", in.n);
	if (memcmp(in.p, magic, sizeof magic) != 0)
		return fault(err, -EPROTO, "this is no recording of Yanmen", "its first bytes are others");
	struct rd r = rd_of(span_of(in.p + sizeof magic, EVIDENCE_HEADER - sizeof magic));
	struct evidence_header h = { 0 };
	memcpy(h.id.b, rd_bytes(&r, sizeof h.id.b).p, sizeof h.id.b);
	h.created_us = (int64_t)rd_u64le(&r);
	memcpy(h.sealed_key, rd_bytes(&r, sizeof h.sealed_key).p, sizeof h.sealed_key);
	*ret = h;
	ret_chain->seq = 0;
	hash_two(span_of(in.p, EVIDENCE_HEADER), (struct span){ 0 }, ret_chain->hash);
	return EVIDENCE_HEADER;
}

void evidence_record_put(struct buf *b, struct evidence_chain *c, uint8_t type, uint8_t flags, struct span body)
{
	size_t start = b->len;
	wr_le(b, type, 1);
	wr_le(b, flags, 1);
	wr_le(b, 0, 2);
	wr_le(b, body.n, 4);
	buf_put_span(b, body);
	if (b->failed)
		return;
	struct evidence_chain next = { .seq = c->seq + 1 };
	hash_two(span_of(c->hash, sizeof c->hash), span_of(b->data + start, b->len - start), next.hash);
	buf_put(b, next.hash, sizeof next.hash);
	if (!b->failed)
		*c = next;
}

/* The body length that a type may have; blocks: at least an empty one's. */
static int body_check(uint8_t type, uint8_t flags, uint32_t n, struct err *err)
{
	uint32_t segment = flags & EVIDENCE_SEGMENT ? EVIDENCE_SEGMENT_HEAD : 0;
	switch (type) {
	case EVIDENCE_CHECKPOINT:
	case EVIDENCE_CLOSE:
	case EVIDENCE_CRASHED:
		if (flags == 0 && n == EVIDENCE_CHECKPOINT_BODY)
			return 0;
		break;
	case EVIDENCE_END:
		if (flags == 0 && n == EVIDENCE_END_BODY)
			return 0;
		break;
	case EVIDENCE_BLOCK:
		if (!(flags & ~(EVIDENCE_SEGMENT | EVIDENCE_ZSTD)) && n <= EVIDENCE_BODY_MAX &&
			n >= EVIDENCE_BLOCK_HEAD + segment + EVIDENCE_BLOCK_TAG)
			return 0;
		break;
	default:
		break;
	}
	return fault(err, -EPROTO, "the file is damaged", "record of type %u, flags %u, %u bytes", type, flags, n);
}

int evidence_record_size(struct span in, struct err *err)
{
	struct rd r = rd_of(in);
	uint8_t type = rd_u8(&r), flags = rd_u8(&r);
	uint16_t zero = rd_u16le(&r);
	uint32_t n = rd_u32le(&r);
	if (r.bad)
		return fault(err, -EAGAIN, "the file is cut", "record head of %zu bytes", in.n);
	if (zero != 0)
		return fault(err, -EPROTO, "the file is damaged", "record head with %04x", zero);
	int rc = body_check(type, flags, n, err);
	return rc < 0 ? rc : (int)(EVIDENCE_RECORD_MIN + n);
}

int evidence_record_get(struct span in, struct evidence_chain *c, struct evidence_record *ret, struct err *err)
{
	int size = evidence_record_size(in, err);
	if (size < 0)
		return size;
	if (in.n < (size_t)size)
		return fault(err, -EAGAIN, "the file is cut", "record of %d bytes, %zu are there", size, in.n);
	size_t hashed = (size_t)size - EVIDENCE_HASH;
	struct evidence_record r = { .type = in.p[0], .flags = in.p[1], .seq = c->seq + 1 };
	r.body = span_of(in.p + EVIDENCE_RECORD_HEAD, hashed - EVIDENCE_RECORD_HEAD);
	hash_two(span_of(c->hash, sizeof c->hash), span_of(in.p, hashed), r.hash);
	if (memcmp(r.hash, in.p + hashed, EVIDENCE_HASH) != 0)
		return fault(err, -EBADMSG, "the file is damaged or was altered", "chain breaks at record %llu",
			(unsigned long long)r.seq);
	*ret = r;
	c->seq = r.seq;
	memcpy(c->hash, r.hash, sizeof c->hash);
	return size;
}

void evidence_checkpoint_put(struct buf *b, struct evidence_chain *c, uint8_t type, const struct evidence_checkpoint *k)
{
	uint8_t body[EVIDENCE_CHECKPOINT_BODY + 1]; /* a buf keeps room for a NUL */
	struct buf out = { .data = body, .size = sizeof body, .cap = EVIDENCE_CHECKPOINT_BODY };
	wr_le(&out, k->seq, 8);
	wr_le(&out, (uint64_t)k->time_us, 8);
	buf_put(&out, k->signature, sizeof k->signature);
	evidence_record_put(b, c, type, 0, buf_span(&out));
}

void evidence_checkpoint_get(const struct evidence_record *rec, struct evidence_checkpoint *ret)
{
	struct rd r = rd_of(rec->body);
	ret->seq = rd_u64le(&r);
	ret->time_us = (int64_t)rd_u64le(&r);
	memcpy(ret->signature, rd_bytes(&r, sizeof ret->signature).p, sizeof ret->signature);
}

void evidence_end_put(struct buf *b, struct evidence_chain *c, const struct evidence_end *e)
{
	uint8_t body[EVIDENCE_END_BODY + 1]; /* a buf keeps room for a NUL */
	struct buf out = { .data = body, .size = sizeof body, .cap = EVIDENCE_END_BODY };
	wr_le(&out, (uint64_t)e->ended_us, 8);
	wr_le(&out, e->dropped, 8);
	evidence_record_put(b, c, EVIDENCE_END, 0, buf_span(&out));
}

void evidence_end_get(const struct evidence_record *rec, struct evidence_end *ret)
{
	struct rd r = rd_of(rec->body);
	ret->ended_us = (int64_t)rd_u64le(&r);
	ret->dropped = rd_u64le(&r);
}
