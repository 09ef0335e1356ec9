#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/audit.h"
#include "tests/unit/evidence/sample.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

static struct sample_keys keys;

static int judge(struct span bytes, struct evidence_audit *ret)
{
	struct err err = { 0 };
	int fd = sample_file(bytes);
	evidence_audit_init(ret, &keys.trusted);
	int rc = evidence_audit_check(fd, ret, &err);
	evidence_audit_done(ret);
	(void)close(fd);
	if (rc < 0)
		assert_true(err.say[0]);
	return rc;
}

static void hashes_are_those_of_the_document(void **state)
{
	(void)state;
	struct evidence_audit_event e = { .seq = 1, .uid = span_str("0190a5b2-7c00-7000-8000-000000000001"),
		.at_us = INT64_C(1763823600123456), .kind = span_str("session.start"), .actor = span_str("user:alice"),
		.body = span_str("{\"target\": \"web01\"}") };
	uint8_t hash[32] = { 0 };
	char hex[65];
	evidence_audit_hash(hash, &e, hash);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	assert_string_equal(hex, "d51b05c998a6c4e005f8f6a0877ca9d70cb62567878dc198d8ba8369b463679b");
	e = (struct evidence_audit_event){ .seq = 2, .uid = span_str("0190a5b2-7c00-7000-8000-000000000002"),
		.at_us = INT64_C(1763823601000000), .kind = span_str("session.ended"), .actor = span_str("user:alice"),
		.body = span_str("{\"reason\": \"\xe7\xa6\xbb\xe5\xbc\x80 \\\"bye\\\"\"}") };
	evidence_audit_hash(hash, &e, hash);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	assert_string_equal(hex, "7006d25890002814a8244976e33e3c75bf23bcd3973b176dce391e66fd9e682e");
}

static void accepts_a_whole_log(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	struct evidence_audit a;
	buf_init(&b, 1 << 20);
	sample_audit(&keys, &b);
	assert_int_equal(judge(buf_span(&b), &a), 0);
	assert_int_equal(a.seq, 3);
	assert_int_equal(a.heads, 2);
}

static void every_flipped_bit_fails(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	struct evidence_audit a;
	buf_init(&b, 1 << 20);
	sample_audit(&keys, &b);
	for (size_t i = 0; i < b.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.data[i] ^= (uint8_t)(1 << bit);
			if (judge(buf_span(&b), &a) == 0)
				fail_msg("bit %d of byte %zu changes nothing", bit, i);
			b.data[i] ^= (uint8_t)(1 << bit);
		}
}

static void every_cut_and_every_missing_or_doubled_line_fails(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b, c;
	struct evidence_audit a;
	size_t starts[16] = { 0 }, n = 0;
	buf_init(&b, 1 << 20);
	buf_init(&c, 1 << 20);
	sample_audit(&keys, &b);
	for (size_t i = 0; i < b.len; i++) {
		assert_int_not_equal(judge(span_of(b.data, i), &a), 0);
		if (b.data[i] == '\n')
			starts[++n] = i + 1;
	}
	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&c);
		buf_put(&c, b.data, starts[i]);
		buf_put(&c, b.data + starts[i + 1], b.len - starts[i + 1]);
		if (i != 3) /* a head may be missing: it proves less, and nothing false */
			assert_int_not_equal(judge(buf_span(&c), &a), 0);
		buf_clear(&c);
		buf_put(&c, b.data, starts[i + 1]);
		buf_put(&c, b.data + starts[i], b.len - starts[i]);
		if (i != 3)
			assert_int_not_equal(judge(buf_span(&c), &a), 0);
	}
}

static void another_way_to_write_the_same_fails(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b, c;
	struct evidence_audit a;
	buf_init(&b, 1 << 20);
	buf_init(&c, 1 << 20);
	sample_audit(&keys, &b);
	const uint8_t *u = memmem(b.data, b.len, "\\u0009", 6);
	assert_non_null(u);
	buf_put(&c, b.data, (size_t)(u - b.data));
	buf_put(&c, "\\t", 2);
	buf_put(&c, u + 6, b.len - (size_t)(u + 6 - b.data));
	assert_int_equal(judge(buf_span(&c), &a), -EPROTO);
}

static void a_line_without_end_is_refused(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	struct evidence_audit a;
	buf_init(&b, 4 << 20);
	uint8_t *p = buf_room(&b, EVIDENCE_AUDIT_LINE_MAX + 10);
	memset(p, '{', EVIDENCE_AUDIT_LINE_MAX + 10);
	buf_grew(&b, EVIDENCE_AUDIT_LINE_MAX + 10);
	assert_int_equal(judge(buf_span(&b), &a), -EPROTO);
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
		CASE(hashes_are_those_of_the_document),
		CASE(accepts_a_whole_log),
		CASE(every_flipped_bit_fails),
		CASE(every_cut_and_every_missing_or_doubled_line_fails),
		CASE(another_way_to_write_the_same_fails),
		CASE(a_line_without_end_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
