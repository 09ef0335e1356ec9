#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/check.h"
#include "tests/unit/evidence/sample.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

static struct sample_keys keys;

static int judge(struct span bytes, bool open_too, struct evidence_verdict *v)
{
	struct err err = { 0 };
	int fd = sample_file(bytes);
	int rc = evidence_check(fd, &keys.trusted, open_too, v, &err);
	(void)close(fd);
	if (rc < 0)
		assert_true(err.say[0]); /* whoever reads the verdict must learn why */
	return rc;
}

static void accepts_what_was_closed_and_what_crashed(void **state)
{
	(void)state;
	scoped(sample_done) struct sample closed, crashed;
	struct evidence_verdict v;
	sample_make(&keys, SAMPLE_CLOSED, &closed);
	assert_int_equal(judge(buf_span(&closed.bytes), false, &v), 0);
	assert_int_equal(v.state, EVIDENCE_STATE_CLOSED);
	assert_int_equal(v.blocks, 4);
	assert_int_equal(v.checkpoints, 2);
	assert_int_equal(v.seq, 6); /* four blocks, a checkpoint, the end */
	assert_int_equal(v.bytes, closed.bytes.len);
	assert_true(v.ended_us > v.created_us && v.signed_us == v.ended_us);
	sample_make(&keys, SAMPLE_CRASHED, &crashed);
	assert_int_equal(judge(buf_span(&crashed.bytes), false, &v), 0);
	assert_int_equal(v.state, EVIDENCE_STATE_CRASHED);
	assert_int_equal(v.dropped, 17);
}

static void every_flipped_bit_fails(void **state)
{
	(void)state;
	scoped(sample_done) struct sample s;
	struct evidence_verdict v;
	sample_make(&keys, SAMPLE_CLOSED, &s);
	for (size_t i = 0; i < s.bytes.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			s.bytes.data[i] ^= (uint8_t)(1 << bit);
			if (judge(buf_span(&s.bytes), false, &v) == 0)
				fail_msg("bit %d of byte %zu changes nothing", bit, i);
			s.bytes.data[i] ^= (uint8_t)(1 << bit);
		}
}

static void every_cut_tail_fails(void **state)
{
	(void)state;
	scoped(sample_done) struct sample s;
	struct evidence_verdict v;
	sample_make(&keys, SAMPLE_CLOSED, &s);
	assert_int_equal(judge(buf_span(&s.bytes), false, &v), 0);
	for (size_t n = 0; n < s.bytes.len; n++)
		assert_int_not_equal(judge(span_of(s.bytes.data, n), false, &v), 0);
}

static void a_byte_behind_the_end_fails(void **state)
{
	(void)state;
	scoped(sample_done) struct sample s;
	struct evidence_verdict v;
	sample_make(&keys, SAMPLE_CLOSED, &s);
	for (int c = 0; c < 256; c++) {
		buf_put(&s.bytes, &(uint8_t){ (uint8_t)c }, 1);
		assert_int_not_equal(judge(buf_span(&s.bytes), true, &v), 0);
		s.bytes.len--;
	}
}

/* The bytes of the records in another order; `order` ends with -1. */
static int shuffled(const struct sample *s, const int *order, struct evidence_verdict *v)
{
	scoped(buf_done) struct buf b;
	buf_init(&b, 1 << 20);
	buf_put(&b, s->bytes.data, s->ends[0]);
	for (; *order >= 0; order++)
		buf_put(&b, s->bytes.data + s->ends[*order], s->ends[*order + 1] - s->ends[*order]);
	return judge(buf_span(&b), true, v);
}

static void removed_doubled_and_swapped_records_fail(void **state)
{
	(void)state;
	scoped(sample_done) struct sample s;
	struct evidence_verdict v;
	sample_make(&keys, SAMPLE_CLOSED, &s);
	int n = (int)s.n - 1, order[SAMPLE_MARKS + 2];
	for (int gone = 0; gone < n - 1; gone++) { /* without the last it is an open one */
		int at = 0;
		for (int i = 0; i < n; i++)
			if (i != gone)
				order[at++] = i;
		order[at] = -1;
		assert_int_not_equal(shuffled(&s, order, &v), 0);
	}
	for (int twice = 0; twice < n; twice++) {
		int at = 0;
		for (int i = 0; i < n; i++) {
			order[at++] = i;
			if (i == twice)
				order[at++] = i;
		}
		order[at] = -1;
		assert_int_not_equal(shuffled(&s, order, &v), 0);
	}
	for (int i = 0; i + 1 < n; i++) {
		for (int j = 0; j < n; j++)
			order[j] = j == i ? i + 1 : j == i + 1 ? i : j;
		order[n] = -1;
		assert_int_not_equal(shuffled(&s, order, &v), 0);
	}
}

static void an_open_one_needs_to_be_asked_for(void **state)
{
	(void)state;
	scoped(sample_done) struct sample s;
	struct evidence_verdict v;
	sample_make(&keys, SAMPLE_OPEN, &s);
	assert_int_equal(judge(buf_span(&s.bytes), false, &v), -EAGAIN);
	assert_int_equal(judge(buf_span(&s.bytes), true, &v), 0);
	assert_int_equal(v.state, EVIDENCE_STATE_OPEN);
	assert_int_equal(v.seq, 5);
	assert_int_equal(v.signed_seq, 3);
	assert_int_equal(v.torn, 0);
	assert_int_equal(judge(span_of(s.bytes.data, s.bytes.len - 3), true, &v), 0);
	assert_int_equal(v.seq, 4);
	assert_int_equal(v.torn, s.ends[s.n - 1] - s.ends[s.n - 2] - 3);
}

static void another_key_verifies_nothing(void **state)
{
	(void)state;
	scoped(sample_done) struct sample s;
	struct evidence_verdict v;
	uint8_t master[32] = { 9 };
	struct sample_keys others;
	sample_keys_of(master, &others);
	sample_make(&others, SAMPLE_CLOSED, &s);
	assert_int_equal(judge(buf_span(&s.bytes), false, &v), -EACCES);
}

/* Someone with the recording key and without the signing key writes a file of his own. */
static void a_chain_that_is_right_and_unsigned_fails(void **state)
{
	(void)state;
	scoped(sample_done) struct sample s;
	struct evidence_verdict v;
	struct evidence_header h;
	struct evidence_chain c;
	struct evidence_record r;
	struct evidence_checkpoint k;
	sample_make(&keys, SAMPLE_CLOSED, &s);
	/* Block 4 is dropped, the chain made anew, the old closing signature kept. */
	scoped(buf_done) struct buf b;
	buf_init(&b, 1 << 20);
	buf_put(&b, s.bytes.data, s.ends[3]);
	size_t at = EVIDENCE_HEADER;
	assert_int_equal(evidence_header_get(buf_span(&s.bytes), &h, &c, NULL), EVIDENCE_HEADER);
	for (int i = 0; i < 3; i++)
		at += (size_t)evidence_record_get(span_of(s.bytes.data + at, s.bytes.len - at), &c, &r, NULL);
	evidence_end_put(&b, &c, &(struct evidence_end){ 0 });
	const uint8_t *last = s.bytes.data + s.ends[s.n - 2] + EVIDENCE_RECORD_HEAD;
	memcpy(k.signature, last + 16, sizeof k.signature);
	k.seq = c.seq;
	k.time_us = 1;
	evidence_checkpoint_put(&b, &c, EVIDENCE_CLOSE, &k);
	assert_int_equal(judge(buf_span(&b), false, &v), -EACCES);
}

static int setup(void **state)
{
	(void)state;
	uint8_t master[32] = { 7 };
	if (sodium_init() < 0)
		return -1;
	sample_keys_of(master, &keys);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(accepts_what_was_closed_and_what_crashed),
		CASE(every_flipped_bit_fails),
		CASE(every_cut_tail_fails),
		CASE(a_byte_behind_the_end_fails),
		CASE(removed_doubled_and_swapped_records_fail),
		CASE(an_open_one_needs_to_be_asked_for),
		CASE(another_key_verifies_nothing),
		CASE(a_chain_that_is_right_and_unsigned_fails),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
