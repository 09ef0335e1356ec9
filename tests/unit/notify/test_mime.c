#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "notify/mime.h"
#include <string.h>

static void words(const char *text, const char *want)
{
	struct buf out;
	buf_init(&out, 4000);
	notify_mime_words(span_str(text), &out);
	assert_string_equal(buf_str(&out), want);
	buf_done(&out);
}

static void a_header_holds_nothing_but_short_ascii_as_it_came(void **state)
{
	(void)state;
	words("plain words", "plain words");
	words("甲", "=?UTF-8?B?55Sy?=");
	words("a\r\nBcc: b@c", "=?UTF-8?B?YQ0KQmNjOiBiQGM=?=");
	words("=?UTF-8?Q?x?=", "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=");
	words("", "");
}

static void long_texts_are_words_of_75_characters_cut_between_characters(void **state)
{
	char text[301], *line;
	struct buf out;
	int lines = 0;
	(void)state;
	for (size_t i = 0; i < 300; i += 3)
		memcpy(text + i, "甲", 4);
	buf_init(&out, 4000);
	notify_mime_words(span_str(text), &out);
	char *rest = (char *)(uintptr_t)buf_str(&out);
	while ((line = strsep(&rest, "\n")) != NULL) {
		assert_true(strlen(line) <= 78);
		lines++;
		const char *end = strstr(line, "?=");
		assert_non_null(end);
		assert_true((end - strstr(line, "B?") - 2) % 4 == 0);
	}
	assert_int_equal(lines, 7);
	buf_done(&out);
}

static void a_mail_is_what_rfc_5322_wants(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 4000);
	notify_mime_put(&(struct notify_mime){ .from = "yanmen@example.com", .to = "a@b.c", .id = "u-1", .made_s = 1700000000,
				.subject = span_str("s"), .text = span_str("hello\n") }, &out);
	assert_string_equal(buf_str(&out),
		"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: Yanmen <yanmen@example.com>\r\nTo: <a@b.c>\r\n"
		"Message-ID: <u-1@example.com>\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\naGVsbG8K\r\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_header_holds_nothing_but_short_ascii_as_it_came),
		CASE(long_texts_are_words_of_75_characters_cut_between_characters), CASE(a_mail_is_what_rfc_5322_wants),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
