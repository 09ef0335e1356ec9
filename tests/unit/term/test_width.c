#include "tests/unit/term/common.h"
#include "gateway/term/width.h"

static void known_characters_have_their_width(void **state)
{
	(void)state;
	static const struct {
		uint32_t c;
		unsigned width;
	} table[] = {
		{ 'a', 1 }, { 0xe9, 1 }, { 0x301, 0 }, { 0x200d, 0 }, { 0x200b, 0 }, { 0x1100, 2 }, { 0x1160, 0 }, { 0x2500, 1 },
		{ 0x3000, 2 }, { 0x3042, 2 }, { 0x4e2d, 2 }, { 0x9fff, 2 }, { 0xac00, 2 }, { 0xd7a3, 2 }, { 0xff01, 2 },
		{ 0xff61, 1 }, { 0xfffd, 1 }, { 0x1f600, 2 }, { 0x20000, 2 }, { 0x10ffff, 1 }, { 0xe0100, 0 }, { 0x3b1, 1 },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (term_width(table[i].c) != table[i].width)
			fail_msg("U+%04X: %u", (unsigned)table[i].c, term_width(table[i].c));
}

int main(void)
{
	const struct CMUnitTest cases[] = { CASE(known_characters_have_their_width) };
	return cmocka_run_group_tests(cases, NULL, NULL);
}
