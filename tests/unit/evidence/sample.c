#include "tests/unit/evidence/sample.h"
#include "gateway/core/frame.h"
#include "gateway/core/rd.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/audit.h"
#include "recorder/evidence/block.h"
#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const int64_t t0 = INT64_C(1763823600000000);
static const uint8_t sample_id[16] = { 1, 0x9a, 0xab, 0xcd, 0xef, 1, 0x70, 1, 0x80, 2, 3, 4, 5, 6, 7, 8 };

void sample_keys_of(const uint8_t master[static 32], struct sample_keys *ret)
{
	uint8_t seed[32];
	memcpy(ret->master, master, 32);
	(void)crypto_kdf_derive_from_key(seed, sizeof seed, 1, "ymsign__", master);
	(void)crypto_sign_seed_keypair(ret->sign_public, ret->sign_secret, seed);
	evidence_keys_first(&ret->trusted, ret->sign_public);
	(void)crypto_kdf_derive_from_key(seed, sizeof seed, 2, "ymseal__", master);
	(void)crypto_box_seed_keypair(ret->seal_public, ret->seal_secret, seed);
}

struct maker {
	struct sample *s;
	const struct sample_keys *k;
	struct evidence_chain chain;
	struct evidence_stream stream;
	struct evidence_packer *packer;
	struct buf plain;
	int64_t now;
};

static void mark(struct maker *m)
{
	assert(m->s->n < SAMPLE_MARKS && !m->s->bytes.failed);
	m->s->ends[m->s->n++] = m->s->bytes.len;
}

static void frame(struct maker *m, uint8_t type, uint32_t channel, struct span body)
{
	m->now += 1000;
	frame_put(&m->plain, &(struct frame){ .time_us = (uint64_t)m->now, .type = type, .channel = channel, .body = body });
}

static void block(struct maker *m, int64_t time_us)
{
	evidence_block_put(&m->s->bytes, &m->chain, &m->stream, m->packer, time_us, buf_span(&m->plain));
	buf_clear(&m->plain);
	mark(m);
}

static void checkpoint(struct maker *m, uint8_t type)
{
	struct evidence_sign_claim c = { .what = type, .id = m->s->id, .seq = m->chain.seq, .time_us = m->now };
	struct evidence_checkpoint k = { .seq = c.seq, .time_us = c.time_us };
	uint8_t text[EVIDENCE_SIGN_TEXT];
	memcpy(c.hash, m->chain.hash, sizeof c.hash);
	evidence_sign_text(&c, text);
	(void)crypto_sign_detached(k.signature, NULL, text, sizeof text, m->k->sign_secret);
	evidence_checkpoint_put(&m->s->bytes, &m->chain, type, &k);
	mark(m);
}

static void header(struct maker *m)
{
	struct evidence_header h = { .created_us = t0 };
	memcpy(h.id.b, sample_id, sizeof sample_id);
	m->s->id = h.id;
	randombytes_buf(m->s->key, sizeof m->s->key);
	(void)crypto_box_seal(h.sealed_key, m->s->key, sizeof m->s->key, m->k->seal_public);
	evidence_header_put(&m->s->bytes, &h);
	struct evidence_header again;
	(void)evidence_header_get(buf_span(&m->s->bytes), &again, &m->chain, NULL);
	mark(m);
}

/* All kinds of frames; blocks that shrink and such that do not; two segments; a checkpoint on the way. */
static void content(struct maker *m)
{
	uint8_t noise[300], sealed[4 + 5 + crypto_box_SEALBYTES] = { 5 }, digest[41] = { FRAME_OUT };
	randombytes_buf(noise, sizeof noise);
	(void)crypto_box_seal(sealed + 4, (const uint8_t *)"typed", 5, m->k->seal_public);
	static const uint8_t size[8] = { 100, 0, 0, 0, 40 };
	frame(m, FRAME_META, 0, span_str("{\"user\":\"alice\",\"target\":\"web01\",\"account\":\"cyadmin\"}"));
	block(m, m->now);
	frame(m, FRAME_OPEN, 1, span_str("{\"kind\":\"shell\",\"command\":\"\",\"pty\":true,\"columns\":80,\"rows\":24}"));
	frame(m, FRAME_OUT, 1, span_str("hello hello hello hello hello hello hello hello \xe4\xbd\xa0\xe5\xa5\xbd\r\n"));
	frame(m, FRAME_KEYS, 1, span_of(sealed, sizeof sealed));
	frame(m, FRAME_KEYS, 1, span_of(sealed, 4));
	frame(m, FRAME_SIZE, 1, span_of(size, sizeof size));
	block(m, m->now);
	frame(m, FRAME_IN, 2, span_of(noise, sizeof noise));
	block(m, m->now);
	checkpoint(m, EVIDENCE_CHECKPOINT);
	m->now += EVIDENCE_SEGMENT_US;
	frame(m, FRAME_ERR, 2, span_str("oops\n"));
	frame(m, FRAME_SCREEN, 1, span_of("\x64\0\0\0\x28\0\0\0screen", 14));
	frame(m, FRAME_DIGEST, 2, span_of(digest, sizeof digest));
	frame(m, FRAME_NOTE, 0, span_str("{\"kind\":\"locked\",\"text\":\"wait\"}"));
	frame(m, FRAME_EXIT, 1, span_str("{\"status\":0}"));
	frame(m, FRAME_CLOSE, 1, (struct span){ 0 });
	frame(m, FRAME_FINISH, 0, span_str("{\"reason\":\"logout\"}"));
	block(m, m->now);
}

void sample_make(const struct sample_keys *k, enum sample_end end, struct sample *ret)
{
	*ret = (struct sample){ 0 };
	buf_init(&ret->bytes, 1 << 20);
	struct maker m = { .s = ret, .k = k, .now = t0 };
	int rc = evidence_packer_new(&m.packer, NULL);
	assert(rc == 0);
	buf_init(&m.plain, EVIDENCE_BLOCK_PLAIN_MAX);
	header(&m);
	evidence_stream_init(&m.stream, &ret->id, ret->key);
	content(&m);
	if (end != SAMPLE_OPEN) {
		evidence_end_put(&ret->bytes, &m.chain,
			&(struct evidence_end){ .ended_us = m.now, .dropped = end == SAMPLE_CRASHED ? 17 : 0 });
		mark(&m);
		checkpoint(&m, end == SAMPLE_CLOSED ? EVIDENCE_CLOSE : EVIDENCE_CRASHED);
	}
	evidence_stream_done(&m.stream);
	m.packer = evidence_packer_free(m.packer);
	buf_done(&m.plain);
}

void sample_done(struct sample *s)
{
	buf_done(&s->bytes);
}

int sample_file(struct span bytes)
{
	int fd = memfd_create("sample", MFD_CLOEXEC);
	assert(fd >= 0);
	ssize_t n = write(fd, bytes.p, bytes.n);
	assert(n == (ssize_t)bytes.n);
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static void head(const struct sample_keys *k, const char *word, uint64_t seq, const uint8_t hash[static 32], struct buf *out)
{
	struct evidence_sign_claim c = { .what = WIRE_SIGN_AUDIT, .seq = seq, .time_us = t0 + (int64_t)seq };
	struct evidence_audit_head h = { .seq = seq, .time_us = c.time_us };
	uint8_t text[EVIDENCE_SIGN_TEXT];
	memcpy(c.hash, hash, 32);
	memcpy(h.hash, hash, 32);
	evidence_sign_text(&c, text);
	(void)crypto_sign_detached(h.signature, NULL, text, sizeof text, k->sign_secret);
	evidence_audit_put_head(out, word, &h);
}

void sample_audit(const struct sample_keys *k, struct buf *out)
{
	/* The vectors of docs/RECORDING.md, and an event whose text needs every escape. */
	static const char *const events[][5] = {
		{ "0190a5b2-7c00-7000-8000-000000000001", "1763823600123456", "session.start", "user:alice",
			"{\"target\": \"web01\"}" },
		{ "0190a5b2-7c00-7000-8000-000000000002", "1763823601000000", "session.ended", "user:alice",
			"{\"reason\": \"\xe7\xa6\xbb\xe5\xbc\x80 \\\"bye\\\"\"}" },
		{ "0190a5b2-7c00-7000-8000-000000000003", "1763823602000000", "note", "local:0",
			"tab\t line\n del\x7f bidi\xe2\x80\xae bom\xef\xbb\xbf nel\xc2\x85 slash/ \xf0\x9f\x99\x82" },
	};
	uint8_t hash[32] = { 0 };
	evidence_audit_put_first(out, 1, hash);
	for (uint64_t i = 0; i < 3; i++) {
		struct evidence_audit_event e = { .seq = i + 1, .uid = span_str(events[i][0]), .at_us = 0,
			.kind = span_str(events[i][2]), .actor = span_str(events[i][3]), .body = span_str(events[i][4]) };
		for (const char *p = events[i][1]; *p; p++)
			e.at_us = e.at_us * 10 + (*p - '0');
		evidence_audit_hash(hash, &e, hash);
		evidence_audit_put_event(out, &e, hash);
		if (i == 1)
			head(k, "head", 2, hash, out);
	}
	head(k, "end", 3, hash, out);
}
