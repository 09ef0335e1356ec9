#include "export/stream.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/tls.h"
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	CONNECT_US = 10 * 1000 * 1000,
	BACKOFF_MIN_US = 1000 * 1000,
	BACKOFF_MAX_US = 15 * 1000 * 1000,
	STEADY_US = 3 * 1000 * 1000, /* held for so long: the connection is good */
	HELD_US = 5 * 1000 * 1000,
	STALLED_US = 10 * 1000 * 1000,
	OUT_MAX = (int)EXPORT_FEED_ROWS * (int)EXPORT_SYSLOG_FRAME,
	READS = 16,
};

static void attempt(struct export_stream *s);

/* ---- the end of a connection ---- */

static void drop(struct export_stream *s)
{
	int fd = s->io.fd;
	loop_del(&s->io);
	s->io.fd = -1;
	SSL_free(s->ssl);
	s->ssl = NULL;
	scope_close(&fd);
	buf_clear(&s->out);
	s->sent = s->marks_n = 0;
	s->bytes = 0;
	s->last = (struct export_stream_mark){ 0 };
	s->state = EXPORT_STREAM_DOWN;
	ERR_clear_error();
}

static void give_up(struct export_stream *s)
{
	if (s->found)
		freeaddrinfo(s->found);
	s->found = s->next = NULL;
}

static void broke(struct export_stream *s, const char *why, const char *detail)
{
	bool was_up = s->state == EXPORT_STREAM_UP;
	if (was_up && clock_mono_us() - s->up_us > STEADY_US)
		s->backoff_us = 0;
	drop(s);
	export_feed_again(&s->feed);
	export_feed_trouble(&s->feed, why, detail);
	if (!was_up && s->next) { /* another address of that name */
		attempt(s);
		return;
	}
	give_up(s);
	s->backoff_us = s->backoff_us ? s->backoff_us * 2 : BACKOFF_MIN_US;
	if (s->backoff_us > BACKOFF_MAX_US)
		s->backoff_us = BACKOFF_MAX_US;
	loop_timer_set(s->loop, &s->timer, s->backoff_us);
}

static void broke_by_errno(struct export_stream *s, const char *why, int code)
{
	char detail[128];
	errno = code;
	(void)snprintf(detail, sizeof detail, "%m");
	broke(s, why, detail);
}

static void broke_by_tls(struct export_stream *s, int error)
{
	long verified = SSL_get_verify_result(s->ssl);
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	if (verified != X509_V_OK)
		broke(s, "certificate", X509_verify_cert_error_string(verified));
	else if (error == SSL_ERROR_ZERO_RETURN ||
		 (error == SSL_ERROR_SYSCALL && (!code && (errno == 0 || errno == ECONNRESET))))
		broke(s, s->state == EXPORT_STREAM_UP ? "closed" : "tls", "");
	else if (reason)
		broke(s, "tls", reason);
	else
		broke_by_errno(s, "closed", errno);
}

/* ---- sending ---- */

static void watch(struct export_stream *s, bool write)
{
	(void)loop_mod(&s->io, EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0));
}

/* Bytes taken by the kernel; 0: not now; -1: it broke, and that is dealt with. */
static ssize_t write_some(struct export_stream *s, struct span part)
{
	if (!s->ssl) {
		ssize_t n = send(s->io.fd, part.p, part.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			s->bytes += (uint64_t)n;
		if (n >= 0 || errno == EAGAIN || errno == EINTR)
			return n > 0 ? n : 0;
		broke_by_errno(s, "closed", errno);
		return -1;
	}
	ERR_clear_error();
	errno = 0;
	int n = SSL_write(s->ssl, part.p, part.n > INT_MAX ? INT_MAX : (int)part.n);
	int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, n);
	if (n > 0 || error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ)
		return n > 0 ? n : 0;
	broke_by_tls(s, error);
	return -1;
}

static uint64_t written(const struct export_stream *s)
{
	return s->ssl ? BIO_number_written(SSL_get_wbio(s->ssl)) : s->bytes;
}

static void flush(void *ctx)
{
	struct export_stream *s = ctx;
	if (s->state != EXPORT_STREAM_UP)
		return; /* it broke while the page came */
	while (s->sent < s->out.len) {
		ssize_t n = write_some(s, span_of(s->out.data + s->sent, s->out.len - s->sent));
		if (n < 0)
			return;
		if (n == 0) {
			watch(s, true);
			return;
		}
		s->sent += (size_t)n;
		s->progress_us = clock_mono_us();
	}
	watch(s, false);
	buf_clear(&s->out);
	s->sent = 0;
	s->last = (struct export_stream_mark){ .seq = s->feed.seq, .bytes = written(s) };
	export_feed_want(&s->feed);
}

static void take_row(void *ctx, const struct export_row *row)
{
	struct export_stream *s = ctx;
	if (s->state == EXPORT_STREAM_UP)
		export_syslog_put(&s->out, &s->origin, row);
}

/* ---- what has arrived ---- */

static void note(struct export_stream *s, int64_t now)
{
	struct export_stream_mark *newest = s->marks_n ? &s->marks[s->marks_n - 1] : NULL;
	if (s->last.seq == 0 || (newest && newest->seq == s->last.seq))
		return;
	if (s->marks_n == EXPORT_STREAM_MARKS)
		s->marks_n--; /* it takes its time; the later one will tell for both */
	s->marks[s->marks_n] = s->last;
	s->marks[s->marks_n++].at_us = now;
}

static void settle(struct export_stream *s, int64_t now)
{
	int queued = 0;
	if (ioctl(s->io.fd, SIOCOUTQ, &queued) < 0)
		return;
	uint64_t acknowledged = written(s) - (unsigned)queued;
	size_t n = 0;
	while (n < s->marks_n && s->marks[n].bytes <= acknowledged && now - s->marks[n].at_us >= HELD_US)
		export_feed_arrived(&s->feed, s->marks[n++].seq);
	s->marks_n -= n;
	memmove(s->marks, s->marks + n, s->marks_n * sizeof s->marks[0]);
}

static void tick(void *ctx)
{
	struct export_stream *s = ctx;
	int64_t now = clock_mono_us();
	if (s->state != EXPORT_STREAM_UP)
		return;
	note(s, now);
	settle(s, now);
	if (s->out.len > s->sent && now - s->progress_us >= STALLED_US)
		export_feed_trouble(&s->feed, "stalled", "");
	else if (s->out.len == s->sent && now - s->up_us >= STEADY_US)
		export_feed_well(&s->feed);
}

/* ---- a connection ---- */

static void up(struct export_stream *s)
{
	s->state = EXPORT_STREAM_UP;
	s->up_us = s->progress_us = clock_mono_us();
	loop_timer_del(&s->timer);
	give_up(s);
	watch(s, false);
	log_ev(LOG_LEVEL_INFO, "siem.connected", LOG_S("to", s->feed.destination));
	export_feed_want(&s->feed);
}

static void handshake(struct export_stream *s)
{
	ERR_clear_error();
	errno = 0;
	int r = SSL_connect(s->ssl);
	int error = r == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, r);
	if (r == 1)
		up(s);
	else if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		watch(s, error == SSL_ERROR_WANT_WRITE);
	else
		broke_by_tls(s, error);
}

static void connected(struct export_stream *s)
{
	int code = 0;
	struct err err = { 0 };
	socklen_t n = sizeof code;
	if (getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &code, &n) < 0)
		code = errno;
	if (code) {
		broke_by_errno(s, "connect", code);
		return;
	}
	if (!s->ctx) {
		up(s);
		return;
	}
	s->state = EXPORT_STREAM_HANDSHAKE;
	s->ssl = SSL_new(s->ctx);
	if (!s->ssl || SSL_set_fd(s->ssl, s->io.fd) != 1 || tls_expect(s->ssl, s->to.host, &err) < 0)
		broke(s, "tls", err.detail);
	else
		handshake(s);
}

/* Receivers say nothing; that they are gone is what we want to know. */
static bool hear(struct export_stream *s)
{
	char nothing[1024];
	for (int i = 0; i < READS; i++) {
		ERR_clear_error();
		errno = 0;
		ssize_t n = s->ssl ? SSL_read(s->ssl, nothing, sizeof nothing)
				   : recv(s->io.fd, nothing, sizeof nothing, MSG_DONTWAIT);
		if (n > 0)
			continue;
		int error = s->ssl ? SSL_get_error(s->ssl, (int)n) : 0;
		if (s->ssl ? error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
			   : n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (s->ssl)
			broke_by_tls(s, error);
		else if (n == 0)
			broke(s, "closed", "");
		else
			broke_by_errno(s, "closed", errno);
		return false;
	}
	return true;
}

static void ready(void *ctx, uint32_t events)
{
	struct export_stream *s = ctx;
	(void)events;
	if (s->state == EXPORT_STREAM_CONNECTING)
		connected(s);
	else if (s->state == EXPORT_STREAM_HANDSHAKE)
		handshake(s);
	else if (s->state == EXPORT_STREAM_UP && hear(s) && s->out.len > s->sent)
		flush(s);
}

/* A peer that is gone without a word is noticed within a minute. */
static int keep_alive(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 30 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 10 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
	};
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value) < 0)
			return -errno;
	return 0;
}

/* The next address of the name. */
static void attempt(struct export_stream *s)
{
	const struct addrinfo *to = s->next;
	s->next = to->ai_next;
	s->state = EXPORT_STREAM_CONNECTING;
	loop_timer_set(s->loop, &s->timer, CONNECT_US);
	s->io.fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->io.fd < 0 || keep_alive(s->io.fd) < 0 ||
		(connect(s->io.fd, to->ai_addr, to->ai_addrlen) < 0 && errno != EINPROGRESS))
		broke_by_errno(s, "connect", errno);
	else if (loop_add(s->loop, &s->io, EPOLLOUT, NULL) < 0)
		broke(s, "connect", "");
}

static int look_up(const struct export_stream *s, struct addrinfo **ret)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	return getaddrinfo(s->to.host, s->to.port, &hints, ret);
}

void export_stream_warm(const struct export_stream *s)
{
	struct addrinfo *found = NULL;
	if (look_up(s, &found) == 0)
		freeaddrinfo(found);
}

static void on_timer(void *ctx)
{
	struct export_stream *s = ctx;
	if (s->state != EXPORT_STREAM_DOWN) {
		broke_by_errno(s, s->state == EXPORT_STREAM_CONNECTING ? "connect" : "tls", ETIMEDOUT);
		return;
	}
	if (s->unusable[0]) {
		export_feed_trouble(&s->feed, "files", s->unusable);
		return;
	}
	int r = look_up(s, &s->found);
	s->next = s->found;
	if (r != 0)
		broke(s, "name", gai_strerror(r));
	else
		attempt(s);
}

void export_stream_open(struct export_stream *s, struct pg *pg, const char *destination)
{
	static const struct export_feed_sink sink = { .take = take_row, .flush = flush, .tick = tick };
	s->io = (struct loop_io){ .fd = -1, .ready = ready, .ctx = s };
	s->timer = (struct loop_timer){ .fire = on_timer, .ctx = s };
	buf_init(&s->out, OUT_MAX);
	export_feed_open(&s->feed, s->loop, pg, "syslog", destination, &sink, s);
	loop_timer_set(s->loop, &s->timer, 0);
}

void export_stream_done(struct export_stream *s)
{
	if (!s->feed.loop)
		return;
	drop(s);
	give_up(s);
	loop_timer_del(&s->timer);
	export_feed_done(&s->feed);
	buf_done(&s->out);
	SSL_CTX_free(s->ctx);
}
