#include "tests/unit/vault/desk.h"
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include "policy/vault/usercert.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint64_t now_s(void)
{
	return (uint64_t)(clock_wall_us() / 1000000);
}

/* The blob of path.pub. */
static void public_of(const char *path, struct buf *out)
{
	scoped(buf_done) struct buf line = { 0 };
	char file[160];
	size_t n = 0;

	(void)snprintf(file, sizeof file, "%s.pub", path);
	bench_file(file, &line);
	const char *base64 = strchr(buf_str(&line), ' ') + 1;
	buf_init(out, 16384);
	uint8_t *room = buf_room(out, 8192);
	assert_int_equal(sodium_base642bin(room, 8192, base64, strcspn(base64, " \n"), NULL, &n, NULL,
				 sodium_base64_VARIANT_ORIGINAL),
		0);
	buf_grew(out, n);
}

/* The code; the certificate stays in d->body. */
static int certify(struct desk *d, const struct wire_certify *m, struct span *ret)
{
	struct wire_certified a;

	assert_int_equal(wire_certify_send(d->broker, m, -1), 0);
	assert_int_equal(desk_answer(d, d->broker), WIRE_T_certified);
	GET(d, certified, &a);
	assert_int_equal(a.ticket, m->ticket);
	assert_int_equal(a.code == 0, a.say.n == 0);
	assert_int_equal(a.code == 0, a.certificate.n > 0);
	if (ret)
		*ret = a.certificate;
	return (int)a.code;
}

static struct wire_certify sound(struct span key)
{
	return (struct wire_certify){ .ticket = 5,
		.serial = 17,
		.key = key,
		.key_id = span_str("alice 17"),
		.principal = span_str("alice"),
		.sources = span_str("10.0.0.0/8,fd00::/8"),
		.after_s = now_s() - 60,
		.before_s = now_s() + 3600 };
}

static void certifies(struct desk *d, const struct bench_folder *folder, const char *type, const char *bits)
{
	scoped(buf_done) struct buf key = { 0 }, said = { 0 }, line = { 0 };
	char path[128], cert[160], base64[24000], want[160];
	struct span blob = { 0 };

	(void)snprintf(path, sizeof path, "%s/%s%s", folder->path, type, bits ? bits : "");
	(void)snprintf(cert, sizeof cert, "%s-cert.pub", path);
	bench_keygen(path, type, bits, "", NULL);
	public_of(path, &key);
	struct wire_certify m = sound(buf_span(&key));
	assert_int_equal(certify(d, &m, &blob), 0);
	sodium_bin2base64(base64, sizeof base64, blob.p, blob.n, sodium_base64_VARIANT_ORIGINAL);
	buf_init(&line, 32000);
	buf_printf(&line, "%.*s %s\n", (int)blob.p[3], (const char *)blob.p + 4, base64);
	bench_write(cert, buf_span(&line));
	buf_init(&said, 16384);
	/* ssh-keygen checks the signature on reading. */
	assert_int_equal(RUN(&said, "/usr/bin/ssh-keygen", "-L", "-f", cert), 0);
	(void)snprintf(want, sizeof want, "%s-cert-v01@openssh.com user certificate", bits ? "ssh-rsa" : "ssh-ed25519");
	if (strcmp(type, "ecdsa") != 0)
		assert_non_null(strstr(buf_str(&said), want));
	assert_non_null(strstr(buf_str(&said), "Serial: 17\n"));
	assert_non_null(strstr(buf_str(&said), "Principals: \n                alice\n        Critical"));
	assert_non_null(
		strstr(buf_str(&said), "Critical Options: \n                source-address 10.0.0.0/8,fd00::/8\n"));
	assert_non_null(strstr(buf_str(&said), "permit-X11-forwarding\n                permit-agent-forwarding\n"
					       "                permit-port-forwarding\n                permit-pty\n"));
}

static void openssh_reads_what_is_certified(void **state)
{
	struct bench_folder folder;

	bench_folder_new(&folder);
	certifies(*state, &folder, "ed25519", NULL);
	certifies(*state, &folder, "rsa", "2048");
	certifies(*state, &folder, "ecdsa", "256");
	bench_folder_done(&folder);
}

static const uint8_t plain[51] = "\0\0\0\13ssh-ed25519\0\0\0 ";

static void a_certificate_is_for_one_name_and_a_bounded_time(void **state)
{
	struct desk *d = *state;
	const struct wire_certify good = sound(span_of(plain, sizeof plain));
	struct wire_certify bad;

	assert_int_equal(certify(d, &good, NULL), 0);
#define REFUSES(field, value)                                                                                          \
	do {                                                                                                           \
		bad = good;                                                                                            \
		bad.field = value;                                                                                     \
		assert_int_equal(certify(d, &bad, NULL), -EINVAL);                                                     \
	} while (0)
	REFUSES(principal, span_str(""));
	REFUSES(principal, span_str("alice bob"));
	REFUSES(principal, span_of("alice\0", 6));
	REFUSES(principal, span_str("a23456789012345678901234567890123456789012345678901234567890123456"));
	REFUSES(sources, span_str("10.0.0.0/8, 11.0.0.0/8"));
	REFUSES(serial, 0);
	REFUSES(before_s, good.after_s);
	REFUSES(before_s, good.after_s - 1);
	REFUSES(before_s, good.after_s + VAULT_USERCERT_TERM_S + 1);
	REFUSES(before_s, UINT64_MAX);
	bad = good;
	bad.after_s = now_s() + 3600;
	bad.before_s = now_s() + VAULT_USERCERT_TERM_S;
	assert_int_equal(certify(d, &bad, NULL), 0);
	bad.before_s++;
	assert_int_equal(certify(d, &bad, NULL), -EINVAL);
}

/* A key that is more than one would put other fields into the certificate. */
static void only_a_key_is_certified(void **state)
{
	struct desk *d = *state;
	uint8_t blob[100] = { 0 };
	struct wire_certify m = sound(span_of(plain, sizeof plain));
	struct span certificate = { 0 };

	memcpy(blob, plain, sizeof plain);
	for (size_t n = 0; n < sizeof blob; n++) {
		m.key = span_of(blob, n);
		assert_int_equal(certify(d, &m, NULL) == 0, n == sizeof plain);
	}
	m.key = span_of(plain, sizeof plain);
	assert_int_equal(certify(d, &m, &certificate), 0);
	scoped(buf_done) struct buf again = { 0 };
	buf_init(&again, 4096);
	buf_put_span(&again, certificate);
	m.key = buf_span(&again);
	assert_int_equal(certify(d, &m, NULL), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(openssh_reads_what_is_certified),
		CASE(a_certificate_is_for_one_name_and_a_bounded_time),
		CASE(only_a_key_is_certified),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
