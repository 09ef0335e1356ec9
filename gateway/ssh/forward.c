#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A connection to another target through this one (RFC 4254 section 7.2, direct-tcpip): ssh -J, -L, -D.  The broker says
 * whether and where to; bytes go to and from another worker, which is that connection's own session with its own
 * recording.  This one only carries them.
 */
enum {
	HELD_MAX = 64 * 1024,          /* of each direction, beside libssh's window */
	LEFT_US = 5 * 1000 * 1000,     /* for a worker that does not take the last bytes, a client that does not close */
};

struct gw_ssh_forward {
	struct gw_ssh_link *link;
	struct gw_ssh_forward *next;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct cb;
	int fd;
	struct gw_ssh_flow up, down; /* from the client, to the client */
	bool readable;               /* fd may have bytes */
	bool gone;                   /* the worker has closed it for both ways */
	bool fd_ended, up_shut, eof_sent, close_sent;
	bool closed;                 /* by the client */
	int64_t closed_us;           /* since when nothing more can come: the client has closed, or the worker */
};

/* ---- what the client sends ---- */

static int on_data(ssh_session s, ssh_channel ch, void *p, uint32_t n, int is_err, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_forward *f = ctx;
	size_t taken = n;
	if (!is_err && !gw_ssh_flow_arrived(&f->up, p, n, &taken))
		gw_ssh_end_quietly(f->link, "the client ignored its window");
	return (int)taken;
}

static void on_eof(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s;
	(void)ch;
	((struct gw_ssh_forward *)ctx)->up.ended = true;
}

static void on_close(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_forward *f = ctx;
	gw_ssh_flow_rescue(&f->up);
	f->up.ended = f->closed = f->down.dropped = true;
	f->closed_us = clock_mono_us();
}

static struct gw_ssh_forward *forward_new(struct gw_ssh_link *l, ssh_channel channel, int fd)
{
	struct gw_ssh_forward *f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->link = l;
	f->channel = channel;
	f->fd = fd;
	gw_ssh_flow_init(&f->up, 0, 0);
	gw_ssh_flow_init(&f->down, 0, 0);
	f->up.from = f->down.to = channel;
	f->cb = (struct ssh_channel_callbacks_struct){
		.userdata = f,
		.channel_data_function = on_data,
		.channel_eof_function = on_eof,
		.channel_close_function = on_close,
	};
	ssh_callbacks_init(&f->cb);
	(void)ssh_set_channel_callbacks(channel, &f->cb);
	f->next = l->forwards;
	l->forwards = f;
	return f;
}

size_t gw_ssh_forward_count(const struct gw_ssh_link *l)
{
	size_t n = gw_ssh_channel_count(l, false);
	for (const struct gw_ssh_forward *f = l->forwards; f; f = f->next)
		n++;
	return n;
}

/* libssh has no words for a channel that it refuses.  Where SSH is expected there is another way to say why: the shortest SSH
 * server, which disconnects with a reason (RFC 4253 sections 4.2, 6, 11.1). */
static void put_disconnect(struct buf *out, const char *say)
{
	enum { DISCONNECT = 1, NOT_AVAILABLE = 7, BLOCK = 8, PADDING_MIN = 4 };
	char text[200];
	gw_ssh_say_ascii(say, text, sizeof text);
	size_t n = strlen(text), payload = 1 + 4 + 4 + n + 4;
	size_t padding = BLOCK - (4 + 1 + payload) % BLOCK;
	padding += padding < PADDING_MIN ? BLOCK : 0;
	buf_printf(out, "SSH-2.0-Yanmen\r\n");
	wr_be(out, 1 + payload + padding, 4);
	wr_be(out, padding, 1);
	wr_be(out, DISCONNECT, 1);
	wr_be(out, NOT_AVAILABLE, 4);
	wr_be(out, n, 4);
	buf_put(out, text, n);
	wr_be(out, 0, 4); /* language */
	for (; padding > 0; padding--)
		wr_be(out, 0, 1);
}

static int refuse(struct gw_ssh_link *l, ssh_message m, const char *say)
{
	enum { SSH_PORT = 22 };
	if (ssh_message_channel_request_open_destination_port(m) != SSH_PORT)
		return 1;
	ssh_channel channel = ssh_message_channel_request_open_reply_accept(m);
	if (!channel)
		return 1;
	struct gw_ssh_forward *f = forward_new(l, channel, -1);
	f->gone = f->fd_ended = f->up_shut = f->up.dropped = true;
	/* No end of file: OpenSSH's -W would close at once, and the client behind it fail to write before it has read why. */
	f->eof_sent = true;
	put_disconnect(&f->down.data, say);
	return 0;
}

int gw_ssh_forward_asked(struct gw_ssh_link *l, ssh_message m)
{
	if (!l->authenticated || l->over || gw_ssh_forward_count(l) >= GW_SSH_FORWARDS)
		return 1;
	if (gw_ssh_local_is(l, m))
		return gw_ssh_local_asked(l, m);
	struct err err = { 0 };
	char origin[300];
	const char *from = ssh_message_channel_request_open_originator(m);
	scoped(scope_close) int fd = -1;
	(void)snprintf(origin, sizeof origin, "%.250s:%d", from ? from : "",
		ssh_message_channel_request_open_originator_port(m));
	struct gw_jump to = { .host = ssh_message_channel_request_open_destination(m),
		.port = (uint32_t)ssh_message_channel_request_open_destination_port(m),
		.origin = origin };
	l->input_us = clock_mono_us();
	if (gw_session_jump(l->gw, &to, &fd, &err) < 0) {
		log_err(LOG_LEVEL_INFO, "ssh.forward", &err);
		return refuse(l, m, err.say);
	}
	ssh_channel channel = ssh_message_channel_request_open_reply_accept(m);
	if (channel)
		(void)forward_new(l, channel, take_fd(fd));
	return channel ? 0 : 1;
}

static void forward_free(struct gw_ssh_forward *f)
{
	struct gw_ssh_forward **at = &f->link->forwards;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	ssh_remove_channel_callbacks(f->channel, &f->cb);
	ssh_channel_free(f->channel);
	gw_ssh_flow_done(&f->up);
	gw_ssh_flow_done(&f->down);
	scope_close(&f->fd);
	free(f);
}

void gw_ssh_forward_free_all(struct gw_ssh_link *l)
{
	while (l->forwards)
		forward_free(l->forwards);
}

/* ---- waiting ---- */

static bool may_read(const struct gw_ssh_forward *f)
{
	return !f->fd_ended && !f->down.dropped && f->down.at == f->down.data.len;
}

size_t gw_ssh_forward_poll(struct gw_ssh_link *l, struct pollfd *p)
{
	size_t n = 0;
	for (const struct gw_ssh_forward *f = l->forwards; f; f = f->next, n++) {
		bool writing = f->up.at < f->up.data.len;
		/* One that is gone would wake us for ever. */
		p[n] = (struct pollfd){ .fd = f->gone ? -1 : f->fd,
			.events = (short)((may_read(f) && !f->readable ? POLLIN : 0) | (writing ? POLLOUT : 0)) };
	}
	return n;
}

void gw_ssh_forward_took(struct gw_ssh_link *l, const struct pollfd *p)
{
	for (struct gw_ssh_forward *f = l->forwards; f; f = f->next, p++) {
		f->readable |= (p->revents & (POLLIN | POLLHUP | POLLERR)) != 0;
		f->gone |= (p->revents & (POLLHUP | POLLERR)) != 0;
	}
}

/* ---- bytes ---- */

static void step_up(struct gw_ssh_forward *f, bool *moved)
{
	for (;;) {
		struct span rest = gw_ssh_flow_rest(&f->up);
		ssize_t n = 0;
		if (rest.n > 0)
			n = send(f->fd, rest.p, rest.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) { /* it reads no more: the rest is forgotten */
			n = (ssize_t)rest.n;
			f->up_shut = f->up.dropped = true;
		}
		if (n == 0)
			break;
		gw_ssh_flow_wrote(&f->up, (size_t)n);
		*moved = true;
	}
	if (f->up.ended && !f->up_shut && gw_ssh_flow_is_empty(&f->up)) {
		(void)shutdown(f->fd, SHUT_WR);
		f->up_shut = true;
	}
}

static void step_down(struct gw_ssh_forward *f, bool *moved)
{
	struct gw_ssh_link *l = f->link;
	while (f->readable && may_read(f) && (gw_ssh_side_takes(&l->client) || gw_ssh_side_flush(&l->client))) {
		(void)gw_ssh_flow_rest(&f->down); /* an empty buffer begins anew */
		uint8_t *room = buf_room(&f->down.data, HELD_MAX);
		ssize_t n = room ? recv(f->fd, room, HELD_MAX, MSG_DONTWAIT) : 0;
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			f->readable = false;
			break;
		}
		if (n <= 0) {
			f->fd_ended = true;
			break;
		}
		buf_grew(&f->down.data, (size_t)n);
		*moved = true;
		(void)gw_ssh_flow_pump(&f->down, l, moved, NULL);
	}
	(void)gw_ssh_flow_pump(&f->down, l, moved, NULL); /* records nothing: cannot fail */
	if (f->fd_ended && !f->eof_sent && !f->closed && gw_ssh_flow_is_empty(&f->down))
		f->eof_sent = ssh_channel_send_eof(f->channel) != SSH_ERROR;
}

/* True when it is over. */
static bool step(struct gw_ssh_forward *f, bool *moved)
{
	step_up(f, moved);
	step_down(f, moved);
	bool down_done = f->closed || (f->fd_ended && gw_ssh_flow_is_empty(&f->down));
	if (f->gone && down_done && !f->closed_us)
		f->closed_us = clock_mono_us();
	/* A client that writes into a closed channel fails before it has read why: it is to close first, for a while. */
	bool late = f->closed_us && clock_mono_us() - f->closed_us > LEFT_US;
	bool up_done = f->gone ? f->up.ended : f->up_shut;
	if (down_done && (up_done || late) && !f->close_sent) {
		f->close_sent = ssh_channel_close(f->channel) != SSH_AGAIN;
		*moved = true;
	}
	return f->close_sent && f->closed;
}

void gw_ssh_forward_step(struct gw_ssh_link *l, bool *moved)
{
	for (struct gw_ssh_forward *f = l->forwards, *next; f && !l->over; f = next) {
		bool over = step(f, moved);
		next = f->next; /* libssh's callbacks may have put new ones in front, never behind */
		if (over)
			forward_free(f);
		l->input_us = over ? clock_mono_us() : l->input_us;
	}
}
