#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/ssh/link.h"
#include <poll.h>
#include <stdio.h>

void gw_ssh_end(struct gw_ssh_link *l, const char *reason, const char *farewell)
{
	if (l->over)
		return;
	l->over = true;
	(void)snprintf(l->reason, sizeof l->reason, "%s", reason);
	(void)snprintf(l->farewell, sizeof l->farewell, "%s", farewell);
}

void gw_ssh_end_quietly(struct gw_ssh_link *l, const char *reason)
{
	if (!l->over)
		l->silent = true;
	gw_ssh_end(l, reason, "");
}

void gw_ssh_end_say(struct gw_ssh_link *l, enum gw_ssh_say what, const char *reason)
{
	gw_ssh_end(l, reason, gw_ssh_say(l->lang, what));
}

void gw_ssh_end_recording(struct gw_ssh_link *l)
{
	struct err err = { 0 };
	for (struct gw_ssh_channel *c = l->channels; c; c = c->next) {
		if (gw_ssh_relay_record_end(c, &err) < 0) {
			log_err(LOG_LEVEL_WARN, "ssh.record", &err);
			return;
		}
	}
}

void gw_ssh_end_lock(struct gw_ssh_link *l, bool locked)
{
	if (l->locked == locked)
		return;
	l->locked = locked;
	enum gw_ssh_say what = locked ? GW_SSH_SAY_LOCKED : GW_SSH_SAY_UNLOCKED;
	for (struct gw_ssh_channel *c = l->channels; c; c = c->next) {
		if (c->phase != GW_SSH_CH_RUN)
			continue;
		/* What was typed at a locked terminal is gone; a file on its way just waits. */
		if (!locked && c->pty)
			(void)gw_ssh_flow_take(&c->in);
		gw_ssh_channel_say(c, what, NULL);
		gw_ssh_start_note(c, locked ? "locked" : "unlocked", gw_ssh_say(GW_SSH_EN, what));
	}
}

/* What the person had on the screen stays; what was on its way to it is dropped for the reason. */
static void prepare(struct gw_ssh_channel *c)
{
	c->phase = GW_SSH_CH_CLOSING;
	c->in.dropped = c->out.dropped = c->err.dropped = true;
	if (!c->front_open)
		c->front_closed = c->front_close_sent = true;
	gw_ssh_channel_say(c, GW_SSH_SAY_ENDED, c->link->farewell);
	c->has_exit = false; /* no status: OpenSSH makes 255 of it, as of any lost connection */
	c->out.ended = c->err.ended = true;
}

/* Until the client has closed its channels as well: OpenSSH drops what it has not shown yet when a disconnect comes. */
static bool flush_turn(struct gw_ssh_link *l)
{
	struct err err = { 0 };
	bool all = true, moved = false;
	for (struct gw_ssh_channel *c = l->channels; c; c = c->next) {
		(void)gw_ssh_relay_step(c, &moved, &err);
		all &= c->front_close_sent && c->front_closed;
	}
	gw_ssh_side_turn(&l->client);
	return all && gw_ssh_side_takes(&l->client);
}

static void wait_for_client(struct gw_ssh_link *l, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - clock_mono_us();
		if (!gw_ssh_side_is_up(&l->client) || flush_turn(l) || left <= 0)
			return;
		struct pollfd p = { .fd = l->client.fd, .events = gw_ssh_side_events(&l->client) };
		(void)poll(&p, 1, left < 20000 ? 1 : 20);
	}
}

void gw_ssh_end_flush(struct gw_ssh_link *l)
{
	int64_t deadline = clock_mono_us() + GW_SSH_FLUSH_US;
	bool tell = !l->silent && *l->farewell && gw_ssh_side_is_up(&l->client);
	for (struct gw_ssh_channel *c = l->channels; tell && c; c = c->next)
		prepare(c);
	if (tell)
		wait_for_client(l, deadline);
	while (l->channels)
		gw_ssh_channel_free(l->channels);
	gw_ssh_forward_free_all(l);
	if (!l->client.ssh || !l->exchanged)
		return;
	char message[sizeof l->farewell];
	gw_ssh_say_ascii(l->farewell, message, sizeof message);
	if (tell)
		(void)ssh_session_set_disconnect_message(l->client.ssh, message);
	ssh_disconnect(l->client.ssh);
}
