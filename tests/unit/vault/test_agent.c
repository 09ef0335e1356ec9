#include "tests/unit/vault/bench.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "policy/vault/agent.h"
#include "policy/vault/key.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const uint8_t seed[32] = { 1, 2, 3 };
static const uint8_t failure[] = { 0, 0, 0, 1, 5 };

struct desk {
	struct vault_key key, other;
	struct vault_agent agent;
	struct buf out;
};

static void desk_open(struct desk *d, uint32_t uses)
{
	static const uint8_t other_seed[32] = { 9 };

	*d = (struct desk){ 0 };
	assert_int_equal(vault_key_ed25519(seed, &d->key, NULL), 0);
	assert_int_equal(vault_key_ed25519(other_seed, &d->other, NULL), 0);
	d->agent = (struct vault_agent){
		.key = &d->key, .blob = buf_span(&d->key.blob), .login = span_str("cyadmin"), .uses = uses
	};
	buf_init(&d->out, VAULT_AGENT_ANSWER_MAX);
}

static void desk_close(struct desk *d)
{
	vault_key_done(&d->key);
	vault_key_done(&d->other);
	buf_done(&d->out);
}

static int ask(struct desk *d, struct span frame, int *ret_signed)
{
	buf_clear(&d->out);
	return vault_agent_answer(&d->agent, frame, &d->out, ret_signed, NULL);
}

/* Asks for a signature over this login; whatever comes, a refusal has no signature in it. */
static int ask_login(struct desk *d, struct span blob, const struct bench_login *l, uint32_t flags)
{
	scoped(buf_done) struct buf data = { 0 }, frame = { 0 };
	int signed_it = 0;

	buf_init(&data, 8192);
	buf_init(&frame, 16384);
	bench_login_put(l, &data);
	bench_sign_put(blob, buf_span(&data), flags, &frame);
	int r = ask(d, buf_span(&frame), &signed_it);
	assert_int_equal(signed_it, r > 0);
	if (r == -EACCES) {
		assert_int_equal(d->out.len, sizeof failure);
		assert_memory_equal(d->out.data, failure, sizeof failure);
	}
	return r;
}

static void lists_its_one_key(void **state)
{
	static const uint8_t question[] = { 0, 0, 0, 1, 11 };
	static const uint8_t begins[] = { 0, 0, 0, 64, 12, 0, 0, 0, 1, 0, 0, 0, 51, 0, 0, 0, 11, 's', 's', 'h', '-',
		'e', 'd', '2', '5', '5', '1', '9', 0, 0, 0, 32 };
	struct desk d;
	uint8_t public[32], secret[64];
	int signed_it;

	(void)state;
	desk_open(&d, 1);
	crypto_sign_seed_keypair(public, secret, seed);
	assert_int_equal(ask(&d, span_of(question, sizeof question), &signed_it), sizeof question);
	assert_int_equal(d.out.len, 4 + 64);
	assert_memory_equal(d.out.data, begins, sizeof begins);
	assert_memory_equal(d.out.data + sizeof begins, public, 32);
	assert_memory_equal(d.out.data + sizeof begins + 32, "\0\0\0\0", 4);
	assert_int_equal(signed_it, 0);
	desk_close(&d);
}

static void signs_one_login_and_no_second(void **state)
{
	struct desk d;
	uint8_t public[32], secret[64], want[64];
	scoped(buf_done) struct buf data = { 0 };

	(void)state;
	desk_open(&d, 1);
	struct bench_login l = BENCH_LOGIN("cyadmin", "ssh-ed25519", buf_span(&d.key.blob));
	assert_true(ask_login(&d, buf_span(&d.key.blob), &l, 0) > 0);
	/* u32 length | 14 | string { string "ssh-ed25519", string 64 bytes } */
	assert_int_equal(d.out.len, 4 + 1 + 4 + 4 + 11 + 4 + 64);
	assert_memory_equal(d.out.data, "\0\0\0\x58\x0e\0\0\0\x53\0\0\0\x0bssh-ed25519\0\0\0\x40", 28);
	buf_init(&data, 8192);
	bench_login_put(&l, &data);
	crypto_sign_seed_keypair(public, secret, seed);
	crypto_sign_detached(want, NULL, data.data, data.len, secret);
	assert_memory_equal(d.out.data + 28, want, 64);
	assert_int_equal(ask_login(&d, buf_span(&d.key.blob), &l, 0), -EACCES);
	desk_close(&d);
}

static void signs_for_nobody_but_the_allowed_login(void **state)
{
	static const char *const others[] = { "root", "", "cyadmi", "cyadmin2", "cyadmin ", "Cyadmin" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct desk d;
		desk_open(&d, 1);
		struct bench_login l = BENCH_LOGIN(others[i], "ssh-ed25519", buf_span(&d.key.blob));
		assert_int_equal(ask_login(&d, buf_span(&d.key.blob), &l, 0), -EACCES);
		assert_int_equal(d.agent.uses, 1);
		desk_close(&d);
	}
}

static void signs_with_no_other_key(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, 2);
	struct bench_login ours = BENCH_LOGIN("cyadmin", "ssh-ed25519", buf_span(&d.key.blob));
	struct bench_login theirs = BENCH_LOGIN("cyadmin", "ssh-ed25519", buf_span(&d.other.blob));
	assert_int_equal(ask_login(&d, buf_span(&d.other.blob), &ours, 0), -EACCES);
	assert_int_equal(ask_login(&d, buf_span(&d.key.blob), &theirs, 0), -EACCES);
	assert_int_equal(ask_login(&d, span_str(""), &ours, 0), -EACCES);
	assert_true(ask_login(&d, buf_span(&d.key.blob), &ours, 0) > 0);
	desk_close(&d);
}

static void signs_nothing_but_a_login(void **state)
{
	struct desk d;
	struct bench_login l;

	(void)state;
	desk_open(&d, 1);
	const struct bench_login good = BENCH_LOGIN("cyadmin", "ssh-ed25519", buf_span(&d.key.blob));
#define REFUSED(change)                                                                                                \
	do {                                                                                                           \
		d.agent.requests = 0;                                                                                  \
		l = good;                                                                                              \
		l.change;                                                                                              \
		assert_int_equal(ask_login(&d, buf_span(&d.key.blob), &l, 0), -EACCES);                                \
	} while (0)
	REFUSED(type = 51);
	REFUSED(service = "ssh-userauth");
	REFUSED(method = "hostbased");
	REFUSED(method = "publickey-hostbound-v00@openssh.com");
	REFUSED(has_signature = 0);
	REFUSED(has_signature = 2);
	REFUSED(session_id_n = 0);
	REFUSED(session_id_n = 15);
	REFUSED(session_id_n = 65);
	REFUSED(algorithm = "ssh-rsa");
	REFUSED(algorithm = "rsa-sha2-256");
	REFUSED(algorithm = "ssh-ed25519-cert-v01@openssh.com");
	REFUSED(algorithm = "");
	assert_int_equal(d.agent.uses, 1);
	desk_close(&d);
}

static void signs_no_cut_and_no_longer_data(void **state)
{
	struct desk d;
	scoped(buf_done) struct buf data = { 0 };

	(void)state;
	desk_open(&d, 1);
	struct bench_login l = BENCH_LOGIN("cyadmin", "ssh-ed25519", buf_span(&d.key.blob));
	buf_init(&data, 8192);
	bench_login_put(&l, &data);
	size_t whole = data.len;
	buf_put(&data, "x", 1);
	for (size_t n = 0; n <= whole + 1; n++) {
		scoped(buf_done) struct buf frame = { 0 };
		int signed_it;
		if (n == whole)
			continue;
		buf_init(&frame, 16384);
		bench_sign_put(buf_span(&d.key.blob), span_of(data.data, n), 0, &frame);
		d.agent.requests = 0;
		assert_int_equal(ask(&d, buf_span(&frame), &signed_it), -EACCES);
	}
	assert_int_equal(d.agent.uses, 1);
	desk_close(&d);
}

/* The flags say SHA-1 or SHA-512; the data say what was agreed. */
static void takes_the_rsa_algorithm_from_the_data_and_never_sha1(void **state)
{
	static const struct {
		const char *algorithm;
		uint32_t flags;
		bool good;
	} cases[] = { { "rsa-sha2-256", 4, true }, { "rsa-sha2-512", 2, true }, { "rsa-sha2-256", 0, true },
		{ "ssh-rsa", 0, false }, { "ssh-rsa", 2, false }, { "ssh-rsa", 4, false } };
	struct bench_folder folder;
	char path[128];
	scoped(buf_done) struct buf file = { 0 };
	scoped(vault_key_done) struct vault_key rsa = { 0 };

	(void)state;
	bench_folder_new(&folder);
	(void)snprintf(path, sizeof path, "%s/key", folder.path);
	bench_keygen(path, "rsa", "2048", "", NULL);
	bench_file(path, &file);
	bench_folder_done(&folder);
	assert_int_equal(vault_key_parse(buf_span(&file), &rsa, NULL), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct desk d;
		desk_open(&d, 1);
		d.agent.key = &rsa;
		d.agent.blob = buf_span(&rsa.blob);
		struct bench_login l = BENCH_LOGIN("cyadmin", cases[i].algorithm, buf_span(&rsa.blob));
		int r = ask_login(&d, buf_span(&rsa.blob), &l, cases[i].flags);
		assert_int_equal(r > 0, cases[i].good);
		if (r > 0) /* u32 | 14 | u32 | string algorithm */
			assert_memory_equal(d.out.data + 13, cases[i].algorithm, 12);
		desk_close(&d);
	}
}

static void a_certificate_is_signed_for_under_its_own_name_only(void **state)
{
	static const uint8_t certificate[] = "as good as a certificate";
	struct desk d;

	(void)state;
	desk_open(&d, 1);
	d.agent.blob = span_of(certificate, sizeof certificate);
	d.agent.certificate = "ssh-ed25519-cert-v01@openssh.com";
	struct bench_login plain = BENCH_LOGIN("cyadmin", "ssh-ed25519", d.agent.blob);
	struct bench_login below = BENCH_LOGIN("cyadmin", "ssh-ed25519", buf_span(&d.key.blob));
	struct bench_login l = BENCH_LOGIN("cyadmin", "ssh-ed25519-cert-v01@openssh.com", d.agent.blob);
	assert_int_equal(ask_login(&d, d.agent.blob, &plain, 0), -EACCES);
	assert_int_equal(ask_login(&d, buf_span(&d.key.blob), &below, 0), -EACCES);
	assert_true(ask_login(&d, d.agent.blob, &l, 0) > 0);
	assert_memory_equal(d.out.data + 13, "ssh-ed25519", 11);
	desk_close(&d);
}

static void waits_for_a_whole_request(void **state)
{
	struct desk d;
	scoped(buf_done) struct buf data = { 0 }, frame = { 0 };
	int signed_it;

	(void)state;
	desk_open(&d, 1);
	struct bench_login l = BENCH_LOGIN("cyadmin", "ssh-ed25519", buf_span(&d.key.blob));
	buf_init(&data, 8192);
	buf_init(&frame, 16384);
	bench_login_put(&l, &data);
	bench_sign_put(buf_span(&d.key.blob), buf_span(&data), 0, &frame);
	for (size_t n = 0; n < frame.len; n++) {
		assert_int_equal(ask(&d, span_of(frame.data, n), &signed_it), 0);
		assert_int_equal(d.out.len, 0);
	}
	size_t whole = frame.len;
	buf_put(&frame, "\0\0\0\1\x0b", 5); /* the next request stays where it is */
	assert_int_equal(ask(&d, buf_span(&frame), &signed_it), (int)whole);
	assert_int_equal(signed_it, 1);
	desk_close(&d);
}

static void says_no_to_what_it_does_not_do(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, 1);
	for (unsigned type = 0; type < 256; type++) {
		uint8_t question[] = { 0, 0, 0, 2, (uint8_t)type, 0 };
		int signed_it;
		d.agent.requests = 0;
		if (type == 11 || type == 13)
			continue;
		assert_int_equal(ask(&d, span_of(question, sizeof question), &signed_it), sizeof question);
		assert_int_equal(d.out.len, sizeof failure);
		assert_memory_equal(d.out.data, failure, sizeof failure);
	}
	desk_close(&d);
}

static void ends_on_garbage(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t n;
	} cases[] = {
		{ { 0, 0, 0, 0 }, 4 },                 /* no type */
		{ { 0xff, 0xff, 0xff, 0xff, 13 }, 5 }, /* longer than anything */
		{ { 0, 0, 0x40, 1, 13 }, 5 },          /* one byte over the limit */
		{ { 0, 0, 0, 2, 11, 0 }, 6 },          /* a list request with more */
		{ { 0, 0, 0, 1, 13 }, 5 },             /* a sign request with less */
		{ { 0, 0, 0, 5, 13, 0, 0, 0, 9 }, 9 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct desk d;
		int signed_it;
		desk_open(&d, 1);
		assert_int_equal(ask(&d, span_of(cases[i].bytes, cases[i].n), &signed_it), -EPROTO);
		assert_int_equal(d.out.len, 0);
		desk_close(&d);
	}
}

static void ends_after_too_many_requests(void **state)
{
	static const uint8_t question[] = { 0, 0, 0, 1, 11 };
	struct desk d;
	int signed_it;

	(void)state;
	desk_open(&d, 1);
	for (int i = 0; i < VAULT_AGENT_REQUESTS_MAX; i++)
		assert_int_equal(ask(&d, span_of(question, sizeof question), &signed_it), sizeof question);
	assert_int_equal(ask(&d, span_of(question, sizeof question), &signed_it), -EPROTO);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_its_one_key),
		cmocka_unit_test(signs_one_login_and_no_second),
		cmocka_unit_test(signs_for_nobody_but_the_allowed_login),
		cmocka_unit_test(signs_with_no_other_key),
		cmocka_unit_test(signs_nothing_but_a_login),
		cmocka_unit_test(signs_no_cut_and_no_longer_data),
		cmocka_unit_test(takes_the_rsa_algorithm_from_the_data_and_never_sha1),
		cmocka_unit_test(a_certificate_is_signed_for_under_its_own_name_only),
		cmocka_unit_test(waits_for_a_whole_request),
		cmocka_unit_test(says_no_to_what_it_does_not_do),
		cmocka_unit_test(ends_on_garbage),
		cmocka_unit_test(ends_after_too_many_requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
