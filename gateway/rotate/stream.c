#include "gateway/rotate/stream.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "sqlproxy/tds/packet.h"
#include "sqlproxy/words.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { CHUNK = 4096 };

void rotate_stream_start(struct rotate_stream *s, int fd, const struct rotate_login *login)
{
	*s = (struct rotate_stream){ .fd = fd, .deadline_us = login->deadline_us };
}

void rotate_stream_done(struct rotate_stream *s)
{
	SSL_free(s->ssl); /* its BIOs with it */
	SSL_CTX_free(s->ctx);
	*s = (struct rotate_stream){ .fd = -1 };
}

static int wait_for(const struct rotate_stream *s, short events, struct err *err)
{
	for (;;) {
		int64_t left = s->deadline_us - clock_mono_us();
		if (left <= 0)
			return fault(err, -ETIMEDOUT, "the database server did not answer in time", "deadline");
		struct pollfd p = { .fd = s->fd, .events = events };
		int r = poll(&p, 1, left / 1000 > 60000 ? 60000 : (int)(left / 1000) + 1);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return fault(err, -EIO, "internal error", "poll: %m");
	}
}

static int raw_send(const struct rotate_stream *s, struct span bytes, struct err *err)
{
	while (bytes.n > 0) {
		ssize_t n = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			int r = wait_for(s, POLLOUT, err);
			if (r < 0)
				return r;
			continue;
		}
		if (n < 0)
			return fault(err, -EPIPE, "the database server closed the connection", "send: %m");
		bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
	}
	return 0;
}

/* At least one byte, at most n. */
static ssize_t raw_some(const struct rotate_stream *s, uint8_t *p, size_t n, struct err *err)
{
	for (;;) {
		int r = wait_for(s, POLLIN, err);
		if (r < 0)
			return r;
		ssize_t got = recv(s->fd, p, n, MSG_DONTWAIT);
		if (got > 0)
			return got;
		if (got == 0)
			return fault(err, -EPIPE, "the database server closed the connection", "end of stream");
		if (errno != EAGAIN && errno != EINTR)
			return fault(err, -EPIPE, "the database server closed the connection", "recv: %m");
	}
}

static int raw_read(const struct rotate_stream *s, uint8_t *p, size_t n, struct err *err)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = raw_some(s, p + at, n - at, err);
		if (got < 0)
			return (int)got;
		at += (size_t)got;
	}
	return 0;
}

/* What TLS wants to send. */
static int flush(const struct rotate_stream *s, struct err *err)
{
	uint8_t chunk[CHUNK];
	struct buf out;
	int n, r = 0;
	buf_init(&out, (size_t)1 << 20);
	while ((n = BIO_read(s->out, chunk, sizeof chunk)) > 0) {
		if (s->framed)
			tds_packet_put(&out, TDS_PRELOGIN, span_of(chunk, (size_t)n));
		else
			buf_put(&out, chunk, (size_t)n);
	}
	r = out.failed ? fault(err, -EMSGSIZE, "internal error", "TLS flight too long")
		       : raw_send(s, buf_span(&out), err);
	buf_done(&out);
	return r;
}

/* What TLS waits for. */
static int fill(const struct rotate_stream *s, struct err *err)
{
	uint8_t chunk[TDS_PACKET_MAX];
	ssize_t n;
	if (s->framed) {
		uint8_t head[TDS_PACKET_HEAD];
		struct tds_packet packet;
		int r = raw_read(s, head, sizeof head, err);
		if (r == 0)
			r = tds_packet_head(head, &packet, err);
		if (r == 0 && packet.type != TDS_PRELOGIN && packet.type != TDS_REPLY)
			r = fault(err, -EPROTO, "the TLS handshake failed", "packet %02x in it", packet.type);
		if (r == 0)
			r = raw_read(s, chunk, packet.n, err);
		if (r < 0)
			return r;
		n = (ssize_t)packet.n;
	} else {
		n = raw_some(s, chunk, CHUNK, err);
	}
	if (n < 0)
		return (int)n;
	return n == 0 || BIO_write(s->in, chunk, (int)n) == n ? 0 : fault(err, -ENOMEM, "internal error", "BIO_write");
}

static int tls_failed(const struct rotate_stream *s, struct err *err)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	long verdict = SSL_get_verify_result(s->ssl);
	ERR_clear_error();
	if (verdict != X509_V_OK)
		return fault(err, -EKEYREJECTED, "the database server's certificate is not the expected one", "%s",
			X509_verify_cert_error_string(verdict));
	return fault(err, -EPROTO, "the TLS connection failed", "%s", reason ? reason : "closed");
}

/* After a call of SSL_*: 0 when it is to be repeated. */
static int turn(const struct rotate_stream *s, int result, struct err *err)
{
	int why = SSL_get_error(s->ssl, result);
	int r = flush(s, err); /* an alert too */
	if (why == SSL_ERROR_ZERO_RETURN)
		return fault(err, -EPIPE, "the database server closed the connection", "TLS close");
	if (why != SSL_ERROR_WANT_READ)
		return tls_failed(s, err);
	return r < 0 ? r : fill(s, err);
}

static int tls_context(struct rotate_stream *s, const struct rotate_login *login, struct err *err)
{
	int r = login->tls == ROTATE_TLS_PIN ? tls_client_of_key(login->pin, &s->ctx, err)
					     : tls_client(login->ca_pem, NULL, &s->ctx, err);
	if (r < 0)
		return r;
	s->ssl = SSL_new(s->ctx);
	s->in = BIO_new(BIO_s_mem());
	s->out = BIO_new(BIO_s_mem());
	if (!s->ssl || !s->in || !s->out) {
		BIO_free(s->in);
		BIO_free(s->out);
		return fault(err, -ENOMEM, "internal error", "SSL_new");
	}
	SSL_set_bio(s->ssl, s->in, s->out);
	/* an empty memory BIO is a line on which nothing has come yet */
	BIO_set_mem_eof_return(s->in, -1);
	/* its framing of the handshake ends with it, and 1.3 sends tickets after that */
	if (s->framed && SSL_set_max_proto_version(s->ssl, TLS1_2_VERSION) != 1)
		return fault(err, -EIO, "internal error", "TLS 1.2");
	return login->tls == ROTATE_TLS_CA ? tls_expect(s->ssl, login->host, err) : 0;
}

int rotate_stream_tls(struct rotate_stream *s, const struct rotate_login *login, bool framed, struct err *err)
{
	s->framed = framed;
	int r = tls_context(s, login, err);
	while (r == 0) {
		int done = SSL_connect(s->ssl);
		if (done == 1) {
			r = flush(s, err);
			s->framed = false;
			return r;
		}
		r = turn(s, done, err);
	}
	return r;
}

int rotate_stream_send(struct rotate_stream *s, struct span bytes, struct err *err)
{
	if (!s->ssl)
		return raw_send(s, bytes, err);
	while (bytes.n > 0) {
		size_t n = 0;
		int done = SSL_write_ex(s->ssl, bytes.p, bytes.n, &n);
		int r = done == 1 ? flush(s, err) : turn(s, done, err);
		if (r < 0)
			return r;
		bytes = span_of(bytes.p + n, bytes.n - n);
	}
	return 0;
}

int rotate_stream_read(struct rotate_stream *s, uint8_t *p, size_t n, struct err *err)
{
	if (!s->ssl)
		return raw_read(s, p, n, err);
	for (size_t at = 0; at < n;) {
		size_t got = 0;
		int done = SSL_read_ex(s->ssl, p + at, n - at, &got);
		int r = done == 1 ? 0 : turn(s, done, err);
		if (r < 0)
			return r;
		at += got;
	}
	return 0;
}

void rotate_stream_room(struct buf *b, size_t cap)
{
	buf_init(b, cap);
	(void)buf_room(b, cap);
}

void rotate_stream_wipe(struct buf *b)
{
	secret_wipe(b->data, b->size);
	buf_done(b);
}

int rotate_stream_fit(const struct secret *fresh, struct err *err)
{
	struct span s = secret_span(fresh);
	bool fits = s.n > 0 && s.n <= ROTATE_PASSWORD_MAX;
	for (size_t i = 0; i < s.n && fits; i++)
		fits = s.p[i] >= ' ' && s.p[i] <= '~';
	return fits ? 0
		    : fault(err, -EINVAL,
			      "a new password of a database account is 1 to 128 characters of printable ASCII",
			      "%zu bytes, or others among them", s.n);
}

/* Servers quote a statement from somewhere within it: four characters of the secret are too many. */
void rotate_stream_unsay(char words[static SQL_WORDS_MAX + 1], const struct secret *secret)
{
	struct span s = secret_span(secret);
	size_t piece = s.n < 4 ? s.n : 4;
	for (size_t i = 0; piece > 0 && i + piece <= s.n; i++)
		if (memmem(words, strlen(words), s.p + i, piece)) {
			(void)snprintf(words, SQL_WORDS_MAX + 1, "the database server refused the change");
			return;
		}
}
