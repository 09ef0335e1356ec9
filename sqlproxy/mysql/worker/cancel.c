#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/tls.h"
#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <stdio.h>

/*
 * A server goes on with a statement whose client is gone.  So the broker is asked for a second connection, which says KILL and no more.  The parent gives a worker
 * that is to end a second and a half: the deadline is shorter.
 */
enum { CANCEL_US = 1100 * 1000, IN_CAP = MYSQL_PACKET_MAX + MYSQL_PACKET_HEAD, OUT_CAP = MYSQL_PACKET_MAX };

static int kill_over(struct gw_mysql_link *l, struct gw_mysql_side *side, const struct secret *password, int64_t due_us, struct err *err)
{
	char text[40];
	struct mysql_packet p;
	struct mysql_answer answer;
	struct mysql_login login = { .user = l->grant.account, .password = secret_span(password), .want_tls = l->grant.host_key_n == TLS_PIN_SIZE };
	int r = gw_mysql_back_talk(l, side, &login, due_us, err);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof text, "KILL %u", l->login.connection);
	mysql_packet_query(&side->out, span_str(text));
	r = gw_mysql_link_packet(l, side, due_us, &p, err);
	if (r == 0)
		r = mysql_packet_answer(p.payload, &answer, err);
	if (r == 0 && answer.kind != MYSQL_ANSWER_OK)
		r = fault(err, -EPERM, "", "KILL: error %u", answer.code);
	return r;
}

void gw_mysql_cancel(struct gw_mysql_link *l)
{
	scoped(secret_scope) struct secret *password = NULL;
	struct gw_mysql_side side = { .fd = -1, .ended = true };
	struct err err = { 0 };
	int64_t due_us = clock_mono_us() + CANCEL_US;
	int fd = -1;
	if (l->phase != GW_MYSQL_REPLY || l->target.ended)
		return;
	int r = gw_session_again(l->gw, &fd, &password, &err);
	if (r == 0) {
		gw_mysql_side_open(&side, fd, IN_CAP, OUT_CAP);
		r = kill_over(l, &side, password, due_us, &err);
	}
	gw_mysql_side_close(&side);
	if (r < 0)
		log_err(LOG_LEVEL_WARN, "mysql.uncancelled", &err);
	else
		log_ev(LOG_LEVEL_INFO, "mysql.cancelled", LOG_N("statement", l->now.number));
}
