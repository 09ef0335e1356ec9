#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include "policy/vault/totp.h"
#include "tests/unit/vault/desk.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char bound[] = "factor\nuser=7";

static struct wire_factor_made make(struct desk *d, uint64_t worker, struct span sealed)
{
	struct wire_factor_made made;
	struct wire_factor_new m = {
		.ticket = 5, .worker = worker, .id = desk_session, .bound = span_str(bound), .sealed = sealed
	};

	assert_int_equal(wire_factor_new_send(d->broker, &m, -1), 0);
	desk_pump(d);
	assert_int_equal(desk_answer(d, d->broker), WIRE_T_factor_made);
	GET(d, factor_made, &made);
	assert_int_equal(made.ticket, 5);
	return made;
}

static struct wire_factor_checked check(struct desk *d, struct span sealed, const char *to, const char *typed)
{
	struct wire_factor_checked checked;
	struct wire_factor_check m = { .ticket = 6, .sealed = sealed, .bound = span_str(to), .typed = span_str(typed) };

	assert_int_equal(wire_factor_check_send(d->broker, &m, -1), 0);
	desk_pump(d);
	assert_int_equal(desk_answer(d, d->broker), WIRE_T_factor_checked);
	GET(d, factor_checked, &checked);
	return checked;
}

static int value_of(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c - '2' + 26;
}

/* The secret as the app gets it. */
static void unbase32(const char *text, uint8_t ret[static VAULT_TOTP_SECRET])
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t n = 0; n < VAULT_TOTP_SECRET; text++) {
		bits = bits << 5 | (uint32_t)value_of(*text);
		have += 5;
		if (have >= 8) {
			have -= 8;
			ret[n++] = (uint8_t)(bits >> have);
		}
	}
}

static void the_secret_is_shown_once_to_whom_it_is_for(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf sealed = { 0 };
	struct wire_use_secret shown;
	uint8_t secret[VAULT_TOTP_SECRET], hash[VAULT_TOTP_HASH], first[VAULT_TOTP_HASH];
	char typed[16];

	buf_init(&sealed, 512);
	struct wire_factor_made made = make(d, DESK_WORKER, (struct span){ 0 });
	assert_int_equal(made.code, 0);
	assert_int_equal(made.codes.n, 0); /* the broker sees nothing */
	assert_int_equal(made.hashes.n, 10 * VAULT_TOTP_HASH);
	memcpy(first, made.hashes.p, sizeof first);
	buf_put_span(&sealed, made.sealed);

	assert_int_equal(desk_use(d, d->other), WIRE_T_use_denied);
	assert_int_equal(desk_use(d, d->worker), WIRE_T_use_secret);
	GET(d, use_secret, &shown);
	assert_int_equal(shown.text.n, 33 + 10 * 12);
	assert_int_equal(shown.text.p[32], '\n');
	unbase32((const char *)shown.text.p, secret);
	assert_true(vault_totp_recovery_hash(secret, span_of(shown.text.p + 33, 11), hash));
	assert_memory_equal(hash, first, sizeof hash);
	assert_int_equal(desk_use(d, d->worker), WIRE_T_use_denied);

	uint64_t now = (uint64_t)(clock_wall_us() / 30000000);
	(void)snprintf(typed, sizeof typed, "%06u", vault_totp_code(secret, now));
	assert_in_range(check(d, buf_span(&sealed), bound, typed).step, now - 1, now + 1);
	assert_int_equal(check(d, buf_span(&sealed), "factor\nuser=8", typed).code, -EACCES);
	struct wire_factor_checked none = check(d, buf_span(&sealed), bound, "nothing");
	assert_int_equal(none.code, 0);
	assert_int_equal(none.step, 0);
}

static void what_a_browser_enrols_with_is_webs_alone_and_web_gets_nothing_else(void **state)
{
	struct desk *d = *state;
	int web = desk_wired(d, WIRE_WEB, 0);
	scoped(buf_done) struct buf sealed = { 0 }, public_key = { 0 };

	make(d, WIRE_WORKER_WEB, (struct span){ 0 });
	assert_int_equal(desk_use(d, d->worker), WIRE_T_use_denied);
	assert_int_equal(desk_use(d, web), WIRE_T_use_secret);
	assert_int_equal(desk_use(d, web), WIRE_T_use_denied);
	make(d, DESK_WORKER, (struct span){ 0 });
	assert_int_equal(desk_use(d, web), WIRE_T_use_denied);
	assert_int_equal(desk_seal(d, WIRE_SECRET_PASSWORD, "open sesame", &sealed, &public_key), 0);
	struct desk_allow a = { WIRE_WORKER_WEB, WIRE_SECRET_PASSWORD, "", buf_span(&sealed), desk_bound, 0 };
	assert_int_equal(desk_allow(d, &a), -EINVAL);
	assert_int_equal(desk_use(d, web), WIRE_T_use_denied);
	make(d, WIRE_WORKER_WEB, (struct span){ 0 });
	int next = desk_wired(d, WIRE_WEB, 0); /* a new one: what the older one was allowed is gone */
	assert_int_equal(desk_use(d, next), WIRE_T_use_denied);
	close(web);
	close(next);
}

static void new_codes_come_to_the_broker_and_no_secret_does(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf sealed = { 0 };
	char line[12];

	buf_init(&sealed, 512);
	struct wire_factor_made made = make(d, DESK_WORKER, (struct span){ 0 });
	buf_put_span(&sealed, made.sealed);
	made = make(d, 0, buf_span(&sealed));
	assert_int_equal(made.code, 0);
	assert_int_equal(made.sealed.n, 0);
	assert_int_equal(made.codes.n, 10 * 12);
	uint8_t hash[VAULT_TOTP_HASH];
	memcpy(hash, made.hashes.p, sizeof hash);
	(void)snprintf(line, sizeof line, "%.11s", (const char *)made.codes.p);
	struct wire_factor_checked checked = check(d, buf_span(&sealed), bound, line);
	assert_int_equal(checked.step, 0);
	assert_memory_equal(checked.recovery.b, hash, sizeof hash);
	/* a secret for nobody, codes for a worker: neither */
	assert_int_equal(make(d, 0, (struct span){ 0 }).code, -EINVAL);
	assert_int_equal(make(d, DESK_WORKER, buf_span(&sealed)).code, -EINVAL);
}

static void the_broker_cannot_hand_a_factor_to_a_worker(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf sealed = { 0 };

	buf_init(&sealed, 512);
	struct wire_factor_made made = make(d, DESK_OTHER, (struct span){ 0 });
	buf_put_span(&sealed, made.sealed);
	assert_int_equal(
		desk_allow(d, &(struct desk_allow){ DESK_WORKER, WIRE_SECRET_TOTP, "x", buf_span(&sealed), bound, 1 }),
		-EINVAL);
	assert_int_equal(desk_use(d, d->worker), WIRE_T_use_denied);
}

static void a_credential_is_no_factor(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf sealed = { 0 }, public_key = { 0 };

	assert_int_equal(desk_seal(d, WIRE_SECRET_PASSWORD, "12345678901234567890\n", &sealed, &public_key), 0);
	assert_int_equal(check(d, buf_span(&sealed), desk_bound, "123456").code, -EACCES);
	assert_int_equal(check(d, span_str("nonsense"), bound, "123456").code, -EPROTO);
}

static void nobody_but_the_broker_asks_about_factors(void **state)
{
	struct desk *d = *state;
	struct wire_factor_check m = { .ticket = 6, .typed = span_str("123456") };

	assert_int_equal(wire_factor_check_send(d->worker, &m, -1), 0);
	desk_pump(d);
	assert_int_equal(desk_answer(d, d->worker), -EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_secret_is_shown_once_to_whom_it_is_for),
		CASE(what_a_browser_enrols_with_is_webs_alone_and_web_gets_nothing_else),
		CASE(new_codes_come_to_the_broker_and_no_secret_does),
		CASE(the_broker_cannot_hand_a_factor_to_a_worker),
		CASE(a_credential_is_no_factor),
		CASE(nobody_but_the_broker_asks_about_factors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
