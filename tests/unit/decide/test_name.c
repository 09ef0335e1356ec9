#include "gateway/core/err.h"
#include "policy/decide/name.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static int parse(const char *s, struct decide_name *ret)
{
	return decide_name_parse(span_str(s), ret, NULL);
}

static void expect(const char *login, const char *user, const char *account, const char *target)
{
	struct decide_name n;

	assert_int_equal(parse(login, &n), 0);
	assert_string_equal(n.user, user);
	assert_string_equal(n.account, account);
	assert_string_equal(n.target, target);
}

static void reads_the_three_forms_with_each_separator(void **state)
{
	(void)state;
	expect("alice", "alice", "", "");
	expect("alice#web01", "alice", "", "web01");
	expect("alice%web01", "alice", "", "web01");
	expect("alice@web01", "alice", "", "web01");
	expect("alice#cyadmin#web01", "alice", "cyadmin", "web01");
	expect("a%b%c", "a", "b", "c");
	expect("_x-1.y@root@10.0.0.8", "_x-1.y", "root", "10.0.0.8");
	expect("alice#数据库-1", "alice", "", "数据库-1");
	expect("alice#Administrator#[fd00::1]:22", "alice", "Administrator", "[fd00::1]:22");
}

static void the_leftmost_separator_counts_and_the_others_may_not_follow(void **state)
{
	static const char *const wrong[] = { "alice#root@web01", "alice@root#web01", "alice%web#1", "a#b%c", "a@b@c%d" };
	struct decide_name n;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(parse(wrong[i], &n), -EPROTO);
}

static void refuses_empty_parts_more_than_three_and_bad_characters(void **state)
{
	static const char *const wrong[] = { "", "#", "##", "alice#", "#web", "alice##web", "alice#root#", "a#b#c#d", "a#b#c#",
		"Alice", "1alice", "-a", ".a", "al ice", "alice#we b", "alice#we\tb", "alice#web\n", "alice#\x7f", "alice#\xc2\x85",
		"alice#\xe3\x80\x80web", "alice#\xe2\x80\xaeweb", "alice#\xff", "alice#\xc0\xaf", "alice#\xed\xa0\x80", "ali\xc3\xa9",
		"alice#ro ot#web" };
	struct decide_name n = { .user = "kept" };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(decide_name_parse(span_str(wrong[i]), &n, &err), -EPROTO);
	assert_string_equal(n.user, "kept");
	assert_null(strstr(err.say, "alice"));
	assert_int_equal(decide_name_parse(span_of("ali\0ce", 6), &n, NULL), -EPROTO);
	assert_int_equal(decide_name_parse(span_of("alice#w\0b", 9), &n, NULL), -EPROTO);
	assert_int_equal(decide_name_parse((struct span){ 0 }, &n, NULL), -EPROTO);
}

static void lengths_end_exactly_at_their_limits(void **state)
{
	char login[64 + 1 + 65 + 1 + 257];
	struct decide_name n;

	(void)state;
	for (size_t user = 63; user <= 65; user++)
		for (size_t account = 63; account <= 65; account++)
			for (size_t target = 254; target <= 256; target++) {
				size_t at = user + 1 + account + 1;
				char *s = malloc(at + target);
				assert_non_null(s);
				memset(s, 'a', at + target);
				s[user] = s[at - 1] = '#';
				bool fits = user <= 64 && account <= 64 && target <= 255;
				assert_int_equal(decide_name_parse(span_of(s, at + target), &n, NULL), fits ? 0 : -EPROTO);
				if (fits)
					assert_int_equal(strlen(n.target), target);
				free(s);
			}
	memset(login, 'b', sizeof login);
	assert_int_equal(decide_name_parse(span_of(login, sizeof login), &n, NULL), -EPROTO);
}

/* xorshift64: the same names in every run. */
static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static void what_is_built_from_valid_parts_is_read_back_and_what_is_read_is_valid(void **state)
{
	static const char alphabet[] = "ab_.-0Z#%@ \t\xc3\xa9\xe9";
	uint64_t seed = 20261122;
	unsigned read_back = 0;

	(void)state;
	for (unsigned round = 0; round < 200000; round++) {
		char s[24];
		size_t n = next(&seed) % sizeof s;
		struct decide_name name;
		for (size_t i = 0; i < n; i++)
			s[i] = alphabet[next(&seed) % (round % 2 ? 7 + 1 : sizeof alphabet - 1)];
		if (decide_name_parse(span_of(s, n), &name, NULL) < 0)
			continue;
		read_back++;
		assert_true(decide_name_is_user(span_str(name.user)));
		assert_true(!name.target[0] || decide_name_is_target(span_str(name.target)));
		assert_true(!name.account[0] || (name.target[0] && decide_name_is_account(span_str(name.account))));
		size_t sum = strlen(name.user) + strlen(name.account) + strlen(name.target);
		assert_int_equal(sum + (name.account[0] != 0) + (name.target[0] != 0), n);
		assert_memory_equal(s, name.user, strlen(name.user));
		assert_memory_equal(s + n - strlen(name.target), name.target, strlen(name.target));
	}
	assert_in_range(read_back, 1000, 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_three_forms_with_each_separator),
		cmocka_unit_test(the_leftmost_separator_counts_and_the_others_may_not_follow),
		cmocka_unit_test(refuses_empty_parts_more_than_three_and_bad_characters),
		cmocka_unit_test(lengths_end_exactly_at_their_limits),
		cmocka_unit_test(what_is_built_from_valid_parts_is_read_back_and_what_is_read_is_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
