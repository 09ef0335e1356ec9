#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/rotate/stream.h"
#include "sqlproxy/mysql/login.h"
#include <errno.h>
#include <string.h>

enum { OUT_MAX = 4096, RELEASE_SET_PASSWORD_TAKES_TEXT = 50706 };
enum { REFUSED_LOGIN = 1045, NO_CURRENT_PASSWORD = 3892 };

struct mysql {
	struct rotate_stream stream;
	struct mysql_login login;
	struct buf in, out, statement; /* the latter two hold secrets */
};

static void mysql_done(struct mysql *m)
{
	rotate_stream_done(&m->stream);
	buf_done(&m->in);
	rotate_stream_wipe(&m->out);
	rotate_stream_wipe(&m->statement);
}

static int receive(struct mysql *m, struct mysql_packet *ret, struct err *err)
{
	uint8_t head[MYSQL_PACKET_HEAD];
	size_t n = 0;
	int r = rotate_stream_read(&m->stream, head, sizeof head, err);
	if (r == 0)
		r = mysql_packet_head(head, &n, &ret->seq, err);
	if (r < 0)
		return r;
	buf_clear(&m->in);
	uint8_t *room = buf_room(&m->in, n);
	if (!room)
		return fault(err, -EMSGSIZE, "the database server sent too long an answer", "packet of %zu bytes", n);
	r = rotate_stream_read(&m->stream, room, n, err);
	if (r < 0)
		return r;
	buf_grew(&m->in, n);
	ret->payload = buf_span(&m->in);
	return 0;
}

static int send_out(struct mysql *m, struct err *err)
{
	int r = rotate_stream_send(&m->stream, buf_span(&m->out), err);
	secret_wipe(m->out.data, m->out.len);
	buf_clear(&m->out);
	return r;
}

/* A refusal keeps the server's words, but says what it means where that is sure. */
static int login_failed(const struct mysql *m, int code, struct err *err)
{
	if (code != -EPERM)
		return code;
	if (m->login.refused == REFUSED_LOGIN)
		return fault(err, -EACCES, "the database server refused the account's current password", "%s",
			m->login.words);
	return fault(err, -EACCES, m->login.words, "login refused, error %u: %s", m->login.refused, m->login.words);
}

static int log_in(struct mysql *m, const struct rotate_login *login, struct err *err)
{
	int r = mysql_login_start(&m->login, err);
	while (r == 0) {
		struct mysql_packet packet;
		r = receive(m, &packet, err);
		if (r < 0)
			return r;
		int step = mysql_login_feed(&m->login, &packet, &m->out, err);
		r = step < 0 ? login_failed(m, step, err) : send_out(m, err);
		if (r == 0 && step == MYSQL_LOGIN_TLS) {
			r = rotate_stream_tls(&m->stream, login, false, err);
			if (r == 0)
				r = mysql_login_encrypted(&m->login, &m->out, err);
			if (r == 0)
				r = send_out(m, err);
		}
		if (r == 0 && step == MYSQL_LOGIN_DONE)
			return 0;
	}
	return r;
}

/* 0 and the answer, or -EINPROGRESS: from the first byte that is sent, a failure leaves open what the server did. */
static int ask(struct mysql *m, struct mysql_answer *ret, struct err *err)
{
	struct mysql_packet packet;
	struct err why = { 0 };
	mysql_packet_query(&m->out, buf_span(&m->statement));
	if (m->statement.failed || m->out.failed)
		return fault(err, -EINVAL, "the password is too long", "no room for the statement");
	int r = send_out(m, &why);
	if (r == 0)
		r = receive(m, &packet, &why);
	if (r == 0 && packet.seq != 1)
		r = fault(&why, -EPROTO, "", "packet out of sequence");
	if (r == 0)
		r = mysql_packet_answer(packet.payload, ret, &why);
	if (r == 0 && ret->kind == MYSQL_ANSWER_OTHER)
		r = fault(&why, -EPROTO, "", "neither OK nor ERR to a change of password");
	return r == 0 ? 0
		      : fault(err, -EINPROGRESS,
				"the connection broke while the password was changed: which one holds is not known",
				"%s", why.detail);
}

/* Both forms keep the account's plugin.  The text is a literal in every character set, for it is ASCII. */
static void write_change(struct mysql *m, struct span fresh, struct span current)
{
	struct buf *b = &m->statement;
	unsigned release = mysql_login_release(&m->login);
	bool function = mysql_login_is_mariadb(&m->login) || (release > 0 && release < RELEASE_SET_PASSWORD_TAKES_TEXT);
	secret_wipe(b->data, b->len);
	buf_clear(b);
	buf_printf(b, "%s", function ? "SET PASSWORD = PASSWORD(" : "ALTER USER CURRENT_USER() IDENTIFIED BY ");
	mysql_packet_quote(b, fresh, m->login.status);
	if (function)
		buf_put(b, ")", 1);
	if (current.n > 0) {
		buf_printf(b, " REPLACE ");
		mysql_packet_quote(b, current, m->login.status);
	}
}

/* init_connect may have changed sql_mode since the login's OK: where that decides what a literal means, ask again. */
static int learn_mode(struct mysql *m, struct err *err)
{
	struct mysql_answer a;
	buf_printf(&m->statement, "DO 0");
	int r = ask(m, &a, err);
	if (r < 0)
		return fault(err, -EPROTO, "the database server closed the connection", "before the change");
	if (a.kind != MYSQL_ANSWER_OK)
		return fault(err, -EPERM, "a password with a backslash cannot be set here", "error %u to DO 0", a.code);
	m->login.status = a.status;
	return 0;
}

/* An error after which the change may yet have been made: shutting down, killed, interrupted, commit failed. */
static bool is_unsure(uint16_t code)
{
	static const uint16_t codes[] = { 1053, 1180, 1317, 1927, 3169 };
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (code == codes[i])
			return true;
	return false;
}

static int settle(
	const struct mysql_answer *a, const struct rotate_login *login, const struct secret *fresh, struct err *err)
{
	char words[SQL_WORDS_MAX + 1];
	if (a->kind == MYSQL_ANSWER_OK)
		return 0;
	sql_words_safe(a->words, words);
	rotate_stream_unsay(words, fresh);
	rotate_stream_unsay(words, login->secret);
	return fault(
		err, is_unsure(a->code) ? -EINPROGRESS : -EPERM, words, "change refused, error %u: %s", a->code, words);
}

static int change(struct mysql *m, const struct rotate_login *login, const struct secret *fresh, struct err *err)
{
	struct span text = secret_span(fresh), current = secret_span(login->secret);
	struct mysql_answer a;
	int r = memchr(text.p, '\\', text.n) ? learn_mode(m, err) : 0;
	if (r < 0)
		return r;
	write_change(m, text, (struct span){ 0 });
	r = ask(m, &a, err);
	if (r == 0 && a.kind == MYSQL_ANSWER_ERROR && a.code == NO_CURRENT_PASSWORD) {
		write_change(m, text, current);
		r = ask(m, &a, err);
	}
	return r < 0 ? r : settle(&a, login, fresh, err);
}

static void leave(struct mysql *m)
{
	const uint8_t quit = MYSQL_COM_QUIT;
	buf_clear(&m->out);
	mysql_packet_put(&m->out, 0, span_of(&quit, 1));
	(void)send_out(m, NULL); /* a courtesy: the answer that counts has come */
}

static int run(int fd, const struct rotate_login *login, const struct secret *fresh, struct err *err)
{
	bool local = login->tls == ROTATE_TLS_LOCAL, off = login->tls == ROTATE_TLS_OFF;
	struct mysql m = { .login = { .user = login->account,
				   .password = secret_span(login->secret),
				   .want_tls = !local && !off,
				   .private = local } };
	if (fresh && off)
		return fault(err, -EKEYREJECTED, "a password is changed over TLS only: switch it on for this target",
			"no TLS");
	rotate_stream_start(&m.stream, fd, login);
	buf_init(&m.in, MYSQL_PACKET_MAX);
	rotate_stream_room(&m.out, OUT_MAX);
	rotate_stream_room(&m.statement, OUT_MAX);
	int r = log_in(&m, login, err);
	if (r == 0 && fresh)
		r = change(&m, login, fresh, err);
	if (r == 0)
		leave(&m);
	mysql_done(&m);
	return r;
}

int rotate_mysql_change(int fd, const struct rotate_login *login, const struct secret *fresh, struct err *err)
{
	int r = rotate_stream_fit(fresh, err);
	return r < 0 ? r : run(fd, login, fresh, err);
}

int rotate_mysql_verify(int fd, const struct rotate_login *login, struct err *err)
{
	return run(fd, login, NULL, err);
}
