#include "tests/unit/core/unit.h"
#include "gateway/core/buf.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <string.h>

static void grows_up_to_its_cap_and_not_beyond(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	buf_init(&b, 10);
	buf_put(&b, "12345", 5);
	buf_put(&b, "67890", 5);
	assert_false(b.failed);
	buf_put(&b, "x", 1);
	assert_true(b.failed);
	assert_string_equal(buf_str(&b), "1234567890");
}

static void after_a_failure_every_put_does_nothing(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	buf_init(&b, 4);
	buf_put(&b, "too long", 8);
	buf_put(&b, "a", 1);
	buf_printf(&b, "%d", 1);
	assert_true(b.failed);
	assert_int_equal(b.len, 0);
	assert_null(buf_room(&b, 1));
	buf_clear(&b);
	buf_put(&b, "a", 1);
	assert_false(b.failed);
	assert_string_equal(buf_str(&b), "a");
}

static void a_zeroed_buf_is_safe_and_holds_nothing(void **state)
{
	(void)state;
	struct buf b = { 0 };
	assert_string_equal(buf_str(&b), "");
	buf_put(&b, "a", 1);
	assert_true(b.failed);
	buf_done(&b);
	buf_done(&b);
}

static void prints_exactly_to_the_cap(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	buf_init(&b, 6);
	buf_printf(&b, "%s-%d", "abc", 42);
	assert_false(b.failed);
	assert_string_equal(buf_str(&b), "abc-42");
	buf_printf(&b, "%s", "");
	assert_false(b.failed);
	buf_printf(&b, "!");
	assert_true(b.failed);
}

static void room_is_counted_when_it_was_filled(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	buf_init(&b, 100);
	buf_put(&b, "ab", 2);
	uint8_t *room = buf_room(&b, 50);
	assert_non_null(room);
	memset(room, 'c', 50);
	assert_int_equal(b.len, 2);
	buf_grew(&b, 3);
	assert_string_equal(buf_str(&b), "abccc");
}

static void drops_from_the_front(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b;
	buf_init(&b, 100);
	buf_put(&b, "abcdef", 6);
	buf_drop(&b, 2);
	assert_string_equal(buf_str(&b), "cdef");
	buf_drop(&b, 4);
	assert_int_equal(buf_span(&b).n, 0);
}

static void spans_compare_by_bytes(void **state)
{
	(void)state;
	assert_true(span_eq(span_str(NULL), span_str("")));
	assert_true(span_is(span_of("abc", 3), "abc"));
	assert_false(span_is(span_of("abc", 3), "abd"));
	assert_false(span_is(span_of("abc", 2), "abc"));
}

static void a_copy_refuses_length_and_nul(void **state)
{
	(void)state;
	scoped(scope_free) char *s = NULL;
	assert_int_equal(span_dup(span_of("abcd", 4), 3, &s), -EMSGSIZE);
	assert_int_equal(span_dup(span_of("a\0c", 3), 3, &s), -EPROTO);
	assert_null(s);
	assert_int_equal(span_dup(span_of("abc", 3), 3, &s), 0);
	assert_string_equal(s, "abc");
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(grows_up_to_its_cap_and_not_beyond), CASE(after_a_failure_every_put_does_nothing),
		CASE(a_zeroed_buf_is_safe_and_holds_nothing), CASE(prints_exactly_to_the_cap),
		CASE(room_is_counted_when_it_was_filled), CASE(drops_from_the_front), CASE(spans_compare_by_bytes),
		CASE(a_copy_refuses_length_and_nul),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
