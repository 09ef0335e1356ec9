#include "gateway/core/err.h"
#include "gateway/rotate/stream.h"
#include "sqlproxy/tds/login.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/token.h"
#include <errno.h>
#include <string.h>

enum { OUT_MAX = 8192, REFUSED_LOGIN = 18456, FATAL = 20, VERSION_7_2 = 0x72090002 };

struct tds {
	struct rotate_stream stream;
	struct buf in, out, room, statement; /* the latter three hold secrets */
};

static void tds_done(struct tds *t)
{
	rotate_stream_done(&t->stream);
	buf_done(&t->in);
	rotate_stream_wipe(&t->out);
	rotate_stream_wipe(&t->room);
	rotate_stream_wipe(&t->statement);
}

/* A whole message. */
static int receive(struct tds *t, struct err *err)
{
	struct tds_packet packet = { 0 };
	buf_clear(&t->in);
	while (!packet.last) {
		uint8_t head[TDS_PACKET_HEAD];
		int r = rotate_stream_read(&t->stream, head, sizeof head, err);
		if (r == 0)
			r = tds_packet_head(head, &packet, err);
		if (r == 0 && packet.type != TDS_REPLY)
			r = fault(err, -EPROTO, "the database server's answer is malformed", "packet of type %02x",
				packet.type);
		if (r < 0)
			return r;
		uint8_t *room = buf_room(&t->in, packet.n);
		if (!room)
			return fault(err, -EMSGSIZE, "the database server sent too long an answer", "over %d bytes",
				TDS_MESSAGE_MAX);
		r = rotate_stream_read(&t->stream, room, packet.n, err);
		if (r < 0)
			return r;
		buf_grew(&t->in, packet.n);
	}
	return 0;
}

static int send_out(struct tds *t, struct err *err)
{
	int r = rotate_stream_send(&t->stream, buf_span(&t->out), err);
	secret_wipe(t->out.data, t->out.len);
	buf_clear(&t->out);
	return r;
}

static int secure(struct tds *t, const struct rotate_login *login, struct err *err)
{
	tds_login_put_prelogin(&t->out);
	int r = send_out(t, err);
	if (r == 0)
		r = receive(t, err);
	if (r == 0)
		r = tds_login_get_prelogin(buf_span(&t->in), err);
	return r < 0 ? r : rotate_stream_tls(&t->stream, login, true, err);
}

static int judge_login(const struct tds_answer *a, struct err *err)
{
	if (a->failed && a->code == REFUSED_LOGIN)
		return fault(
			err, -EACCES, "the database server refused the account's current password", "%s", a->words);
	if (a->failed || !a->accepted)
		return fault(err, -EACCES, *a->words ? a->words : "the database server refused the login",
			"login refused, error %u: %s", a->code, a->words);
	if (a->routed)
		return fault(
			err, -ENOTSUP, "this address leads on to another server: name that one", "ENVCHANGE routing");
	if (a->version < VERSION_7_2)
		return fault(err, -ENOTSUP, "the database server is too old", "TDS version %08x", a->version);
	return 0;
}

static int log_in(struct tds *t, const struct rotate_login *login, struct err *err)
{
	const struct tds_login as = { .account = span_str(login->account),
		.password = secret_span(login->secret),
		.server = span_str(login->host) };
	struct tds_answer a;
	int r = secure(t, login, err);
	if (r == 0)
		r = tds_login_put(&as, &t->out, err);
	if (r == 0)
		r = send_out(t, err);
	if (r == 0)
		r = receive(t, err);
	if (r == 0)
		r = tds_token_answer(buf_span(&t->in), &a, err);
	return r < 0 ? r : judge_login(&a, err);
}

/* From the first byte that is sent, a failure leaves open what the server did. */
static int ask(struct tds *t, struct tds_answer *ret, struct err *err)
{
	struct err why = { 0 };
	int r = tds_login_put_batch(buf_span(&t->statement), &t->room, &t->out, err);
	if (r < 0)
		return r;
	r = send_out(t, &why);
	if (r == 0)
		r = receive(t, &why);
	if (r == 0)
		r = tds_token_answer(buf_span(&t->in), ret, &why);
	return r == 0 ? 0
		      : fault(err, -EINPROGRESS,
				"the connection broke while the password was changed: which one holds is not known",
				"%s", why.detail);
}

static int change(struct tds *t, const struct rotate_login *login, const struct secret *fresh, struct err *err)
{
	struct tds_answer a;
	buf_printf(&t->statement, "ALTER LOGIN ");
	tds_text_name(&t->statement, span_str(login->account));
	buf_printf(&t->statement, " WITH PASSWORD = ");
	tds_text_quote(&t->statement, secret_span(fresh));
	buf_printf(&t->statement, " OLD_PASSWORD = ");
	tds_text_quote(&t->statement, secret_span(login->secret));
	if (t->statement.failed)
		return fault(err, -EINVAL, "the password is too long", "no room for the statement");
	int r = ask(t, &a, err);
	if (r < 0 || !a.failed)
		return r;
	rotate_stream_unsay(a.words, fresh);
	rotate_stream_unsay(a.words, login->secret);
	return fault(err, a.severity >= FATAL ? -EINPROGRESS : -EPERM,
		*a.words ? a.words : "the database server refused the new password", "change refused, error %u: %s",
		a.code, a.words);
}

/* In a T-SQL literal a backslash before the end of a line joins the lines, so none may come. */
static int fits(const struct rotate_login *login, struct err *err)
{
	struct span s = secret_span(login->secret);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ')
			return fault(err, -EINVAL, "the current password holds a control character",
				"not fit for ALTER LOGIN");
	return 0;
}

static int run(int fd, const struct rotate_login *login, const struct secret *fresh, struct err *err)
{
	struct tds t = { 0 };
	if (login->tls != ROTATE_TLS_CA && login->tls != ROTATE_TLS_PIN)
		return fault(err, -EKEYREJECTED,
			"SQL Server is logged in to over TLS only: switch it on for this target", "no TLS");
	rotate_stream_start(&t.stream, fd, login);
	buf_init(&t.in, TDS_MESSAGE_MAX);
	rotate_stream_room(&t.out, OUT_MAX);
	rotate_stream_room(&t.room, OUT_MAX);
	rotate_stream_room(&t.statement, OUT_MAX);
	int r = log_in(&t, login, err);
	if (r == 0 && fresh)
		r = change(&t, login, fresh, err);
	tds_done(&t);
	return r;
}

int rotate_tds_change(int fd, const struct rotate_login *login, const struct secret *fresh, struct err *err)
{
	int r = rotate_stream_fit(fresh, err);
	if (r == 0)
		r = fits(login, err);
	return r < 0 ? r : run(fd, login, fresh, err);
}

int rotate_tds_verify(int fd, const struct rotate_login *login, struct err *err)
{
	return run(fd, login, NULL, err);
}
