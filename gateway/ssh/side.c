#include "gateway/core/clock.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

enum { TURNS_MAX = 16, SILENT_MAX = 4, LIBSSH_READ = 4096 };

int gw_ssh_side_init(struct gw_ssh_side *s, ssh_session ssh, int fd)
{
	const int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	/* libssh sends only after POLLOUT and takes a partial send well, but would wait in a blocking one. */
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	s->ssh = ssh;
	s->fd = fd;
	s->event = ssh_event_new();
	s->heard_us = clock_mono_us();
	s->keepalive_us = 0;
	ssh_set_counters(ssh, &s->wire, &s->packets);
	return s->event ? 0 : -ENOMEM;
}

void gw_ssh_side_listen(struct gw_ssh_side *s)
{
	if (!s->listening)
		s->listening = ssh_event_add_session(s->event, s->ssh) == SSH_OK;
}

bool gw_ssh_side_is_up(const struct gw_ssh_side *s)
{
	return s->ssh && ssh_is_connected(s->ssh) && !(ssh_get_status(s->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR));
}

bool gw_ssh_side_takes(const struct gw_ssh_side *s)
{
	if (s->queued && s->packets.out_packets == s->queued_at)
		return false;
	return (ssh_get_poll_flags(s->ssh) & SSH_WRITE_PENDING) == 0;
}

bool gw_ssh_side_flush(struct gw_ssh_side *s)
{
	return gw_ssh_side_is_up(s) && ssh_event_dopoll(s->event, 0) == SSH_OK && gw_ssh_side_is_up(s) && gw_ssh_side_takes(s);
}

int gw_ssh_side_write(struct gw_ssh_side *s, ssh_channel to, bool to_err, const void *p, uint32_t n)
{
	uint64_t before = s->packets.out_packets;
	int w = to_err ? ssh_channel_write_stderr(to, p, n) : ssh_channel_write(to, p, n);
	if (w < 0)
		return -EPIPE;
	s->queued = w > 0 && s->packets.out_packets == before;
	s->queued_at = before;
	return w;
}

short gw_ssh_side_events(const struct gw_ssh_side *s)
{
	if (!gw_ssh_side_is_up(s))
		return 0;
	return (short)(POLLIN | (ssh_get_poll_flags(s->ssh) & SSH_WRITE_PENDING ? POLLOUT : 0));
}

void gw_ssh_side_turn(struct gw_ssh_side *s)
{
	/* libssh reads 4 KiB a turn: several in a row save our own poll, and a short read was the last one. */
	for (int i = 0; i < TURNS_MAX && gw_ssh_side_is_up(s); i++) {
		uint64_t before = s->wire.in_bytes;
		if (ssh_event_dopoll(s->event, 0) != SSH_OK || s->wire.in_bytes - before < LIBSSH_READ)
			return;
	}
}

bool gw_ssh_side_is_free(struct gw_ssh_side *s)
{
	/* Sends nothing while an answer is out: any global request takes that one. */
	if (s->asked && !s->busy)
		s->asked = ssh_channel_cancel_forward(s->ssh, "", 0) == SSH_AGAIN;
	return !s->asked && !s->busy;
}

bool gw_ssh_side_lives(struct gw_ssh_side *s, int64_t now, int64_t every_us)
{
	if (s->packets.in_packets != s->heard) {
		s->heard = s->packets.in_packets;
		s->heard_us = now;
		s->keepalive_us = now + every_us;
	}
	if (now < s->keepalive_us)
		return true;
	s->keepalive_us = now + every_us;
	if (now - s->heard_us > SILENT_MAX * every_us)
		return false;
	if (gw_ssh_side_is_free(s)) {
		(void)ssh_send_keepalive(s->ssh);
		s->asked = true;
	}
	return true;
}

void gw_ssh_side_done(struct gw_ssh_side *s)
{
	if (s->ssh) {
		if (s->listening)
			ssh_event_remove_session(s->event, s->ssh);
		ssh_free(s->ssh);
	}
	if (s->event)
		ssh_event_free(s->event);
	s->ssh = NULL;
	s->event = NULL;
	s->listening = false;
}
