#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/decide/sql.h"
#include "sqlproxy/mysql/command.h"
#include "sqlproxy/mysql/wire.h"
#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <stdio.h>

enum { RESET_US = 20 * 1000 * 1000, PARAMS_SHOWN = 8 * 1024 };

static bool attributes(const struct gw_mysql_link *l)
{
	return l->login.flags & MYSQL_CAP_QUERY_ATTRIBUTES;
}

static struct span payload(const struct gw_mysql_link *l)
{
	return buf_span(&l->command);
}

static struct span rest(const struct gw_mysql_link *l)
{
	return span_of(l->command.data + 1, l->command.len - 1);
}

static void malformed(struct gw_mysql_link *l, const struct err *err)
{
	log_err(LOG_LEVEL_INFO, "mysql.command", err);
	gw_mysql_statement_refuse(l, MYSQL_CODE_MALFORMED_PACKET, "HY000", span_str(err->say));
}

/* ---- commands that are texts ---- */

/* Where the text was changed on its way, what stands before it stays. */
static void take_rewritten(struct gw_mysql_link *l, struct span text)
{
	if (l->rewritten.len == 0)
		return;
	size_t before = (size_t)(text.p - l->command.data);
	l->now.raw = (struct span){ 0 };
	l->command.len = before;
	buf_put_span(&l->command, buf_span(&l->rewritten));
	buf_clear(&l->rewritten);
}

static void query(struct gw_mysql_link *l)
{
	struct span text;
	struct err err = { 0 };
	if (mysql_command_query(payload(l), attributes(l), &text, &err) < 0) {
		malformed(l, &err);
		return;
	}
	const struct gw_mysql_said said = { .kind = "query", .text = text };
	if (!gw_mysql_statement(l, &said))
		return;
	take_rewritten(l, text);
	gw_mysql_relay_forward(l, MYSQL_RESULT_ROWS);
}

static void prepare(struct gw_mysql_link *l)
{
	const struct gw_mysql_said said = { .kind = "prepare", .text = rest(l) };
	if (!gw_mysql_statement(l, &said))
		return;
	if (l->now.preparing) {
		gw_mysql_relay_forward(l, MYSQL_RESULT_PREPARE);
		return;
	}
	static const char many[] = "Too many prepared statements. 预处理语句过多。";
	gw_mysql_statement_refuse(l, 1461, "42000", span_str(many));
}

static void execute(struct gw_mysql_link *l)
{
	struct mysql_command_execute e;
	struct err err = { 0 };
	if (mysql_command_execute_head(payload(l), &e, &err) < 0) {
		malformed(l, &err);
		return;
	}
	struct gw_mysql_prepared *p = gw_mysql_prepared_find(l, e.statement);
	if (!p) {
		gw_mysql_statement_refuse(l, MYSQL_CODE_UNKNOWN_STATEMENT, "HY000", span_str("Unknown prepared statement. 预处理语句不存在。"));
		return;
	}
	scoped(buf_done) struct buf params;
	struct json j;
	bool named = false;
	const struct mysql_command_bind bind = { .params = p->params, .types = p->typed ? p->types : NULL, .sent = p->sent };
	buf_init(&params, PARAMS_SHOWN);
	json_open(&j, &params);
	json_arr(&j, NULL);
	if (mysql_command_execute(payload(l), attributes(l), &bind, p->types, &named, &j, &err) < 0) {
		malformed(l, &err);
		return;
	}
	json_end(&j);
	p->typed |= named;
	static const char many[] = "\"(too many or too long to be shown)\"";
	const struct gw_mysql_said said = { .kind = "execute", .text = payload(l), .masked = buf_span(&p->masked), .prepared = p,
		.params = params.failed ? span_str(many) : buf_span(&params) };
	if (p->sent)
		memset(p->sent, 0, p->params);
	if (gw_mysql_statement(l, &said))
		gw_mysql_relay_forward(l, MYSQL_RESULT_ROWS);
}

/* ---- what belongs to a prepared statement ---- */

static struct gw_mysql_prepared *named(struct gw_mysql_link *l)
{
	struct rd r = rd_of(rest(l));
	uint32_t id = rd_u32le(&r);
	return r.bad ? NULL : gw_mysql_prepared_find(l, id);
}

/* Nobody answers this one. */
static void long_data(struct gw_mysql_link *l)
{
	struct gw_mysql_prepared *p = named(l);
	struct rd r = rd_of(rest(l));
	(void)rd_u32le(&r);
	uint16_t which = rd_u16le(&r);
	if (!p || r.bad || which >= p->params)
		return;
	p->sent[which] = 1;
	gw_mysql_relay_send(l);
}

static void close_statement(struct gw_mysql_link *l)
{
	struct gw_mysql_prepared *p = named(l);
	if (!p)
		return;
	gw_mysql_prepared_drop(l, p->id);
	gw_mysql_relay_send(l);
}

static void reset_statement(struct gw_mysql_link *l)
{
	struct gw_mysql_prepared *p = named(l);
	if (p && p->sent)
		memset(p->sent, 0, p->params);
	gw_mysql_relay_forward(l, MYSQL_RESULT_PLAIN);
}

/* ---- commands that stand for statements ---- */

static void command(struct gw_mysql_link *l, uint64_t classes, const char *words, struct span argument, enum mysql_result_kind kind)
{
	char text[512];
	int n = snprintf(text, sizeof text, "%s%.*s", words, (int)(argument.n < 400 ? argument.n : 400), argument.n ? (const char *)argument.p : "");
	const struct gw_mysql_said said = { .kind = "command", .text = span_of(text, (size_t)n), .masked = span_of(text, (size_t)n), .classes = classes };
	if (gw_mysql_statement(l, &said))
		gw_mysql_relay_forward(l, kind);
}

static void init_db(struct gw_mysql_link *l)
{
	l->now.uses = true;
	command(l, DECIDE_SQL_CLASS(USE), "USE ", rest(l), MYSQL_RESULT_PLAIN);
}

static void field_list(struct gw_mysql_link *l)
{
	struct rd r = rd_of(rest(l));
	struct span table = mysql_wire_until_nul(&r);
	command(l, DECIDE_SQL_CLASS(SHOW), "SHOW COLUMNS FROM ", r.bad ? rest(l) : table, MYSQL_RESULT_FIELDS);
}

static void process_kill(struct gw_mysql_link *l)
{
	struct rd r = rd_of(rest(l));
	uint64_t theirs = 0, ours = rd_u32le(&r);
	char text[24];
	if (r.bad || gw_mysql_kill_number(l, ours, &theirs) < 0) {
		gw_mysql_statement_refuse(l, MYSQL_CODE_NO_SUCH_THREAD, "HY000",
			span_str("You may only KILL connections of your own, by the number that your client shows. 只能终止您自己的连接。"));
		return;
	}
	int n = snprintf(text, sizeof text, "%ju", (uintmax_t)ours);
	l->command.len = 1;
	wr_le(&l->command, theirs, 4);
	command(l, DECIDE_SQL_CLASS(KILL), "KILL ", span_of(text, (size_t)n), MYSQL_RESULT_PLAIN);
}

/* Everything that the session knew is gone: ask for it anew, before the client hears that it is so. */
static void reset(struct gw_mysql_link *l)
{
	struct err err = { 0 };
	struct mysql_packet p;
	int64_t due_us = clock_mono_us() + RESET_US;
	gw_mysql_relay_send(l);
	int r = gw_mysql_link_packet(l, &l->target, due_us, &p, &err);
	if (r < 0 || p.payload.n == 0 || p.seq != 1) {
		gw_mysql_link_end(l, r < 0 ? err.say : "The database server's answer is malformed. 数据库的应答有误。");
		return;
	}
	if (p.payload.p[0] != MYSQL_HEAD_OK) { /* an old server does not know it, and nothing was reset */
		(void)mysql_wire_put(&l->client.out, l->reply_seq, p.payload);
		return;
	}
	gw_mysql_prepared_clear(l);
	if (gw_mysql_settle(l, &err) < 0) {
		gw_mysql_link_end(l, err.say);
		return;
	}
	mysql_wire_put_ok(&l->client.out, l->reply_seq, MYSQL_STATUS_AUTOCOMMIT);
}

/* ---- what nobody gets ---- */

static void refuse(struct gw_mysql_link *l, uint8_t com)
{
	char what[32];
	(void)snprintf(what, sizeof what, "command %u", com);
	gw_session_refused(l->gw, "mysql", what, "not through this gateway");
	bool user = com == MYSQL_COM_CHANGE_USER;
	gw_mysql_statement_refuse(l, user ? MYSQL_CODE_ACCESS_DENIED : MYSQL_CODE_UNKNOWN_COMMAND, user ? "28000" : "08S01",
		span_str(user ? "Another user logs in by another connection. 更换用户请重新连接。"
			      : "This command does not pass the gateway. 网关不允许该命令。"));
}

void gw_mysql_command_too_long(struct gw_mysql_link *l)
{
	static const char words[] = "The statement is over 16 MiB, which is what the gateway reads. 语句超过网关允许的 16 MiB。";
	l->now = (struct gw_mysql_statement){ 0 };
	if (l->command.len > 0 && l->command.data[0] == MYSQL_COM_STMT_SEND_LONG_DATA) {
		gw_mysql_link_end(l, words); /* nobody answers it, and what follows would run without it */
		return;
	}
	gw_session_refused(l->gw, "mysql", "statement over 16 MiB", "too long to be read");
	gw_mysql_link_refuse(l, l->reply_seq, MYSQL_CODE_PACKET_TOO_LARGE, "08S01", span_str(words));
}

void gw_mysql_command(struct gw_mysql_link *l)
{
	uint8_t com = l->command.len > 0 ? l->command.data[0] : 0;
	l->now = (struct gw_mysql_statement){ .com = com };
	buf_clear(&l->rewritten);
	switch (com) {
	case MYSQL_COM_QUIT:
		gw_mysql_relay_send(l);
		gw_mysql_link_end(l, "logout");
		break;
	case MYSQL_COM_QUERY:
		query(l);
		break;
	case MYSQL_COM_STMT_PREPARE:
		prepare(l);
		break;
	case MYSQL_COM_STMT_EXECUTE:
		execute(l);
		break;
	case MYSQL_COM_STMT_SEND_LONG_DATA:
		long_data(l);
		break;
	case MYSQL_COM_STMT_CLOSE:
		close_statement(l);
		break;
	case MYSQL_COM_STMT_RESET:
		reset_statement(l);
		break;
	case MYSQL_COM_STMT_FETCH:
		gw_mysql_relay_forward(l, MYSQL_RESULT_FETCH);
		break;
	case MYSQL_COM_PING:
	case MYSQL_COM_SET_OPTION:
		gw_mysql_relay_forward(l, MYSQL_RESULT_PLAIN);
		break;
	case MYSQL_COM_STATISTICS:
		gw_mysql_relay_forward(l, MYSQL_RESULT_TEXT);
		break;
	case MYSQL_COM_INIT_DB:
		init_db(l);
		break;
	case MYSQL_COM_FIELD_LIST:
		field_list(l);
		break;
	case MYSQL_COM_PROCESS_INFO:
		command(l, DECIDE_SQL_CLASS(SHOW), "SHOW PROCESSLIST", (struct span){ 0 }, MYSQL_RESULT_ROWS);
		break;
	case MYSQL_COM_PROCESS_KILL:
		process_kill(l);
		break;
	case MYSQL_COM_RESET_CONNECTION:
		reset(l);
		break;
	default:
		refuse(l, com);
		break;
	}
}
