#include "tests/unit/vault/bench.h"
#include "gateway/core/scope.h"
#include "policy/vault/cert.h"
#include <stdio.h>
#include <string.h>

static const char type[] = "ssh-ed25519-cert-v01@openssh.com";

static void certificate(const char *sources, struct buf *out)
{
	static const uint8_t public[36] = { 0, 0, 0, 32, 0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		0x66, 0x66, 0x66 };
	static const char *const extensions[] = { "permit-pty", NULL };
	const struct vault_cert c = { .key = { sshkey_certified(span_str(type)), span_of(public, sizeof public) },
		.principal = span_str("cyadmin"),
		.key_id = span_str("0190a5b2-7c00-7000-8000-000000000001"),
		.serial = UINT64_C(0x0102030405060708),
		.after_s = 1763823540,
		.before_s = 1763823900,
		.sources = span_str(sources),
		.extensions = extensions };
	struct vault_keys *keys = NULL;

	assert_int_equal(vault_keys_derive(bench_master, &keys, NULL), 0);
	buf_init(out, VAULT_CERT_MAX);
	vault_cert_put(&c, &keys->ca, out);
	assert_false(out->failed);
	vault_keys_free(keys);
}

/* What OpenSSH says about these bytes; it checks the CA's signature on reading. */
static int openssh_reads(struct span blob, struct buf *said)
{
	struct bench_folder folder;
	char path[128], base64[4096], line[8192];

	bench_folder_new(&folder);
	(void)snprintf(path, sizeof path, "%s/cert.pub", folder.path);
	sodium_bin2base64(base64, sizeof base64, blob.p, blob.n, sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(line, sizeof line, "%s %s\n", type, base64);
	bench_write(path, span_str(line));
	buf_init(said, 16384);
	(void)setenv("TZ", "UTC", 1);
	int code = RUN(said, "/usr/bin/ssh-keygen", "-L", "-f", path);
	bench_folder_done(&folder);
	return code;
}

static void openssh_reads_what_we_certify(void **state)
{
	scoped(buf_done) struct buf blob = { 0 }, said = { 0 };

	(void)state;
	certificate("", &blob);
	assert_int_equal(openssh_reads(buf_span(&blob), &said), 0);
	assert_non_null(strstr(buf_str(&said), "ssh-ed25519-cert-v01@openssh.com user certificate"));
	assert_non_null(strstr(buf_str(&said), "Key ID: \"0190a5b2-7c00-7000-8000-000000000001\""));
	assert_non_null(strstr(buf_str(&said), "Valid: from 2025-11-22T14:59:00 to 2025-11-22T15:05:00"));
	assert_non_null(strstr(buf_str(&said), "Principals: \n                cyadmin\n"));
	assert_non_null(strstr(buf_str(&said), "Critical Options: (none)"));
	assert_non_null(strstr(buf_str(&said), "Extensions: \n                permit-pty\n"));
	assert_null(strstr(buf_str(&said), "permit-port-forwarding"));
}

static void openssh_reads_from_where_it_is_good(void **state)
{
	scoped(buf_done) struct buf blob = { 0 }, said = { 0 };

	(void)state;
	certificate("10.0.0.0/8,fd00::/8", &blob);
	assert_int_equal(openssh_reads(buf_span(&blob), &said), 0);
	assert_non_null(strstr(buf_str(&said), "Serial: 72623859790382856\n"));
	assert_non_null(strstr(buf_str(&said), "Critical Options: \n                source-address 10.0.0.0/8,fd00::/8\n"));
}

static void every_changed_byte_breaks_it(void **state)
{
	scoped(buf_done) struct buf blob = { 0 };

	(void)state;
	certificate("", &blob);
	for (size_t at = 0; at < blob.len; at += 23) {
		scoped(buf_done) struct buf said = { 0 };
		blob.data[at] ^= 1;
		assert_int_not_equal(openssh_reads(buf_span(&blob), &said), 0);
		blob.data[at] ^= 1;
	}
}

static void two_certificates_of_one_key_differ_in_their_nonce_alone_before_the_signature(void **state)
{
	scoped(buf_done) struct buf a = { 0 }, b = { 0 };

	(void)state;
	certificate("", &a);
	certificate("", &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, 4 + 32 + 4);
	assert_memory_not_equal(a.data + 40, b.data + 40, 32); /* nonce */
	assert_memory_equal(a.data + 72, b.data + 72, a.len - 72 - 64);
	assert_memory_not_equal(a.data + a.len - 64, b.data + b.len - 64, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssh_reads_what_we_certify),
		cmocka_unit_test(every_changed_byte_breaks_it),
		cmocka_unit_test(openssh_reads_from_where_it_is_good),
		cmocka_unit_test(two_certificates_of_one_key_differ_in_their_nonce_alone_before_the_signature),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
