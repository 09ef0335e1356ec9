#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/ssh/link.h"
#include "gateway/ssh/request.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * A connection to the target's own loopback (RFC 4254 section 7.2, direct-tcpip to localhost): what VS Code Remote and
 * -L 8080:localhost:80 need.  It goes through the target's SSH as a channel of this session, like any other: asked,
 * recorded (as digests), held, ended.
 */
static const char *const loopbacks[] = { "localhost", "127.0.0.1", "::1", "ip6-localhost" };

static const char *loopback_of(const char *host)
{
	for (size_t i = 0; i < COUNT_OF(loopbacks); i++)
		if (host && strcasecmp(host, loopbacks[i]) == 0)
			return loopbacks[i];
	return NULL;
}

bool gw_ssh_local_is(const struct gw_ssh_link *l, ssh_message m)
{
	bool to_target = l->granted || *l->who.target;
	return to_target && loopback_of(ssh_message_channel_request_open_destination(m));
}

int gw_ssh_local_asked(struct gw_ssh_link *l, ssh_message m)
{
	const char *host = loopback_of(ssh_message_channel_request_open_destination(m));
	int port = ssh_message_channel_request_open_destination_port(m);
	char text[64];
	if (!host || port < 1 || port > 65535)
		return 1;
	/* libssh wants its answer now; the broker's and the target's come later. */
	ssh_channel front = ssh_message_channel_request_open_reply_accept(m);
	if (!front)
		return 1;
	struct gw_ssh_channel *c = gw_ssh_channel_of(l, front);
	(void)snprintf(text, sizeof text, "%s:%d", host, port);
	c->command = strdup(text);
	c->to_host = strdup(host);
	if (!c->command || !c->to_host)
		abort();
	c->to_port = (uint16_t)port;
	c->start = GW_SSH_START_LOCAL;
	c->err.dropped = true; /* such a channel has none */
	l->input_us = clock_mono_us();
	return 0;
}

int gw_ssh_local_record(struct gw_ssh_channel *c, struct err *err)
{
	int r = gw_ssh_flow_limit(&c->in, 0, err);
	return r < 0 ? r : gw_ssh_flow_limit(&c->out, 0, err);
}

static void refuse(struct gw_ssh_channel *c, const char *reason)
{
	gw_session_refused(c->link->gw, "forward", c->command, reason);
	gw_ssh_start_refuse(c, reason);
}

int gw_ssh_local_open(struct gw_ssh_channel *c)
{
	char reason[300];
	int r = ssh_channel_open_forward(c->back, c->to_host, c->to_port, gw_session_client_address(c->link->gw), 0);
	/* A service that only says something and hangs up may have done so already. */
	if (r == SSH_OK || r == SSH_AGAIN || c->back_closed)
		return r == SSH_AGAIN ? r : SSH_OK;
	gw_ssh_request_refusal("target", ssh_get_error(c->link->target.ssh), reason, sizeof reason);
	refuse(c, reason);
	return r;
}

bool gw_ssh_local_passes(struct gw_ssh_channel *c, struct gw_ssh_flow *f)
{
	/* SSH goes to the SSH door, where it is recorded.  Its first bytes are held until they are known. */
	static const char ssh_begins[] = "SSH-";
	enum { SSH_BEGINS = sizeof ssh_begins - 1 };
	size_t n = f->data.len - f->at;
	if (c->start != GW_SSH_START_LOCAL || f->total > 0 || f->dropped || n == 0)
		return true;
	if (memcmp(f->data.data + f->at, ssh_begins, n < SSH_BEGINS ? n : SSH_BEGINS) != 0)
		return true;
	if (n < SSH_BEGINS)
		return f->ended;
	if (c->phase == GW_SSH_CH_RUN)
		refuse(c, "SSH inside a forward: log in to the target through the gateway instead");
	return false;
}
