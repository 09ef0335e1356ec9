#include "sqlproxy/mysql/worker/link.h"
#include "gateway/core/charset.h"
#include "gateway/core/clock.h"
#include "gateway/core/log.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>

enum { TURN_MAX_US = 1000 * 1000 };

static const char internal[] = "internal error 网关内部错误";

/* ---- words ---- */

/* Of a line in two languages the English half. */
static struct span ascii_of(struct span words)
{
	size_t n = 0;
	while (n < words.n && words.p[n] < 0x80)
		n++;
	while (n > 0 && n < words.n && words.p[n - 1] == ' ')
		n--;
	return span_of(words.p, n);
}

void gw_mysql_link_refuse(struct gw_mysql_link *l, uint8_t seq, uint16_t code, const char *state, struct span words)
{
	struct mysql_refusal e = { .code = code };
	struct buf theirs;
	buf_init(&theirs, 4096);
	(void)snprintf(e.state, sizeof e.state, "%s", state);
	switch (l->mode.charset) {
	case CLASSIFY_CHARSET_UTF8:
		buf_put_span(&theirs, words);
		break;
	case CLASSIFY_CHARSET_GBK:
	case CLASSIFY_CHARSET_GB18030:
		charset_from_utf8(CHARSET_GBK, words, &theirs);
		break;
	case CLASSIFY_CHARSET_BIG5:
		charset_from_utf8(CHARSET_BIG5, words, &theirs);
		break;
	default:
		buf_put_span(&theirs, ascii_of(words));
		break;
	}
	e.words = buf_span(&theirs);
	mysql_wire_put_error(&l->client.out, seq, &e);
	buf_done(&theirs);
}

void gw_mysql_link_end(struct gw_mysql_link *l, const char *reason)
{
	if (l->over)
		return;
	l->over = true;
	(void)snprintf(l->reason, sizeof l->reason, "%s", reason);
}

/* ---- waiting for one peer ---- */

static int ending(struct gw_mysql_link *l, struct err *err)
{
	return fault(err, -ECANCELED, l->reason, "ended while waiting");
}

static int pump(struct gw_mysql_link *l)
{
	struct err err = { 0 };
	if (gw_session_pump(l->gw, &err) < 0) {
		log_err(LOG_LEVEL_WARN, "mysql.services", &err);
		gw_mysql_link_end(l, err.say);
	}
	return l->over && !l->closing ? -ECANCELED : 0;
}

static int wait_events(struct gw_mysql_link *l, int fd, short events, int64_t due_us, struct err *err)
{
	enum { PEER, HARNESS, N = HARNESS + GW_SESSION_FDS };
	struct pollfd p[N] = { [PEER] = { .fd = fd, .events = events } };
	int fds[GW_SESSION_FDS];
	gw_session_fds(l->gw, fds);
	for (int i = 0; i < GW_SESSION_FDS; i++)
		p[HARNESS + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	int64_t now = clock_mono_us(), wait = due_us - now, due = gw_session_due_us(l->gw) - now;
	if (wait <= 0)
		return fault(err, -ETIMEDOUT, "The other side did not answer in time. 对方未及时应答。", "deadline");
	wait = wait < due ? wait : due < 0 ? 0 : due;
	wait = wait < TURN_MAX_US ? wait : TURN_MAX_US;
	if (poll(p, N, (int)((wait + 999) / 1000)) < 0 && errno != EINTR)
		return fault(err, -EIO, internal, "poll: %m");
	return pump(l) < 0 ? ending(l, err) : 0;
}

int gw_mysql_link_wait(struct gw_mysql_link *l, struct gw_mysql_side *side, int64_t due_us, struct err *err)
{
	if (side->ended)
		return fault(err, -EPIPE, "The connection was closed. 连接已关闭。", "peer gone");
	return wait_events(l, side->fd, gw_mysql_side_events(side, true), due_us, err);
}

int gw_mysql_link_flush(struct gw_mysql_link *l, struct gw_mysql_side *side, int64_t due_us, struct err *err)
{
	for (;;) {
		gw_mysql_side_write(side);
		if (gw_mysql_side_waiting(side) == 0)
			return 0;
		if (side->ended)
			return fault(err, -EPIPE, "The connection was closed. 连接已关闭。", "peer gone");
		int r = wait_events(l, side->fd, gw_mysql_side_events(side, false), due_us, err);
		if (r < 0)
			return r;
	}
}

/* Exactly n bytes stand in `in` at the end, not one more: behind an SSLRequest a handshake begins. */
static int fill(struct gw_mysql_link *l, struct gw_mysql_side *side, size_t n, int64_t due_us, struct err *err)
{
	while (gw_mysql_side_in(side).n < n) {
		size_t had = gw_mysql_side_in(side).n;
		gw_mysql_side_read(side, n - had);
		if (gw_mysql_side_in(side).n > had)
			continue;
		int r = gw_mysql_link_wait(l, side, due_us, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int gw_mysql_link_packet(struct gw_mysql_link *l, struct gw_mysql_side *side, int64_t due_us, struct mysql_packet *ret, struct err *err)
{
	size_t n = 0;
	if (side->in_at > 0) { /* the packet before */
		buf_drop(&side->in, side->in_at);
		side->in_at = 0;
	}
	int r = gw_mysql_link_flush(l, side, due_us, err);
	if (r == 0)
		r = fill(l, side, MYSQL_PACKET_HEAD, due_us, err);
	if (r == 0)
		r = mysql_packet_head(gw_mysql_side_in(side).p, &n, &ret->seq, err);
	if (r == 0)
		r = fill(l, side, MYSQL_PACKET_HEAD + n, due_us, err);
	if (r < 0)
		return r;
	ret->payload = span_of(gw_mysql_side_in(side).p + MYSQL_PACKET_HEAD, n);
	side->in_at += MYSQL_PACKET_HEAD + n;
	return 0;
}

static int tls_failed(struct gw_mysql_side *side, struct err *err)
{
	unsigned long code = ERR_peek_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;
	bool changed = SSL_get_verify_result(side->ssl) != X509_V_OK;
	ERR_clear_error();
	if (changed)
		return fault(err, -EKEYREJECTED, "The database server's key has changed; nothing was sent to it. 数据库密钥已改变，未发送任何凭据。",
			"another key than the pinned one");
	return fault(err, -EPROTO, "The TLS handshake failed. TLS 握手失败。", "%s", why ? why : "closed");
}

int gw_mysql_link_tls(struct gw_mysql_link *l, struct gw_mysql_side *side, SSL_CTX *ctx, bool server, int64_t due_us, struct err *err)
{
	int r = gw_mysql_link_flush(l, side, due_us, err);
	if (r < 0)
		return r;
	side->ssl = SSL_new(ctx);
	if (!side->ssl || SSL_set_fd(side->ssl, side->fd) != 1)
		return fault(err, -ENOMEM, internal, "SSL_new");
	buf_clear(&side->in); /* what came in clear is over */
	side->in_at = 0;
	for (;;) {
		int done = server ? SSL_accept(side->ssl) : SSL_connect(side->ssl);
		if (done == 1)
			return 0;
		int why = SSL_get_error(side->ssl, done);
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
			return tls_failed(side, err);
		r = wait_events(l, side->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, due_us, err);
		if (r < 0)
			return r;
	}
}
