#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "sqlproxy/tds/request.h"
#include "sqlproxy/tds/rpc.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void headers_stand_before_a_request_from_7_2_on(void **state)
{
	(void)state;
	struct tds_headers h;
	struct span body = BYTES(22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'S', 0), text;
	assert_int_equal(tds_request_headers(&body, TDS_7_2, &h, NULL), 0);
	assert_true(h.transaction == 9 && h.outstanding == 1 && body.n == 2);
	assert_int_equal(tds_request_batch(body, &text, NULL), 0);
	assert_true(span_eq(text, BYTES('S', 0)));
	assert_int_equal(tds_request_batch(span_of(body.p, 1), &text, NULL), -EPROTO);
	body = BYTES('S', 0);
	assert_int_equal(tds_request_headers(&body, TDS_7_1, &h, NULL), 0);
	assert_int_equal(body.n, 2);
}

static void headers_that_lie_are_refused(void **state)
{
	(void)state;
	static const uint8_t whole[] = { 22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 };
	struct tds_headers h;
	for (size_t n = 0; n < sizeof whole; n++) {
		struct span body = span_of(whole, n);
		assert_int_equal(tds_request_headers(&body, TDS_7_4, &h, NULL), -EPROTO);
	}
	struct span bodies[] = { BYTES(3, 0, 0, 0), BYTES(10, 0, 0, 0, 5, 0, 0, 0, 1, 0), BYTES(10, 0, 0, 0, 7, 0, 0, 0, 1, 0),
		BYTES(10, 0, 0, 0, 6, 0, 0, 0, 2, 0), BYTES(0xff, 0xff, 0xff, 0xff) };
	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		assert_int_equal(tds_request_headers(&bodies[i], TDS_7_4, &h, NULL), -EPROTO);
	struct span none = BYTES(4, 0, 0, 0, 'x', 0);
	assert_int_equal(tds_request_headers(&none, TDS_7_4, &h, NULL), 0);
	assert_int_equal(none.n, 2);
}

static void transaction(struct span body, const char *words)
{
	struct tds_tm tm;
	struct buf out;
	buf_init(&out, 1024);
	assert_int_equal(tds_request_tm(body, &tm, NULL), 0);
	tds_request_tm_words(&tm, &out);
	assert_string_equal(buf_str(&out), words);
	for (size_t n = 0; n < body.n; n++)
		assert_true(tds_request_tm(span_of(body.p, n), &tm, NULL) < 0);
	buf_done(&out);
}

static void a_transaction_request_is_said_as_t_sql(void **state)
{
	(void)state;
	transaction(BYTES(5, 0, 0, 0), "BEGIN TRANSACTION");
	transaction(BYTES(5, 0, 5, 4, 'a', 0, ']', 0), "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION [a]]]");
	transaction(BYTES(7, 0, 0, 0), "COMMIT TRANSACTION");
	transaction(BYTES(8, 0, 2, 'x', 0, 0), "ROLLBACK TRANSACTION [x]");
	transaction(BYTES(8, 0, 0, 1, 4, 2, 'n', 0), "ROLLBACK TRANSACTION; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRANSACTION [n]");
	transaction(BYTES(9, 0, 2, 'p', 0), "SAVE TRANSACTION [p]");
}

static void distributed_and_strange_transactions_are_refused(void **state)
{
	(void)state;
	struct tds_tm tm;
	assert_int_equal(tds_request_tm(BYTES(0, 0, 0, 0), &tm, NULL), -EACCES); /* address of DTC */
	assert_int_equal(tds_request_tm(BYTES(1, 0, 0, 0), &tm, NULL), -EACCES); /* join one */
	assert_int_equal(tds_request_tm(BYTES(6, 0), &tm, NULL), -EACCES);       /* promote */
	assert_int_equal(tds_request_tm(BYTES(5, 0, 6, 0), &tm, NULL), -EPROTO); /* isolation 6 */
	assert_int_equal(tds_request_tm(BYTES(5, 0, 0, 1, 'x'), &tm, NULL), -EPROTO);
	assert_int_equal(tds_request_tm(BYTES(7, 0, 0, 0, 0), &tm, NULL), -EPROTO);
}

/* A call by name, in ASCII; `rest` are flags and parameters. */
static struct span call(uint8_t room[static 512], const char *name, struct span rest)
{
	size_t n = strlen(name);
	memset(room, 0, 512);
	room[0] = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		room[2 + i * 2] = (uint8_t)name[i];
	memcpy(room + 2 + n * 2, rest.p, rest.n);
	return span_of(room, 2 + n * 2 + rest.n);
}

static void is_proc(struct span body, int result, enum tds_proc proc)
{
	struct tds_rpc_walk w;
	struct tds_rpc rpc;
	tds_rpc_walk(&w, body, TDS_7_4);
	assert_int_equal(tds_rpc_next(&w, &rpc, NULL), result);
	if (result > 0)
		assert_int_equal(rpc.proc, proc);
}

static void a_procedure_is_known_by_every_form_of_its_name(void **state)
{
	(void)state;
	static const char *const same[] = { "sp_executesql", "SP_ExecuteSQL", "sys.sp_executesql", "master..sp_executesql", "[sp_executesql]",
		"\"sp_executesql\"", "[a]]b].[sys].[sp_executesql]", " sys . sp_executesql ", "sp_executesql;1", "[sp_executesql] ; 1", ".sp_executesql" };
	static const char *const others[] = { "sp_executesql2", "xsp_executesql", "sp_executesql.dbo", "[sp_executesql.x]", "[sys.sp_executesql]", "pr", "[]]]" };
	static const char *const strange[] = { "sp_executesql x", "[sp_executesql", "sp_executesql;x", "a'b", "x[sp_executesql]", "", ".", "sp_executesql]",
		"a..", ";1" };
	uint8_t room[512];
	for (size_t i = 0; i < COUNT_OF(same); i++)
		is_proc(call(room, same[i], BYTES(0, 0)), 1, TDS_SP_EXECUTESQL);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		is_proc(call(room, others[i], BYTES(0, 0)), 1, TDS_PROC_OTHER);
	for (size_t i = 0; i < COUNT_OF(strange); i++)
		is_proc(call(room, strange[i], BYTES(0, 0)), *strange[i] ? -EACCES : -EPROTO, 0);
	is_proc(BYTES(0xff, 0xff, 10, 0, 0, 0), 1, TDS_SP_EXECUTESQL);
	is_proc(BYTES(0xff, 0xff, 0, 0, 0, 0), -EPROTO, 0);
	is_proc(BYTES(0xff, 0xff, 16, 0, 0, 0), -EPROTO, 0);
}

static void a_name_that_only_some_collation_takes_for_a_procedure_is_refused(void **state)
{
	(void)state;
	uint8_t room[512];
	struct span body = call(room, "sp_execute", BYTES(0, 0));
	is_proc(body, 1, TDS_SP_EXECUTE);
	room[2] = 0x53, room[3] = 0xff; /* a wide s */
	is_proc(body, -EACCES, 0);
	room[2] = 0x7f, room[3] = 0x01; /* a long s */
	is_proc(body, -EACCES, 0);
	body = call(room, "sp_exeXcute", BYTES(0, 0));
	room[14] = 0x01, room[15] = 0x03; /* e with an accent of its own */
	is_proc(body, -EACCES, 0);
	room[14] = 0x2d, room[15] = 0x4e; /* an ideograph is no letter of it */
	is_proc(body, 1, TDS_PROC_OTHER);
}

static void utf16(struct buf *out, const char *text)
{
	buf_clear(out);
	tds_text_put(out, span_str(text));
}

static void is16(struct span got, const char *text)
{
	struct buf utf8;
	buf_init(&utf8, 4096);
	tds_text_get(got, &utf8);
	assert_string_equal(buf_str(&utf8), text);
	buf_done(&utf8);
}

#define NVARCHAR(units, ...) 0xe7, (units) * 2, 0, 9, 4, 0xd0, 0, 0x34, (units) * 2, 0, __VA_ARGS__
#define INT4(v) 0x26, 4, 4, v, 0, 0, 0

static void several_calls_of_a_message_are_all_seen(void **state)
{
	(void)state;
	struct span body = BYTES(0xff, 0xff, 10, 0, 2, 0, 0, 0, NVARCHAR(1, 'A', 0), 0, 0, NVARCHAR(1, 'B', 0), 2, '@', 0, 'i', 0, 1, INT4(7), 0xff, /* */
		2, 0, 'p', 0, 'r', 0, 0, 0, 0, 2, 0x1f, 0xfe, 0xff, 0xff, 12, 0, 0, 0, 0, 0, INT4(3), 0xff);
	struct tds_rpc_walk w;
	struct tds_rpc rpc;
	struct tds_rpc_param p;
	struct buf text;
	buf_init(&text, 64);
	tds_rpc_walk(&w, body, TDS_7_4);
	assert_int_equal(tds_rpc_next(&w, &rpc, NULL), 1);
	assert_true(rpc.proc == TDS_SP_EXECUTESQL && rpc.flags == TDS_RPC_NO_METADATA);
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 1);
	assert_int_equal(tds_rpc_role(rpc.proc, &p), TDS_ROLE_STATEMENT);
	assert_int_equal(tds_rpc_statement(&p, &text, NULL), 0);
	is16(buf_span(&text), "A");
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 1);
	assert_int_equal(tds_rpc_role(rpc.proc, &p), TDS_ROLE_DECLARED);
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 1);
	assert_true(p.output && p.at == 2 && tds_rpc_number(&p) == 7 && tds_rpc_role(rpc.proc, &p) == TDS_ROLE_VALUE);
	is16(p.name, "@i");
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 0);
	assert_int_equal(tds_rpc_next(&w, &rpc, NULL), 1);
	is16(rpc.name, "pr");
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 1);
	assert_true(p.standard && p.value.null && tds_rpc_number(&p) == -1);
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 0);
	assert_true(rpc.no_exec);
	assert_int_equal(tds_rpc_next(&w, &rpc, NULL), 1);
	assert_int_equal(rpc.proc, TDS_SP_EXECUTE);
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 1);
	assert_true(tds_rpc_role(rpc.proc, &p) == TDS_ROLE_HANDLE && tds_rpc_number(&p) == 3);
	assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 0);
	assert_int_equal(tds_rpc_next(&w, &rpc, NULL), 0);
	buf_done(&text);
}

/* All of it; the number of calls, or the error. */
static int walked(struct span body, enum tds_rank rank)
{
	struct tds_rpc_walk w;
	struct tds_rpc rpc;
	struct tds_rpc_param p;
	int calls = 0, k;
	tds_rpc_walk(&w, body, rank);
	while ((k = tds_rpc_next(&w, &rpc, NULL)) > 0) {
		calls++;
		while ((k = tds_rpc_param(&w, &rpc, &p, NULL)) > 0)
			;
		if (k < 0)
			break;
	}
	return k < 0 ? k : calls;
}

static void versions_separate_calls_each_in_its_own_way(void **state)
{
	(void)state;
	assert_int_equal(walked(BYTES(1, 0, 'p', 0, 0, 0, 0x80, 1, 0, 'q', 0, 0, 0), TDS_7_1), 2);
	assert_int_equal(walked(BYTES(1, 0, 'p', 0, 0, 0, 0xff, 1, 0, 'q', 0, 0, 0), TDS_7_1), -EPROTO);
	assert_int_equal(walked(BYTES(1, 0, 'p', 0, 0, 0, 0x80, 1, 0, 'q', 0, 0, 0), TDS_7_2), -EPROTO);
	assert_int_equal(walked(BYTES(1, 0, 'p', 0, 0, 0, 0xff, 1, 0, 'q', 0, 0, 0), TDS_7_2), 2);
	assert_int_equal(walked(span_of(NULL, 0), TDS_7_4), -EPROTO);
}

static void a_statement_is_found_by_its_place_and_by_its_name(void **state)
{
	(void)state;
	static const struct {
		enum tds_proc proc;
		size_t at;
		const char *name;
		enum tds_role role;
	} rows[] = {
		{ TDS_SP_EXECUTESQL, 0, "", TDS_ROLE_STATEMENT },
		{ TDS_SP_EXECUTESQL, 0, "@params", TDS_ROLE_STATEMENT }, /* by its place all the same */
		{ TDS_SP_EXECUTESQL, 1, "@stmt", TDS_ROLE_STATEMENT },   /* the other way round */
		{ TDS_SP_EXECUTESQL, 1, "@STATEMENT", TDS_ROLE_STATEMENT },
		{ TDS_SP_EXECUTESQL, 1, "", TDS_ROLE_DECLARED },
		{ TDS_SP_EXECUTESQL, 2, "@stmt", TDS_ROLE_VALUE }, /* the statement's own */
		{ TDS_SP_PREPARE, 2, "", TDS_ROLE_STATEMENT },
		{ TDS_SP_PREPARE, 0, "", TDS_ROLE_HANDLE },
		{ TDS_SP_PREPARE, 3, "", TDS_ROLE_OPTION },
		{ TDS_SP_PREPEXEC, 2, "", TDS_ROLE_STATEMENT },
		{ TDS_SP_PREPEXEC, 3, "", TDS_ROLE_VALUE },
		{ TDS_SP_PREPEXECRPC, 1, "", TDS_ROLE_STATEMENT },
		{ TDS_SP_CURSOROPEN, 1, "", TDS_ROLE_STATEMENT },
		{ TDS_SP_CURSORPREPARE, 2, "", TDS_ROLE_STATEMENT },
		{ TDS_SP_CURSORPREPEXEC, 3, "", TDS_ROLE_STATEMENT },
		{ TDS_SP_CURSORPREPEXEC, 1, "", TDS_ROLE_HANDLE },
		{ TDS_SP_EXECUTE, 0, "", TDS_ROLE_HANDLE },
		{ TDS_SP_EXECUTE, 1, "@stmt", TDS_ROLE_VALUE },
		{ TDS_PROC_OTHER, 0, "@stmt", TDS_ROLE_VALUE },
	};
	struct buf name;
	buf_init(&name, 64);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		utf16(&name, rows[i].name);
		const struct tds_rpc_param p = { .at = rows[i].at, .name = buf_span(&name) };
		assert_int_equal(tds_rpc_role(rows[i].proc, &p), rows[i].role);
	}
	buf_done(&name);
}

static void a_statement_is_read_from_every_kind_of_text_and_from_nothing_else(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[40];
		int result;
	} rows[] = {
		{ { 0, 0, NVARCHAR(2, 'h', 0, 'i', 0) }, 0 },
		{ { 0, 0, 0x63, 4, 0, 0, 0, 9, 4, 0xd0, 0, 0x34, 4, 0, 0, 0, 'h', 0, 'i', 0 }, 0 }, /* NTEXT */
		{ { 0, 0, 0xe7, 0xff, 0xff, 9, 4, 0xd0, 0, 0x34, 4, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 'h', 0, 'i', 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 0 }, /* PLP */
		{ { 0, 0, 0xa7, 2, 0, 9, 4, 0xd0, 0, 0x34, 2, 0, 'h', 'i' }, 0 },
		{ { 0, 0, 0xa7, 0xff, 0xff, 9, 4, 0xd0, 0, 0x34, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0 },
			0 }, /* length not known */
		{ { 0, 0, 0x26, 4, 4, 7, 0, 0, 0 }, -EACCES },
		{ { 0, 0, 0xa5, 2, 0, 2, 0, 'h', 'i' }, -EACCES },
		{ { 0, 0, 0xe7, 3, 0, 9, 4, 0xd0, 0, 0x34, 3, 0, 'h', 0, 'i' }, -EPROTO },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t body[64] = { 0xff, 0xff, 10, 0, 0, 0 };
		struct tds_rpc_walk w;
		struct tds_rpc rpc;
		struct tds_rpc_param p;
		struct buf text;
		buf_init(&text, 256);
		memcpy(body + 6, rows[i].bytes, 40);
		tds_rpc_walk(&w, span_of(body, 46), TDS_7_4);
		assert_int_equal(tds_rpc_next(&w, &rpc, NULL), 1);
		assert_int_equal(tds_rpc_param(&w, &rpc, &p, NULL), 1);
		assert_int_equal(tds_rpc_statement(&p, &text, NULL), rows[i].result);
		if (rows[i].result == 0)
			is16(buf_span(&text), "hi");
		buf_done(&text);
	}
}

static void every_type_of_parameter_is_walked_exactly(void **state)
{
	(void)state;
	/* Behind each of them an int of 7: who walks one byte too far or too short does not find it. */
	const struct span types[] = {
		BYTES(0x1f),
		BYTES(0x30, 1),
		BYTES(0x34, 1, 2),
		BYTES(0x38, 1, 2, 3, 4),
		BYTES(0x7f, 1, 2, 3, 4, 5, 6, 7, 8),
		BYTES(0x3d, 1, 2, 3, 4, 5, 6, 7, 8),
		BYTES(0x26, 8, 0),
		BYTES(0x24, 16, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
		BYTES(0x6c, 17, 18, 2, 5, 1, 0x39, 0x30, 0, 0),
		BYTES(0x28, 3, 1, 2, 3),
		BYTES(0x29, 7, 5, 1, 2, 3, 4, 5),
		BYTES(0x2b, 7, 0),
		BYTES(0x2f, 3, 2, 'a', 'b'),
		BYTES(0xa5, 4, 0, 0xff, 0xff),
		BYTES(0xaf, 4, 0, 9, 4, 0xd0, 0, 0x34, 2, 0, 'a', 'b'),
		BYTES(0x22, 9, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
		BYTES(0x23, 9, 0, 0, 0, 9, 4, 0xd0, 0, 0x34, 1, 0, 0, 0, 'x'),
		BYTES(0x62, 9, 0, 0, 0, 6, 0, 0, 0, 0x38, 0, 1, 0, 0, 0),
		BYTES(0xf1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		BYTES(0xf1, 1, 1, 'd', 0, 1, 's', 0, 1, 0, 'c', 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'x', 0, 0, 0, 0, 0),
		BYTES(0xf0, 0, 1, 's', 0, 1, 't', 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 9, 0, 0, 0, 0),
		/* a table of an int and a text, two rows, of which the second has nulls; then one that is null; one with an order, a standard column */
		BYTES(0xf3, 0, 0, 1, 't', 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x26, 4, 0, 0, 0, 0, 0, 0, 0, 0xe7, 4, 0, 9, 4, 0xd0, 0, 0x34, 0, 0, /* */
			  1, 4, 5, 0, 0, 0, 2, 0, 'x', 0, 1, 0, 0xff, 0xff, 0),
		BYTES(0xf3, 0, 0, 1, 't', 0, 0xff, 0xff, 0, 0),
		BYTES(0xf3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0x26, 4, 0, 0, 0, 0, 0, 0, 2, 0x26, 4, 0, 0x10, 1, 0, 1, 0, 1, 0x11, 2, 0, 1, 0, 2, 0,
			  0, 1, 4, 5, 0, 0, 0, 0),
	};
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		uint8_t body[128] = { 1, 0, 'p', 0, 0, 0, 0, 0 };
		memcpy(body + 8, types[i].p, types[i].n);
		memcpy(body + 8 + types[i].n, (const uint8_t[]){ 0, 0, INT4(7) }, 9);
		size_t n = 8 + types[i].n + 9;
		struct tds_rpc_walk w;
		struct tds_rpc rpc;
		struct tds_rpc_param p;
		tds_rpc_walk(&w, span_of(body, n), TDS_7_4);
		assert_int_equal(tds_rpc_next(&w, &rpc, NULL), 1);
		if (tds_rpc_param(&w, &rpc, &p, NULL) != 1 || tds_rpc_param(&w, &rpc, &p, NULL) != 1 || tds_rpc_number(&p) != 7 ||
			tds_rpc_param(&w, &rpc, &p, NULL) != 0)
			fail_msg("type %02x, row %zu", types[i].p[0], i);
		for (size_t cut = 6; cut < n; cut++) { /* each is whole or malformed, never read beyond */
			int k = walked(span_of(body, cut), TDS_7_4);
			assert_true(k == -EPROTO || (k == 1 && (cut == 6 || cut == n - 9)));
		}
	}
}

static void what_cannot_be_walked_does_not_pass(void **state)
{
	(void)state;
	assert_int_equal(walked(BYTES(1, 0, 'p', 0, 0, 0, 0, 8, INT4(1)), TDS_7_4), -EACCES); /* encrypted */
	const struct span bad[] = {
		BYTES(1, 0, 'p', 0, 0, 0, 0, 0, 0x99, 0),             /* a type of nobody */
		BYTES(1, 0, 'p', 0, 0, 0, 0, 0, 0x6c, 17, 99, 2, 0), /* numeric(99, 2) */
		BYTES(1, 0, 'p', 0, 0, 0, 0, 0, 0x29, 8, 0),         /* time(8) */
		BYTES(1, 0, 'p', 0, 0, 0, 0, 0, 0xa5, 0xff, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0), /* pieces of 1, not 2 */
		BYTES(1, 0, 'p', 0, 0, 0, 0, 0, 0xf3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xf3, 0, 0, 0, 0, 0, 0, 0, 0), /* a table in a table */
		BYTES(1, 0, 'p', 0, 0, 0, 0, 0, 0xf3, 0, 0, 0, 1, 4),                                              /* 1025 columns */
	};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(walked(bad[i], TDS_7_4), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(headers_stand_before_a_request_from_7_2_on),
		CASE(headers_that_lie_are_refused),
		CASE(a_transaction_request_is_said_as_t_sql),
		CASE(distributed_and_strange_transactions_are_refused),
		CASE(a_procedure_is_known_by_every_form_of_its_name),
		CASE(a_name_that_only_some_collation_takes_for_a_procedure_is_refused),
		CASE(several_calls_of_a_message_are_all_seen),
		CASE(versions_separate_calls_each_in_its_own_way),
		CASE(a_statement_is_found_by_its_place_and_by_its_name),
		CASE(a_statement_is_read_from_every_kind_of_text_and_from_nothing_else),
		CASE(every_type_of_parameter_is_walked_exactly),
		CASE(what_cannot_be_walked_does_not_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
