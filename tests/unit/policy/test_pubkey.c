#include "gateway/core/err.h"
#include "policy/login/pubkey.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIHV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1dXV1"

static int get(const char *line, struct buf *blob)
{
	buf_init(blob, 32768);
	return pol_pubkey_get(span_str(line), blob, NULL);
}

static void reads_a_line_with_and_without_a_comment(void **state)
{
	static const char *const lines[] = { "ssh-ed25519 " BLOB, "ssh-ed25519 " BLOB " alice@laptop and more",
		"  ssh-ed25519\t" BLOB "\r\n" };
	struct buf blob;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_int_equal(get(lines[i], &blob), 0);
		assert_int_equal(blob.len, 51);
		assert_memory_equal(blob.data, "\0\0\0\013ssh-ed25519\0\0\0 uuuu", 23);
		buf_done(&blob);
	}
}

static void refuses_what_is_no_public_key(void **state)
{
	static const char *const lines[] = { "", " ", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 !!!", "ssh-rsa " BLOB,
		BLOB, "ssh-dss " BLOB, "no-pty ssh-ed25519 " BLOB, "ssh-ed25519 AAAA",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "-----BEGIN OPENSSH PRIVATE KEY-----",
		"ssh-ed25519-cert-v01@openssh.com " BLOB };
	struct buf blob;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_int_equal(get(lines[i], &blob), -EINVAL);
		assert_int_equal(blob.len, 0);
		buf_done(&blob);
	}
}

static void refuses_a_line_without_end(void **state)
{
	static char line[70000];
	struct buf blob;

	(void)state;
	(void)snprintf(line, sizeof line, "ssh-ed25519 ");
	memset(line + 12, 'A', sizeof line - 13);
	assert_int_equal(get(line, &blob), -EINVAL);
	buf_done(&blob);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_line_with_and_without_a_comment),
		cmocka_unit_test(refuses_what_is_no_public_key),
		cmocka_unit_test(refuses_a_line_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
