#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include "gateway/ssh/link.h"
#include "gateway/ssh/request.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Channels that the target opens towards the client: from a port that leads there (RFC 4254 section 7.2), to the client's
 * agent, to its screen (section 6.3.2).  Each is a channel of this session like any other: asked, recorded (as digests),
 * held, ended.  What the client did not ask for is refused: the target may be hostile.
 */
enum {
	HOST_MAX = 255,
	TOLD_MAX = 1000, /* refusals told to the broker: a target can go on as fast as it likes */
};

static const struct kind {
	int type;
	enum gw_ssh_start start;
	uint32_t feature;
	const char *name;
} kinds[] = {
	{ SSH_CHANNEL_FORWARDED_TCPIP, GW_SSH_START_REVERSE, WIRE_FEATURE_REVERSE, "reverse" },
	{ SSH_CHANNEL_AUTH_AGENT, GW_SSH_START_AGENT, WIRE_FEATURE_AGENT, "agent" },
	{ SSH_CHANNEL_X11, GW_SSH_START_X11, WIRE_FEATURE_X11, "x11" },
};

static const struct kind *kind_of(ssh_message m)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].type == ssh_message_subtype(m))
			return &kinds[i];
	return NULL;
}

static const char *kind_name(const struct gw_ssh_channel *c)
{
	return kinds[c->start - GW_SSH_START_REVERSE].name;
}

static char *host_of(const char *host)
{
	char *copy = strndup(host ? host : "", HOST_MAX);
	if (!copy)
		abort();
	return copy;
}

/* What stands in the audit and in the recording: "localhost:8080 from 127.0.0.1:4711". */
static void describe(const struct kind *k, ssh_message m, char *ret, size_t ret_n)
{
	const char *to = ssh_message_channel_request_open_destination(m);
	const char *from = ssh_message_channel_request_open_originator(m);
	int from_port = ssh_message_channel_request_open_originator_port(m);
	*ret = '\0';
	if (k->start == GW_SSH_START_REVERSE)
		(void)snprintf(ret, ret_n, "%.255s:%d from %.255s:%d", to ? to : "",
			ssh_message_channel_request_open_destination_port(m), from ? from : "", from_port);
	else if (k->start == GW_SSH_START_X11)
		(void)snprintf(ret, ret_n, "from %.255s:%d", from ? from : "", from_port);
}

static const char *why_not(const struct gw_ssh_link *l, const struct kind *k, ssh_message m)
{
	bool asked = k->start == GW_SSH_START_REVERSE
			     ? gw_ssh_reverse_leads(l, ssh_message_channel_request_open_destination_port(m))
			     : (l->lent & k->feature) != 0;
	if (!asked)
		return "the target opened it unasked";
	return gw_ssh_forward_count(l) >= GW_SSH_FORWARDS ? "too many at once" : NULL;
}

static void accept_channel(struct gw_ssh_link *l, const struct kind *k, ssh_message m, const char *text)
{
	ssh_channel front = ssh_channel_new(l->client.ssh);
	/* libssh wants its answer now; the broker's and the client's come later. */
	ssh_channel back = front ? ssh_message_channel_request_open_reply_accept(m) : NULL;
	if (!back) {
		ssh_channel_free(front);
		return;
	}
	struct gw_ssh_channel *c = gw_ssh_channel_of(l, front);
	c->start = k->start;
	c->feature = k->feature;
	c->command = strdup(text);
	if (!c->command)
		abort();
	c->to_host = host_of(ssh_message_channel_request_open_destination(m));
	c->to_port = (uint16_t)ssh_message_channel_request_open_destination_port(m);
	c->from_host = host_of(ssh_message_channel_request_open_originator(m));
	c->from_port = (uint16_t)ssh_message_channel_request_open_originator_port(m);
	c->err.dropped = true; /* such a channel has none */
	c->front_open = false;
	c->back_open = true;
	gw_ssh_channel_attach_back(c, back);
	c->phase = GW_SSH_CH_WAIT;
	l->input_us = clock_mono_us();
}

int gw_ssh_remote_message(ssh_session s, ssh_message m, void *ctx)
{
	(void)s;
	struct gw_ssh_link *l = ctx;
	const struct kind *k = ssh_message_type(m) == SSH_REQUEST_CHANNEL_OPEN ? kind_of(m) : NULL;
	if (!k || l->over)
		return 1;
	char text[600];
	describe(k, m, text, sizeof text);
	const char *reason = why_not(l, k, m);
	if (reason) {
		if (l->remote_refused++ < TOLD_MAX)
			gw_session_refused(l->gw, k->name, text, reason);
		return 1;
	}
	accept_channel(l, k, m, text);
	return 0;
}

static int step(struct gw_ssh_channel *c)
{
	switch (c->start) {
	case GW_SSH_START_REVERSE:
		return ssh_channel_open_reverse_forward(c->front, c->to_host, c->to_port, c->from_host, c->from_port);
	case GW_SSH_START_AGENT:
		return ssh_channel_open_auth_agent(c->front);
	default:
		return ssh_channel_open_x11(c->front, c->from_host, c->from_port);
	}
}

int gw_ssh_remote_open(struct gw_ssh_channel *c)
{
	struct gw_ssh_link *l = c->link;
	char reason[300];
	int r = step(c);
	/* A client that closes at once was there all the same: what the target sent until then is heard. */
	if (r == SSH_OK || r == SSH_AGAIN || c->front_closed)
		return r == SSH_AGAIN ? r : SSH_OK;
	gw_ssh_request_refusal("client", ssh_get_error(l->client.ssh), reason, sizeof reason);
	gw_session_refused(l->gw, kind_name(c), c->command, reason);
	gw_ssh_start_refuse(c, reason);
	return r;
}
