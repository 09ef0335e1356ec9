#include "tests/unit/core/unit.h"
#include "webterm/term/frame.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <string.h>

#define BYTES(s) span_of(s, sizeof(s) - 1)

static void reads_each_frame_of_a_browser(void **state)
{
	(void)state;
	struct web_term_frame f;
	assert_int_equal(web_term_frame_get(BYTES("\x01\x50\x00\x18\x00"), &f), 0);
	assert_true(f.type == WEB_FRAME_HELLO && f.columns == 80 && f.rows == 24);
	assert_int_equal(web_term_frame_get(BYTES("\x02ls\r"), &f), 0);
	assert_true(f.type == WEB_FRAME_INPUT && span_is(f.body, "ls\r"));
	assert_int_equal(web_term_frame_get(BYTES("\x02"), &f), 0);
	assert_int_equal(f.body.n, 0);
	assert_int_equal(web_term_frame_get(BYTES("\x03\x00\x02\x2c\x01"), &f), 0);
	assert_true(f.type == WEB_FRAME_SIZE && f.columns == 512 && f.rows == 300);
	assert_int_equal(web_term_frame_get(BYTES("\x04\x00\x00\x08\x00"), &f), 0);
	assert_true(f.type == WEB_FRAME_ACK && f.bytes == 512 * 1024);
	assert_int_equal(web_term_frame_get(BYTES("\x06\x01\x00\x00\x80{}"), &f), 0);
	assert_true(f.type == WEB_FRAME_FILE && f.id == WEB_FRAME_OWN + 1 && span_is(f.body, "{}"));
	assert_int_equal(web_term_frame_get(BYTES("\x07\x05\x00\x00\x00"), &f), 0);
	assert_true(f.type == WEB_FRAME_CHUNK && f.id == 5 && f.body.n == 0);
	assert_int_equal(web_term_frame_get(BYTES("\x08\x05\x00\x00\x00\x00\x00\x10\x00"), &f), 0);
	assert_true(f.type == WEB_FRAME_CREDIT_GIVEN && f.id == 5 && f.bytes == WEB_FRAME_CREDIT);
	assert_int_equal(web_term_frame_get(BYTES("\x09"), &f), 0);
	assert_int_equal(f.type, WEB_FRAME_END);
}

static void refuses_what_is_short_long_unknown_or_a_terminals_own(void **state)
{
	(void)state;
	static const struct {
		const char *p;
		size_t n;
	} bad[] = { { "", 0 }, { "\x00", 1 }, { "\x01", 1 }, { "\x01\x50\x00\x18", 4 }, { "\x01\x50\x00\x18\x00\x00", 6 },
		{ "\x04\x00\x00\x00", 4 }, { "\x05x", 2 }, { "\x06\x01\x00\x00", 4 }, { "\x08\x05\x00\x00\x00\x00", 6 },
		{ "\x09\x00", 2 }, { "\x81{}", 3 }, { "\x82x", 2 }, { "\xff", 1 } };
	struct web_term_frame f = { .type = 99 };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(web_term_frame_get(span_of(bad[i].p, bad[i].n), &f), -EPROTO);
	static uint8_t large[WEB_FRAME_MAX + 1] = { WEB_FRAME_INPUT };
	assert_int_equal(web_term_frame_get(span_of(large, sizeof large), &f), -EMSGSIZE);
	assert_int_equal(f.type, 99);
	assert_int_equal(web_term_frame_get(span_of(large, sizeof large - 1), &f), 0);
	assert_int_equal(f.body.n, WEB_FRAME_MAX - 1);
}

static void writes_what_a_terminal_tells(void **state)
{
	(void)state;
	static const struct {
		struct web_term_frame f;
		const char *p;
		size_t n;
	} rows[] = {
		{ { .type = WEB_FRAME_OUTPUT, .body = { (const uint8_t *)"hi", 2 } }, "\x82hi", 3 },
		{ { .type = WEB_FRAME_SCREEN, .columns = 80, .rows = 24, .body = { (const uint8_t *)"x", 1 } }, "\x83\x50\x00\x18\x00x", 6 },
		{ { .type = WEB_FRAME_TAKEN, .bytes = 65536 }, "\x85\x00\x00\x01\x00", 5 },
		{ { .type = WEB_FRAME_FILED, .id = 7, .body = { (const uint8_t *)"{}", 2 } }, "\x86\x07\x00\x00\x00{}", 7 },
		{ { .type = WEB_FRAME_CHUNK_OF, .id = 7 }, "\x87\x07\x00\x00\x00", 5 },
		{ { .type = WEB_FRAME_CREDIT_TAKEN, .id = 7, .bytes = 1 }, "\x88\x07\x00\x00\x00\x01\x00\x00\x00", 9 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct buf b;
		buf_init(&b, 64);
		web_term_frame_put(&b, &rows[i].f);
		assert_int_equal(b.len, rows[i].n);
		assert_memory_equal(b.data, rows[i].p, rows[i].n);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(reads_each_frame_of_a_browser),
		CASE(refuses_what_is_short_long_unknown_or_a_terminals_own), CASE(writes_what_a_terminal_tells) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
