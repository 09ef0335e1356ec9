/* The request as it goes out with libssh 0.11 or newer, compiled with whatever libssh is here: its function is ours. */
#include <libssh/libssh.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#define ssh_channel_request_pty_size_modes sent
static int sent(ssh_channel to, const char *term, int columns, int rows, const unsigned char *modes, size_t modes_n);
#undef GW_SSH_PTY_HAS_MODES
#define GW_SSH_PTY_HAS_MODES
#include "gateway/ssh/pty.c"

static struct {
	char term[16];
	int columns, rows;
	uint8_t modes[32];
	size_t modes_n;
} got;

static int sent(ssh_channel to, const char *term, int columns, int rows, const unsigned char *modes, size_t modes_n)
{
	assert_null(to);
	assert_true(strlen(term) < sizeof got.term && modes_n <= sizeof got.modes);
	memcpy(got.term, term, strlen(term) + 1);
	memcpy(got.modes, modes, modes_n);
	got.columns = columns;
	got.rows = rows;
	got.modes_n = modes_n;
	return SSH_AGAIN;
}

static void the_line_editing_of_the_target_is_told_whether_it_is_utf8(void **state)
{
	(void)state;
	static const uint8_t on[] = { 42, 0, 0, 0, 1, 0 }, off[] = { 42, 0, 0, 0, 0, 0 };
	struct gw_ssh_pty pty = { .term = "xterm", .columns = 132, .rows = 43, .charset = CHARSET_UTF8 };
	assert_int_equal(gw_ssh_pty_request(NULL, &pty), SSH_AGAIN);
	assert_string_equal(got.term, "xterm");
	assert_int_equal(got.columns, 132);
	assert_int_equal(got.rows, 43);
	assert_int_equal(got.modes_n, sizeof on);
	assert_memory_equal(got.modes, on, sizeof on);
	pty.charset = CHARSET_BIG5;
	assert_int_equal(gw_ssh_pty_request(NULL, &pty), SSH_AGAIN);
	assert_memory_equal(got.modes, off, sizeof off);
}

int main(void)
{
	const struct CMUnitTest cases[] = { cmocka_unit_test(the_line_editing_of_the_target_is_told_whether_it_is_utf8) };
	return cmocka_run_group_tests(cases, NULL, NULL);
}
