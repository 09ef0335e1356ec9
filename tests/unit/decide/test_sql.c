#include "gateway/core/scope.h"
#include "policy/decide/sql.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

enum { MAX = 8 };

static uint64_t bits(const char *names, uint64_t (*bit)(struct span))
{
	char copy[200], *at = copy, *one;
	uint64_t all = 0;

	(void)snprintf(copy, sizeof copy, "%s", names);
	while ((one = strsep(&at, " ")))
		if (*one) {
			assert_true(bit(span_str(one)) != 0);
			all |= bit(span_str(one));
		}
	return all;
}

struct statement {
	const char *classes, *flags, *table; /* table NULL: not known */
	int64_t rows;
};

static struct decide_sql_verdict judge(const struct decide_sql_rule *rules, size_t n, const struct statement *s, size_t n_s)
{
	struct decide_sql_ask ask = { rules, n, DECIDE_SQL_DENY, true };
	struct decide_sql_statement batch[MAX];
	struct span tables[MAX];
	struct decide_sql_fact f = { .user = span_str("alice"), .role = span_str("dba"), .dialect = span_str("mysql"), .database = span_str("shop"),
		.program = span_str("mysql"), .now_us = 1795392000000000, .statements = batch, .n = n_s };
	struct decide_sql_verdict v;

	assert_int_equal(decide_net_parse(span_str("10.1.2.3"), &f.source), 0);
	for (size_t i = 0; i < n_s; i++) {
		tables[i] = span_str(s[i].table ? s[i].table : "");
		batch[i] = (struct decide_sql_statement){ .classes = bits(s[i].classes, decide_sql_class), .flags = bits(s[i].flags, decide_sql_flag),
			.tables = &tables[i], .n = s[i].table && s[i].table[0], .tables_known = s[i].table != NULL, .rows = s[i].rows };
	}
	decide_sql_judge(&ask, &f, &v);
	return v;
}

static void what_refuses_fits_by_anything_what_lets_pass_by_everything(void **state)
{
	static const struct {
		const char *rule_classes, *rule_flags, *without, *tables;
		struct statement s;
		bool denies, allows; /* does such a rule fit that denies, that allows? */
	} rows[] = {
		{ "", "", "", "", { "DROP", "", "x", 1 }, true, true },
		{ "SELECT", "", "", "", { "SELECT", "", "x", 1 }, true, true },
		{ "SELECT", "", "", "", { "SELECT DELETE", "", "x", 1 }, true, false },
		{ "SELECT", "", "", "", { "SELECT", "FILE_WRITE", "x", 1 }, true, false },
		{ "SELECT", "", "", "", { "SELECT", "MULTI FUNC TEMP", "x", 1 }, true, true },
		{ "SELECT", "FILE_WRITE", "", "", { "SELECT", "FILE_WRITE", "x", 1 }, true, true },
		{ "SELECT", "FILE_WRITE", "", "", { "SELECT", "", "x", 1 }, false, false },
		{ "SELECT", "", "", "", { "", "", "x", 1 }, false, false },         /* no class is UNPARSED */
		{ "UNPARSED", "", "", "", { "", "", "x", 1 }, true, true },
		{ "", "", "", "", { "UNPARSED", "", "x", 1 }, true, false },        /* any class that is known */
		{ "DROP", "", "TEMP", "", { "DROP", "TEMP", "x", 1 }, false, false },
		{ "DROP", "", "TEMP", "", { "DROP", "", "x", 1 }, true, true },
		{ "UPDATE DELETE", "NO_WHERE", "", "", { "DELETE", "NO_WHERE", "x", 1 }, true, true },
		{ "UPDATE DELETE", "NO_WHERE", "", "", { "DELETE", "", "x", 1 }, false, false },
		{ "", "", "", "pay.* orders", { "SELECT", "", "PAY.card", 1 }, true, true },
		{ "", "", "", "pay.* orders", { "SELECT", "", "shop.orders", 1 }, true, true },
		{ "", "", "", "pay.* orders", { "SELECT", "", "shop.x", 1 }, false, false },
		{ "", "", "", "pay.*", { "SELECT", "", NULL, 1 }, true, false },    /* nobody knows */
		{ "", "", "", "pay.*", { "SELECT", "", "", 1 }, false, false },     /* none */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct decide_sql_rule r = { .id = 9, .tables = span_str(rows[i].tables), .classes = bits(rows[i].rule_classes, decide_sql_class),
			.flags = bits(rows[i].rule_flags, decide_sql_flag), .without = bits(rows[i].without, decide_sql_flag) };
		r.action = DECIDE_SQL_DENY;
		if ((judge(&r, 1, &rows[i].s, 1).rule == 9) != rows[i].denies)
			fail_msg("row %zu, deny", i);
		r.action = DECIDE_SQL_ALLOW;
		struct decide_sql_verdict v = judge(&r, 1, &rows[i].s, 1);
		if ((v.rule == 9) != rows[i].allows || (v.action == DECIDE_SQL_ALLOW) != rows[i].allows)
			fail_msg("row %zu, allow", i);
	}
}

static void a_rule_looks_at_who_where_when_and_how_much(void **state)
{
	static const struct statement s = { "SELECT", "", "x", 100 }, unknown = { "SELECT", "", "x", -1 };
	struct decide_hours hours;
	struct decide_sql_rule r[] = {
		{ .user = span_str("alice|bob") }, { .user = span_str("b*") }, { .role = span_str("dba") }, { .role = span_str("user") },
		{ .dialect = span_str("mysql") }, { .dialect = span_str("tsql") }, { .database = span_str("SHOP") }, { .database = span_str("pay") },
		{ .program = span_str("my*") }, { .program = span_str("jdbc") }, { .from = span_str("10.0.0.0/8") }, { .from = span_str("192.168.0.0/16") },
		{ .rows = 99 }, { .rows = 100 }, { .statements = 0 }, { .statements = 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(r); i++) {
		r[i].id = 5;
		r[i].action = DECIDE_SQL_DENY;
		if ((judge(&r[i], 1, &s, 1).rule == 5) != (i % 2 == 0))
			fail_msg("row %zu", i);
	}
	assert_int_equal(judge(&r[13], 1, &unknown, 1).rule, 5); /* an unknown estimate is no small one */
	r[12].action = DECIDE_SQL_ALLOW;
	assert_int_equal(judge(&r[12], 1, &unknown, 1).rule, 0);
	assert_int_equal(judge(&r[15], 1, (struct statement[]){ s, s }, 2).rule, 5);
	r[11].from = span_str("nonsense");
	assert_int_equal(judge(&r[11], 1, &s, 1).rule, 5); /* what cannot be read refuses, and lets nobody pass */
	r[11].action = DECIDE_SQL_ALLOW;
	assert_int_equal(judge(&r[11], 1, &s, 1).rule, 0);
	assert_int_equal(decide_hours_parse(span_str("tue 00:00-24:00"), &hours, NULL), 0);
	r[0].hours = &hours;
	assert_int_equal(judge(&r[0], 1, &s, 1).rule, 0);
}

static void the_first_that_fits_decides_a_statement_and_the_severest_the_batch(void **state)
{
	static const struct statement select = { "SELECT", "", "x", 1 }, drop = { "DROP", "", "x", 1 }, temp = { "DROP", "TEMP", "x", 1 },
		set = { "SET", "", "", 1 }, use = { "USE", "", "", 1 };
	const struct decide_sql_rule rules[] = {
		{ .id = 1, .action = DECIDE_SQL_ALLOW, .classes = bits("SELECT USE", decide_sql_class) },
		{ .id = 2, .action = DECIDE_SQL_APPROVE, .classes = bits("DROP", decide_sql_class), .without = bits("TEMP", decide_sql_flag) },
		{ .id = 3, .action = DECIDE_SQL_ALERT, .classes = bits("DROP", decide_sql_class) },
	};
	struct decide_sql_verdict v;

	(void)state;
	v = judge(rules, 3, (struct statement[]){ select, temp, use }, 3);
	assert_int_equal(v.action, DECIDE_SQL_ALERT);
	assert_int_equal(v.rule, 3);
	assert_int_equal(v.statement, 1);
	v = judge(rules, 3, (struct statement[]){ select, drop, temp }, 3);
	assert_int_equal(v.action, DECIDE_SQL_APPROVE);
	assert_int_equal(v.rule, 2);
	v = judge(rules, 3, (struct statement[]){ drop, set }, 2);
	assert_int_equal(v.action, DECIDE_SQL_DENY); /* the default */
	assert_int_equal(v.rule, 0);
	assert_int_equal(v.statement, 1);
	v = judge(rules, 3, &select, 0);
	assert_int_equal(v.action, DECIDE_SQL_ALLOW); /* an empty batch does nothing */
}

/* A name says less than it means: what refuses is not slipped past by another way to write it, what lets pass is not widened by one. */
static void names_mean_the_same_however_they_are_written(void **state)
{
	static const struct {
		const char *dialect, *current, *database, *tables, *table; /* the rule's database and tables; the statement's table */
		bool denies, allows;
	} rows[] = {
		{ "mysql", "pay", "", "pay.card", "card", true, true },
		{ "mysql", "shop", "", "pay.card", "card", false, false },
		{ "mysql", "shop", "", "pay.card", "pay.card", true, true },
		{ "mysql", "", "", "pay.card", "card", true, false }, /* nobody knows where that is */
		{ "mysql", "", "", "pay.card|pay.key", "key", true, false },
		{ "mysql", "", "", "pay.card", "cards", false, false },
		{ "mysql", "pay", "pay", "", "card", true, true },
		{ "mysql", "shop", "pay", "", "card", false, false },
		{ "mysql", "shop", "pay", "", "pay.card", true, true }, /* nothing of it happens in shop */
		{ "mysql", "pay", "pay", "", "shop.card", true, false },
		{ "mysql", "", "pay", "", "card", true, false },
		{ "mysql", "", "pay", "", "shop.card", true, false },
		{ "mysql", "", "pay", "", "pay.card", true, true },
		{ "mysql", "pay", "pay", "", NULL, true, false },
		{ "mysql", "shop", "pay", "", "", false, false },
		{ "mysql", "pay", "pay", "", "", true, true },
		{ "tsql", "pay", "", "dbo.card", "pay.dbo.card", true, false },
		{ "tsql", "pay", "", "dbo.card", "srv.pay.dbo.card", true, false },
		{ "tsql", "pay", "", "dbo.card", "card", true, false }, /* of which schema? */
		{ "tsql", "pay", "", "dbo.card", "dbo.card", true, true },
		{ "tsql", "pay", "", "pay.dbo.card", "dbo.card", true, true },
		{ "tsql", "shop", "", "pay.dbo.card", "dbo.card", false, false },
		{ "tsql", "shop", "pay", "", "pay..card", true, true },
		{ "tsql", "shop", "pay", "", "pay.card", false, false }, /* pay is a schema here */
		{ "tsql", "shop", "", "x", "a.b.c.d.e.f", true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct span table = span_str(rows[i].table);
		struct decide_sql_statement s = { .classes = DECIDE_SQL_CLASS(SELECT), .tables = &table, .n = rows[i].table && rows[i].table[0],
			.tables_known = rows[i].table != NULL };
		struct decide_sql_fact f = { .dialect = span_str(rows[i].dialect), .database = span_str(rows[i].current), .statements = &s, .n = 1 };
		for (int allows = 0; allows < 2; allows++) {
			struct decide_sql_rule r = { .id = 4, .database = span_str(rows[i].database), .tables = span_str(rows[i].tables),
				.action = allows ? DECIDE_SQL_ALLOW : DECIDE_SQL_DENY };
			struct decide_sql_ask ask = { &r, 1, DECIDE_SQL_DENY, true };
			struct decide_sql_verdict v;
			decide_sql_judge(&ask, &f, &v);
			if ((v.rule == 4) != (allows ? rows[i].allows : rows[i].denies))
				fail_msg("row %zu, %s", i, allows ? "allow" : "deny");
		}
	}
}

static void behind_a_use_nobody_knows_the_database(void **state)
{
	struct decide_sql_rule r = { .id = 4, .tables = span_str("pay.card"), .action = DECIDE_SQL_DENY };
	struct span table = span_str("card");
	struct decide_sql_statement s[] = { { .classes = DECIDE_SQL_CLASS(USE), .tables_known = true },
		{ .classes = DECIDE_SQL_CLASS(SELECT), .tables = &table, .n = 1, .tables_known = true } };
	struct decide_sql_fact f = { .dialect = span_str("mysql"), .database = span_str("shop"), .statements = s, .n = 2 };
	struct decide_sql_ask ask = { &r, 1, DECIDE_SQL_ALLOW, true };
	struct decide_sql_verdict v;

	(void)state;
	decide_sql_judge(&ask, &f, &v);
	assert_int_equal(v.rule, 4);
	assert_int_equal(v.statement, 1);
	s[0].classes = DECIDE_SQL_CLASS(SHOW);
	decide_sql_judge(&ask, &f, &v);
	assert_int_equal(v.rule, 0);
}

/* Names that are dear to compare: in the end what refuses fits, what lets pass does not. */
static void a_dear_batch_is_refused(void **state)
{
	enum { NAME = 64 << 10, TABLES = 600 };
	struct decide_sql_rule rules[] = { { .id = 1, .action = DECIDE_SQL_ALLOW, .tables = span_str("*a*b a*") },
		{ .id = 2, .action = DECIDE_SQL_DENY, .tables = span_str("pay.*") } };
	struct decide_sql_ask ask = { rules, COUNT_OF(rules), DECIDE_SQL_ALLOW, true };
	uint8_t *name = malloc(NAME);
	struct span tables[TABLES];
	struct decide_sql_statement s = { .classes = 1, .tables = tables, .n = TABLES, .tables_known = true };
	struct decide_sql_fact f = { .statements = &s, .n = 1 };
	struct decide_sql_verdict v;

	(void)state;
	assert_non_null(name);
	memset(name, 'a', NAME);
	for (size_t i = 0; i < TABLES; i++)
		tables[i] = span_of(name, 8);
	decide_sql_judge(&ask, &f, &v);
	assert_int_equal(v.rule, 1);
	for (size_t i = 0; i < TABLES; i++)
		tables[i] = span_of(name, NAME);
	decide_sql_judge(&ask, &f, &v);
	assert_int_equal(v.rule, 2);
	free(name);
}

static void without_approval_what_needs_one_is_refused(void **state)
{
	const struct decide_sql_rule rule = { .id = 2, .action = DECIDE_SQL_APPROVE };
	const struct decide_sql_statement s = { .classes = 1, .tables_known = true };
	const struct decide_sql_fact f = { .statements = &s, .n = 1 };
	struct decide_sql_ask ask = { &rule, 1, DECIDE_SQL_ALLOW, false };
	struct decide_sql_verdict v;

	(void)state;
	decide_sql_judge(&ask, &f, &v);
	assert_int_equal(v.action, DECIDE_SQL_DENY);
	assert_int_equal(v.rule, 2);
	ask.approval = true;
	decide_sql_judge(&ask, &f, &v);
	assert_int_equal(v.action, DECIDE_SQL_APPROVE);
}

static void classes_flags_and_actions_have_names(void **state)
{
	enum decide_sql_action a;
	size_t n = 0;

	(void)state;
	for (; decide_sql_class_name(n); n++)
		assert_true(decide_sql_class(span_str(decide_sql_class_name(n))) == UINT64_C(1) << n);
	assert_int_equal(n, 31);
	for (n = 0; decide_sql_flag_name(n); n++)
		assert_true(decide_sql_flag(span_str(decide_sql_flag_name(n))) == UINT64_C(1) << n);
	assert_int_equal(n, 18);
	assert_true(decide_sql_class(span_str("select")) == 0);
	for (int i = 0; i < DECIDE_SQL_ACTIONS; i++) {
		assert_true(decide_sql_action(span_str(decide_sql_action_name((enum decide_sql_action)i)), &a));
		assert_int_equal(a, i);
	}
	assert_false(decide_sql_action(span_str("ask"), &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_refuses_fits_by_anything_what_lets_pass_by_everything),
		cmocka_unit_test(a_rule_looks_at_who_where_when_and_how_much),
		cmocka_unit_test(the_first_that_fits_decides_a_statement_and_the_severest_the_batch),
		cmocka_unit_test(names_mean_the_same_however_they_are_written),
		cmocka_unit_test(behind_a_use_nobody_knows_the_database),
		cmocka_unit_test(a_dear_batch_is_refused),
		cmocka_unit_test(without_approval_what_needs_one_is_refused),
		cmocka_unit_test(classes_flags_and_actions_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
