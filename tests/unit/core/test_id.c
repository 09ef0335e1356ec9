#include "tests/unit/core/unit.h"
#include "gateway/core/clock.h"
#include "gateway/core/id.h"
#include <errno.h>
#include <string.h>

static void is_a_uuid_of_version_7(void **state)
{
	(void)state;
	/* RFC 9562, appendix A.6: 0x017F22E279B0 ms. */
	clock_fake(INT64_C(0x017F22E279B0) * 1000 + 500);
	struct id id;
	char text[ID_TEXT];
	id_new(&id);
	clock_fake(0);
	id_text(&id, text);
	assert_memory_equal(text, "017f22e2-79b0-7800-", 19); /* half a millisecond: 0x800 */
	assert_non_null(strchr("89ab", text[19]));
	assert_int_equal(strlen(text), ID_TEXT - 1);
}

static void sorts_by_time_and_differs(void **state)
{
	(void)state;
	struct id before, after, twin;
	clock_fake(1000000);
	id_new(&before);
	id_new(&twin);
	clock_advance(1000);
	id_new(&after);
	clock_fake(0);
	assert_true(memcmp(before.b, after.b, 16) < 0);
	assert_false(id_eq(&before, &twin));
	assert_false(id_is_zero(&before));
	assert_true(id_is_zero(&(struct id){ 0 }));
}

static void text_goes_there_and_back(void **state)
{
	(void)state;
	struct id id, got;
	char text[ID_TEXT];
	id_new(&id);
	id_text(&id, text);
	assert_int_equal(id_parse(span_str(text), &got), 0);
	assert_true(id_eq(&id, &got));
}

static void refuses_other_texts(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"", "017f22e2-79b0-7000-8000-00000000000", "017f22e2-79b0-7000-8000-0000000000000",
		"017F22E2-79b0-7000-8000-000000000000", "017f22e2x79b0-7000-8000-000000000000",
		"017f22e2-79b0-7000-8000-00000000000g", "017f22e279b0-70008000-0000000-000000",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct id got = { .b = { 42 } };
		assert_int_equal(id_parse(span_str(wrong[i]), &got), -EPROTO);
		assert_int_equal(got.b[0], 42);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(is_a_uuid_of_version_7), CASE(sorts_by_time_and_differs), CASE(text_goes_there_and_back),
		CASE(refuses_other_texts),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
