#include "tests/unit/core/unit.h"
#include "gateway/core/utf8.h"
#include <string.h>

static void every_character_goes_there_and_back(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		uint8_t bytes[4];
		uint32_t got = UINT32_MAX;
		size_t n = utf8_put(c, bytes);
		assert_int_equal(utf8_get(span_of(bytes, n), &got), n);
		assert_int_equal(got, c);
		assert_int_equal(utf8_get(span_of(bytes, n - 1), &got), 0);
	}
}

static void refuses_what_is_no_character(void **state)
{
	(void)state;
	static const char *const broken[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		uint32_t got = 0;
		assert_int_equal(utf8_get(span_str(broken[i]), &got), 0);
	}
}

static void names_the_controls(void **state)
{
	(void)state;
	assert_true(utf8_is_control(0x1b) && utf8_is_control(0x7f) && utf8_is_control(0x9b) && utf8_is_control(0x202e));
	assert_false(utf8_is_control('a') || utf8_is_control(0xa0) || utf8_is_control(0x4e2d));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(every_character_goes_there_and_back), CASE(refuses_what_is_no_character), CASE(names_the_controls),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
