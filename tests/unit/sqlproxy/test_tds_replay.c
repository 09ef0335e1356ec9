/*
 * Transcripts of real clients at a real server (tests/corpus/tds/README), read through the codecs: what each request says, what became of
 * it, as NAME.said has it; however the bytes are cut; and every byte of them is passed on but for the login.
 *
 * usage: test_sqlproxy_tds_replay DIR [NAME]     NAME: prints what is said
 */
#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "sqlproxy/tds/login7.h"
#include "sqlproxy/tds/prelogin.h"
#include "sqlproxy/tds/request.h"
#include "sqlproxy/tds/rpc.h"
#include "sqlproxy/tds/stream.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/value.h"
#include "sqlproxy/tds/walk.h"
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, SHOWN = 160 };
static const char *folder;

struct side {
	struct buf in, passed;
	size_t expected; /* bytes that should have been passed on */
	struct tds_message message;
};

struct replay {
	struct side client, server;
	struct tds_walk walk;
	enum tds_rank rank;
	bool talks; /* the login is over */
	struct buf said;
};

static void shown(struct buf *out, struct span utf8)
{
	for (size_t i = 0; i < utf8.n && i < SHOWN; i++)
		buf_printf(out, utf8.p[i] < 0x20 ? "\\x%02x" : "%c", utf8.p[i]);
	if (utf8.n > SHOWN)
		buf_printf(out, "... (%zu)", utf8.n);
}

static void shown16(struct buf *out, struct span utf16)
{
	struct buf utf8;
	buf_init(&utf8, utf16.n * 2 + 1);
	tds_text_get(utf16, &utf8);
	shown(out, buf_span(&utf8));
	buf_done(&utf8);
}

static void prelogin(struct replay *t, struct span body)
{
	struct tds_prelogin p;
	if (body.n > 0 && body.p[0] == 0x16) {
		buf_printf(&t->said, "c TLS\n");
		return;
	}
	assert_int_equal(tds_prelogin_get(body, &p, NULL), 0);
	buf_printf(&t->said, "c prelogin encryption=%u mars=%d fedauth=%d%s%s\n", p.encryption, p.mars, p.fedauth, p.has_trace ? " trace" : "",
		p.has_nonce ? " nonce" : "");
}

/* The other account, password and database are in it, and all else is as it was. */
static void rewritten(const struct tds_login7 *l, struct span database)
{
	struct buf out;
	struct tds_login7 again;
	scoped(secret_scope) struct secret *password = NULL;
	buf_init(&out, TDS_LOGIN7_MAX);
	const struct tds_login7_as as = { span_str("app"), span_str("p\xc3\xa4ss'1"), database, span_str("") };
	assert_int_equal(tds_login7_put(l, &as, &out, NULL), 0);
	assert_int_equal(tds_login7_get(buf_span(&out), &again, NULL), 0);
	for (size_t i = 0; i < TDS_LOGIN7_TEXTS; i++) {
		bool changed = i == TDS_LOGIN7_USER || i == TDS_LOGIN7_PASSWORD || (i == TDS_LOGIN7_DATABASE && database.n) || i == TDS_LOGIN7_EXTENSION;
		if (!changed)
			assert_true(span_eq(l->text[i], again.text[i]));
	}
	assert_true(span_eq(again.text[TDS_LOGIN7_USER], span_of("a\0p\0p\0", 6)));
	assert_int_equal(tds_login7_password(&again, &password, NULL), 0);
	assert_true(span_is(secret_span(password), "p\xc3\xa4ss'1"));
	assert_true(again.version == l->version && again.packet_size == l->packet_size && again.lcid == l->lcid && again.asked == l->asked);
	assert_true(again.flags1 == l->flags1 && again.flags2 == l->flags2 && again.type_flags == l->type_flags && again.process == l->process);
	buf_done(&out);
}

static void login(struct replay *t, struct span body)
{
	struct tds_login7 l;
	scoped(secret_scope) struct secret *password = NULL;
	assert_int_equal(tds_login7_get(body, &l, NULL), 0);
	assert_int_equal(tds_login7_password(&l, &password, NULL), 0);
	t->rank = l.rank;
	buf_printf(&t->said, "c login %08x packets=%u password=%zu", l.version, l.packet_size, secret_span(password).n);
	static const struct {
		size_t text;
		const char *name;
	} texts[] = { { TDS_LOGIN7_USER, "user" }, { TDS_LOGIN7_PROGRAM, "program" }, { TDS_LOGIN7_LIBRARY, "library" },
		{ TDS_LOGIN7_LANGUAGE, "language" }, { TDS_LOGIN7_DATABASE, "database" } };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		buf_printf(&t->said, " %s=", texts[i].name);
		shown16(&t->said, l.text[texts[i].text]);
	}
	buf_printf(&t->said, " features=%x\n", l.asked);
	rewritten(&l, span_str("elsewhere"));
	rewritten(&l, span_str(""));
}

static void parameter(struct replay *t, const struct tds_rpc *rpc, const struct tds_rpc_param *p)
{
	enum tds_role role = tds_rpc_role(rpc->proc, p);
	struct buf text;
	bool cut = false;
	buf_init(&text, FILE_MAX);
	static const char *const roles[] = { "", "statement ", "declared ", "handle ", "option " };
	buf_printf(&t->said, "c   %s", roles[role]);
	shown16(&t->said, p->name);
	buf_printf(&t->said, "%s%02x%s = ", p->name.n ? " " : "", p->type.id, p->output ? " out" : "");
	if (role == TDS_ROLE_STATEMENT) {
		assert_int_equal(tds_rpc_statement(p, &text, NULL), 0);
		shown16(&t->said, buf_span(&text));
	} else if (tds_value_put(&p->type, &p->value, FILE_MAX, &text, &cut) == TDS_VALUE_NULL) {
		buf_printf(&t->said, "null");
	} else {
		shown(&t->said, buf_span(&text));
	}
	buf_printf(&t->said, "\n");
	buf_done(&text);
}

static void rpc(struct replay *t, struct span body)
{
	struct tds_rpc_walk w;
	struct tds_rpc call;
	struct tds_rpc_param p;
	int k;
	tds_rpc_walk(&w, body, t->rank);
	while ((k = tds_rpc_next(&w, &call, NULL)) > 0) {
		buf_printf(&t->said, "c rpc %s", tds_rpc_name(call.proc));
		shown16(&t->said, call.name);
		buf_printf(&t->said, "\n");
		while ((k = tds_rpc_param(&w, &call, &p, NULL)) > 0)
			parameter(t, &call, &p);
		assert_int_equal(k, 0);
	}
	assert_int_equal(k, 0);
}

static void bulk(struct replay *t, struct span body)
{
	struct tds_walk w;
	struct tds_event e;
	size_t n = body.n;
	assert_int_equal(tds_walk_init(&w, t->rank, NULL), 0);
	int k;
	while ((k = tds_walk_next(&w, &body, &e, NULL)) > 0)
		;
	assert_int_equal(k, 0);
	buf_printf(&t->said, "c bulk %zu rows=%llu", n, (unsigned long long)w.rows);
	tds_walk_done(&w); /* its DONE has the old, short count: no tds_walk_end */
}

static void request(struct replay *t, struct span body)
{
	struct tds_headers h;
	struct tds_tm tm;
	struct span text;
	uint8_t type = t->client.message.type;
	if (type == TDS_BATCH || type == TDS_RPC || type == TDS_TRANSACTION)
		assert_int_equal(tds_request_headers(&body, t->rank, &h, NULL), 0);
	switch (type) {
	case TDS_BATCH:
		assert_int_equal(tds_request_batch(body, &text, NULL), 0);
		buf_printf(&t->said, "c batch ");
		shown16(&t->said, text);
		break;
	case TDS_RPC:
		rpc(t, body);
		return;
	case TDS_TRANSACTION:
		assert_int_equal(tds_request_tm(body, &tm, NULL), 0);
		buf_printf(&t->said, "c transaction ");
		tds_request_tm_words(&tm, &t->said);
		break;
	case TDS_ATTENTION:
		buf_printf(&t->said, "c attention");
		break;
	case TDS_BULK:
		bulk(t, body);
		break;
	default:
		fail_msg("a message of type %02x", type);
	}
	buf_printf(&t->said, "\n");
}

static void from_client(struct replay *t)
{
	struct tds_message *m = &t->client.message;
	struct span body = tds_message_body(m);
	if (m->type == TDS_PRELOGIN)
		prelogin(t, body);
	else if (m->type == TDS_LOGIN7)
		login(t, body);
	else
		request(t, body);
}

static void event(struct replay *t, const struct tds_event *e)
{
	switch (e->kind) {
	case TDS_EVENT_DONE:
	case TDS_EVENT_DONE_PROC:
		buf_printf(&t->said, "s done%s %04x", e->kind == TDS_EVENT_DONE_PROC ? "proc" : "", e->status);
		if (e->status & TDS_DONE_COUNT)
			buf_printf(&t->said, " rows=%llu", (unsigned long long)e->rows);
		break;
	case TDS_EVENT_ERROR:
	case TDS_EVENT_INFO:
		buf_printf(&t->said, "s %s %u/%u ", e->kind == TDS_EVENT_ERROR ? "error" : "info", e->code, e->severity);
		shown(&t->said, e->text);
		break;
	case TDS_EVENT_ENVIRONMENT:
		buf_printf(&t->said, "s environment %u ", e->change);
		shown(&t->said, e->text);
		break;
	case TDS_EVENT_LOGIN:
		buf_printf(&t->said, "s login %08x", e->code);
		t->rank = tds_version_rank(e->code);
		tds_walk_rank(&t->walk, t->rank);
		break;
	case TDS_EVENT_RETURN_VALUE:
		buf_printf(&t->said, "s value %u = %lld", e->at, e->is_number ? (long long)e->number : -1);
		break;
	case TDS_EVENT_RETURN_STATUS:
		buf_printf(&t->said, "s status %lld", (long long)e->number);
		break;
	default:
		buf_printf(&t->said, "s %s %u", e->kind == TDS_EVENT_COLUMNS ? "columns" : "other", e->code);
		break;
	}
	buf_printf(&t->said, "\n");
}

/* A packet of the server: an answer is walked as it comes. */
static void from_server(struct replay *t, const struct tds_frame *f)
{
	struct span body = f->body;
	struct tds_event e;
	struct tds_prelogin p;
	if (!t->talks && body.n > 0 && body.p[0] == 0) { /* no token: the answer to PRELOGIN, which has the same shape */
		assert_int_equal(tds_prelogin_get(body, &p, NULL), 0);
		buf_printf(&t->said, "s prelogin encryption=%u\n", p.encryption);
		return;
	}
	t->talks = true;
	int k;
	while ((k = tds_walk_next(&t->walk, &body, &e, NULL)) > 0)
		event(t, &e);
	assert_int_equal(k, 0);
	if (!(f->status & TDS_STATUS_LAST))
		return;
	bool blind = t->walk.blind;
	assert_int_equal(tds_walk_end(&t->walk, &e, NULL), 1);
	if (blind)
		event(t, &e);
}

/* A record of TLS without a packet around it: of a login, and of nothing behind it.  0: it is none, or not complete. */
static size_t tls_record(struct span in)
{
	size_t n = in.n >= 5 && in.p[0] == 0x17 ? 5 + ((size_t)in.p[3] << 8 | in.p[4]) : 0;
	return n <= in.n ? n : 0;
}

static void advance(struct replay *t, struct side *s)
{
	struct tds_frame f;
	for (;;) {
		struct span in = buf_span(&s->in);
		bool client = s == &t->client;
		size_t record = tls_record(in);
		if (record > 0) {
			buf_printf(&t->said, "%c TLS record\n", client ? 'c' : 's');
			t->rank = TDS_7_4;
			buf_drop(&s->in, record);
			s->expected -= record;
			continue;
		}
		if (in.n > 0 && in.p[0] == 0x17)
			return;
		int k = tds_frame_get(in, client ? TDS_FROM_CLIENT : TDS_FROM_SERVER | 1U << TDS_PRELOGIN, &f, NULL);
		assert_true(k >= 0);
		if (k == 0)
			return;
		if (client) {
			if (tds_message_add(&s->message, &f, NULL) > 0) {
				from_client(t);
				buf_put_span(&s->passed, tds_message_wire(&s->message));
				tds_message_clear(&s->message);
			}
		} else {
			if (f.type == TDS_REPLY)
				from_server(t, &f);
			buf_put_span(&s->passed, f.bytes);
		}
		buf_drop(&s->in, f.bytes.n);
	}
}

static int half(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* One line of the transcript, in cuts of `step` bytes. */
static void turn(struct replay *t, const char *line, size_t step)
{
	struct side *s = line[0] == 'c' ? &t->client : &t->server;
	size_t n = strcspn(line + 2, "\n") / 2;
	s->expected += n;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)(half(line[2 + i * 2]) << 4 | half(line[3 + i * 2]));
		buf_put(&s->in, &c, 1);
		if ((i + 1) % step == 0 || i + 1 == n)
			advance(t, s);
	}
}

static char *read_file(const char *name, const char *suffix)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
	FILE *f = fopen(path, "r");
	if (!f)
		fail_msg("%s cannot be opened", path);
	char *text = calloc(1, FILE_MAX);
	assert_non_null(text);
	assert_true(fread(text, 1, FILE_MAX - 1, f) > 0);
	(void)fclose(f);
	return text;
}

static void side_init(struct side *s)
{
	*s = (struct side){ 0 };
	buf_init(&s->in, FILE_MAX);
	buf_init(&s->passed, FILE_MAX);
	tds_message_init(&s->message, FILE_MAX);
}

static void side_done(struct side *s, const char *name)
{
	if (s->in.len > 0 || s->passed.len != s->expected)
		fail_msg("%s: %zu bytes are left, %zu of %zu were passed on", name, s->in.len, s->passed.len, s->expected);
	buf_done(&s->in);
	buf_done(&s->passed);
	tds_message_done(&s->message);
}

static void all_bytes_were_passed_on(const struct buf *passed, const char *text, char who)
{
	size_t at = 0;
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		for (size_t i = 2; line[0] == who && line[i] != '\n'; i += 2) {
			uint8_t c = (uint8_t)(half(line[i]) << 4 | half(line[i + 1]));
			if (at < passed->len)
				assert_int_equal(passed->data[at++], c);
		}
}

static void replayed(const char *name, size_t step, struct buf *said)
{
	struct replay t = { .rank = TDS_7_4 };
	scoped(scope_free) char *text = read_file(name, ".hex");
	side_init(&t.client);
	side_init(&t.server);
	buf_init(&t.said, FILE_MAX);
	assert_int_equal(tds_walk_init(&t.walk, TDS_7_4, NULL), 0);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		turn(&t, line, step);
	if (!strstr(text, "c 17") && !strstr(buf_str(&t.said), "TLS")) {
		all_bytes_were_passed_on(&t.client.passed, text, 'c');
		all_bytes_were_passed_on(&t.server.passed, text, 's');
	}
	tds_walk_done(&t.walk);
	side_done(&t.client, name);
	side_done(&t.server, name);
	*said = t.said;
}

static void what_a_client_says_is_read_however_it_is_cut(void **state)
{
	const char *name = *state;
	static const size_t steps[] = { FILE_MAX, 1, 7, 513 };
	scoped(scope_free) char *expected = read_file(name, ".said");
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct buf said;
		replayed(name, steps[i], &said);
		assert_string_equal(buf_str(&said), expected);
		buf_done(&said);
	}
}

static const char *const clients[] = { "bsqldb", "go-mssqldb", "isql-tdsodbc", "jtds", "jtds-noprelogin", "jtds-sp_executesql",
	"mono-sqlclient", "perl-dbd-sybase", "php-pdo-dblib", "pymssql", "pyodbc-tdsodbc", "tedious", "tedious-big-packet4096",
	"tls-go-mssqldb-encrypt-false", "tls-tsql", "tsql", "tsql-bad-database", "tsql-bad-password" };

int main(int argc, char **argv)
{
	struct CMUnitTest tests[COUNT_OF(clients)];
	folder = argc > 1 ? argv[1] : ".";
	if (argc > 2) {
		struct buf said;
		replayed(argv[2], FILE_MAX, &said);
		(void)fputs(buf_str(&said), stdout);
		buf_done(&said);
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		tests[i] = (struct CMUnitTest){ .name = clients[i], .test_func = what_a_client_says_is_read_however_it_is_cut,
			.initial_state = (void *)(uintptr_t)clients[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
