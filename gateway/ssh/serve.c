#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TURN_MAX_US = 1000 * 1000,
	REVERSE_TURN_US = 300 * 1000, /* while a client waits for a port: reverse.c keeps it awake */
	CLIENT_KEEPALIVE_US = 30 * 1000 * 1000,
	TARGET_KEEPALIVE_US = 60 * 1000 * 1000,
	CHOOSE_US = 600 * 1000 * 1000, /* logged in and no target yet: no grant limits this one */
};

/* ---- what the harness tells ---- */

static void on_end(void *ctx, const char *reason)
{
	gw_ssh_end(ctx, reason, reason);
}

static void on_lock(void *ctx, bool locked, const char *reason)
{
	(void)reason;
	gw_ssh_end_lock(ctx, locked);
}

static void on_screen(void *ctx)
{
	((struct gw_ssh_link *)ctx)->draw_all = true;
}

static void on_flow(void *ctx)
{
	(void)ctx; /* every turn of the loop tries all flows */
}

static void on_opened(void *ctx, uint32_t channel, uint32_t request, int code, const char *say)
{
	gw_ssh_start_opened(ctx, channel, request, code, say);
}

/* Only terminals: a program that reads the other channels did not ask for words. */
static void on_notice(void *ctx, const char *line)
{
	const struct gw_ssh_link *l = ctx;
	for (struct gw_ssh_channel *c = l->channels; c; c = c->next)
		if (c->pty && c->phase == GW_SSH_CH_RUN) {
			gw_ssh_channel_say(c, GW_SSH_SAY_REFUSED, line);
			gw_ssh_start_note(c, "message", line);
		}
}

static const struct gw_session_events events = {
	.end = on_end,
	.lock = on_lock,
	.screen = on_screen,
	.flow = on_flow,
	.opened = on_opened,
	.notice = on_notice,
};

/* ---- one turn ---- */

static void step_channels(struct gw_ssh_link *l, bool *moved)
{
	struct err err = { 0 };
	int64_t now = clock_mono_us();
	for (struct gw_ssh_channel *c = l->channels, *next; c && !l->over; c = next) {
		gw_ssh_start_step(c);
		int r = gw_ssh_relay_step(c, moved, &err);
		if (r == 0)
			r = gw_ssh_relay_screen(c, now, l->draw_all, &err);
		if (r < 0) {
			log_err(LOG_LEVEL_ERROR, "ssh.record", &err);
			gw_ssh_end_say(l, GW_SSH_SAY_NO_RECORDING, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_NO_RECORDING));
		}
		/* libssh's callbacks may have added a channel at the end meanwhile. */
		next = c->next;
		if (gw_ssh_relay_is_over(c))
			gw_ssh_channel_free(c);
	}
	l->draw_all = false;
}

static void check_limits(struct gw_ssh_link *l)
{
	int64_t now = clock_mono_us();
	const char *why = gw_session_ending(l->gw);
	if (!gw_ssh_side_is_up(&l->client))
		gw_ssh_end_quietly(l, why                 ? why
				      : !l->authenticated ? "left before the login"
				      : l->channels       ? "connection lost"
							  : "logout");
	else if (l->authenticated && !gw_ssh_side_lives(&l->client, now, CLIENT_KEEPALIVE_US))
		gw_ssh_end_quietly(l, "the client is silent");
	if (l->back == GW_SSH_BACK_UP && !l->over && !gw_ssh_side_lives(&l->target, now, TARGET_KEEPALIVE_US))
		gw_ssh_end_say(l, GW_SSH_SAY_TARGET_GONE, "the target is silent");
	if (l->authenticated && !l->granted && !l->forwards && !l->over && now - l->input_us > CHOOSE_US)
		gw_ssh_end_say(l, GW_SSH_SAY_IDLE, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_IDLE));
	if (l->over || !l->granted)
		return;
	if (l->grant.idle_s > 0 && now - l->input_us > (int64_t)l->grant.idle_s * 1000000)
		gw_ssh_end_say(l, GW_SSH_SAY_IDLE, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_IDLE));
	if (l->grant.total_s > 0 && now - l->granted_us > (int64_t)l->grant.total_s * 1000000)
		gw_ssh_end_say(l, GW_SSH_SAY_TOTAL, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_TOTAL));
}

static int timeout_ms(const struct gw_ssh_link *l, bool moved)
{
	int64_t wait = gw_session_due_us(l->gw);
	if (moved || wait <= 0)
		return 0;
	wait -= clock_mono_us();
	int64_t most = gw_ssh_reverse_waits(l) ? REVERSE_TURN_US : TURN_MAX_US;
	wait = wait < 0 ? 0 : wait > most ? most : wait;
	return (int)((wait + 999) / 1000);
}

static void wait_and_read(struct gw_ssh_link *l, bool moved)
{
	enum { CLIENT, TARGET, HARNESS, FORWARDS = HARNESS + GW_SESSION_FDS, N = FORWARDS + GW_SSH_FORWARDS };
	struct pollfd p[N] = {
		[CLIENT] = { .fd = l->client.fd, .events = gw_ssh_side_events(&l->client) },
		[TARGET] = { .fd = l->target.listening ? l->target.fd : -1, .events = gw_ssh_side_events(&l->target) },
	};
	int fds[GW_SESSION_FDS];
	gw_session_fds(l->gw, fds);
	for (int i = 0; i < GW_SESSION_FDS; i++)
		p[HARNESS + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	size_t n = FORWARDS + gw_ssh_forward_poll(l, p + FORWARDS);
	if (poll(p, n, timeout_ms(l, moved)) < 0 && errno != EINTR) {
		gw_ssh_end_quietly(l, "poll failed");
		return;
	}
	bool told = gw_session_due_us(l->gw) <= clock_mono_us();
	for (int i = 0; i < GW_SESSION_FDS; i++)
		told |= p[HARNESS + i].revents != 0;
	struct err err = { 0 };
	if (told && gw_session_pump(l->gw, &err) < 0) {
		log_err(LOG_LEVEL_WARN, "ssh.services", &err);
		gw_ssh_end(l, err.say, err.say);
	}
	gw_ssh_forward_took(l, p + FORWARDS);
	if (p[TARGET].revents)
		gw_ssh_side_turn(&l->target);
	if (p[CLIENT].revents)
		gw_ssh_side_turn(&l->client);
}

static void run(struct gw_ssh_link *l)
{
	while (!l->over) {
		bool moved = false;
		uint64_t heard = l->client.wire.in_bytes + l->target.wire.in_bytes;
		gw_ssh_front_step(l);
		if (!l->over)
			gw_ssh_back_step(l);
		if (!l->over)
			step_channels(l, &moved);
		if (!l->over)
			gw_ssh_reverse_step(l);
		if (!l->over)
			gw_ssh_forward_step(l, &moved);
		if (!l->over)
			check_limits(l);
		/* libssh also reads from inside its other functions: what came in there is looked at before waiting. */
		moved |= heard != l->client.wire.in_bytes + l->target.wire.in_bytes;
		if (!l->over)
			wait_and_read(l, moved);
	}
}

int gw_ssh_serve(void *state, int client_fd, struct err *err)
{
	struct gw_ssh *w = state;
	struct gw_ssh_link *l = calloc(1, sizeof *l);
	if (!l)
		return fault(err, -ENOMEM, "internal error", "link");
	l->gw = w->gw;
	l->agent_fd = l->client.fd = l->target.fd = -1;
	l->started_us = clock_mono_us();
	gw_session_listen(w->gw, &events, l);
	int r = gw_ssh_front_open(l, w->bind, client_fd, err);
	if (r == 0) {
		run(l);
		gw_ssh_end_recording(l);
		gw_ssh_end_flush(l);
	}
	gw_session_end(w->gw, r == 0 ? l->reason : "internal error");
	gw_session_listen(w->gw, NULL, NULL);
	gw_ssh_choose_close(l);
	gw_ssh_forward_free_all(l);
	gw_ssh_reverse_free(l);
	gw_ssh_back_done(l);
	gw_ssh_ask_done(l);
	gw_ssh_side_done(&l->client);
	free(l);
	return r;
}
