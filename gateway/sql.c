#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/inside.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

/* What a worker of a SQL door has besides: its door, the console's certificate, the rules in force, what it tells of statements. */
enum { TOLD_MAX = 256 * 1024, THREAD_US = 5 * 1000 * 1000, PERMIT_US = 20 * 1000 * 1000 };

static const char internal[] = "The gateway cannot go on, please log in again. 网关内部错误，请重新登录。";

void gw_sql_init(struct gw_session *s)
{
	buf_init(&s->sql.told, TOLD_MAX);
}

void gw_sql_done(struct gw_session *s)
{
	gw_session_tls_done(s);
	s->sql.rules = gw_rules_free(s->sql.rules);
	s->sql.box = gw_rules_box_free(s->sql.box);
	buf_done(&s->sql.told);
}

/* ---- the door ---- */

static int file_read(int from, struct secret **ret, struct err *err)
{
	scoped(scope_close) int fd = from;
	scoped(secret_scope) struct secret *whole = NULL;
	size_t n = 0;
	int r = secret_new(SECRET_MAX, &whole, err);
	if (r < 0)
		return r;
	while (n < SECRET_MAX) {
		ssize_t got = read(fd, secret_bytes(whole) + n, SECRET_MAX - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault(err, -errno, internal, "the certificate or its key: %m");
		if (got == 0)
			return secret_of(span_of(secret_bytes(whole), n), ret, err);
		n += (size_t)got;
	}
	return fault(err, -EMSGSIZE, internal, "a PEM file of more than %d bytes", SECRET_MAX);
}

int gw_sql_files(struct gw_session *s, int certificate, int key, struct err *err)
{
	int r = file_read(certificate, &s->sql.certificate, err);
	int k = file_read(key, &s->sql.key, r < 0 ? NULL : err);
	return r < 0 ? r : k;
}

void gw_session_tls(const struct gw_session *s, struct span *ret_certificate, struct span *ret_key)
{
	*ret_certificate = s->sql.certificate ? secret_span(s->sql.certificate) : (struct span){ 0 };
	*ret_key = s->sql.key ? secret_span(s->sql.key) : (struct span){ 0 };
}

void gw_session_tls_done(struct gw_session *s)
{
	s->sql.certificate = secret_free(s->sql.certificate);
	s->sql.key = secret_free(s->sql.key);
}

const char *gw_session_bound_target(const struct gw_session *s)
{
	return s->sql.target;
}

bool gw_session_plain(const struct gw_session *s)
{
	return s->sql.plain;
}

const char *gw_session_greeting(struct gw_session *s)
{
	(void)gw_session_banner(s); /* they come together */
	return s->sql.greeting;
}

/* ---- rules ---- */

int gw_sql_rules(struct gw_session *s, const struct wire_rules *m, struct err *err)
{
	struct gw_rules *fresh = NULL;
	if (!s->is_sql)
		return fault(err, -EBADMSG, internal, "rules for a worker that judges no statement");
	int r = gw_rules_take(&s->sql.box, m, &fresh, err);
	if (r <= 0)
		return r;
	s->sql.rules = gw_rules_free(s->sql.rules);
	s->sql.rules = fresh;
	return 0;
}

const struct gw_rules *gw_session_rules(const struct gw_session *s)
{
	return s->sql.rules;
}

/* ---- statements ---- */

/* What is told stands as { u16 type, STR body }, until the broker takes it. */
static void tell(struct gw_session *s, uint16_t type, const struct buf *body)
{
	if (!body->failed && s->sql.told.len + 6 + body->len <= TOLD_MAX) {
		wr_le(&s->sql.told, type, 2);
		wr_str32le(&s->sql.told, buf_span(body));
	}
	gw_sql_pending(s);
}

void gw_session_statement(
	struct gw_session *s, uint8_t verdict, int64_t rule, uint64_t number, struct span masked, struct span fingerprint)
{
	char text[GW_SESSION_STATEMENT + 1];
	scoped(buf_done) struct buf body;
	assert(s->granted);
	buf_init(&body, MSG_BODY_MAX);
	gw_link_line(masked, text, sizeof text);
	wire_statement_put(&body, &(struct wire_statement){ .verdict = verdict,
					  .rule = rule,
					  .number = number,
					  .text = span_str(text),
					  .fingerprint = fingerprint });
	tell(s, WIRE_T_statement, &body);
}

int gw_session_permit(struct gw_session *s, const uint8_t digest[static 32], const char *database, struct gw_permit *ret, struct err *err)
{
	struct wire_permit_answer m;
	char why[sizeof err->say];
	scoped(buf_done) struct buf q;
	assert(s->granted);
	buf_init(&q, 4096);
	wire_permit_put(&q, &(struct wire_permit){ .digest = span_of(digest, 32), .database = span_str(database) });
	if (q.failed)
		return fault(err, -EMSGSIZE, internal, "a database's name of %zu bytes", strlen(database));
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_permit,
		.body = buf_span(&q),
		.wait_us = PERMIT_US,
		.answers = { WIRE_T_permit_answer } };
	int r = gw_ask(s, &ask, err);
	if (r < 0)
		return r;
	if (wire_permit_answer_get(ask.got_body, &m, NULL) < 0 || (m.request && (m.n == 0 || m.count == 0)))
		return fault(err, -EBADMSG, internal, "permit_answer");
	if (m.request == 0) {
		gw_link_line(m.why, why, sizeof why);
		return fault(err, -EACCES, why, "not permitted");
	}
	*ret = (struct gw_permit){ .request = m.request, .n = m.n, .count = m.count, .rows = m.rows, .stop = m.stop };
	return 0;
}

void gw_session_ran(struct gw_session *s, const struct gw_ran *ran)
{
	char words[512], state[8];
	scoped(buf_done) struct buf body;
	assert(s->granted);
	buf_init(&body, 4096);
	gw_link_line(ran->words, words, sizeof words);
	gw_link_line(ran->sqlstate, state, sizeof state);
	wire_permit_done_put(&body, &(struct wire_permit_done){ .request = ran->request, .n = ran->n, .state = ran->state, .rows = ran->rows, .us = ran->us,
					    .code = ran->code, .sqlstate = span_str(state), .words = span_str(words) });
	tell(s, WIRE_T_permit_done, &body);
}

void gw_sql_pending(struct gw_session *s)
{
	struct gw_sql *q = &s->sql;
	size_t done = 0;
	if (q->thread_unsent) {
		scoped(buf_done) struct buf body;
		buf_init(&body, 64);
		wire_thread_put(&body, &(struct wire_thread){ .thread = q->thread });
		q->thread_unsent = gw_link_send(s, GW_BROKER, WIRE_T_thread, buf_span(&body)) < 0;
	}
	while (done < q->told.len) {
		struct rd r = rd_of(span_of(q->told.data + done, q->told.len - done));
		uint16_t type = rd_u16le(&r);
		struct span body = rd_str32le(&r);
		if (gw_link_send(s, GW_BROKER, type, body) < 0)
			break;
		done += 6 + body.n;
	}
	buf_drop(&q->told, done);
}

void gw_sql_again(struct gw_session *s)
{
	s->sql.thread_unsent = s->sql.thread != 0;
}

/* ---- KILL ---- */

uint32_t gw_session_number(const struct gw_session *s)
{
	return (uint32_t)s->worker;
}

void gw_session_thread(struct gw_session *s, uint64_t theirs)
{
	assert(s->granted);
	s->sql.thread = theirs;
	s->sql.thread_unsent = true;
	gw_sql_pending(s);
}

int gw_session_thread_of(struct gw_session *s, uint32_t ours, uint64_t *ret, struct err *err)
{
	struct wire_thread_answer m;
	scoped(buf_done) struct buf q;
	assert(s->granted);
	buf_init(&q, 64);
	wire_thread_of_put(&q, &(struct wire_thread_of){ .thread = ours });
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_thread_of,
		.body = buf_span(&q),
		.wait_us = THREAD_US,
		.answers = { WIRE_T_thread_answer } };
	int r = gw_ask(s, &ask, err);
	if (r < 0)
		return r;
	if (wire_thread_answer_get(ask.got_body, &m, NULL) < 0)
		return fault(err, -EBADMSG, internal, "thread_answer");
	if (m.code < 0)
		return fault(err, -ENOENT, "No such connection of yours. 没有您的这个连接。", "thread %u", ours);
	*ret = m.thread;
	return 0;
}

/* ---- the last word to a target ---- */

static int again_secret(struct gw_session *s, int64_t due_us, struct secret **ret, struct err *err)
{
	struct wire_use_secret m;
	scoped(buf_done) struct buf q;
	buf_init(&q, 64);
	wire_use_put(&q, &(struct wire_use){ .id = s->id });
	struct gw_ask ask = { .to = GW_VAULT,
		.type = WIRE_T_use,
		.body = buf_span(&q),
		.wait_us = due_us - clock_mono_us(),
		.answers = { WIRE_T_use_secret, WIRE_T_use_denied },
		.to_the_end = true };
	int r = gw_ask(s, &ask, err);
	if (r < 0 || ask.got == WIRE_T_use_denied)
		return r < 0 ? r : fault(err, -EACCES, internal, "the vault says no");
	r = wire_use_secret_get(ask.got_body, &m, NULL) < 0 ? fault(err, -EBADMSG, internal, "use_secret") : secret_of(m.text, ret, err);
	secret_wipe(s->in, ask.got_body.n);
	return r;
}

int gw_session_again(struct gw_session *s, int *ret_fd, struct secret **ret, struct err *err)
{
	struct wire_again_answer m;
	int64_t due_us = clock_mono_us() + GW_SESSION_AGAIN_US;
	assert(s->granted);
	struct gw_ask ask = { .to = GW_BROKER,
		.type = WIRE_T_again,
		.wait_us = GW_SESSION_AGAIN_US,
		.answers = { WIRE_T_again_answer },
		.to_the_end = true };
	int r = gw_ask(s, &ask, err);
	if (r < 0)
		return r;
	scoped(scope_close) int fd = ask.got_fd;
	if (wire_again_answer_get(ask.got_body, &m, NULL) < 0 || (m.code == 0) != (fd >= 0))
		return fault(err, -EBADMSG, internal, "again_answer");
	if (m.code < 0)
		return fault(err, (int)m.code, internal, "no second connection: code %d", (int)m.code);
	r = again_secret(s, due_us, ret, err);
	if (r == 0)
		*ret_fd = take_fd(fd);
	return r;
}
