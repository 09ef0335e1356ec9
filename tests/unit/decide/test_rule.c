#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/decide/rule.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

/* Tuesday 2026-11-24 10:00:00 UTC */
enum { NOW_S = 1795514400 };
enum { BAD_KIND = 1, BAD_SOURCE = 2, BAD_TERM = 4, BAD_HOURS = 8, BAD_FEATURES = 16, BAD_SUSPENDED = 32, BAD_KEY = 64,
	BAD_CONCURRENT = 128, ALL_BAD = 256 };

static struct decide_rule_fact fact(unsigned bad, int64_t id, const char *account, bool is_default)
{
	return (struct decide_rule_fact){
		.grant_id = id,
		.kind = span_str(bad & BAD_KIND ? "mysql" : "linux"),
		.account = span_str(account),
		.host_key = span_str(bad & BAD_KEY ? "" : "blob"),
		.from_nets = span_str(bad & BAD_SOURCE ? "192.0.2.0/24" : "10.0.0.0/8,fd00::/8"),
		.hours = span_str(bad & BAD_HOURS ? "mon-fri 11:00-12:00" : "mon-fri 09:00-18:00"),
		.features = span_str(bad & BAD_FEATURES ? "teleport" : "shell,exec,sftp,scp"),
		.account_default = is_default,
		.suspended = bad & BAD_SUSPENDED,
		.until_s = bad & BAD_TERM ? NOW_S : NOW_S + 30 * 86400,
		.idle_s = 600,
		.total_s = 3600,
		.concurrent = 2,
		.online = bad & BAD_CONCURRENT ? 2 : 1,
	};
}

static struct decide_rule_verdict judge(const struct decide_rule_fact *facts, size_t n, bool named)
{
	struct decide_rule_ask ask = { .facts = facts, .n = n, .account_named = named, .now_us = INT64_C(1000000) * NOW_S };
	struct decide_rule_verdict v;

	assert_int_equal(decide_net_parse(span_str("10.1.2.3"), &ask.source), 0);
	decide_rule_judge(&ask, &v);
	return v;
}

static enum decide_rule_reason expected(unsigned bad)
{
	static const enum decide_rule_reason order[] = { DECIDE_RULE_KIND, DECIDE_RULE_SOURCE, DECIDE_RULE_EXPIRED,
		DECIDE_RULE_HOURS, DECIDE_RULE_NO_FEATURE, DECIDE_RULE_SUSPENDED, DECIDE_RULE_NOT_PINNED, DECIDE_RULE_CONCURRENT };

	for (unsigned i = 0; i < 8; i++)
		if (bad & 1U << i)
			return order[i];
	return DECIDE_RULE_ALLOWED;
}

static void one_grant_in_every_combination_of_facts(void **state)
{
	(void)state;
	for (unsigned bad = 0; bad < ALL_BAD; bad++) {
		struct decide_rule_fact f = fact(bad, 12, "root", true);
		struct decide_rule_verdict v = judge(&f, 1, false);
		assert_int_equal(v.reason, expected(bad));
		assert_int_equal(v.index, 0);
		assert_string_equal(v.rule, "grant 12");
		assert_int_equal(v.features, bad ? 0 : WIRE_FEATURE_SHELL | WIRE_FEATURE_EXEC | WIRE_FEATURE_SFTP | WIRE_FEATURE_SCP);
		assert_int_equal(v.idle_s, bad ? 0 : 600);
		assert_int_equal(v.total_s, bad ? 0 : 3600);
	}
}

static void two_grants_in_every_combination_the_first_that_allows_decides(void **state)
{
	(void)state;
	for (unsigned a = 0; a < ALL_BAD; a++)
		for (unsigned b = 0; b < ALL_BAD; b++) {
			const struct decide_rule_fact f[] = { fact(a, 1, "root", true), fact(b, 2, "root", true) };
			struct decide_rule_verdict v = judge(f, 2, false);
			bool first = expected(a) >= expected(b);
			assert_int_equal(v.index, !first);
			assert_int_equal(v.reason, expected(first ? a : b));
			assert_string_equal(v.rule, first ? "grant 1" : "grant 2");
		}
}

static void without_a_grant_nothing_is_allowed(void **state)
{
	struct decide_rule_verdict v = judge(NULL, 0, false);

	(void)state;
	assert_int_equal(v.reason, DECIDE_RULE_NO_GRANT);
	assert_int_equal(v.index, 0);
	assert_string_equal(v.rule, "no grant");
	assert_int_equal(v.features, 0);
}

static void the_account_is_the_named_the_default_or_the_only_one(void **state)
{
	const struct decide_rule_fact with_default[] = { fact(0, 1, "app", false), fact(0, 2, "root", true) };
	const struct decide_rule_fact two[] = { fact(0, 1, "app", false), fact(0, 2, "dba", false) };
	const struct decide_rule_fact only[] = { fact(BAD_HOURS, 1, "app", false), fact(0, 2, "app", false) };
	/* The default account is what he asks for by naming none: another one is not taken in its place. */
	const struct decide_rule_fact closed[] = { fact(BAD_HOURS, 1, "root", true), fact(0, 2, "app", false) };

	(void)state;
	assert_int_equal(judge(with_default, 2, false).index, 1);
	assert_int_equal(judge(two, 2, false).reason, DECIDE_RULE_WHICH_ACCOUNT);
	assert_int_equal(judge(two, 2, false).features, 0);
	assert_int_equal(judge(only, 2, false).index, 1);
	assert_int_equal(judge(only, 2, false).reason, DECIDE_RULE_ALLOWED);
	assert_int_equal(judge(closed, 2, false).reason, DECIDE_RULE_HOURS);
	assert_int_equal(judge(two + 1, 1, true).reason, DECIDE_RULE_ALLOWED);
	assert_int_equal(judge(with_default, 1, true).reason, DECIDE_RULE_ALLOWED);
}

static void text_that_cannot_be_read_refuses(void **state)
{
	struct decide_rule_fact f = fact(0, 1, "root", true);

	(void)state;
	f.from_nets = span_str("10.0.0.0/8,nonsense");
	assert_int_equal(judge(&f, 1, false).reason, DECIDE_RULE_SOURCE);
	f = fact(0, 1, "root", true);
	f.hours = span_str("whenever");
	assert_int_equal(judge(&f, 1, false).reason, DECIDE_RULE_HOURS);
	f = fact(0, 1, "root", true);
	f.kind = (struct span){ 0 };
	assert_int_equal(judge(&f, 1, false).reason, DECIDE_RULE_KIND);
}

static struct decide_rule_verdict judge_at(const struct decide_rule_fact *f, uint8_t door)
{
	struct decide_rule_ask ask = { .facts = f, .n = 1, .now_us = INT64_C(1000000) * NOW_S, .door = door };
	struct decide_rule_verdict v;

	assert_int_equal(decide_net_parse(span_str("10.1.2.3"), &ask.source), 0);
	decide_rule_judge(&ask, &v);
	return v;
}

static void each_door_leads_to_its_own_kind(void **state)
{
	static const char *const kinds[] = { "linux", "mysql", "sqlserver", "windows", "" };
	struct decide_rule_fact f = fact(0, 1, "app", true);

	(void)state;
	f.features = span_str("shell,query");
	for (size_t k = 0; k < COUNT_OF(kinds); k++)
		for (uint8_t door = DECIDE_RULE_SSH; door <= DECIDE_RULE_TDS; door++) {
			f.kind = span_str(kinds[k]);
			assert_int_equal(judge_at(&f, door).reason, k == door ? DECIDE_RULE_ALLOWED : DECIDE_RULE_KIND);
		}
}

static void a_database_needs_the_right_to_ask_it(void **state)
{
	struct decide_rule_fact f = fact(0, 1, "app", true);

	(void)state;
	f.kind = span_str("mysql");
	assert_int_equal(judge_at(&f, DECIDE_RULE_MYSQL).reason, DECIDE_RULE_NO_FEATURE);
	f.features = span_str("infile");
	assert_int_equal(judge_at(&f, DECIDE_RULE_MYSQL).reason, DECIDE_RULE_NO_FEATURE);
	f.features = span_str("infile,query");
	assert_int_equal(judge_at(&f, DECIDE_RULE_MYSQL).features, WIRE_FEATURE_QUERY | WIRE_FEATURE_INFILE);
	f.kind = span_str("linux"); /* and that right alone opens no shell */
	assert_int_equal(judge_at(&f, DECIDE_RULE_SSH).reason, DECIDE_RULE_NO_FEATURE);
}

static void only_what_is_used_without_tls_needs_no_key(void **state)
{
	struct decide_rule_fact f = fact(BAD_KEY, 1, "app", true);

	(void)state;
	f.kind = span_str("mysql");
	f.features = span_str("query");
	assert_int_equal(judge_at(&f, DECIDE_RULE_MYSQL).reason, DECIDE_RULE_NOT_PINNED);
	f.bare = true;
	assert_int_equal(judge_at(&f, DECIDE_RULE_MYSQL).reason, DECIDE_RULE_ALLOWED);
}

static void what_is_not_limited_is_not_limited(void **state)
{
	struct decide_rule_fact f = fact(0, 1, "root", true);
	struct decide_rule_verdict v;

	(void)state;
	f.from_nets = f.hours = (struct span){ 0 };
	f.until_s = 0;
	f.idle_s = f.total_s = 0;
	f.concurrent = 0;
	f.online = 1000;
	v = judge(&f, 1, false);
	assert_int_equal(v.reason, DECIDE_RULE_ALLOWED);
	assert_int_equal(v.idle_s, 0);
	assert_int_equal(v.total_s, 0);
}

static void a_session_ends_with_what_opened_it(void **state)
{
	struct decide_rule_fact f = fact(0, 1, "root", true);

	(void)state;
	f.until_s = NOW_S + 60;
	assert_int_equal(judge(&f, 1, false).total_s, 60);
	f.until_s = NOW_S + 7200;
	assert_int_equal(judge(&f, 1, false).total_s, 3600);
	f.total_s = 0;
	assert_int_equal(judge(&f, 1, false).total_s, 7200);
	f.until_s = 0;
	assert_int_equal(judge(&f, 1, false).total_s, 8 * 3600);
	f.hours = span_str("10:00-10:05");
	assert_int_equal(judge(&f, 1, false).total_s, 300);
	f.until_s = NOW_S + 1;
	assert_int_equal(judge(&f, 1, false).total_s, 1);
}

static void an_end_that_may_be_put_off_is_no_limit_of_the_session(void **state)
{
	struct decide_rule_fact f = fact(0, 1, "root", true);

	(void)state;
	f.moves = true;
	f.until_s = NOW_S + 60;
	assert_int_equal(judge(&f, 1, false).total_s, 3600);
	f.until_s = NOW_S;
	assert_int_equal(judge(&f, 1, false).reason, DECIDE_RULE_EXPIRED);
}

/* A forward logs in nowhere: of what a login needs only the feature counts, and that is one of its own. */
static void a_forward_needs_its_feature_and_no_account(void **state)
{
	struct decide_rule_fact f[] = { fact(BAD_KIND | BAD_SUSPENDED | BAD_KEY, 1, "app", false), fact(0, 2, "dba", false),
		fact(BAD_KIND | BAD_SUSPENDED | BAD_KEY, 3, "dba", false) };
	struct decide_rule_ask ask = { .facts = f, .n = 2, .forward = true, .now_us = INT64_C(1000000) * NOW_S };
	struct decide_rule_verdict v;

	(void)state;
	assert_int_equal(decide_net_parse(span_str("10.1.2.3"), &ask.source), 0);
	decide_rule_judge(&ask, &v);
	assert_int_equal(v.reason, DECIDE_RULE_NO_FORWARD);
	assert_int_equal(v.features, 0);
	f[2].features = span_str("forward");
	ask.n = 3;
	decide_rule_judge(&ask, &v);
	assert_int_equal(v.reason, DECIDE_RULE_ALLOWED);
	assert_int_equal(v.index, 2);
	assert_int_equal(v.features, WIRE_FEATURE_FORWARD);
	f[2].hours = span_str("mon-fri 11:00-12:00");
	decide_rule_judge(&ask, &v);
	assert_int_equal(v.reason, DECIDE_RULE_NO_FORWARD); /* of the other two; the third one came to its hours */
	f[2].hours = span_str("");
	f[2].from_nets = span_str("192.0.2.0/24");
	f[2].account_default = true;
	ask.facts = f + 2;
	ask.n = 1;
	decide_rule_judge(&ask, &v);
	assert_int_equal(v.reason, DECIDE_RULE_SOURCE);
}

static void features_are_whole_words(void **state)
{
	(void)state;
	assert_int_equal(decide_rule_features(span_str("shell,sftp")), WIRE_FEATURE_SHELL | WIRE_FEATURE_SFTP);
	assert_int_equal(decide_rule_features(span_str("scp")), WIRE_FEATURE_SCP);
	assert_int_equal(decide_rule_features(span_str("exec,fly")), WIRE_FEATURE_EXEC);
	assert_int_equal(decide_rule_features(span_str("forward")), WIRE_FEATURE_FORWARD);
	assert_int_equal(decide_rule_features(span_str("keep-upload,keep-download")), WIRE_FEATURE_KEEP);
	assert_int_equal(decide_rule_features(span_str("reverse,agent,x11")),
		WIRE_FEATURE_REVERSE | WIRE_FEATURE_AGENT | WIRE_FEATURE_X11);
	assert_int_equal(decide_rule_features(span_str("she,shell ,shells,SHELL,,")), 0);
	assert_int_equal(decide_rule_features((struct span){ 0 }), 0);
	assert_string_equal(decide_rule_feature(WIRE_FEATURE_EXEC), "exec");
	assert_string_equal(decide_rule_feature(1U << 31), "?");
}

static void every_reason_has_a_name_and_words_in_both_languages(void **state)
{
	(void)state;
	for (int r = 0; r < DECIDE_RULE_REASONS; r++) {
		assert_true(strlen(decide_rule_name((enum decide_rule_reason)r)) > 1);
		assert_true(strlen(decide_rule_say((enum decide_rule_reason)r, false)) > 1);
		assert_true((uint8_t)decide_rule_say((enum decide_rule_reason)r, true)[0] >= 0x80);
	}
	assert_string_equal(decide_rule_name(DECIDE_RULE_REASONS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_grant_in_every_combination_of_facts),
		cmocka_unit_test(two_grants_in_every_combination_the_first_that_allows_decides),
		cmocka_unit_test(without_a_grant_nothing_is_allowed),
		cmocka_unit_test(the_account_is_the_named_the_default_or_the_only_one),
		cmocka_unit_test(text_that_cannot_be_read_refuses),
		cmocka_unit_test(each_door_leads_to_its_own_kind),
		cmocka_unit_test(a_database_needs_the_right_to_ask_it),
		cmocka_unit_test(only_what_is_used_without_tls_needs_no_key),
		cmocka_unit_test(what_is_not_limited_is_not_limited),
		cmocka_unit_test(a_session_ends_with_what_opened_it),
		cmocka_unit_test(an_end_that_may_be_put_off_is_no_limit_of_the_session),
		cmocka_unit_test(a_forward_needs_its_feature_and_no_account),
		cmocka_unit_test(features_are_whole_words),
		cmocka_unit_test(every_reason_has_a_name_and_words_in_both_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
