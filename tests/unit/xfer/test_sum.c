#include "gateway/xfer/sum.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; /* FIPS 180-2, "abc" */

struct file {
	size_t pool;
	struct xfer_sum sum;
};

static int setup(void **state)
{
	static struct file f;
	f.pool = 0;
	xfer_sum_init(&f.sum, &f.pool);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct file *f = *state;
	xfer_sum_done(&f->sum);
	assert_int_equal(f->pool, 0);
	return 0;
}

static void put(struct file *f, uint64_t at, const char *text)
{
	xfer_sum_put(&f->sum, at, span_str(text));
}

static void ends(struct file *f, const char *hex)
{
	uint8_t hash[32];
	char text[65] = "";
	bool known = xfer_sum_end(&f->sum, hash);
	assert_int_equal(known, hex != NULL);
	for (size_t i = 0; known && i < 32; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", hash[i]);
	if (hex)
		assert_string_equal(text, hex);
}

static void bytes_in_order_are_hashed(void **state)
{
	struct file *f = *state;
	put(f, 0, "a");
	put(f, 1, "bc");
	ends(f, abc);
	assert_int_equal(f->sum.bytes, 3);
	assert_int_equal(f->sum.ranges, 1);
}

static void nothing_has_the_hash_of_nothing(void **state)
{
	ends(*state, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void bytes_in_any_order_are_hashed_as_the_file_is(void **state)
{
	struct file *f = *state;
	put(f, 2, "c");
	put(f, 0, "a");
	put(f, 1, "b");
	ends(f, abc);
	assert_int_equal(f->sum.ranges, 2);
}

static void a_resumed_file_begins_where_its_lowest_byte_lies(void **state)
{
	struct file *f = *state;
	put(f, 1002, "c");
	put(f, 1000, "ab");
	ends(f, abc);
	assert_int_equal(f->sum.from, 1000);
	assert_int_equal(f->sum.bytes, 3);
}

static void a_gap_has_no_hash(void **state)
{
	struct file *f = *state;
	put(f, 0, "a");
	put(f, 2, "c");
	ends(f, NULL);
	assert_int_equal(f->sum.bytes, 2);
}

static void bytes_written_twice_have_no_hash(void **state)
{
	struct file *f = *state;
	put(f, 0, "abc");
	put(f, 1, "x");
	ends(f, NULL);
	assert_int_equal(f->sum.bytes, 4);
}

static void waiting_bytes_that_overlap_have_no_hash(void **state)
{
	struct file *f = *state;
	put(f, 5, "aaa");
	put(f, 6, "b");
	ends(f, NULL);
}

static void waiting_bytes_before_others_that_overlap_have_no_hash(void **state)
{
	struct file *f = *state;
	put(f, 5, "aaa");
	put(f, 3, "bbb");
	ends(f, NULL);
}

static void an_offset_that_overflows_has_no_hash(void **state)
{
	struct file *f = *state;
	put(f, UINT64_MAX - 1, "abc");
	ends(f, NULL);
}

static void a_long_resumed_file_is_hashed_without_waiting_for_its_end(void **state)
{
	struct file *f = *state;
	static const uint8_t zeros[65536];
	for (uint64_t at = 1 << 30; at < (1 << 30) + 3 * (uint64_t)XFER_SUM_POOL; at += sizeof zeros)
		xfer_sum_put(&f->sum, at, span_of(zeros, sizeof zeros));
	assert_true(f->sum.hashing);
	assert_int_equal(f->pool, 0);
	/* sha256 of 12 MiB of zeros */
	ends(f, "cfadd44a103cbd6d5726fa07b27d7aad2f67ed3930ff96901c486a5beaf7e723");
	assert_int_equal(f->sum.from, 1 << 30);
}

static void what_waits_is_bounded_and_forgotten(void **state)
{
	struct file *f = *state;
	static const uint8_t zeros[65536];
	put(f, 0, "a");
	for (uint64_t at = 100; at < 2 * (uint64_t)XFER_SUM_POOL; at += sizeof zeros + 1)
		xfer_sum_put(&f->sum, at, span_of(zeros, sizeof zeros));
	assert_true(f->sum.lost);
	assert_int_equal(f->pool, 0);
	ends(f, NULL);
}

static void many_small_ranges_are_bounded(void **state)
{
	struct file *f = *state;
	put(f, 0, "a");
	for (uint64_t i = 0; i < XFER_SUM_RANGES + 1; i++)
		put(f, 10 + 2 * i, "x");
	assert_true(f->sum.lost);
	ends(f, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bytes_in_order_are_hashed),
		CASE(nothing_has_the_hash_of_nothing),
		CASE(bytes_in_any_order_are_hashed_as_the_file_is),
		CASE(a_resumed_file_begins_where_its_lowest_byte_lies),
		CASE(a_gap_has_no_hash),
		CASE(bytes_written_twice_have_no_hash),
		CASE(waiting_bytes_that_overlap_have_no_hash),
		CASE(waiting_bytes_before_others_that_overlap_have_no_hash),
		CASE(an_offset_that_overflows_has_no_hash),
		CASE(a_long_resumed_file_is_hashed_without_waiting_for_its_end),
		CASE(what_waits_is_bounded_and_forgotten),
		CASE(many_small_ranges_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
