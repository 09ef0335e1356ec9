#include "tests/unit/vault/desk.h"
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <string.h>

static const uint8_t hash[65] = { 1, 2, 3 };

static void serves(struct desk *d, uint64_t worker)
{
	assert_int_equal(wire_serves_send(d->parent, &(struct wire_serves){ .worker = worker }, -1), 0);
	desk_pump(d);
}

static void ask(struct desk *d, int sock, size_t n)
{
	struct wire_host_sign m = { .hash = span_of(hash, n) };

	memcpy(m.key.b, d->keys->host.public, sizeof m.key.b);
	assert_int_equal(wire_host_sign_send(sock, &m, -1), 0);
}

static void expect_signed(struct desk *d, int sock, size_t n)
{
	struct wire_host_sign_answer a;

	assert_int_equal(desk_answer(d, sock), WIRE_T_host_sign_answer);
	GET(d, host_sign_answer, &a);
	assert_int_equal(a.code, 0);
	assert_int_equal(crypto_sign_verify_detached(a.signature.b, hash, n, d->keys->host.public), 0);
}

static void gives_the_public_half_once_and_not_the_private_one(void **state)
{
	struct desk *d = *state;
	struct wire_host_key_answer a;

	assert_int_equal(wire_host_key_send(d->worker, &(struct wire_host_key){ 0 }, -1), 0);
	assert_int_equal(desk_answer(d, d->worker), WIRE_T_host_key_answer);
	assert_int_equal(d->n, 32);
	GET(d, host_key_answer, &a);
	assert_memory_equal(a.key.b, d->keys->host.public, 32);
	assert_int_equal(wire_host_key_send(d->worker, &(struct wire_host_key){ 0 }, -1), 0);
	assert_int_equal(desk_answer(d, d->worker), -EPIPE);
}

static void signs_the_hashes_of_key_exchanges(void **state)
{
	static const size_t lengths[] = { 32, 48, 64 };
	struct desk *d = *state;

	serves(d, DESK_WORKER);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		ask(d, d->worker, lengths[i]);
		expect_signed(d, d->worker, lengths[i]);
	}
}

/* The parent is asked to end that worker. */
static void expect_denounced(struct desk *d, uint64_t worker)
{
	struct wire_control m;

	assert_int_equal(desk_answer(d, d->parent), WIRE_T_control);
	GET(d, control, &m);
	assert_true(m.worker == worker && m.op == WIRE_END_SESSION && m.reason.n > 0);
}

static void ends_a_worker_that_asks_for_a_text_of_another_length(void **state)
{
	static const size_t lengths[] = { 0, 1, 20, 31, 33, 47, 49, 63, 65 };
	struct desk *d = *state;

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		int sock = desk_wired(d, WIRE_SSH, 100 + i);
		serves(d, 100 + i);
		ask(d, sock, lengths[i]);
		assert_int_equal(desk_answer(d, sock), -EPIPE);
		expect_denounced(d, 100 + i);
		close(sock);
	}
}

static void signs_nothing_before_the_worker_has_a_client(void **state)
{
	struct desk *d = *state;

	ask(d, d->worker, 32);
	assert_int_equal(desk_answer(d, d->worker), 0);
	serves(d, DESK_OTHER); /* that is another one */
	assert_int_equal(desk_answer(d, d->worker), 0);
	serves(d, DESK_READER);
	serves(d, 4711); /* nobody */
	assert_int_equal(desk_answer(d, d->worker), 0);
	serves(d, DESK_WORKER);
	expect_signed(d, d->worker, 32);
}

static void ends_a_worker_that_asks_twice_before_the_answer(void **state)
{
	struct desk *d = *state;

	ask(d, d->worker, 32);
	ask(d, d->worker, 32);
	assert_int_equal(desk_answer(d, d->worker), -EPIPE);
	expect_denounced(d, DESK_WORKER);
	serves(d, DESK_WORKER); /* its question is gone with it */
	scope_close(&d->other); /* to leave is no crime */
	assert_int_equal(desk_answer(d, d->parent), 0);
}

static void a_worker_with_another_key_is_told_so(void **state)
{
	struct desk *d = *state;
	struct wire_host_sign m = { .key.b = { 9 }, .hash = span_of(hash, 32) };
	struct wire_host_sign_answer a;
	static const uint8_t nothing[64];

	serves(d, DESK_WORKER);
	assert_int_equal(wire_host_sign_send(d->worker, &m, -1), 0);
	assert_int_equal(desk_answer(d, d->worker), WIRE_T_host_sign_answer);
	GET(d, host_sign_answer, &a);
	assert_int_equal(a.code, -ESTALE);
	assert_memory_equal(a.signature.b, nothing, sizeof nothing);
}

static void what_is_asked_too_fast_is_signed_later(void **state)
{
	struct desk *d = *state;

	serves(d, DESK_WORKER);
	serves(d, DESK_OTHER);
	for (int i = 0; i < VAULT_HOST_BURST; i++) {
		ask(d, d->worker, 32);
		expect_signed(d, d->worker, 32);
	}
	for (int i = 0; i < 3; i++) {
		ask(d, d->worker, 32);
		assert_int_equal(desk_answer(d, d->worker), 0);
		clock_advance(VAULT_HOST_EVERY_US - 1);
		assert_int_equal(desk_answer(d, d->worker), 0);
		clock_advance(1);
		expect_signed(d, d->worker, 32);
	}
	ask(d, d->other, 32); /* each has a measure of its own */
	expect_signed(d, d->other, 32);
	clock_advance(2 * VAULT_HOST_EVERY_US);
	for (int i = 0; i < 2; i++) {
		ask(d, d->worker, 32);
		expect_signed(d, d->worker, 32);
	}
	ask(d, d->worker, 32);
	assert_int_equal(desk_answer(d, d->worker), 0);
	scope_close(&d->worker); /* leaves while it waits */
	desk_pump(d);
	clock_advance(VAULT_HOST_EVERY_US);
	desk_pump(d);
}

static void a_reader_and_the_services_get_no_signature(void **state)
{
	struct desk *d = *state;
	int *all[] = { &d->reader, &d->broker, &d->recorder };

	serves(d, DESK_READER);
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		ask(d, *all[i], 32);
		assert_int_equal(desk_answer(d, *all[i]), -EPIPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(gives_the_public_half_once_and_not_the_private_one),
		CASE(signs_the_hashes_of_key_exchanges),
		CASE(ends_a_worker_that_asks_for_a_text_of_another_length),
		CASE(signs_nothing_before_the_worker_has_a_client),
		CASE(ends_a_worker_that_asks_twice_before_the_answer),
		CASE(a_worker_with_another_key_is_told_so),
		CASE(what_is_asked_too_fast_is_signed_later),
		CASE(a_reader_and_the_services_get_no_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
