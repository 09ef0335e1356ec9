#include "policy/login/backoff.h"
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
/* after the standard headers */
#include <cmocka.h>

#define S INT64_C(1000000)
enum { MOST = 16 };
static struct pol_backoff *b;
static int64_t now;

static int open_it(void **state)
{
	(void)state;
	b = pol_backoff_new();
	now = 1000 * S;
	return 0;
}

static int close_it(void **state)
{
	(void)state;
	b = pol_backoff_free(b);
	return 0;
}

static struct pol_backoff_who who(const char *user, const char *address)
{
	return (struct pol_backoff_who){ .user = user, .address = address };
}

/* One wrong attempt; time goes on until it was looked at. */
static int64_t wrong(struct pol_backoff_who w)
{
	int64_t wait = pol_backoff_admit(b, &w, now, MOST);
	now += wait;
	return wait;
}

static void a_few_slips_cost_nothing_then_each_costs_twice_the_one_before(void **state)
{
	static const int64_t waits[] = { 0, 0, 0, 1, 2, 4, 8, 16, 16, 16 };

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
		assert_int_equal(wrong(who("alice", "192.0.2.7")), waits[i] * S);
}

static void a_right_one_forgets_the_slips(void **state)
{
	struct pol_backoff_who w = who("alice", "192.0.2.7");

	(void)state;
	for (int i = 0; i < 5; i++)
		(void)wrong(w);
	(void)wrong(w);
	pol_backoff_right(b, &w, now);
	for (int i = 0; i < 3; i++)
		assert_int_equal(wrong(w), 0);
}

static void many_at_once_stand_in_line_and_the_last_are_sent_away(void **state)
{
	struct pol_backoff_who w = who("alice", "192.0.2.7");
	int64_t before = 0;
	int refused = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		int64_t wait = pol_backoff_admit(b, &w, now, MOST);
		refused += wait > POL_BACKOFF_HOLD_US;
		assert_true(wait >= before);
		before = wait;
	}
	assert_int_equal(refused, 43); /* 3 at once, then after 1, 3, 7 and 15 s */
}

static void time_forgives(void **state)
{
	struct pol_backoff_who w = who("alice", "192.0.2.7");

	(void)state;
	for (int i = 0; i < 6; i++)
		(void)wrong(w);
	now += 6 * 60 * S;
	for (int i = 0; i < 3; i++)
		assert_int_equal(wrong(w), 0);
	assert_int_equal(wrong(w), S);
}

static void a_network_counts_as_one_and_its_neighbours_do_not(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		(void)wrong(who("alice", "192.0.2.7"));
	assert_true(wrong(who("alice", "192.0.2.200")) > 0);
	assert_int_equal(wrong(who("alice", "192.0.3.7")), 0);
	assert_int_equal(wrong(who("bob", "192.0.2.7")), 0);
	for (int i = 0; i < 4; i++)
		(void)wrong(who("carol", "2001:db8:1:2::1"));
	assert_true(wrong(who("carol", "2001:db8:1:2:ffff::9")) > 0);
	assert_int_equal(wrong(who("carol", "2001:db8:1:3::1")), 0);
}

static void a_network_that_tries_many_names_is_slowed(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < 30; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		assert_int_equal(wrong(who(name, "192.0.2.7")), 0);
	}
	assert_int_equal(wrong(who("another", "192.0.2.8")), S);
}

static void a_user_that_many_networks_guess_is_slowed_for_strangers_only(void **state)
{
	char address[32];
	struct pol_backoff_who alice = { .user = "alice", .address = "198.51.100.1", .known = true };

	(void)state;
	for (int i = 0; i < 110; i++) {
		(void)snprintf(address, sizeof address, "10.%d.%d.1", i / 100, i % 100);
		struct pol_backoff_who w = who("alice", address);
		(void)pol_backoff_admit(b, &w, now, MOST);
	}
	assert_true(wrong(who("alice", "203.0.113.1")) > 0);
	assert_int_equal(pol_backoff_admit(b, &alice, now, MOST), 0);
}

static void a_known_address_waits_for_nobodys_mistakes_but_its_own(void **state)
{
	struct pol_backoff_who alice = { .user = "alice", .address = "192.0.2.7", .known = true };

	(void)state;
	/* a stranger beside her, in the same network, with her name and with others */
	for (int i = 0; i < 300; i++) {
		struct pol_backoff_who w = who(i % 2 ? "alice" : "bob", "192.0.2.8");
		(void)pol_backoff_admit(b, &w, now, MOST);
		w.code = true;
		(void)pol_backoff_admit(b, &w, now, MOST);
	}
	assert_int_equal(pol_backoff_admit(b, &alice, now, MOST), 0);
	alice.code = true;
	assert_int_equal(pol_backoff_admit(b, &alice, now, MOST), 0);
	alice.code = false;
	for (int i = 0; i < 3; i++)
		(void)wrong(alice);
	assert_true(wrong(alice) > 0);
}

static void codes_are_slowed_wherever_they_are_guessed_from(void **state)
{
	char address[32];
	int64_t wait = 0;

	(void)state;
	for (int i = 0; i < 11; i++) {
		(void)snprintf(address, sizeof address, "10.1.%d.1", i);
		struct pol_backoff_who w = who("alice", address);
		w.code = true;
		wait = pol_backoff_admit(b, &w, now, MOST);
		now += wait;
	}
	assert_int_equal(wait, 32 * S); /* longer than a login is held: refused */
}

static void names_that_do_not_exist_count_the_same(void **state)
{
	struct pol_backoff_who real = who("alice", "192.0.2.7"), none = who("", "192.0.9.7");

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(pol_backoff_admit(b, &real, now, MOST), pol_backoff_admit(b, &none, now, MOST));
}

static void what_nobody_could_look_at_does_not_count(void **state)
{
	struct pol_backoff_who w = who("alice", "192.0.2.7");

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(pol_backoff_admit(b, &w, now, MOST), 0);
		pol_backoff_unseen(b, &w, now);
	}
}

static void what_another_broker_saw_goes_on_counting(void **state)
{
	struct pol_backoff_who alice = who("alice", "192.0.2.7"), bob = who("bob", "198.51.100.7");

	(void)state;
	for (int i = 0; i < 6; i++)
		pol_backoff_again(b, &alice, false, now - (10 - i) * S, MOST);
	assert_int_equal(wrong(alice), 3 * S); /* 8 s behind the sixth, which was 5 s ago */
	pol_backoff_again(b, &alice, true, now, MOST);
	assert_int_equal(wrong(alice), 0);
	for (int i = 0; i < 6; i++)
		pol_backoff_again(b, &bob, false, -3000 * S, MOST); /* before this machine was started */
	assert_int_equal(wrong(bob), 0);
}

static void it_can_be_switched_off(void **state)
{
	struct pol_backoff_who w = who("alice", "192.0.2.7");

	(void)state;
	for (int i = 0; i < 200; i++)
		assert_int_equal(pol_backoff_admit(b, &w, now, 0), 0);
}

static void a_flood_of_names_is_bounded_and_forgets_no_one_who_waits_long(void **state)
{
	char name[24], address[32];
	struct pol_backoff_who w = who("alice", "192.0.2.7");

	(void)state;
	for (int i = 0; i < 8; i++)
		(void)wrong(w);
	for (int i = 0; i < 3 * POL_BACKOFF_ENTRIES; i++) {
		(void)snprintf(name, sizeof name, "n%d", i);
		(void)snprintf(address, sizeof address, "10.%d.%d.1", i / 250 % 250, i % 250);
		struct pol_backoff_who other = who(name, address);
		(void)pol_backoff_admit(b, &other, now, MOST);
	}
	assert_true(pol_backoff_admit(b, &w, now, MOST) > 8 * S);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_it, close_it)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_few_slips_cost_nothing_then_each_costs_twice_the_one_before),
		CASE(a_right_one_forgets_the_slips),
		CASE(many_at_once_stand_in_line_and_the_last_are_sent_away),
		CASE(time_forgives),
		CASE(a_network_counts_as_one_and_its_neighbours_do_not),
		CASE(a_network_that_tries_many_names_is_slowed),
		CASE(a_user_that_many_networks_guess_is_slowed_for_strangers_only),
		CASE(a_known_address_waits_for_nobodys_mistakes_but_its_own),
		CASE(codes_are_slowed_wherever_they_are_guessed_from),
		CASE(names_that_do_not_exist_count_the_same),
		CASE(what_nobody_could_look_at_does_not_count),
		CASE(what_another_broker_saw_goes_on_counting),
		CASE(it_can_be_switched_off),
		CASE(a_flood_of_names_is_bounded_and_forgets_no_one_who_waits_long),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
