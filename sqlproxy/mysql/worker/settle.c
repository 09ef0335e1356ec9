#include "gateway/core/clock.h"
#include "sqlproxy/mysql/wire.h"
#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <stdio.h>

/*
 * Two questions of our own, at the beginning and whenever the session was reset: be so good as to tell when sql_mode changes; and what is it now?
 * A server that cannot tell is believed as far as the classifier follows its statements.
 */
enum { ASK_US = 20 * 1000 * 1000, CELLS = 3 };

static const char watch[] = "SET @@session.session_track_system_variables=CONCAT(@@session.session_track_system_variables,',sql_mode')";
static const char ask[] = "SELECT @@session.sql_mode,@@session.character_set_client,DATABASE()";

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "The database server's answer is malformed. 数据库的应答有误。", "settle: %s", what);
}

/* One packet of an answer to us; -EPERM is the server's refusal. */
static int answer(struct gw_mysql_link *l, int64_t due_us, uint8_t *seq, struct span *ret, struct err *err)
{
	struct mysql_packet p;
	int r = gw_mysql_link_packet(l, &l->target, due_us, &p, err);
	if (r < 0)
		return r;
	if (p.seq != (*seq)++ || p.payload.n == 0)
		return malformed(err, "out of sequence");
	if (p.payload.p[0] == MYSQL_HEAD_ERROR)
		return fault(err, -EPERM, "The database server refused a question of the gateway. 数据库拒绝了网关的查询。", "ERR");
	*ret = p.payload;
	return 0;
}

static void send_query(struct gw_mysql_link *l, const char *text)
{
	size_t n = strlen(text);
	bool attributes = l->login.flags & MYSQL_CAP_QUERY_ATTRIBUTES;
	wr_le(&l->target.out, 1 + (attributes ? 2U : 0U) + n, 3);
	wr_le(&l->target.out, 0, 1);
	wr_le(&l->target.out, MYSQL_COM_QUERY, 1);
	if (attributes)
		wr_le(&l->target.out, 0x0100, 2); /* none, in one set */
	buf_put(&l->target.out, text, n);
}

static struct span cell(struct rd *row)
{
	if (!row->bad && row->n > 0 && row->p[0] == 0xfb) { /* NULL */
		(void)rd_u8(row);
		return (struct span){ 0 };
	}
	return mysql_wire_text(row);
}

static int keep(struct gw_mysql_link *l, struct span row, struct err *err)
{
	struct rd r = rd_of(row);
	struct span mode = cell(&r), charset = cell(&r), database = cell(&r);
	if (!rd_done(&r) || database.n > MYSQL_TRACK_NAME)
		return malformed(err, "row");
	bool mariadb = mysql_login_is_mariadb(&l->login);
	l->mode = (struct classify_mode){ .dialect = mariadb ? CLASSIFY_MARIADB : CLASSIFY_MYSQL, .version = mysql_login_release(&l->login) };
	classify_mode_words(&l->mode, mode);
	l->mode.charset = classify_charset_of(charset);
	(void)snprintf(l->database, sizeof l->database, "%.*s", (int)database.n, database.n > 0 ? (const char *)database.p : "");
	return 0;
}

static int ask_state(struct gw_mysql_link *l, int64_t due_us, struct err *err)
{
	struct span p = { 0 };
	uint8_t seq = 1;
	bool has_eof = !(l->login.flags & MYSQL_CAP_DEPRECATE_EOF);
	send_query(l, ask);
	int r = answer(l, due_us, &seq, &p, err);
	if (r == 0 && (p.n != 1 || p.p[0] != CELLS))
		return malformed(err, "count of columns");
	for (int i = 0; i < CELLS + has_eof && r == 0; i++)
		r = answer(l, due_us, &seq, &p, err);
	r = r < 0 ? r : answer(l, due_us, &seq, &p, err);
	r = r < 0 ? r : keep(l, p, err);
	r = r < 0 ? r : answer(l, due_us, &seq, &p, err);
	return r == 0 && p.p[0] != MYSQL_HEAD_EOF ? malformed(err, "a second row") : r;
}

int gw_mysql_settle(struct gw_mysql_link *l, struct err *err)
{
	int64_t due_us = clock_mono_us() + ASK_US;
	l->tracks = false;
	if (l->login.flags & MYSQL_CAP_SESSION_TRACK) {
		struct span p;
		uint8_t seq = 1;
		send_query(l, watch);
		int r = answer(l, due_us, &seq, &p, err);
		if (r < 0 && r != -EPERM)
			return r;
		l->tracks = r == 0;
	}
	return ask_state(l, due_us, err);
}
