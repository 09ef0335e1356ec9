#include "recorder/evidence/block.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/secret.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { LEVEL = 1 };

struct evidence_packer {
	ZSTD_CCtx *zstd;
	uint8_t packed[ZSTD_COMPRESSBOUND(EVIDENCE_BLOCK_PLAIN_MAX)];
	uint8_t body[EVIDENCE_BODY_MAX];
};
struct evidence_unpacker {
	ZSTD_DCtx *zstd;
	uint8_t packed[EVIDENCE_BLOCK_PLAIN_MAX];
	uint8_t plain[EVIDENCE_BLOCK_PLAIN_MAX];
};

void evidence_stream_init(struct evidence_stream *s, const struct id *id, const uint8_t key[static 32])
{
	*s = (struct evidence_stream){ .id = *id };
	memcpy(s->key, key, sizeof s->key);
}

void evidence_stream_done(struct evidence_stream *s)
{
	secret_wipe(s, sizeof *s);
}

int evidence_packer_new(struct evidence_packer **ret, struct err *err)
{
	struct evidence_packer *p = malloc(sizeof *p);
	if (p && !(p->zstd = ZSTD_createCCtx())) {
		free(p);
		p = NULL;
	}
	if (!p)
		return fault(err, -ENOMEM, "internal error", "no memory for a packer");
	*ret = p;
	return 0;
}

struct evidence_packer *evidence_packer_free(struct evidence_packer *p)
{
	if (p) {
		ZSTD_freeCCtx(p->zstd);
		secret_wipe(p->packed, sizeof p->packed);
		free(p);
	}
	return NULL;
}

int evidence_unpacker_new(struct evidence_unpacker **ret, struct err *err)
{
	struct evidence_unpacker *u = malloc(sizeof *u);
	if (u && !(u->zstd = ZSTD_createDCtx())) {
		free(u);
		u = NULL;
	}
	if (!u)
		return fault(err, -ENOMEM, "internal error", "no memory for an unpacker");
	*ret = u;
	return 0;
}

struct evidence_unpacker *evidence_unpacker_free(struct evidence_unpacker *u)
{
	if (u) {
		ZSTD_freeDCtx(u->zstd);
		secret_wipe(u->packed, sizeof u->packed);
		secret_wipe(u->plain, sizeof u->plain);
		free(u);
	}
	return NULL;
}

/* What a block's ciphertext is bound to: the recording, its place and everything that stands in front of it. */
struct bound {
	struct buf b;
	uint8_t bytes[16 + 8 + EVIDENCE_RECORD_HEAD + EVIDENCE_BLOCK_HEAD + EVIDENCE_SEGMENT_HEAD + 1];
};

static void bound_init(struct bound *a, const struct id *id, uint64_t seq, uint8_t flags, struct span body, size_t front)
{
	a->b = (struct buf){ .data = a->bytes, .size = sizeof a->bytes, .cap = sizeof a->bytes - 1 };
	buf_put(&a->b, id->b, sizeof id->b);
	wr_le(&a->b, seq, 8);
	wr_le(&a->b, EVIDENCE_BLOCK, 1);
	wr_le(&a->b, flags, 1);
	wr_le(&a->b, 0, 2);
	wr_le(&a->b, body.n, 4);
	buf_put(&a->b, body.p, front);
	assert(!a->b.failed);
}

/* Begins a segment where one is due; returns the flag and puts the header at `head`. */
static uint8_t segment(struct evidence_stream *s, int64_t time_us, uint8_t head[static EVIDENCE_SEGMENT_HEAD])
{
	if (s->in_segment && s->segment_bytes < EVIDENCE_SEGMENT_PLAIN && time_us - s->segment_us < EVIDENCE_SEGMENT_US)
		return 0;
	crypto_secretstream_xchacha20poly1305_init_push(&s->state, head, s->key);
	s->in_segment = true;
	s->segment_bytes = 0;
	s->segment_us = time_us;
	return EVIDENCE_SEGMENT;
}

void evidence_block_put(struct buf *out, struct evidence_chain *c, struct evidence_stream *s, struct evidence_packer *p,
	int64_t time_us, struct span plain)
{
	assert(plain.n > 0 && plain.n <= EVIDENCE_BLOCK_PLAIN_MAX);
	struct span in = plain;
	size_t packed = ZSTD_compressCCtx(p->zstd, p->packed, sizeof p->packed, plain.p, plain.n, LEVEL);
	uint8_t head[EVIDENCE_SEGMENT_HEAD], flags = segment(s, time_us, head);
	if (!ZSTD_isError(packed) && packed < plain.n) {
		in = span_of(p->packed, packed);
		flags |= EVIDENCE_ZSTD;
	}
	uint8_t *at = p->body;
	for (size_t i = 0; i < 8; i++)
		*at++ = (uint8_t)((uint64_t)time_us >> 8 * i);
	for (size_t i = 0; i < 4; i++)
		*at++ = (uint8_t)(plain.n >> 8 * i);
	if (flags & EVIDENCE_SEGMENT) {
		memcpy(at, head, sizeof head);
		at += sizeof head;
	}
	size_t front = (size_t)(at - p->body);
	struct span body = span_of(p->body, front + in.n + EVIDENCE_BLOCK_TAG);
	struct bound ad;
	bound_init(&ad, &s->id, c->seq + 1, flags, body, front);
	crypto_secretstream_xchacha20poly1305_push(&s->state, at, NULL, in.p, in.n, ad.b.data, ad.b.len,
		crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
	s->segment_bytes += plain.n;
	evidence_record_put(out, c, EVIDENCE_BLOCK, flags, body);
}

int64_t evidence_block_time_us(const struct evidence_record *rec)
{
	struct rd r = rd_of(rec->body);
	return (int64_t)rd_u64le(&r);
}

static int broken(const struct evidence_record *rec, const char *why, struct err *err)
{
	return fault(err, -EBADMSG, "the recording cannot be decrypted", "block %llu: %s", (unsigned long long)rec->seq, why);
}

int evidence_block_get(struct evidence_unpacker *u, struct evidence_stream *s, const struct evidence_record *rec,
	struct span *ret_plain, struct err *err)
{
	struct rd r = rd_of(rec->body);
	(void)rd_u64le(&r);
	uint32_t plain = rd_u32le(&r);
	struct span head = rd_bytes(&r, rec->flags & EVIDENCE_SEGMENT ? EVIDENCE_SEGMENT_HEAD : 0);
	if (r.bad || r.n < EVIDENCE_BLOCK_TAG || plain == 0 || plain > EVIDENCE_BLOCK_PLAIN_MAX ||
		r.n - EVIDENCE_BLOCK_TAG > EVIDENCE_BLOCK_PLAIN_MAX)
		return broken(rec, "malformed", err);
	if (!head.n && !s->in_segment)
		return fault(err, -EINVAL, "internal error", "block %llu is inside a segment", (unsigned long long)rec->seq);
	s->in_segment = true;
	if (head.n && crypto_secretstream_xchacha20poly1305_init_pull(&s->state, head.p, s->key) != 0)
		return broken(rec, "segment header", err);
	struct bound ad;
	bound_init(&ad, &s->id, rec->seq, rec->flags, rec->body, rec->body.n - r.n);
	unsigned long long n = 0;
	unsigned char tag = 0;
	bool packed = rec->flags & EVIDENCE_ZSTD;
	if (crypto_secretstream_xchacha20poly1305_pull(&s->state, packed ? u->packed : u->plain, &n, &tag, r.p, r.n,
		    ad.b.data, ad.b.len) != 0)
		return broken(rec, "not authentic", err);
	if (packed)
		n = ZSTD_decompressDCtx(u->zstd, u->plain, sizeof u->plain, u->packed, (size_t)n);
	if ((packed && ZSTD_isError((size_t)n)) || n != plain)
		return broken(rec, "does not unpack", err);
	*ret_plain = span_of(u->plain, plain);
	return 0;
}
