#include "webterm/vault.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/wire.h"
#include "gateway/core/link.h"
#include "webterm/web.h"
#include <errno.h>
#include <stdlib.h>

enum { QUEUE = 64 << 10 };

struct use {
	struct use *next;
	void (*done)(void *ctx, struct span secret);
	void *ctx;
};

struct web_vault {
	struct web *web;
	struct link link;
	struct use *first, **last;
};

static void answer(struct web_vault *v, struct span secret)
{
	struct use *u = v->first;
	if (!u)
		return;
	v->first = u->next;
	if (!v->first)
		v->last = &v->first;
	u->done(u->ctx, secret);
	free(u);
}

static void lost(void *ctx, const struct err *why)
{
	(void)why;
	struct web_vault *v = ctx;
	while (v->first)
		answer(v, (struct span){ 0 });
}

static void got(void *ctx, struct link_msg *m)
{
	struct web_vault *v = ctx;
	struct wire_use_secret s;
	if (m->type == WIRE_T_use_secret && wire_use_secret_get(m->body, &s, NULL) == 0) {
		answer(v, s.text);
	} else if (m->type == WIRE_T_use_denied) {
		answer(v, (struct span){ 0 });
	} else {
		log_ev(LOG_LEVEL_ERROR, "web.vault_nonsense", LOG_S("type", wire_type_name(m->type)));
		link_close(&v->link);
		lost(v, NULL);
	}
}

struct web_vault *web_vault_new(struct web *web)
{
	struct web_vault *v = calloc(1, sizeof *v);
	if (!v)
		abort();
	v->web = web;
	v->last = &v->first;
	v->link = (struct link){ .got = got, .lost = lost, .ctx = v };
	return v;
}

struct web_vault *web_vault_free(struct web_vault *v)
{
	if (v) {
		link_close(&v->link);
		while (v->first) {
			struct use *u = v->first;
			v->first = u->next;
			free(u);
		}
		free(v);
	}
	return NULL;
}

int web_vault_open(struct web_vault *v, int sock, struct err *err)
{
	if (link_is_open(&v->link)) {
		link_close(&v->link);
		lost(v, NULL);
	}
	return link_open(&v->link, v->web->loop, sock, QUEUE, err);
}

int web_vault_use(struct web_vault *v, const struct id *id, void (*done)(void *ctx, struct span secret), void *ctx)
{
	struct use *u = calloc(1, sizeof *u);
	if (!u)
		abort();
	*u = (struct use){ .done = done, .ctx = ctx };
	if (!link_is_open(&v->link) || wire_use_queue(v->link.q, &(struct wire_use){ .id = *id }, -1) < 0) {
		free(u);
		return -EPIPE;
	}
	*v->last = u;
	v->last = &u->next;
	return 0;
}
