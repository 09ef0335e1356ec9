#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/block.h"
#include <errno.h>
#include <string.h>

static const struct id id = { { 1, 2, 3 } };
static const uint8_t key[32] = { 4, 5, 6 };
struct rig {
	struct evidence_packer *packer;
	struct evidence_unpacker *unpacker;
	struct evidence_stream in, out;
	struct evidence_chain wrote, got;
	struct buf b;
};

static void rig_open(struct rig *r)
{
	*r = (struct rig){ 0 };
	assert_int_equal(evidence_packer_new(&r->packer, NULL), 0);
	assert_int_equal(evidence_unpacker_new(&r->unpacker, NULL), 0);
	evidence_stream_init(&r->in, &id, key);
	evidence_stream_init(&r->out, &id, key);
	buf_init(&r->b, 8 << 20);
}

static void rig_done(struct rig *r)
{
	r->packer = evidence_packer_free(r->packer);
	r->unpacker = evidence_unpacker_free(r->unpacker);
	buf_done(&r->b);
}

static void put(struct rig *r, int64_t us, struct span plain)
{
	evidence_block_put(&r->b, &r->wrote, &r->in, r->packer, us, plain);
	assert_false(r->b.failed);
}

static int next(struct rig *r, struct evidence_record *ret)
{
	int n = evidence_record_get(buf_span(&r->b), &r->got, ret, NULL);
	return n;
}

static void gives_back_what_went_in(void **state)
{
	(void)state;
	scoped(rig_done) struct rig r;
	static uint8_t plain[EVIDENCE_BLOCK_PLAIN_MAX];
	static const size_t sizes[] = { 1, 2, 100, 4096, 65535, EVIDENCE_BLOCK_PLAIN_MAX };
	rig_open(&r);
	for (int noise = 0; noise < 2; noise++)
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			struct evidence_record rec;
			struct span got;
			if (noise)
				randombytes_buf(plain, sizes[i]);
			else
				memset(plain, 'a', sizes[i]);
			put(&r, 77, span_of(plain, sizes[i]));
			int n = next(&r, &rec);
			assert_true(n > 0);
			assert_int_equal(evidence_block_time_us(&rec), 77);
			if (sizes[i] >= 100)
				assert_int_equal((rec.flags & EVIDENCE_ZSTD) != 0, !noise);
			assert_int_equal(evidence_block_get(r.unpacker, &r.out, &rec, &got, NULL), 0);
			assert_true(span_eq(got, span_of(plain, sizes[i])));
			buf_drop(&r.b, (size_t)n);
		}
}

static void a_segment_begins_after_four_mebibytes_or_five_minutes(void **state)
{
	(void)state;
	scoped(rig_done) struct rig r;
	static uint8_t plain[65536];
	unsigned segments = 0;
	rig_open(&r);
	for (int i = 0; i < 129; i++) {
		struct evidence_record rec;
		put(&r, 0, span_of(plain, sizeof plain));
		buf_drop(&r.b, (size_t)next(&r, &rec));
		if (rec.flags & EVIDENCE_SEGMENT) {
			assert_int_equal(i % 64, 0);
			segments++;
		}
	}
	assert_int_equal(segments, 3);
	struct evidence_record rec;
	put(&r, EVIDENCE_SEGMENT_US - 1, span_of(plain, 10));
	buf_drop(&r.b, (size_t)next(&r, &rec));
	assert_int_equal(rec.flags & EVIDENCE_SEGMENT, 0);
	put(&r, EVIDENCE_SEGMENT_US, span_of(plain, 10));
	buf_drop(&r.b, (size_t)next(&r, &rec));
	assert_int_equal(rec.flags & EVIDENCE_SEGMENT, EVIDENCE_SEGMENT);
}

static void a_reader_may_begin_at_any_segment_and_nowhere_else(void **state)
{
	(void)state;
	scoped(rig_done) struct rig r;
	struct evidence_record rec;
	struct span got;
	rig_open(&r);
	put(&r, 0, span_str("one"));
	put(&r, 1, span_str("two"));
	put(&r, EVIDENCE_SEGMENT_US, span_str("three"));
	buf_drop(&r.b, (size_t)next(&r, &rec));
	int n = next(&r, &rec);
	assert_int_equal(evidence_block_get(r.unpacker, &r.out, &rec, &got, NULL), -EINVAL);
	buf_drop(&r.b, (size_t)n);
	assert_true(next(&r, &rec) > 0);
	assert_int_equal(evidence_block_get(r.unpacker, &r.out, &rec, &got, NULL), 0);
	assert_true(span_is(got, "three"));
}

/* Even with a chain made anew: the cipher is bound to recording, place and head. */
static void does_not_open_elsewhere(void **state)
{
	(void)state;
	scoped(rig_done) struct rig r;
	struct evidence_record rec;
	struct evidence_stream other;
	struct span got;
	struct id another = { { 9 } };
	rig_open(&r);
	put(&r, 5, span_str("text text text text text text text text text"));
	assert_true(next(&r, &rec) > 0);
	evidence_stream_init(&other, &another, key);
	assert_int_equal(evidence_block_get(r.unpacker, &other, &rec, &got, NULL), -EBADMSG);
	struct evidence_record moved = rec;
	moved.seq++;
	assert_int_equal(evidence_block_get(r.unpacker, &r.out, &moved, &got, NULL), -EBADMSG);
	moved = rec;
	moved.flags ^= EVIDENCE_ZSTD;
	assert_int_equal(evidence_block_get(r.unpacker, &r.out, &moved, &got, NULL), -EBADMSG);
	uint8_t body[512];
	for (size_t i = 0; i < rec.body.n; i++) {
		memcpy(body, rec.body.p, rec.body.n);
		body[i] ^= 0x40;
		moved = rec;
		moved.body = span_of(body, rec.body.n);
		assert_true(evidence_block_get(r.unpacker, &r.out, &moved, &got, NULL) < 0);
	}
	evidence_stream_init(&r.out, &id, key);
	assert_int_equal(evidence_block_get(r.unpacker, &r.out, &rec, &got, NULL), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(gives_back_what_went_in),
		CASE(a_segment_begins_after_four_mebibytes_or_five_minutes),
		CASE(a_reader_may_begin_at_any_segment_and_nowhere_else),
		CASE(does_not_open_elsewhere),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
