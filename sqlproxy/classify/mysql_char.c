#include "gateway/core/utf8.h"
#include "sqlproxy/classify/mysql_lex.h"

static bool in(uint8_t c, uint8_t from, uint8_t to)
{
	return c >= from && c <= to;
}

static bool gb_second(uint8_t c)
{
	return in(c, 0x40, 0x7e) || in(c, 0x80, 0xfe);
}

static size_t gb18030(const uint8_t *p, size_t n)
{
	if (n >= 2 && gb_second(p[1]))
		return 2;
	return n >= 4 && in(p[1], 0x30, 0x39) && in(p[2], 0x81, 0xfe) && in(p[3], 0x30, 0x39) ? 4 : 0;
}

static size_t ujis(const uint8_t *p, size_t n)
{
	if (p[0] == 0x8e)
		return n >= 2 && in(p[1], 0xa1, 0xdf) ? 2 : 0;
	if (p[0] == 0x8f)
		return n >= 3 && in(p[1], 0xa1, 0xfe) && in(p[2], 0xa1, 0xfe) ? 3 : 0;
	return n >= 2 && in(p[0], 0xa1, 0xfe) && in(p[1], 0xa1, 0xfe) ? 2 : 0;
}

size_t classify_mysql_char(uint8_t charset, const uint8_t *p, size_t n)
{
	uint8_t second = n >= 2 ? p[1] : 0;
	uint32_t c;

	if (n == 0 || p[0] < 0x80)
		return n > 0;
	switch (charset) {
	case CLASSIFY_CHARSET_UTF8:
		return utf8_get(span_of(p, n), &c);
	case CLASSIFY_CHARSET_GBK:
		return in(p[0], 0x81, 0xfe) && gb_second(second) ? 2 : 0;
	case CLASSIFY_CHARSET_GB18030:
		return in(p[0], 0x81, 0xfe) ? gb18030(p, n) : 0;
	case CLASSIFY_CHARSET_BIG5:
		return in(p[0], 0xa1, 0xf9) && (in(second, 0x40, 0x7e) || in(second, 0xa1, 0xfe)) ? 2 : 0;
	case CLASSIFY_CHARSET_SJIS:
		if (in(p[0], 0xa1, 0xdf))
			return 1;
		return (in(p[0], 0x81, 0x9f) || in(p[0], 0xe0, 0xfc)) && (in(second, 0x40, 0x7e) || in(second, 0x80, 0xfc)) ? 2 : 0;
	case CLASSIFY_CHARSET_UJIS:
		return ujis(p, n);
	case CLASSIFY_CHARSET_EUCKR:
		return in(p[0], 0x81, 0xfe) && (in(second, 0x41, 0x5a) || in(second, 0x61, 0x7a) || in(second, 0x81, 0xfe)) ? 2 : 0;
	default:
		return 1;
	}
}
