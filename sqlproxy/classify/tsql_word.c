#include "sqlproxy/classify/tsql_word.h"
#include <string.h>

#define RESERVED(name) { #name, true },
#define OTHER(name) { #name, false },
static const struct {
	const char *name;
	bool reserved;
} words[] = { { "", false }, CLASSIFY_TSQL_WORD_LIST(RESERVED, OTHER) };
_Static_assert(sizeof words / sizeof *words == TSQL_WORDS, "a word of the table has a number");

uint16_t classify_tsql_word(const char *capitals, size_t n)
{
	size_t low = 1, high = TSQL_WORDS;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(capitals, words[middle].name, n);
		if (order == 0 && words[middle].name[n] == 0)
			return (uint16_t)middle;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return TSQL_NONE;
}

bool classify_tsql_word_reserved(uint16_t word)
{
	return word < TSQL_WORDS && words[word].reserved;
}
