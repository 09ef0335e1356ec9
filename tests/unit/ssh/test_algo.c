#include "gateway/core/scope.h"
#include "gateway/ssh/algo.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static const uint8_t rsa[] = "\0\0\0\x07ssh-rsa..", ed25519[] = "\0\0\0\x0bssh-ed25519..";
#define RSA span_of(rsa, sizeof rsa - 1)
#define ED25519 span_of(ed25519, sizeof ed25519 - 1)

static enum gw_ssh_algo_why why(const struct gw_ssh_algo_to *to, const char *method, const char *server)
{
	char error[512];
	(void)snprintf(error, sizeof error, "kex error : no match for method %s: server [%s], client [ours]", method, server);
	return gw_ssh_algo_why(to, error);
}

static void tells_a_server_that_is_only_old(void **state)
{
	(void)state;
	const struct gw_ssh_algo_to to = { .pinned = ED25519, .only_pinned = true };
	assert_int_equal(why(&to, "kex algos", "diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"), GW_SSH_ALGO_OLD);
	assert_int_equal(why(&to, "encryption client->server", "aes128-cbc"), GW_SSH_ALGO_OLD);
	assert_int_equal(why(&to, "mac algo server->client", "hmac-md5,hmac-sha1"), GW_SSH_ALGO_OLD);
}

static void tells_nothing_where_legacy_would_not_help(void **state)
{
	(void)state;
	const struct gw_ssh_algo_to to = { .pinned = ED25519, .only_pinned = true };
	const struct gw_ssh_algo_to legacy = { .pinned = ED25519, .only_pinned = true, .legacy = true };
	assert_int_equal(why(&to, "encryption client->server", "arcfour,aes128-cbc2"), GW_SSH_ALGO_OTHER);
	assert_int_equal(why(&to, "encryption client->server", ""), GW_SSH_ALGO_OTHER);
	assert_int_equal(why(&legacy, "kex algos", "diffie-hellman-group1-sha1"), GW_SSH_ALGO_OTHER);
	assert_int_equal(gw_ssh_algo_why(&to, "Socket error: disconnected"), GW_SSH_ALGO_OTHER);
	assert_int_equal(gw_ssh_algo_why(&to, "no match for method kex algos: server [aes128-cbc"), GW_SSH_ALGO_OTHER);
}

static void tells_a_changed_host_key_from_an_old_signature(void **state)
{
	(void)state;
	const struct gw_ssh_algo_to was_ed25519 = { .pinned = ED25519, .only_pinned = true },
				    was_rsa = { .pinned = RSA, .only_pinned = true }, unknown = { .pinned = { 0 } },
				    legacy = { .pinned = RSA, .only_pinned = true, .legacy = true };
	assert_int_equal(why(&was_ed25519, "server host key algo", "ssh-rsa"), GW_SSH_ALGO_HOST_KEY);
	assert_int_equal(why(&was_ed25519, "server host key algo", "rsa-sha2-512,ecdsa-sha2-nistp256"), GW_SSH_ALGO_HOST_KEY);
	assert_int_equal(why(&was_rsa, "server host key algo", "ssh-rsa"), GW_SSH_ALGO_OLD);
	assert_int_equal(why(&was_rsa, "server host key algo", "ssh-ed25519"), GW_SSH_ALGO_HOST_KEY);
	assert_int_equal(why(&unknown, "server host key algo", "ssh-rsa,ssh-dss"), GW_SSH_ALGO_OLD);
	assert_int_equal(why(&unknown, "server host key algo", "ssh-dss"), GW_SSH_ALGO_OTHER);
	assert_int_equal(why(&legacy, "server host key algo", "ssh-ed25519"), GW_SSH_ALGO_HOST_KEY);
}

static void every_list_is_one_that_libssh_takes(void **state)
{
	(void)state;
	const struct span pinned[] = { { 0 }, RSA, ED25519 };
	for (size_t i = 0; i < COUNT_OF(pinned); i++)
		for (int flags = 0; flags < 4; flags++) {
			const struct gw_ssh_algo_to to = { .fd = 99, .user = "u", .pinned = pinned[i],
				.only_pinned = (flags & 1) && pinned[i].n > 0, .legacy = flags & 2 };
			ssh_session s = gw_ssh_algo_client(&to);
			assert_non_null(s);
			ssh_free(s);
		}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(tells_a_server_that_is_only_old),
		cmocka_unit_test(tells_nothing_where_legacy_would_not_help),
		cmocka_unit_test(tells_a_changed_host_key_from_an_old_signature),
		cmocka_unit_test(every_list_is_one_that_libssh_takes),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
