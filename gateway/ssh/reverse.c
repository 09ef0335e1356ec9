#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Ports of the target that lead to the client (RFC 4254 section 7.1, tcpip-forward): ssh -R.  Each is asked of the broker, then
 * of the target; what comes in there is a channel of its own (remote.c).
 *
 * Order:  global requests have no number: they are answered in the order in which they came, so they wait in line.  A keep-alive of the
 *         client's that overtook them would be taken for their answer; while they wait the client hears from us so often that it
 *         sends none.
 */
enum {
	WAITING_MAX = 64,
	HOST_MAX = 255,
	TARGET_US = 20 * 1000 * 1000, /* for the target's answer */
	AWAKE_US = 300 * 1000,
	TRIES = 6, /* ports tried for a client that leaves the choice to us */
	PORT_FIRST = 61000, PORT_N = 4536, /* anybody's, and beyond those that Linux takes for connections that go out */
};

struct wish {
	struct wish *next;
	ssh_message message; /* to answer with: see hold() */
	bool cancel;
	char host[HOST_MAX + 1];
	int port; /* as asked: 0 = any */
	enum { NEW, ASKED, ALLOWED, OUT, DONE, REFUSED } state;
	uint32_t number; /* of this session, as a channel's */
	int trying;
	unsigned tries;
	int64_t deadline_us;
};

struct listener {
	char host[HOST_MAX + 1];
	int port;
	uint32_t number;
};

struct gw_ssh_reverse {
	struct wish *first;
	size_t waiting;
	struct listener listeners[GW_SSH_LISTENERS];
	size_t n;
	int64_t awake_us; /* when the client heard from us for this */
};

/* libssh frees a message behind its callback, takes the answer to a global request through that message alone, and looks at
 * its plain fields alone for that.  So a copy of it stands for it until the answer is known. */
static ssh_message hold(ssh_message m)
{
	size_t n = malloc_usable_size(m);
	ssh_message copy = malloc(n);
	if (!copy)
		abort();
	memcpy(copy, m, n);
	return copy;
}

static void describe(const struct wish *w, char *ret, size_t ret_n)
{
	(void)snprintf(ret, ret_n, "%s:%d", w->host, w->trying ? w->trying : w->port);
}

static void refuse(struct gw_ssh_link *l, struct wish *w, const char *reason)
{
	char text[HOST_MAX + 16];
	w->state = REFUSED;
	describe(w, text, sizeof text);
	if (!w->cancel)
		gw_session_refused(l->gw, "reverse", text, reason);
}

static bool has_target(const struct gw_ssh_link *l)
{
	return l->granted || *l->who.target;
}

int gw_ssh_reverse_asked(struct gw_ssh_link *l, ssh_message m)
{
	if (!l->authenticated || l->over)
		return 1;
	if (!l->reverse && !(l->reverse = calloc(1, sizeof *l->reverse)))
		abort();
	struct gw_ssh_reverse *v = l->reverse;
	if (v->waiting >= WAITING_MAX) {
		gw_ssh_end_quietly(l, "too many requests for ports at once");
		return 1;
	}
	struct wish *w = calloc(1, sizeof *w), **last = &v->first;
	if (!w)
		abort();
	const char *host = ssh_message_global_request_address(m);
	w->cancel = ssh_message_subtype(m) == SSH_GLOBAL_REQUEST_CANCEL_TCPIP_FORWARD;
	(void)snprintf(w->host, sizeof w->host, "%s", host ? host : "");
	w->port = ssh_message_global_request_port(m);
	w->message = hold(m);
	if (!has_target(l))
		refuse(l, w, "no target on this connection");
	else if ((host && strlen(host) > HOST_MAX) || w->port < 0 || w->port > 65535)
		refuse(l, w, "no such address");
	while (*last)
		last = &(*last)->next;
	*last = w;
	v->waiting++;
	return 0;
}

bool gw_ssh_reverse_answered(struct gw_ssh_link *l, uint32_t number, int code)
{
	struct wish *w = l->reverse ? l->reverse->first : NULL;
	if (!w || w->state != ASKED || w->number != number)
		return false;
	w->state = code == 0 ? ALLOWED : REFUSED;
	return true;
}

bool gw_ssh_reverse_waits(const struct gw_ssh_link *l)
{
	return l->reverse && l->reverse->first;
}

bool gw_ssh_reverse_leads(const struct gw_ssh_link *l, int port)
{
	const struct gw_ssh_reverse *v = l->reverse;
	/* Somebody may come there before we have heard that the target listens. */
	const struct wish *out = v && v->first && v->first->state == OUT && !v->first->cancel ? v->first : NULL;
	for (size_t i = 0; v && i < v->n; i++)
		if (v->listeners[i].port == port)
			return true;
	return out && out->trying == port;
}

/* ---- the target ---- */

static struct listener *find(struct gw_ssh_reverse *v, const char *host, int port)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->listeners[i].port == port && strcmp(v->listeners[i].host, host) == 0)
			return &v->listeners[i];
	return NULL;
}

static void begins(struct gw_ssh_link *l, const struct wish *w)
{
	struct gw_ssh_reverse *v = l->reverse;
	struct listener *at = &v->listeners[v->n++];
	char text[HOST_MAX + 16];
	*at = (struct listener){ .port = w->trying, .number = w->number };
	memcpy(at->host, w->host, sizeof at->host);
	describe(w, text, sizeof text);
	gw_ssh_start_note_of(l, w->number, "listening", text);
}

static void ends(struct gw_ssh_link *l, struct listener *at)
{
	char text[HOST_MAX + 16];
	(void)snprintf(text, sizeof text, "%s:%d", at->host, at->port);
	gw_ssh_start_note_of(l, at->number, "cancelled", text);
	*at = l->reverse->listeners[--l->reverse->n];
}

/* The answer to port 0 holds the port that the target took, and libssh reads it from the packet that came last, which may be
 * another one by then: we name one ourselves, and another one where it is taken.  (OpenSSH's sshd does not find one taken that
 * a connection holds on 127.0.0.1 alone: it is content with ::1.) */
static int choose_port(const struct wish *w)
{
	uint16_t random = 0;
	if (w->port)
		return w->port;
	(void)ssh_get_random(&random, sizeof random, 0);
	return PORT_FIRST + random % PORT_N;
}

/* Sends what may be sent now. */
static bool send_it(struct gw_ssh_link *l, struct wish *w)
{
	if (w->state == OUT)
		return true;
	int64_t now = clock_mono_us();
	w->deadline_us = w->deadline_us ? w->deadline_us : now + TARGET_US;
	if (!gw_ssh_side_is_free(&l->target)) {
		if (now > w->deadline_us)
			refuse(l, w, "the target does not answer");
		return false;
	}
	w->state = OUT;
	l->target.busy = true;
	return true;
}

static void step_out(struct gw_ssh_link *l, struct wish *w)
{
	struct listener *at = w->cancel ? find(l->reverse, w->host, w->port) : NULL;
	if (!send_it(l, w))
		return;
	int r = w->cancel ? ssh_channel_cancel_forward(l->target.ssh, w->host, w->port)
			  : ssh_channel_listen_forward(l->target.ssh, w->host, w->trying, NULL);
	bool late = r == SSH_AGAIN && clock_mono_us() > w->deadline_us;
	if (r == SSH_AGAIN && !late)
		return;
	l->target.busy = false;
	l->target.asked = late; /* its answer may still come, and is nobody's */
	if (r == SSH_OK && at) {
		ends(l, at);
	} else if (r == SSH_OK) {
		begins(l, w);
	} else if (!late && !w->cancel && w->port == 0 && ++w->tries < TRIES) {
		w->trying = choose_port(w);
		w->state = NEW; /* the audit is to name that one */
		return;
	} else {
		refuse(l, w, late ? "the target does not answer" : "the target refuses it");
		return;
	}
	(void)ssh_message_global_request_reply_success(w->message, (uint16_t)w->trying);
	w->state = DONE;
}

/* ---- in line ---- */

static void ask(struct gw_ssh_link *l, struct wish *w)
{
	struct err err = { 0 };
	char text[HOST_MAX + 16];
	if (l->reverse->n >= GW_SSH_LISTENERS) {
		refuse(l, w, "too many ports");
		return;
	}
	if (!w->number) {
		w->number = ++l->last_number;
		w->trying = choose_port(w);
	}
	describe(w, text, sizeof text);
	int r = gw_session_open(l->gw, w->number, WIRE_FEATURE_REVERSE, span_str(text), &err);
	if (r == 0)
		w->state = ASKED;
	else if (r != -EAGAIN)
		refuse(l, w, err.detail);
}

static void step(struct gw_ssh_link *l, struct wish *w)
{
	struct err err = { 0 };
	bool may = l->back == GW_SSH_BACK_UP && !l->locked && gw_tap_room(l->gw) > 0;
	if (w->state == NEW && w->cancel && !find(l->reverse, w->host, w->port))
		refuse(l, w, "not listening there");
	else if (w->state == NEW && w->cancel)
		w->state = ALLOWED; /* to take back is always right */
	else if (w->state == NEW && l->back == GW_SSH_BACK_NONE &&
		 gw_ssh_back_choose(l, l->who.target, l->who.account, &err) < 0)
		refuse(l, w, err.say);
	else if (w->state == NEW && may)
		ask(l, w);
	if (w->state == OUT || (w->state == ALLOWED && may))
		step_out(l, w);
}

static void wish_free(struct wish *w)
{
	free(w->message);
	free(w);
}

void gw_ssh_reverse_step(struct gw_ssh_link *l)
{
	struct gw_ssh_reverse *v = l->reverse;
	while (v && v->first && !l->over) {
		struct wish *w = v->first;
		step(l, w);
		if (w->state == REFUSED)
			(void)ssh_message_reply_default(w->message);
		else if (w->state != DONE)
			break;
		v->first = w->next;
		v->waiting--;
		wish_free(w);
	}
	if (!gw_ssh_reverse_waits(l) || l->over || clock_mono_us() - v->awake_us < AWAKE_US)
		return;
	v->awake_us = clock_mono_us();
	(void)ssh_send_ignore(l->client.ssh, "");
}

void gw_ssh_reverse_free(struct gw_ssh_link *l)
{
	for (struct wish *w = l->reverse ? l->reverse->first : NULL, *next; w; w = next) {
		next = w->next;
		wish_free(w);
	}
	free(l->reverse);
	l->reverse = NULL;
}
