#include "tests/unit/core/unit.h"
#include "sqlproxy/words.h"
#include <string.h>

static void check(const char *in, size_t n, const char *out)
{
	char words[SQL_WORDS_MAX + 1];
	sql_words_safe(span_of(in, n), words);
	assert_string_equal(words, out);
}

static void words_keep_text_and_lose_what_moves_a_cursor(void **state)
{
	(void)state;
	check("", 0, "");
	check("Access denied for '\xe5\xbc\xa0'", 22, "Access denied for '\xe5\xbc\xa0");
	check("a\x1b[2Jb\0c\r\n", 10, "a [2Jb c  ");
	check("\xe2\x80\xae" "evil\xc2\x9b", 9, " evil ");
	check("\xff\xc3", 2, "??");
}

static void words_are_cut_at_a_character(void **state)
{
	(void)state;
	char in[SQL_WORDS_MAX + 8], want[SQL_WORDS_MAX + 1] = { 0 };
	memset(in, 'x', sizeof in);
	memcpy(in + SQL_WORDS_MAX - 1, "\xe5\xbc\xa0", 3);
	memset(want, 'x', SQL_WORDS_MAX - 1);
	check(in, sizeof in, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(words_keep_text_and_lose_what_moves_a_cursor),
		CASE(words_are_cut_at_a_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
