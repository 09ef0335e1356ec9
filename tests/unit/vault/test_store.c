#include "tests/unit/vault/bench.h"
#include "gateway/core/scope.h"
#include "policy/vault/store.h"
#include <errno.h>

static void put(struct vault_store *s, uint64_t worker, uint8_t id, int64_t now_us, int want)
{
	struct vault_allowed a = { .worker = worker, .id.b = { id }, .kind = 1 };

	assert_int_equal(secret_of(span_of(&id, 1), &a.secret, NULL), 0);
	assert_int_equal(vault_store_add(s, &a, now_us, NULL), want);
	if (want < 0)
		secret_free(a.secret);
}

static bool takes(struct vault_store *s, uint64_t worker, uint8_t id, int64_t now_us)
{
	scoped(vault_store_drop) struct vault_allowed *a =
		vault_store_take(s, worker, &(struct id){ .b = { id } }, now_us);

	if (a)
		assert_int_equal(secret_span(a->secret).p[0], id);
	return a != NULL;
}

static void is_taken_once_and_by_its_worker_alone(void **state)
{
	struct vault_store s = { 0 };

	(void)state;
	put(&s, 1, 7, 0, 0);
	put(&s, 2, 8, 0, 0);
	assert_false(takes(&s, 2, 7, 0));
	assert_false(takes(&s, 1, 8, 0));
	assert_false(takes(&s, 1, 9, 0));
	assert_true(takes(&s, 1, 7, 0));
	assert_false(takes(&s, 1, 7, 0));
	assert_true(takes(&s, 2, 8, 0));
	assert_int_equal(s.n, 0);
}

static void is_forgotten_after_its_time(void **state)
{
	struct vault_store s = { 0 };

	(void)state;
	put(&s, 1, 7, 100, 0);
	assert_true(takes(&s, 1, 7, 100 + VAULT_STORE_LIFE_US - 1));
	put(&s, 1, 7, 100, 0);
	assert_false(takes(&s, 1, 7, 100 + VAULT_STORE_LIFE_US));
	put(&s, 1, 7, 100, 0);
	vault_store_expire(&s, 100 + VAULT_STORE_LIFE_US);
	assert_int_equal(s.n, 0);
	assert_null(s.first);
}

static void forgets_one_worker_and_keeps_the_others(void **state)
{
	struct vault_store s = { 0 };

	(void)state;
	for (uint8_t id = 1; id <= 6; id++)
		put(&s, id % 2, id, 0, 0);
	vault_store_forget(&s, 1);
	assert_int_equal(s.n, 3);
	assert_false(takes(&s, 1, 3, 0));
	assert_true(takes(&s, 0, 4, 0));
	vault_store_done(&s);
	assert_null(s.first);
}

static void a_second_allow_replaces_the_first(void **state)
{
	struct vault_store s = { 0 };

	(void)state;
	put(&s, 1, 7, 0, 0);
	put(&s, 1, 7, 0, 0);
	assert_int_equal(s.n, 1);
	assert_true(takes(&s, 1, 7, 0));
	assert_false(takes(&s, 1, 7, 0));
}

static void is_bounded_for_one_worker_and_in_all(void **state)
{
	struct vault_store s = { 0 };
	uint64_t worker = 1;

	(void)state;
	for (uint8_t id = 0; id < VAULT_STORE_WORKER_MAX; id++)
		put(&s, worker, id, 0, 0);
	put(&s, worker, VAULT_STORE_WORKER_MAX, 0, -EAGAIN);
	while (s.n < VAULT_STORE_MAX)
		put(&s, ++worker, 1, 0, 0);
	put(&s, ++worker, 1, 0, -EAGAIN);
	put(&s, worker, 1, VAULT_STORE_LIFE_US, 0); /* all others are over by now */
	assert_int_equal(s.n, 1);
	vault_store_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_taken_once_and_by_its_worker_alone),
		cmocka_unit_test(is_forgotten_after_its_time),
		cmocka_unit_test(forgets_one_worker_and_keeps_the_others),
		cmocka_unit_test(a_second_allow_replaces_the_first),
		cmocka_unit_test(is_bounded_for_one_worker_and_in_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
