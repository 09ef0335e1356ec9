#include "webterm/events.h"
#include "gateway/core/err.h"
#include "gateway/core/pg.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 32 };

struct web_events {
	struct web *web;
	char names[NAMES][32];
	size_t n;
	char text[64]; /* the message at hand */
};

static bool is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_");
	return n > 0 && s[n] == 0 && n < 32;
}

/* The bit of a collection; 0: there are too many. */
static uint32_t bit_of(struct web_events *e, const char *name)
{
	size_t i = 0;
	while (i < e->n && strcmp(e->names[i], name) != 0)
		i++;
	if (i == NAMES)
		return 0;
	if (i == e->n)
		(void)snprintf(e->names[e->n++], sizeof e->names[0], "%s", name);
	return UINT32_C(1) << i;
}

/* What a browser has not been told yet stands in its ctx, as bits. */
static void heard(void *ctx, const char *payload)
{
	struct web_events *e = ctx;
	uint32_t bit = is_name(payload) ? bit_of(e, payload) : 0;
	for (struct web_socket *s = bit ? web_socket_first(e->web->sockets) : NULL; s; s = s->next)
		if (s->kind == &web_events_socket) {
			s->ctx = (void *)((uintptr_t)s->ctx | bit);
			web_socket_ready(s);
		}
	if (strcmp(payload, "users") == 0 || strcmp(payload, "console_sessions") == 0)
		web_socket_recheck(e->web->sockets);
}

static void opened(struct web_socket *s)
{
	(void)s;
}

static bool hear(struct web_socket *s, struct span message)
{
	(void)s;
	(void)message;
	return false; /* nothing is asked here */
}

static bool give(struct web_socket *s, struct web_message *ret)
{
	struct web_events *e = s->web->events;
	uintptr_t bits = (uintptr_t)s->ctx;
	if (bits == 0)
		return false;
	unsigned i = (unsigned)__builtin_ctzl(bits);
	s->ctx = (void *)(bits & (bits - 1));
	(void)snprintf(e->text, sizeof e->text, "{\"changed\":\"%s\"}", e->names[i]);
	*ret = (struct web_message){ .bytes = span_str(e->text), .text = true };
	return true;
}

static void closed(struct web_socket *s)
{
	(void)s;
}

const struct web_socket_kind web_events_socket = { .protocol = "", .open = opened, .hear = hear, .give = give, .close = closed };

struct web_events *web_events_new(struct web *web)
{
	struct web_events *e = calloc(1, sizeof *e);
	if (!e || pg_listen(web->pg, "yanmen_console", heard, e) < 0)
		abort();
	e->web = web;
	return e;
}

struct web_events *web_events_free(struct web_events *e)
{
	free(e);
	return NULL;
}
