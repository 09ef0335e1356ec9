#include "tests/unit/vault/bench.h"
#include "gateway/core/err.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int file_of(const void *p, size_t n)
{
	int fd = memfd_create("key", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void assert_hex(const uint8_t *p, const char *hex)
{
	char got[65];

	sodium_bin2hex(got, sizeof got, p, 32);
	assert_string_equal(got, hex);
}

/* Computed with another implementation: BLAKE2b, key = master, salt = number, person = context. */
static void derives_the_sub_keys_that_the_documents_name(void **state)
{
	struct vault_keys *k = NULL;
	uint8_t public[32], secret[32], seed[32];
	size_t n;

	(void)state;
	assert_int_equal(vault_keys_derive(bench_master, &k, NULL), 0);
	assert_hex(k->sign.secret, "d284a97ccceb7a253a35b7d8deef371b9a4266ebd1c6a7e4572d6ae158c3c0ba");
	assert_hex(k->openers[0].credential, "79cd245003e75b9aa2e68a52046dae419da5d198878169e13cac651d424e37cf");
	assert_hex(k->ca.secret, "17da106929e6250c2c8f5585bb34d3d13f6a37ad6e79504d4c17a2b505daf52e");
	assert_hex(k->host.secret, "130e1bdee14d33081f188e090c3707bccb393c9b6bba26344842b674ea10ad6f");
	assert_hex(k->users.secret, "2f46023fa1f416fb9ba4be5558dd6682c613839f5cf01a98150490bffea366a2");
	assert_int_equal(sodium_hex2bin(seed, 32, "b9f676c0a853bd24ca5b2e8dd9ec8ae37c0669c619fea0c27fd67e2266e348e6",
				 64, NULL, &n, NULL),
		0);
	crypto_box_seed_keypair(public, secret, seed);
	assert_memory_equal(k->openers[0].seal_public, public, 32);
	assert_memory_equal(k->openers[0].seal_secret, secret, 32);
	assert_memory_equal(k->sign.secret + 32, k->sign.public, 32);
	assert_null(vault_keys_free(k));
}

static void reads_exactly_32_bytes(void **state)
{
	struct vault_keys *from_file = NULL, *derived = NULL;
	int fd = file_of(bench_master, sizeof bench_master);

	(void)state;
	assert_int_equal(vault_keys_read(fd, &from_file, NULL), 0);
	assert_int_equal(vault_keys_derive(bench_master, &derived, NULL), 0);
	assert_memory_equal(from_file->openers[0].credential, derived->openers[0].credential, 32);
	vault_keys_free(from_file);
	vault_keys_free(derived);
	close(fd);
}

static void refuses_a_file_that_is_no_master_key(void **state)
{
	static const size_t sizes[] = { 0, 1, 31, 33, 4096, 20000 };
	uint8_t bytes[20000] = { 1 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct vault_keys *k = NULL;
		struct err err = { 0 };
		int fd = file_of(bytes, sizes[i]);
		assert_int_equal(vault_keys_read(fd, &k, &err), -EPROTO);
		assert_string_equal(err.say, "the master key file must hold exactly 32 bytes, or what `key rotate` made of it");
		assert_null(k);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derives_the_sub_keys_that_the_documents_name),
		cmocka_unit_test(reads_exactly_32_bytes),
		cmocka_unit_test(refuses_a_file_that_is_no_master_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
