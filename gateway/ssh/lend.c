#include "gateway/ssh/link.h"
#include <stdlib.h>
#include <string.h>

/*
 * What a client lends to its target: its key agent (auth-agent-req@openssh.com, as OpenSSH's PROTOCOL file has it) and its
 * screen (x11-req, RFC 4254 section 6.3).  Asked of the broker behind the start of their channel, before that runs; what
 * the target then opens is remote.c's.
 */
static bool may_ask(const struct gw_ssh_channel *c)
{
	return c->phase == GW_SSH_CH_COLLECT && c->start == GW_SSH_START_NONE && !c->link->over;
}

void gw_ssh_lend_agent(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	if (may_ask(c))
		c->lends |= WIRE_FEATURE_AGENT;
}

void gw_ssh_lend_x11(
	ssh_session s, ssh_channel ch, int single, const char *protocol, const char *cookie, uint32_t screen, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	if (!may_ask(c) || (c->lends & WIRE_FEATURE_X11) || !protocol || !cookie || strlen(protocol) > GW_SSH_X11_BYTES ||
		strlen(cookie) > GW_SSH_X11_BYTES || screen > INT32_MAX)
		return;
	c->x11.single = single != 0;
	c->x11.protocol = strdup(protocol);
	c->x11.cookie = strdup(cookie);
	c->x11.screen = (int)screen;
	if (!c->x11.protocol || !c->x11.cookie)
		abort();
	c->lends |= WIRE_FEATURE_X11;
}

uint32_t gw_ssh_lend_next(const struct gw_ssh_channel *c)
{
	uint32_t left = c->lends;
	if (c->asking == WIRE_FEATURE_AGENT || c->asking == WIRE_FEATURE_X11)
		left &= ~(uint32_t)WIRE_FEATURE_AGENT;
	if (c->asking == WIRE_FEATURE_X11)
		left = 0;
	return left & WIRE_FEATURE_AGENT ? WIRE_FEATURE_AGENT : left;
}

/* Many lend to everybody by their configuration, and a program that reads the other channels did not ask for words. */
static void tell(struct gw_ssh_channel *c, enum gw_ssh_say what, const char *arg)
{
	if (c->pty)
		gw_ssh_channel_say(c, what, arg);
}

void gw_ssh_lend_answered(struct gw_ssh_channel *c, uint32_t feature, int code, const char *say)
{
	if (code == 0)
		return;
	c->lends &= ~feature;
	gw_ssh_start_note(c, "refused", say);
	tell(c, GW_SSH_SAY_REFUSED, say);
}

int gw_ssh_lend_request(struct gw_ssh_channel *c, uint32_t feature)
{
	struct gw_ssh_link *l = c->link;
	if (!(c->lends & feature))
		return SSH_OK;
	int r = feature == WIRE_FEATURE_AGENT ? ssh_channel_request_auth_agent(c->back)
					      : ssh_channel_request_x11(c->back, c->x11.single, c->x11.protocol,
							c->x11.cookie, c->x11.screen);
	if (r == SSH_OK)
		l->lent |= feature;
	else if (r != SSH_AGAIN)
		tell(c, GW_SSH_SAY_TARGET_X11, NULL);
	return r;
}

void gw_ssh_lend_free(struct gw_ssh_channel *c)
{
	free(c->x11.protocol);
	free(c->x11.cookie);
}
