#include "tests/unit/core/unit.h"
#include "webterm/term/zmodem.h"
#include "gateway/core/scope.h"
#include <string.h>

/* What sz and rz of lrzsz begin with, and what they say when they are cancelled. */
#define SZ "rz\r**\x18" "B00000000000000\r\x8a\x11"
#define RZ "rz waiting to receive.**\x18" "B0100000023be50\r\x8a\x11"
#define GONE "\x18\x18\x18\x18\x18\x08\x08\x08\x08\x08"

static void gives(const char *in, size_t n, size_t piece, bool met, const char *out)
{
	struct web_term_zmodem z = { 0 };
	struct buf b;
	bool seen = false;
	buf_init(&b, 4096);
	for (size_t i = 0; i < n; i += piece)
		seen |= web_term_zmodem_feed(&z, span_of(in + i, n - i < piece ? n - i : piece), &b);
	assert_int_equal(seen, met);
	assert_string_equal(buf_str(&b), out);
	buf_done(&b);
}

static void a_start_is_met_and_left_out_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		gives(SZ "$ ", sizeof SZ + 1, piece, true, "rz\r**\r\x1b[K$ ");
		gives(RZ "$ ", sizeof RZ + 1, piece, true, "rz waiting to receive.**\r\x1b[K$ ");
		gives("*" SZ, sizeof SZ, piece, true, "*rz\r**\r\x1b[K");
		gives(SZ GONE "Transfer incomplete\r\n", sizeof SZ + sizeof GONE + 19, piece, true,
			"rz\r**\r\x1b[KTransfer incomplete\r\n");
	}
}

static void everything_else_passes_as_it_is(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "plain", "* one", "** two", "*** three ***", "**bold**", "**\x18" "A", "**\x18" "B", "**\x18" "B0x",
		"a\x18" "b\x08" "c", "**\x18" "B02", "\x1b[1m*\x1b[m*" };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct web_term_zmodem z = { 0 };
		struct buf b;
		size_t n = strlen(texts[i]);
		buf_init(&b, 4096);
		assert_false(web_term_zmodem_feed(&z, span_of(texts[i], n), &b));
		assert_false(web_term_zmodem_feed(&z, span_of("~", 1), &b));
		assert_int_equal(b.len, n + 1);
		assert_memory_equal(b.data, texts[i], n);
		buf_done(&b);
	}
}

static void a_typed_asterisk_is_not_held_back(void **state)
{
	(void)state;
	gives("**", 2, 1, false, "**");
}

static void a_transfer_is_cancelled_by_eight_can(void **state)
{
	(void)state;
	assert_string_equal(web_term_zmodem_cancel, "\x18\x18\x18\x18\x18\x18\x18\x18");
}

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(a_start_is_met_and_left_out_however_it_is_cut), CASE(everything_else_passes_as_it_is),
		CASE(a_typed_asterisk_is_not_held_back), CASE(a_transfer_is_cancelled_by_eight_can) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
