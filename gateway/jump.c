#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>
#include <fcntl.h>

/* Whoever asks holds all its other channels meanwhile: a broker that is away is no reason to stop them for long. */
enum { JUMP_US = 5 * 1000 * 1000, TEXT_MAX = 255 };

static const char internal[] = "The gateway cannot go on, please log in again. 网关内部错误，请重新登录。";

static struct span cut(const char *text)
{
	struct span s = span_str(text ? text : "");
	if (s.n > TEXT_MAX + 1) /* one byte too long stays too long */
		s.n = TEXT_MAX + 1;
	return s;
}

static int refused(const struct wire_jump_answer *m, struct err *err)
{
	char line[160];
	gw_link_line(m->say, line, sizeof line);
	return fault(err, m->code < 0 && m->code > -4096 ? (int)m->code : -EACCES, line, "refused");
}

int gw_session_jump(struct gw_session *s, const struct gw_jump *to, int *ret_fd, struct err *err)
{
	scoped(buf_done) struct buf q;
	buf_init(&q, MSG_BODY_MAX);
	wire_jump_put(&q, &(struct wire_jump){ .host = cut(to->host), .port = to->port, .origin = cut(to->origin) });
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_jump,
		.body = buf_span(&q),
		.wait_us = JUMP_US,
		.answers = { WIRE_T_jump_answer } };
	int r = gw_ask(s, &ask, err);
	if (r < 0)
		return r;
	scoped(scope_close) int fd = ask.got_fd;
	struct wire_jump_answer m;
	if (wire_jump_answer_get(ask.got_body, &m, NULL) < 0 || (m.code == 0) != (fd >= 0)) {
		s->failed = -EBADMSG;
		return fault(err, -EBADMSG, internal, "jump_answer");
	}
	if (m.code != 0)
		return refused(&m, err);
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return fault(err, -errno, internal, "fcntl: %m");
	*ret_fd = take_fd(fd);
	return 0;
}

void gw_session_refused(struct gw_session *s, const char *what, const char *text, const char *reason)
{
	scoped(buf_done) struct buf q;
	buf_init(&q, 1024);
	wire_refused_put(&q,
		&(struct wire_refused){ .what = span_str(what), .text = cut(text), .reason = cut(reason) });
	if (s->authenticated && !s->ended)
		(void)gw_link_send(s, GW_BROKER, WIRE_T_refused, buf_span(&q));
}
