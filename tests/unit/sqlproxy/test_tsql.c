#include "tests/unit/core/unit.h"
#include "policy/decide/sql.h"
#include "sqlproxy/classify/batch.h"
#include "sqlproxy/classify/normal.h"
#include "sqlproxy/classify/tsql_lex.h"
#include "sqlproxy/classify/tsql_proc.h"
#include "sqlproxy/classify/tsql_where.h"
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#define U(text) span_of(u##text, sizeof u##text - 2) /* UTF-16LE, as a client sends it */
#define C(name) DECIDE_SQL_CLASS(name)
#define F(name) DECIDE_SQL_FLAG(name)

static const struct classify_mode on = { .dialect = CLASSIFY_TSQL, .set = CLASSIFY_QUOTED_IDENTIFIER }, off = { .dialect = CLASSIFY_TSQL },
				  unknown = { .dialect = CLASSIFY_TSQL, .unknown = CLASSIFY_QUOTED_IDENTIFIER };
static struct classify_batch batch;

static const struct classify_batch *read_as(const struct classify_mode *mode, struct span sql)
{
	classify_tsql(mode, sql, &batch);
	return &batch;
}

static bool has_table(const struct classify_batch *b, size_t statement, const char *name)
{
	const struct classify_statement *s = &b->statement[statement];
	for (size_t i = 0; i < s->tables; i++) {
		if (span_is(b->name[s->table + i], name))
			return true;
	}
	return false;
}

/* ---- tokens ---- */

struct expect {
	enum classify_token_kind kind;
	struct span text;
};

static void expect_tokens(bool quoted_identifier, struct span sql, const struct expect *expected, size_t n)
{
	struct classify_tsql_lex lex;
	struct classify_token t;
	classify_tsql_lex_start(&lex, sql, quoted_identifier);
	for (size_t i = 0; i < n; i++) {
		classify_tsql_lex_next(&lex, &t);
		assert_int_equal(t.kind, expected[i].kind);
		assert_true(span_eq(t.text, expected[i].text));
	}
	classify_tsql_lex_next(&lex, &t);
	assert_int_equal(t.kind, CLASSIFY_TOKEN_END);
}
#define TOKENS(quoted, sql, ...) \
	expect_tokens(quoted, sql, (const struct expect[]){ __VA_ARGS__ }, sizeof((const struct expect[]){ __VA_ARGS__ }) / sizeof(struct expect))

static void tokens_end_where_a_server_ends_them(void **state)
{
	(void)state;
	TOKENS(true, U("SELECT N'it''s' 'a\\'--x\r1e5DELETE"), { CLASSIFY_TOKEN_WORD, U("SELECT") }, { CLASSIFY_TOKEN_STRING, U("N'it''s'") },
		{ CLASSIFY_TOKEN_STRING, U("'a\\'") }, { CLASSIFY_TOKEN_NUMBER, U("1e5") }, { CLASSIFY_TOKEN_WORD, U("DELETE") });
	TOKENS(true, U("/* /* */ ' */[a]]b]\u00a0#x @@y $1.5 $action 0xAg ?;"), { CLASSIFY_TOKEN_NAME, U("[a]]b]") }, { CLASSIFY_TOKEN_WORD, U("#x") },
		{ CLASSIFY_TOKEN_VARIABLE, U("@@y") }, { CLASSIFY_TOKEN_NUMBER, U("$1.5") }, { CLASSIFY_TOKEN_WORD, U("$action") },
		{ CLASSIFY_TOKEN_NUMBER, U("0xA") }, { CLASSIFY_TOKEN_WORD, U("g") }, { CLASSIFY_TOKEN_PARAMETER, U("?") }, { CLASSIFY_TOKEN_SEPARATOR, U(";") });
	TOKENS(true, U("a.b>=1<>.5::\u8868"), { CLASSIFY_TOKEN_WORD, U("a") }, { CLASSIFY_TOKEN_SIGN, U(".") }, { CLASSIFY_TOKEN_WORD, U("b") },
		{ CLASSIFY_TOKEN_SIGN, U(">=") }, { CLASSIFY_TOKEN_NUMBER, U("1") }, { CLASSIFY_TOKEN_SIGN, U("<>") }, { CLASSIFY_TOKEN_NUMBER, U(".5") },
		{ CLASSIFY_TOKEN_SIGN, U("::") }, { CLASSIFY_TOKEN_WORD, U("\u8868") });
}

static void double_quotes_are_a_name_or_a_string_and_end_at_the_same_place(void **state)
{
	(void)state;
	TOKENS(true, U("\"a\"\"b\" x"), { CLASSIFY_TOKEN_NAME, U("\"a\"\"b\"") }, { CLASSIFY_TOKEN_WORD, U("x") });
	TOKENS(false, U("\"a\"\"b\" x"), { CLASSIFY_TOKEN_STRING, U("\"a\"\"b\"") }, { CLASSIFY_TOKEN_WORD, U("x") });
}

static void what_has_no_end_is_broken_and_stays_so(void **state)
{
	(void)state;
	const struct span texts[] = { U("'a''"), U("[a]]"), U("\"a"), U("/* /* */"), U("N'") };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct classify_tsql_lex lex;
		struct classify_token t;
		classify_tsql_lex_start(&lex, texts[i], true);
		for (int again = 0; again < 2; again++) {
			classify_tsql_lex_next(&lex, &t);
			assert_int_equal(t.kind, CLASSIFY_TOKEN_BROKEN);
			assert_true(span_eq(t.text, texts[i]));
		}
	}
}

static void what_servers_may_read_in_two_ways_is_told(void **state)
{
	(void)state;
	const struct {
		struct span text;
		bool doubt;
	} rows[] = { { U("\ufeff" "a"), false }, { U("a\ufeff" "b"), true }, { U("\u00a0" "a"), false }, { U("\u3000" "a"), true },
		{ U("\0a"), true }, { U("'\0'"), true },
		{ U("1ELSE"), true }, { U("1e5"), false }, { U("--a\rb"), true }, { U("--a\r\nb"), false }, { U("--a\r\r\nb"), false }, { U("--a\nb"), false },
		{ U("\uff08"), true }, { U("\u5458\u5de5"), false }, { U("!!"), true }, { U("!="), false }, { U("EXEC@p"), true }, { U("a@p"), false } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct classify_tsql_lex lex;
		struct classify_token t;
		classify_tsql_lex_start(&lex, rows[i].text, true);
		do
			classify_tsql_lex_next(&lex, &t);
		while (t.kind != CLASSIFY_TOKEN_END);
		if (lex.doubt != rows[i].doubt)
			fail_msg("row %zu", i);
	}
}

static void constant_sql_is_read_in_place_as_deep_as_it_may_go(void **state)
{
	(void)state;
	struct classify_tsql_lex lex, inner;
	struct classify_token t;
	classify_tsql_lex_start(&lex, U("N'a''b''''c'''"), true);
	classify_tsql_lex_next(&lex, &t);
	assert_true(classify_tsql_lex_inside(&lex, &t, &inner));
	classify_tsql_lex_next(&inner, &t);
	assert_true(span_eq(t.text, U("a")));
	classify_tsql_lex_next(&inner, &t);
	assert_int_equal(t.kind, CLASSIFY_TOKEN_STRING);
	assert_true(span_eq(t.text, U("''b''''c''")));
	struct classify_tsql_units u = classify_tsql_units_of(&inner, &t);
	const char content[] = "b'c";
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(classify_tsql_units_next(&u), content[i]);
	assert_int_equal(classify_tsql_units_next(&u), CLASSIFY_TSQL_END_OF_TEXT);
	inner.quotes = CLASSIFY_DYNAMIC_DEEP;
	assert_false(classify_tsql_lex_inside(&inner, &t, &lex));
}

static void a_text_that_a_code_page_may_change_is_not_constant(void **state)
{
	(void)state;
	const struct {
		struct span text;
		bool constant;
	} rows[] = { { U("'DELETE'"), true }, { U("'DEL\\\nETE'"), false }, { U("'\uff24'"), false }, { U("N'\uff24'"), true }, { U("N'a\\b'"), true } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct classify_tsql_lex lex, inner;
		struct classify_token t;
		classify_tsql_lex_start(&lex, rows[i].text, true);
		classify_tsql_lex_next(&lex, &t);
		assert_int_equal(classify_tsql_lex_inside(&lex, &t, &inner), rows[i].constant);
	}
}

/* ---- statements ---- */

static void statements_without_separators_are_told_apart_with_their_places(void **state)
{
	(void)state;
	const struct classify_batch *b = read_as(&on, U(" SELECT 1 #x\nDELETE t ; p 5"));
	assert_int_equal(b->n, 3);
	assert_true(b->statement[0].classes == C(SELECT) && b->statement[0].flags == F(MULTI));
	assert_int_equal(b->statement[0].at, 2);
	assert_int_equal(b->statement[0].n, 2 * 11);
	assert_true(b->statement[1].classes == C(DELETE) && b->statement[1].flags == (F(NO_WHERE) | F(MULTI)));
	assert_int_equal(b->statement[1].at, 2 * 13);
	assert_int_equal(b->statement[1].n, 2 * 8);
	assert_true(b->statement[2].classes == C(CALL));
	assert_int_equal(b->statement[2].at, 2 * 24);
	assert_int_equal(b->statement[2].n, 2 * 3);
}

static void words_around_statements_belong_to_them(void **state)
{
	(void)state;
	const struct classify_batch *b = read_as(&on, U("IF 1=1 BEGIN DELETE t END"));
	assert_int_equal(b->n, 1);
	assert_true(b->classes == (C(CONTROL) | C(DELETE)) && b->flags == F(NO_WHERE));
	assert_int_equal(b->statement[0].n, 2 * 25);
	b = read_as(&on, U("BEGIN TRY SELECT 1 END TRY BEGIN CATCH END CATCH DELETE t"));
	assert_int_equal(b->n, 2);
	assert_true(b->statement[0].classes == (C(CONTROL) | C(SELECT)) && b->statement[1].classes == C(DELETE));
}

static void nothing_to_run_is_empty_and_half_a_unit_is_unparsed(void **state)
{
	(void)state;
	assert_true(read_as(&on, span_of(NULL, 0))->classes == C(EMPTY));
	assert_true(read_as(&on, U("\ufeff /* a */ ; -- b"))->classes == C(EMPTY));
	assert_true(read_as(&on, span_of("S", 1))->classes & C(UNPARSED));
	assert_true(read_as(&on, span_of("-\0-\0a", 5))->classes & C(UNPARSED));
	struct span select = U("SELECT 1 ");
	assert_true(read_as(&on, span_of(select.p, select.n - 1))->classes == (C(SELECT) | C(UNPARSED)));
}

static void tables_are_utf8_and_unquoted_and_known_only_when_they_can_be_told(void **state)
{
	(void)state;
	const struct classify_batch *b = read_as(&on, U("SELECT [a]]b].\"c\"\"d\", x.y FROM srv.[d b]..\u5458\u5de5 AS x, [\U00020bb7]"));
	assert_int_equal(b->n, 1);
	assert_int_equal(b->statement[0].tables, 2);
	assert_true(has_table(b, 0, "srv.d b..\xe5\x91\x98\xe5\xb7\xa5") && has_table(b, 0, "\xf0\xa0\xae\xb7"));
	assert_true(b->statement[0].tables_known && (b->flags & F(REMOTE)));
	assert_int_equal(b->statement[0].columns, 2);
	assert_true(span_is(b->name[b->statement[0].column + 1], "a]b.c\"d") && span_is(b->name[b->statement[0].column], "x.y"));
	static const uint8_t lone[] = { 'D', 0, 'R', 0, 'O', 0, 'P', 0, ' ', 0, 'T', 0, 'A', 0, 'B', 0, 'L', 0, 'E', 0, '[', 0, 0x00, 0xd8, ']', 0 };
	b = read_as(&on, span_of(lone, sizeof lone));
	assert_true(b->classes == C(DROP) && !b->statement[0].tables_known);
	assert_false(read_as(&on, U("DROP TABLE [a.b]"))->statement[0].tables_known);
	assert_false(read_as(&on, U("EXEC(@sql)"))->statement[0].tables_known);
	assert_true(read_as(&on, U("EXEC('DROP TABLE t')"))->statement[0].tables_known);
	assert_true(has_table(&batch, 0, "t"));
}

static void every_table_of_a_list_is_told_and_what_stands_in_strings_is_not_known(void **state)
{
	(void)state;
	const struct {
		struct span sql;
		const char *tables[4];
		bool known;
	} rows[] = {
		{ U("SELECT 1 FROM a FOR SYSTEM_TIME ALL AS x, b WITH (NOLOCK), c"), { "a", "b", "c" }, true },
		{ U("SELECT 1 FROM {oj a LEFT OUTER JOIN b ON 1 = 2}, c"), { "a", "b", "c" }, true },
		{ U("SELECT 1 FROM (a x JOIN (b CROSS JOIN c) ON 1 = 2) ORDER BY x, y"), { "a", "b", "c" }, true },
		{ U("SELECT 1 FROM (SELECT 1 FROM a, b) x OUTER APPLY (SELECT 1 FROM c WHERE c.x IN (x.y, 2)) z"), { "a", "b", "c" }, true },
		{ U("MERGE a x USING (SELECT 1 FROM b) y ON 1 = 2 WHEN MATCHED THEN DELETE OUTPUT deleted.z INTO c (z);"), { "a", "b", "c" }, true },
		{ U("INSERT INTO a (x, y) SELECT 1, 2 FROM b UNION ALL SELECT 1, 2 FROM c"), { "a", "b", "c" }, true },
		{ U("DROP TABLE a, [b], dbo.c"), { "a", "b", "dbo.c" }, true },
		{ U("DROP INDEX x ON a, b.y"), { "a", "b" }, true },
		{ U("ALTER TABLE a SWITCH PARTITION 1 TO b"), { "a", "b" }, true },
		{ U("GRANT SELECT (x) ON OBJECT::a TO b"), { "a" }, true },
		{ U("UPDATETEXT a.x @p 0 0 'y'"), { "a" }, true },
		{ U("DISABLE TRIGGER x ON a"), { "a" }, true },
		{ U("EXEC sp_rename 'a', 'b'"), { NULL }, false },
		{ U("DROP DATABASE x"), { NULL }, false },
		{ U("SELECT 1 FROM OPENQUERY(x, 'y')"), { NULL }, false },
		{ U("EXEC p 1"), { NULL }, true },
		{ U("BACKUP DATABASE x TO DISK = 'y'"), { NULL }, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct classify_batch *b = read_as(&on, rows[i].sql);
		size_t n = 0;
		while (rows[i].tables[n] && has_table(b, 0, rows[i].tables[n]))
			n++;
		if (rows[i].tables[n] || b->n != 1 || b->tables != n || b->statement[0].tables_known != rows[i].known)
			fail_msg("row %zu: %zu of %zu tables", i, n, b->tables);
	}
}

static void an_alias_and_a_common_table_expression_are_no_tables(void **state)
{
	(void)state;
	const struct classify_batch *b = read_as(&on, U("UPDATE x SET a = 1 FROM dbo.t AS X JOIN u ON 1 = 2"));
	assert_true(b->statement[0].tables == 2 && has_table(b, 0, "dbo.t") && has_table(b, 0, "u"));
	b = read_as(&on, U("WITH c AS (SELECT a FROM t), d AS (SELECT a FROM C) DELETE D"));
	assert_true(b->statement[0].tables == 1 && has_table(b, 0, "t"));
	b = read_as(&on, U("WITH c AS (SELECT a FROM t) SELECT a FROM c SELECT a FROM c"));
	assert_true(b->n == 2 && b->statement[0].tables == 1 && has_table(b, 1, "c"));
	b = read_as(&on, U("WITH a AS (SELECT x FROM b), b AS (SELECT 1 x) SELECT x FROM a"));
	assert_true(b->statement[0].tables == 1 && has_table(b, 0, "b"));
}

static void temporary_is_a_statement_all_of_whose_changes_are(void **state)
{
	(void)state;
	const struct classify_batch *b = read_as(&on, U("DROP TABLE #a DROP TABLE t DROP TABLE #a, t DELETE x FROM #a x UPDATE x SET a = 1 FROM t x"));
	const bool temporary[] = { true, false, false, true, false };
	assert_int_equal(b->n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal((b->statement[i].flags & F(TEMP)) != 0, temporary[i]);
	assert_false(read_as(&on, U("SELECT a FROM #t"))->flags & F(TEMP));
	b = read_as(&unknown, U("DROP TABLE \"#a\""));
	assert_false(b->flags & F(TEMP));
	assert_true(b->classes == C(DROP) && !b->statement[0].tables_known);
}

static void what_set_quoted_identifier_leaves_is_known_for_the_next_batch(void **state)
{
	(void)state;
	const struct {
		struct span sql;
		const struct classify_mode *before;
		uint8_t set, unknown;
	} rows[] = {
		{ U("SELECT 1"), &on, CLASSIFY_QUOTED_IDENTIFIER, 0 },
		{ U("SELECT 1"), &unknown, 0, CLASSIFY_QUOTED_IDENTIFIER },
		{ U("SET QUOTED_IDENTIFIER OFF"), &on, 0, 0 },
		{ U("SET ANSI_NULLS, QUOTED_IDENTIFIER ON"), &unknown, CLASSIFY_QUOTED_IDENTIFIER, 0 },
		{ U("IF 1=2 SET QUOTED_IDENTIFIER OFF SET QUOTED_IDENTIFIER ON"), &off, CLASSIFY_QUOTED_IDENTIFIER, 0 },
		{ U("SET ANSI_DEFAULTS ON"), &off, CLASSIFY_QUOTED_IDENTIFIER, 0 },
		{ U("SET QUOTED_IDENTIFIER"), &on, 0, CLASSIFY_QUOTED_IDENTIFIER },
		{ U("EXEC('SET QUOTED_IDENTIFIER OFF')"), &on, 0, CLASSIFY_QUOTED_IDENTIFIER },
		{ U("SET NOCOUNT ON"), &on, CLASSIFY_QUOTED_IDENTIFIER, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct classify_batch *b = read_as(rows[i].before, rows[i].sql);
		if (b->after.unknown != rows[i].unknown || (!rows[i].unknown && b->after.set != rows[i].set))
			fail_msg("row %zu", i);
	}
}

static void both_readings_of_double_quotes_are_reported(void **state)
{
	(void)state;
	struct span sql = U("EXEC(\"DROP TABLE t\")");
	assert_false(read_as(&on, sql)->classes & C(DROP));
	assert_true(read_as(&off, sql)->classes & C(DROP));
	assert_true(read_as(&unknown, sql)->classes & C(DROP));
	assert_true(read_as(&on, U("SET QUOTED_IDENTIFIER OFF EXEC(\"DROP TABLE t\")"))->classes & C(DROP));
	assert_true(read_as(&off, U("SET QUOTED_IDENTIFIER ON EXEC(\"DROP TABLE t\")"))->classes & C(DROP)); /* as the batch began */
}

static void limits_are_told_as_unparsed(void **state)
{
	(void)state;
	char16_t text[4096] = u"SELECT ";
	size_t n = 7;
	const struct {
		size_t deep;
		bool parsed;
	} rows[] = { { CLASSIFY_DEEP - 1, true }, { CLASSIFY_DEEP, false }, { 1000, false } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t k = 0; k < rows[i].deep; k++) {
			text[n + k] = u'(';
			text[n + rows[i].deep + 1 + k] = u')';
		}
		text[n + rows[i].deep] = u'1';
		uint64_t classes = read_as(&on, span_of(text, 2 * (n + 2 * rows[i].deep + 1)))->classes;
		assert_true(classes == (C(SELECT) | (rows[i].parsed ? 0 : C(UNPARSED))));
	}
	for (size_t i = 0; i < 260; i++)
		memcpy(text + i * 9, u"SELECT 1 ", 18);
	assert_true(read_as(&on, span_of(text, (size_t)2 * 9 * CLASSIFY_STATEMENTS))->classes == C(SELECT));
	assert_true(read_as(&on, span_of(text, (size_t)2 * 9 * 260))->classes & C(UNPARSED));
}

/* ---- what the files know ---- */

static void names_that_a_collation_may_take_for_a_procedure_are_taken_for_it(void **state)
{
	(void)state;
	const struct {
		struct span name;
		uint64_t flags;
	} rows[] = { { U("XP_CmdShell"), F(OSCMD) }, { U("[xp_cmdshell]"), F(OSCMD) }, { U("xp_cmdshell2"), F(CODE) },
		{ U("\uff58p_cmdshell"), F(OSCMD) | F(CODE) },
		{ U("[xp_cmd\u00adshell]"), F(OSCMD) | F(CODE) }, { U("xp_cmdsh\u00e9ll"), F(OSCMD) | F(CODE) }, { U("xp_cmdshe\u0301ll"), F(OSCMD) | F(CODE) },
		{ U("sp_OACreate"), F(OSCMD) | F(CODE) }, { U("\u5b58\u50a8\u8fc7\u7a0b"), 0 }, { U("\u00e9t\u00e9"), 0 },
		{ U("sp_who"), 0 }, { U("xp_msver"), 0 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct classify_tsql_lex lex;
		struct classify_token t;
		struct classify_tsql_proc proc;
		classify_tsql_lex_start(&lex, rows[i].name, true);
		classify_tsql_lex_next(&lex, &t);
		classify_tsql_proc(&lex, &t, &proc);
		if (proc.flags != rows[i].flags)
			fail_msg("row %zu: %llx", i, (unsigned long long)proc.flags);
	}
}

static void a_condition_of_constants_between_ors_is_met_by_every_row(void **state)
{
	(void)state;
	struct classify_tsql_where w;
	classify_tsql_where_begin(&w, false); /* a = 1 OR 1 */
	classify_tsql_where_operand(&w, true, U("a"));
	classify_tsql_where_equals(&w);
	classify_tsql_where_operand(&w, false, U("1"));
	classify_tsql_where_or(&w);
	classify_tsql_where_operand(&w, false, U("1"));
	assert_true(classify_tsql_where_end(&w));
	classify_tsql_where_begin(&w, false); /* 1 AND a = b */
	classify_tsql_where_operand(&w, false, U("1"));
	classify_tsql_where_and(&w);
	classify_tsql_where_operand(&w, true, U("a"));
	classify_tsql_where_equals(&w);
	classify_tsql_where_operand(&w, true, U("b"));
	assert_false(classify_tsql_where_end(&w));
	classify_tsql_where_begin(&w, false); /* a = A */
	classify_tsql_where_operand(&w, true, U("a"));
	classify_tsql_where_equals(&w);
	classify_tsql_where_operand(&w, true, U("A"));
	assert_true(classify_tsql_where_end(&w));
}

static void keywords_are_found_and_are_in_order(void **state)
{
	(void)state;
#define FOUND(name) assert_int_equal(classify_tsql_word(#name, sizeof #name - 1), TSQL_##name);
	CLASSIFY_TSQL_WORD_LIST(FOUND, FOUND)
	assert_int_equal(classify_tsql_word("SELEC", 5), TSQL_NONE);
	assert_int_equal(classify_tsql_word("SELECTS", 7), TSQL_NONE);
	assert_int_equal(classify_tsql_word("", 0), TSQL_NONE);
	assert_true(classify_tsql_word_reserved(TSQL_MERGE) && !classify_tsql_word_reserved(TSQL_THROW) && !classify_tsql_word_reserved(TSQL_NONE));
}

static void passwords_are_masked_in_the_log(void **state)
{
	(void)state;
	const struct {
		struct span sql;
		const char *masked;
	} rows[] = {
		{ U("CREATE LOGIN a WITH PASSWORD = N'x''y', CHECK_POLICY = ON"), "CREATE LOGIN a WITH PASSWORD = '***', CHECK_POLICY = ON" },
		{ U("ALTER LOGIN a WITH PASSWORD = 'x' OLD_PASSWORD = 'y'"), "ALTER LOGIN a WITH PASSWORD = '***' OLD_PASSWORD = '***'" },
		{ U("OPEN MASTER KEY DECRYPTION BY PASSWORD = 'x'"), "OPEN MASTER KEY DECRYPTION BY PASSWORD = '***'" },
		{ U("EXEC sp_addlogin 'a', 'b'"), "EXEC sp_addlogin '***', '***'" },
		{ U("EXEC sp_password 'a', 'b', c"), "EXEC sp_password '***', '***', c" },
		{ U("sp_approlepassword 'a', 'b'"), "sp_approlepassword '***', '***'" },
		{ U("CREATE LOGIN a WITH PASSWORD = 0x02AB HASHED, SID = 0x01"), "CREATE LOGIN a WITH PASSWORD = '***' HASHED, SID = 0x01" },
		{ U("SELECT DECRYPTBYCERT(1, x, N'y'), 'z'"), "SELECT DECRYPTBYCERT('***', x, '***'), 'z'" },
		{ U("SELECT 1 FROM OPENROWSET('a', 'Pwd=b', 'c') x WHERE y = 'z'"), "SELECT 1 FROM OPENROWSET('***', '***', '***') x WHERE y = 'z'" },
		{ U("EXEC('CREATE CREDENTIAL c WITH SECRET = ''x''')"), "EXEC('***')" },
		{ U("SELECT 'a' FROM \u5458\u5de5"), "SELECT 'a' FROM \xe5\x91\x98\xe5\xb7\xa5" },
		{ U("SELECT 'a"), "SELECT '***'" },
		{ U("EXEC('ALTER LOGIN a WITH PASSWORD = ''x''')"), "EXEC('***')" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out;
		buf_init(&out, 4096);
		classify_masked(&on, rows[i].sql, &out);
		assert_string_equal(buf_str(&out), rows[i].masked);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tokens_end_where_a_server_ends_them),
		CASE(double_quotes_are_a_name_or_a_string_and_end_at_the_same_place),
		CASE(what_has_no_end_is_broken_and_stays_so),
		CASE(what_servers_may_read_in_two_ways_is_told),
		CASE(constant_sql_is_read_in_place_as_deep_as_it_may_go),
		CASE(a_text_that_a_code_page_may_change_is_not_constant),
		CASE(statements_without_separators_are_told_apart_with_their_places),
		CASE(words_around_statements_belong_to_them),
		CASE(nothing_to_run_is_empty_and_half_a_unit_is_unparsed),
		CASE(tables_are_utf8_and_unquoted_and_known_only_when_they_can_be_told),
		CASE(every_table_of_a_list_is_told_and_what_stands_in_strings_is_not_known),
		CASE(an_alias_and_a_common_table_expression_are_no_tables),
		CASE(temporary_is_a_statement_all_of_whose_changes_are),
		CASE(what_set_quoted_identifier_leaves_is_known_for_the_next_batch),
		CASE(both_readings_of_double_quotes_are_reported),
		CASE(limits_are_told_as_unparsed),
		CASE(names_that_a_collation_may_take_for_a_procedure_are_taken_for_it),
		CASE(a_condition_of_constants_between_ors_is_met_by_every_row),
		CASE(keywords_are_found_and_are_in_order),
		CASE(passwords_are_masked_in_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
