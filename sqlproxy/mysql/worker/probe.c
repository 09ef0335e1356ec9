#include "sqlproxy/mysql/worker/probe.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/tls.h"
#include "sqlproxy/mysql/login.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>

enum { PROBE_US = 8 * 1000 * 1000 };

static void scope_ssl(SSL **p)
{
	SSL_free(*p);
}

static void scope_ctx(SSL_CTX **p)
{
	SSL_CTX_free(*p);
}

static int wait_for(int fd, short events, int64_t due_us, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = due_us - clock_mono_us();
	if (left <= 0 || poll(&p, 1, (int)(left / 1000) + 1) == 0)
		return fault(err, -ETIMEDOUT, "the database server did not answer in time", "deadline");
	return 0;
}

static int read_exact(int fd, uint8_t *p, size_t n, int64_t due_us, struct err *err)
{
	while (n > 0) {
		ssize_t got = recv(fd, p, n, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return fault(err, -EPIPE, "the database server closed the connection", "end of stream");
		if (got < 0) {
			int r = wait_for(fd, POLLIN, due_us, err);
			if (r < 0)
				return r;
			continue;
		}
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

/* Its greeting in, our SSLRequest out: enum mysql_login_step. */
static int greet(int fd, struct mysql_login *l, int64_t due_us, struct err *err)
{
	uint8_t head[MYSQL_PACKET_HEAD];
	scoped(buf_done) struct buf payload, out;
	struct mysql_packet p;
	size_t n = 0;
	buf_init(&payload, MYSQL_PACKET_MAX);
	buf_init(&out, MYSQL_PACKET_MAX);
	int r = read_exact(fd, head, sizeof head, due_us, err);
	if (r == 0)
		r = mysql_packet_head(head, &n, &p.seq, err);
	if (r < 0)
		return r;
	uint8_t *room = buf_room(&payload, n);
	r = read_exact(fd, room, n, due_us, err);
	if (r < 0)
		return r;
	p.payload = span_of(room, n);
	r = mysql_login_feed(l, &p, &out, err);
	if (r == MYSQL_LOGIN_TLS && send(fd, out.data, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
		return fault(err, -EPIPE, "the database server closed the connection", "send: %m");
	return r;
}

static int any_key(X509_STORE_CTX *store, void *ctx)
{
	(void)ctx; /* it is looked at, and nothing is sent to it */
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

static int handshake(SSL *ssl, int fd, int64_t due_us, struct err *err)
{
	for (;;) {
		int done = SSL_connect(ssl);
		if (done == 1)
			return 0;
		int why = SSL_get_error(ssl, done);
		ERR_clear_error();
		if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
			return fault(err, -EPROTO, "the TLS handshake failed", "SSL_connect: %d", why);
		int r = wait_for(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, due_us, err);
		if (r < 0)
			return r;
	}
}

static int look(int fd, int64_t due_us, struct buf *ret, struct err *err)
{
	const uint8_t none[TLS_PIN_SIZE] = { 0 };
	scoped(scope_ctx) SSL_CTX *ctx = NULL;
	int r = tls_client_of_key(none, &ctx, err);
	if (r < 0)
		return r;
	SSL_CTX_set_cert_verify_callback(ctx, any_key, NULL);
	scoped(scope_ssl) SSL *ssl = SSL_new(ctx);
	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		return fault(err, -ENOMEM, "internal error", "SSL_new");
	r = handshake(ssl, fd, due_us, err);
	if (r < 0)
		return r;
	const X509 *certificate = SSL_get0_peer_certificate(ssl);
	uint8_t *der = NULL, pin[EVP_MAX_MD_SIZE];
	int n = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der) : -1;
	bool ok = n > 0 && EVP_Digest(der, (size_t)n, pin, NULL, EVP_sha256(), NULL) == 1;
	OPENSSL_free(der);
	if (!ok)
		return fault(err, -EPROTO, "the TLS handshake failed", "no certificate");
	buf_put(ret, pin, TLS_PIN_SIZE);
	return 0;
}

int gw_mysql_probe(void *state, const struct gw_proto_look *at, struct buf *ret_host_key, struct buf *ret_banner, struct err *err)
{
	struct mysql_login l = { .user = "yanmen", .want_tls = true };
	struct err why = { 0 };
	int64_t due_us = clock_mono_us() + PROBE_US;
	(void)state;
	int r = greet(at->fd, &l, due_us, &why);
	if (r >= 0)
		r = look(at->fd, due_us, ret_host_key, &why);
	buf_put(ret_banner, l.version, strlen(l.version));
	if (r == -EKEYREJECTED) /* it has no TLS: its administrator must say that it may be so */
		return 0;
	if (r < 0 && err)
		*err = why;
	return r < 0 ? r : 0;
}
