#include "webterm/term/desk.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>

enum { QUEUE_FULL = 64 * 1024, QUEUE_MAX = 4 * 1024 * 1024, LENGTH = 4 };

void web_term_desk_open(struct web_term_desk *d, int fd)
{
	d->fd = fd;
	buf_init(&d->queue, QUEUE_MAX);
	buf_init(&d->out, WEB_FRAME_MAX + LENGTH);
}

void web_term_desk_done(struct web_term_desk *d)
{
	scope_close(&d->fd);
	buf_done(&d->queue);
	buf_done(&d->out);
}

bool web_term_desk_is_free(const struct web_term_desk *d)
{
	return d->queue.len == 0;
}

bool web_term_desk_listens(const struct web_term_desk *d)
{
	return !d->gone && d->queue.len < QUEUE_FULL;
}

static int send_now(struct web_term_desk *d, struct span body)
{
	int r = msg_send_now(d->fd, WIRE_T_term, body, -1);
	if (r < 0 && r != -EAGAIN)
		d->gone = true;
	return r;
}

void web_term_desk_send(struct web_term_desk *d, const struct web_term_frame *f)
{
	if (d->gone)
		return;
	buf_clear(&d->out);
	wr_le(&d->out, 0, LENGTH);
	web_term_frame_put(&d->out, f);
	if (d->out.failed) { /* a piece of ours that is too long: no browser may wait for it in vain */
		d->gone = true;
		return;
	}
	for (size_t i = 0, n = d->out.len - LENGTH; i < LENGTH; i++, n >>= 8)
		d->out.data[i] = (uint8_t)n;
	if (d->queue.len == 0 && send_now(d, buf_span(&d->out)) != -EAGAIN)
		return;
	wr_le(&d->queue, d->out.len, LENGTH);
	buf_put_span(&d->queue, buf_span(&d->out));
	d->gone |= d->queue.failed;
}

void web_term_desk_flush(struct web_term_desk *d)
{
	struct rd r = rd_of(buf_span(&d->queue));
	size_t sent = 0;
	while (r.n > 0 && !d->gone) {
		struct span body = rd_str32le(&r);
		if (send_now(d, body) == -EAGAIN)
			break;
		sent += LENGTH + body.n;
	}
	if (sent == d->queue.len)
		buf_done(&d->queue); /* memory of one backlog does not stay */
	else
		buf_drop(&d->queue, sent);
}

int web_term_desk_receive(struct web_term_desk *d, struct web_term_frame *ret, struct err *err)
{
	uint16_t type = 0;
	int fd = -1;
	struct wire_term m;
	int r = msg_recv_now(d->fd, &type, d->in, sizeof d->in, &fd, err);
	scope_close(&fd);
	if (r < 0)
		return r;
	if (type != WIRE_T_term || wire_term_get(span_of(d->in, (size_t)r), &m, NULL) < 0)
		return fault(err, -EBADMSG, "internal error", "message %04x from the web server", type);
	r = web_term_frame_get(m.frame, ret);
	return r < 0 ? fault(err, r, "malformed frame", "frame of %zu bytes, type %02x", m.frame.n, m.frame.n ? m.frame.p[0] : 0) : 0;
}
