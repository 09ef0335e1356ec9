#include "tests/unit/core/unit.h"
#include "gateway/core/charset.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* 雁门 and 中文 in each set. */
static const struct {
	uint8_t charset;
	const char *bytes, *utf8;
} known[] = {
	{ CHARSET_UTF8, "\xe9\x9b\x81", "雁" },
	{ CHARSET_GBK, "\xd1\xe3\xc3\xc5: \xd6\xd0\xce\xc4", "雁门: 中文" },
	{ CHARSET_GBK, "\x81\x40\xfe\x4f", "丂﨩" },
	{ CHARSET_GB18030, "\xd1\xe3\xc3\xc5 \x81\x39\xee\x39", "雁门 㐀" },
	{ CHARSET_GB18030, "\x95\x32\x82\x36 \x81\x30\x81\x30", "𠀀 \xc2\x80" },
	{ CHARSET_BIG5, "\xb6\xad\xaa\xf9: \xa4\xa4\xa4\xe5", "雁門: 中文" },
	{ CHARSET_BIG5, "\xf9\xd5\xa3\xe1 \x87\x40", "龘€ 䏰" },
};

static void assert_decodes(uint8_t charset, const char *bytes, const char *utf8)
{
	size_t n = strlen(bytes);
	for (size_t cut = 0; cut <= n; cut++) {
		scoped(buf_done) struct buf out;
		struct charset_decoder d = { .charset = charset };
		buf_init(&out, 1024);
		charset_decode(&d, span_of(bytes, cut), &out);
		charset_decode(&d, span_of(bytes + cut, n - cut), &out);
		charset_decode_end(&d, &out);
		assert_string_equal(buf_str(&out), utf8);
	}
}

static void reads_known_words_wherever_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++)
		assert_decodes(known[i].charset, known[i].bytes, known[i].utf8);
}

static void writes_them_as_they_were(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		scoped(buf_done) struct buf out;
		buf_init(&out, 1024);
		charset_from_utf8(known[i].charset, span_str(known[i].utf8), &out);
		assert_string_equal(buf_str(&out), known[i].bytes);
	}
}

static void what_a_set_has_not_becomes_a_question_mark(void **state)
{
	(void)state;
	scoped(buf_done) struct buf out;
	buf_init(&out, 64);
	charset_from_utf8(CHARSET_GBK, span_str("a㐀𠀀\xff" "b"), &out);
	assert_string_equal(buf_str(&out), "a???b");
}

static void a_broken_character_never_eats_an_ascii_byte(void **state)
{
	(void)state;
	assert_decodes(CHARSET_GBK, "\xd1\x1b[0m", "\xef\xbf\xbd\x1b[0m");
	assert_decodes(CHARSET_GBK, "\xd1\n\xff\x80\xd6\xd0", "\xef\xbf\xbd\n\xef\xbf\xbd\xef\xbf\xbd中");
	assert_decodes(CHARSET_GB18030, "\x81\x30\x1b[0m", "\xef\xbf\xbd" "0\x1b[0m");
	assert_decodes(CHARSET_GB18030, "\x81\x30\xd1\x1b", "\xef\xbf\xbd" "0\xef\xbf\xbd\x1b");
	assert_decodes(CHARSET_GB18030, "\x84\x31\xa5\x30|\xfe\x39\xfe\x39", "\xef\xbf\xbd" "1\xef\xbf\xbd" "0|\xef\xbf\xbd" "9\xef\xbf\xbd" "9");
	assert_decodes(CHARSET_BIG5, "\xa4\r\n\xa4", "\xef\xbf\xbd\r\n\xef\xbf\xbd");
	assert_decodes(CHARSET_BIG5, "\xa4\x80|", "\xef\xbf\xbd|");
}

static void an_end_tells_what_was_held(void **state)
{
	(void)state;
	assert_decodes(CHARSET_GB18030, "a\x81\x30\x81", "a\xef\xbf\xbd" "0\xef\xbf\xbd");
	assert_decodes(CHARSET_UTF8, "\xe9\x9b", "\xe9\x9b");
}

static void names_are_found_in_either_case(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < CHARSETS; i++)
		assert_int_equal(charset_of(span_str(charset_name(i))), i);
	assert_int_equal(charset_of(span_str("GB18030")), CHARSET_GB18030);
	assert_int_equal(charset_of(span_str("latin1")), -ENOENT);
	assert_int_equal(charset_of(span_str("")), -ENOENT);
	assert_string_equal(charset_name(CHARSETS), "?");
}

/* The C library's answer for one sequence, as UTF-8; 0 = it has none, or wants more. */
static size_t reference(iconv_t cd, const uint8_t *bytes, size_t n, char ret[static 16])
{
	char *in = (char *)(uintptr_t)bytes, *out = ret;
	size_t left = 16;
	(void)iconv(cd, NULL, NULL, NULL, NULL);
	return iconv(cd, &in, &n, &out, &left) == 0 && n == 0 ? 16 - left : 0;
}

static bool is_private(struct span s)
{
	uint32_t c = 0;
	return utf8_get(s, &c) == s.n && c >= 0xe000 && c < 0xf900;
}

/* Where both have a character it is the same one; returns how many that were. */
static unsigned compare(iconv_t cd, uint8_t charset, const uint8_t *bytes, size_t n)
{
	char want[16];
	scoped(buf_done) struct buf got;
	size_t want_n = reference(cd, bytes, n, want);
	buf_init(&got, 64);
	charset_to_utf8(charset, span_of(bytes, n), &got);
	/* Private characters differ between any two tables. */
	if (want_n == 0 || is_private(span_of(want, want_n)) || is_private(buf_span(&got)))
		return 0;
	if (!span_eq(buf_span(&got), span_of(want, want_n)))
		fail_msg("%02x%02x%02x%02x: %.*s, not %s", bytes[0], bytes[1], n > 2 ? bytes[2] : 0, n > 3 ? bytes[3] : 0,
			(int)want_n, want, buf_str(&got));
	return 1;
}

static void agrees_with_the_c_library_on_all_of_gb18030(void **state)
{
	(void)state;
	unsigned pairs = 0, fours = 0;
	iconv_t cd = iconv_open("UTF-8", "GB18030");
	assert_ptr_not_equal(cd, (iconv_t)-1);
	for (unsigned a = 0x81; a < 0xff; a++)
		for (unsigned b = 0x40; b < 0xff; b++)
			pairs += compare(cd, CHARSET_GB18030, (const uint8_t[]){ (uint8_t)a, (uint8_t)b }, 2);
	for (unsigned i = 0; i < 126 * 10 * 1260; i += i < 40000 ? 1 : 17)
		fours += compare(cd, CHARSET_GB18030, (const uint8_t[]){ (uint8_t)(0x81 + i / 12600), (uint8_t)(0x30 + i / 1260 % 10),
			(uint8_t)(0x81 + i / 10 % 126), (uint8_t)(0x30 + i % 10) }, 4);
	(void)iconv_close(cd);
	assert_true(pairs > 21000 && fours > 80000);
}

static void agrees_with_the_c_library_on_big5(void **state)
{
	(void)state;
	unsigned pairs = 0;
	iconv_t cd = iconv_open("UTF-8", "CP950");
	assert_ptr_not_equal(cd, (iconv_t)-1);
	for (unsigned a = 0x81; a < 0xff; a++)
		for (unsigned b = 0x40; b < 0xff; b++)
			pairs += compare(cd, CHARSET_BIG5, (const uint8_t[]){ (uint8_t)a, (uint8_t)b }, 2);
	(void)iconv_close(cd);
	assert_true(pairs > 13000);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(reads_known_words_wherever_they_are_cut), CASE(writes_them_as_they_were),
		CASE(what_a_set_has_not_becomes_a_question_mark), CASE(a_broken_character_never_eats_an_ascii_byte),
		CASE(an_end_tells_what_was_held), CASE(names_are_found_in_either_case),
		CASE(agrees_with_the_c_library_on_all_of_gb18030), CASE(agrees_with_the_c_library_on_big5),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
