#include "sqlproxy/words.h"
#include "gateway/core/utf8.h"
#include <string.h>

void sql_words_safe(struct span words, char ret[static SQL_WORDS_MAX + 1])
{
	size_t out = 0;
	while (words.n > 0) {
		uint32_t c = '?';
		uint8_t bytes[4];
		size_t in = utf8_get(words, &c);
		size_t n = utf8_put(in > 0 && utf8_is_control(c) ? ' ' : c, bytes);
		if (out + n > SQL_WORDS_MAX)
			break;
		memcpy(ret + out, bytes, n);
		out += n;
		in += in == 0;
		words = span_of(words.p + in, words.n - in);
	}
	ret[out] = '\0';
}
