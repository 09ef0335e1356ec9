#include "gateway/inside.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static const char away[] = "The gateway cannot go on, please log in again. 网关内部错误，请重新登录。";

/* ---- messages that come by themselves ---- */

static int take_replace(struct gw_session *s, struct span body, int *fd, struct err *err);

static int take_control(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_control m;
	int r = wire_control_get(body, &m, err);
	if (r < 0)
		return r;
	switch (m.op) {
	case WIRE_END_SESSION:
		gw_pump_end(s, m.reason);
		return 0;
	case WIRE_LOCK:
	case WIRE_UNLOCK:
		s->locked = m.op == WIRE_LOCK;
		gw_link_line(m.reason, s->lock_reason, sizeof s->lock_reason);
		s->notes |= GW_NOTE_LOCK;
		return 0;
	case WIRE_NOTICE:
		gw_link_line(m.reason, s->notice, sizeof s->notice);
		s->notes |= GW_NOTE_NOTICE;
		return 0;
	default:
		return fault(err, -EBADMSG, away, "control op %u", m.op);
	}
}

static int take_stop(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_stop m;
	s->stop = true;
	return wire_stop_get(body, &m, err);
}

static int take_welcome(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_welcome m;
	int r = wire_welcome_get(body, &m, err);
	if (r < 0)
		return r;
	gw_link_line(m.text, s->banner, sizeof s->banner);
	gw_link_line(m.greeting, s->sql.greeting, sizeof s->sql.greeting);
	s->welcomed = true;
	return 0;
}

static int take_open_answer(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_open_answer m;
	int r = wire_open_answer_get(body, &m, err);
	if (r < 0)
		return r;
	return gw_pump_answered(s, &m) < 0
		       ? fault(err, -EBADMSG, away, "open_answer for channel %u without a question", m.channel)
		       : 0;
}

static int take_file_answer(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_file_answer m;
	int r = wire_file_answer_get(body, &m, err);
	if (r < 0)
		return r;
	return gw_ledger_answered(s, m.seq) < 0
		       ? fault(err, -EBADMSG, away, "file_answer %ju of %ju", (uintmax_t)m.seq, (uintmax_t)s->ledger.seq)
		       : 0;
}

static int take_rules(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_rules m;
	int r = wire_rules_get(body, &m, err);
	return r < 0 ? r : gw_sql_rules(s, &m, err);
}

static int take_credit(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_credit m;
	int r = wire_credit_get(body, &m, err);
	return r < 0 ? r : gw_tap_credited(s, m.bytes);
}

static int take_durable(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_durable m;
	int r = wire_durable_get(body, &m, err);
	if (r < 0)
		return r;
	return gw_tap_durable(s, m.seq) < 0
		       ? fault(err, -EBADMSG, away, "durable %ju of %ju", (uintmax_t)m.seq, (uintmax_t)s->tap.seq)
		       : 0;
}

static int take_keyframe(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_keyframe m;
	s->notes |= GW_NOTE_SCREEN;
	return wire_keyframe_get(body, &m, err);
}

static int take_unrecorded(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	(void)fd;
	struct wire_unrecorded m;
	int r = wire_unrecorded_get(body, &m, err);
	if (r == 0)
		gw_pump_end(s, m.say);
	return r;
}

/* Everything that a worker may hear, from whom, and whether a descriptor comes along.  `on` NULL: the answer to a
 * question (struct gw_ask), wrong at any other time. */
enum fd_rule { FD_NONE, FD_ONE, FD_MAYBE };
static const struct rule {
	uint16_t type;
	enum gw_link from;
	enum fd_rule fd;
	int (*on)(struct gw_session *s, struct span body, int *fd, struct err *err);
} rules[] = {
	{ WIRE_T_client, GW_CONTROL, FD_MAYBE, NULL },
	{ WIRE_T_replace, GW_CONTROL, FD_ONE, take_replace },
	{ WIRE_T_control, GW_CONTROL, FD_NONE, take_control },
	{ WIRE_T_stop, GW_CONTROL, FD_NONE, take_stop },
	{ WIRE_T_welcome, GW_BROKER, FD_NONE, take_welcome },
	{ WIRE_T_login_answer, GW_BROKER, FD_NONE, NULL },
	{ WIRE_T_factor_answer, GW_BROKER, FD_NONE, NULL },
	{ WIRE_T_targets_answer, GW_BROKER, FD_NONE, NULL },
	{ WIRE_T_grant, GW_BROKER, FD_ONE, NULL },
	{ WIRE_T_deny, GW_BROKER, FD_NONE, NULL },
	{ WIRE_T_open_answer, GW_BROKER, FD_NONE, take_open_answer },
	{ WIRE_T_rules, GW_BROKER, FD_NONE, take_rules },
	{ WIRE_T_thread_answer, GW_BROKER, FD_NONE, NULL },
	{ WIRE_T_again_answer, GW_BROKER, FD_MAYBE, NULL },
	{ WIRE_T_permit_answer, GW_BROKER, FD_NONE, NULL },
	{ WIRE_T_jump_answer, GW_BROKER, FD_MAYBE, NULL },
	{ WIRE_T_file_answer, GW_BROKER, FD_NONE, take_file_answer },
	{ WIRE_T_end_answer, GW_BROKER, FD_NONE, NULL },
	{ WIRE_T_probe, GW_BROKER, FD_ONE, NULL },
	{ WIRE_T_rotate, GW_BROKER, FD_ONE, NULL },
	{ WIRE_T_host_key_answer, GW_VAULT, FD_NONE, NULL },
	{ WIRE_T_host_sign_answer, GW_VAULT, FD_NONE, NULL },
	{ WIRE_T_use_secret, GW_VAULT, FD_NONE, NULL },
	{ WIRE_T_use_agent, GW_VAULT, FD_ONE, NULL },
	{ WIRE_T_use_denied, GW_VAULT, FD_NONE, NULL },
	{ WIRE_T_credit, GW_RECORDER, FD_NONE, take_credit },
	{ WIRE_T_durable, GW_RECORDER, FD_NONE, take_durable },
	{ WIRE_T_keyframe, GW_RECORDER, FD_NONE, take_keyframe },
	{ WIRE_T_unrecorded, GW_RECORDER, FD_NONE, take_unrecorded },
};

static const struct rule *rule_of(uint16_t type, enum gw_link from)
{
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (rules[i].type == type && rules[i].from == from)
			return &rules[i];
	return NULL;
}

/* ---- one message ---- */

static bool answers(const struct gw_ask *ask, uint16_t type, enum gw_link from)
{
	if (!ask || ask->got || ask->to != from || (ask->type && !ask->sent))
		return false;
	for (size_t i = 0; i < COUNT_OF(ask->answers) && ask->answers[i]; i++)
		if (ask->answers[i] == type)
			return true;
	return false;
}

static int dispatch(struct gw_session *s, enum gw_link from, uint16_t type, struct span body, int *fd, struct err *err)
{
	const struct rule *rule = rule_of(type, from);
	if (!rule)
		return fault(err, -EBADMSG, away, "unexpected message %#x %s", type, wire_type_name(type));
	if (rule->fd != FD_MAYBE && (rule->fd == FD_ONE) != (*fd >= 0))
		return fault(
			err, -EBADMSG, away, "%s with%s descriptor", wire_type_name(type), *fd >= 0 ? " a" : "out");
	if (rule->on)
		return rule->on(s, body, fd, err);
	if (s->late[from]) { /* a service answers in order: this one is for a question that was given up */
		s->late[from]--;
		return 0;
	}
	if (!answers(s->ask, type, from))
		return fault(err, -EBADMSG, away, "%s without a question", wire_type_name(type));
	s->ask->got = type;
	s->ask->got_body = body;
	s->ask->got_fd = take_fd(*fd);
	return 0;
}

/* 1: took one; 0: nothing there; negative: the session is broken. */
static int take_one(struct gw_session *s, enum gw_link from, struct err *err)
{
	if (s->fd[from] < 0)
		return 0;
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	int n = msg_recv_now(s->fd[from], &type, s->in, sizeof s->in, &fd, err);
	if (n == -EAGAIN)
		return 0;
	if (n < 0 && n != -EBADMSG) {
		scope_close(&s->fd[from]);
		return 0;
	}
	int r = n < 0 ? n : dispatch(s, from, type, span_of(s->in, (size_t)n), &fd, err);
	if (r < 0) {
		s->failed = -EBADMSG;
		return s->failed;
	}
	return 1;
}

/* The old service has ended before the parent sends a new socket: what it still said lies in the old one. */
static int take_replace(struct gw_session *s, struct span body, int *fd, struct err *err)
{
	struct wire_replace m;
	int r = wire_replace_get(body, &m, err);
	if (r < 0)
		return r;
	if (m.role != WIRE_BROKER && m.role != WIRE_VAULT)
		return fault(err, -EBADMSG, away, "replace of role %u", m.role);
	enum gw_link l = m.role == WIRE_BROKER ? GW_BROKER : GW_VAULT;
	while (!(s->ask && s->ask->got) && (r = take_one(s, l, err)) > 0)
		;
	if (r < 0)
		return r;
	scope_close(&s->fd[l]);
	s->fd[l] = take_fd(*fd);
	s->late[l] = 0;
	gw_ask_again(s, l);
	return 0;
}

/* ---- all of them ---- */

static int wait_ms(int64_t wait_us)
{
	if (wait_us <= 0)
		return 0;
	return wait_us > INT64_C(3600000000) ? 3600000 : (int)((wait_us + 999) / 1000);
}

int gw_link_turn(struct gw_session *s, unsigned deaf, int64_t wait_us, struct err *err)
{
	enum { BURST = 64 };
	/* Control last: what a service said before it was replaced comes first. */
	static const enum gw_link order[] = { GW_BROKER, GW_VAULT, GW_RECORDER, GW_CONTROL };
	struct pollfd p[COUNT_OF(order)];

	if (s->failed)
		return fault(err, s->failed, away, "a service sent nonsense before");
	for (size_t i = 0; i < COUNT_OF(order); i++)
		p[i] = (struct pollfd){ .fd = deaf & GW_LINK_BIT(order[i]) ? -1 : s->fd[order[i]], .events = POLLIN };
	int n = poll(p, COUNT_OF(order), wait_ms(wait_us));
	for (size_t i = 0; n > 0 && i < COUNT_OF(order); i++) {
		if (!(p[i].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)))
			continue;
		for (int k = 0; k < BURST; k++) {
			int r = take_one(s, order[i], err);
			if (r < 0)
				return r;
			if (s->ask && s->ask->got) /* its body lies in s->in */
				return 0;
			if (r == 0)
				break;
		}
	}
	return 0;
}

int gw_link_send(struct gw_session *s, enum gw_link to, uint16_t type, struct span body)
{
	if (s->fd[to] < 0)
		return -EPIPE;
	/* A dead link stays open for reading: an answer may still lie in it. */
	int r = msg_send_now(s->fd[to], type, body, -1);
	return r < 0 ? r : 0;
}

int gw_link_text(struct span text, char *ret, size_t size)
{
	if (text.n >= size || (text.n && memchr(text.p, 0, text.n)))
		return -EPROTO;
	if (text.n)
		memcpy(ret, text.p, text.n);
	ret[text.n] = 0;
	return 0;
}

void gw_link_line(struct span text, char *ret, size_t size)
{
	const void *nul = text.n ? memchr(text.p, 0, text.n) : NULL;
	size_t n = nul ? (size_t)((const uint8_t *)nul - text.p) : text.n;
	if (n >= size)
		for (n = size - 1; n > 0 && (text.p[n] & 0xc0) == 0x80;)
			n--;
	if (n)
		memcpy(ret, text.p, n);
	ret[n] = 0;
}
