#include "sqlproxy/mysql/worker/side.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

enum { KEPT = 512 * 1024 /* a buffer that was larger for once gives its memory back */, SENT_KEPT = 64 * 1024 };

void gw_mysql_side_open(struct gw_mysql_side *s, int fd, size_t in_cap, size_t out_cap)
{
	const int on = 1;
	*s = (struct gw_mysql_side){ .fd = fd };
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	buf_init(&s->in, in_cap);
	buf_init(&s->out, out_cap);
}

void gw_mysql_side_close(struct gw_mysql_side *s)
{
	if (s->ssl && !s->ended)
		(void)SSL_shutdown(s->ssl);
	SSL_free(s->ssl);
	s->ssl = NULL;
	scope_close(&s->fd);
	buf_done(&s->in);
	buf_done(&s->out);
	s->ended = true;
}

struct span gw_mysql_side_in(const struct gw_mysql_side *s)
{
	return span_of(s->in.data ? s->in.data + s->in_at : NULL, s->in.len - s->in_at);
}

static void settle(struct buf *b, size_t *at)
{
	if (*at < b->len)
		return;
	*at = 0;
	buf_clear(b);
	if (b->size > KEPT)
		buf_done(b);
}

void gw_mysql_side_took(struct gw_mysql_side *s, size_t n)
{
	s->in_at += n;
	settle(&s->in, &s->in_at);
}

size_t gw_mysql_side_waiting(const struct gw_mysql_side *s)
{
	return s->out.len - s->out_at;
}

/* After a call of SSL_*: what it waits for, or its end. */
static void judge(struct gw_mysql_side *s, int result, bool writing)
{
	int why = SSL_get_error(s->ssl, result);
	ERR_clear_error();
	if (why == SSL_ERROR_WANT_READ)
		s->write_wants_read |= writing;
	else if (why == SSL_ERROR_WANT_WRITE)
		s->read_wants_write |= !writing;
	else
		s->ended = true;
}

void gw_mysql_side_read(struct gw_mysql_side *s, size_t n)
{
	if (s->ended)
		return;
	if (s->in_at > 0 && s->in_at == s->in.len)
		settle(&s->in, &s->in_at);
	if (n > s->in.cap - s->in.len) { /* what was taken makes room */
		buf_drop(&s->in, s->in_at);
		s->in_at = 0;
	}
	n = n < s->in.cap - s->in.len ? n : s->in.cap - s->in.len;
	uint8_t *room = n > 0 ? buf_room(&s->in, n) : NULL;
	if (!room)
		return;
	if (s->ssl) {
		size_t got = 0;
		s->read_wants_write = false;
		int done = SSL_read_ex(s->ssl, room, n, &got);
		if (done == 1)
			buf_grew(&s->in, got);
		else
			judge(s, done, false);
		return;
	}
	ssize_t got = recv(s->fd, room, n, MSG_DONTWAIT);
	if (got > 0)
		buf_grew(&s->in, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		s->ended = true;
}

void gw_mysql_side_write(struct gw_mysql_side *s)
{
	s->write_wants_read = false;
	while (!s->ended && s->out_at < s->out.len) {
		const uint8_t *p = s->out.data + s->out_at;
		size_t n = s->out.len - s->out_at, sent = 0;
		if (s->ssl) {
			int done = SSL_write_ex(s->ssl, p, n, &sent);
			if (done != 1) {
				judge(s, done, true);
				break;
			}
		} else {
			ssize_t r = send(s->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (r < 0 && errno != EAGAIN && errno != EINTR)
				s->ended = true;
			if (r < 0)
				break;
			sent = (size_t)r;
		}
		s->out_at += sent;
	}
	settle(&s->out, &s->out_at);
	if (s->out_at > SENT_KEPT) {
		buf_drop(&s->out, s->out_at);
		s->out_at = 0;
	}
}

short gw_mysql_side_events(const struct gw_mysql_side *s, bool reads)
{
	if (s->ended)
		return 0;
	bool writes = s->out_at < s->out.len;
	bool in = reads || (writes && s->write_wants_read), out = (writes && !s->write_wants_read) || (reads && s->read_wants_write);
	return (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
}

bool gw_mysql_side_has_read(const struct gw_mysql_side *s)
{
	return s->ssl && !s->ended && SSL_has_pending(s->ssl);
}
