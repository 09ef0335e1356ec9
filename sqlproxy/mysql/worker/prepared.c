#include "sqlproxy/mysql/worker/link.h"
#include <stdlib.h>
#include <string.h>

/* A list: clients that keep many statements have tens of them, and a look at each costs less than a packet. */
enum { PREPARED_MAX = 4096, WEIGHT_MAX = 32 * 1024 * 1024 };

struct gw_mysql_prepared *gw_mysql_prepared_find(struct gw_mysql_link *l, uint32_t id)
{
	if (id == (uint32_t)GW_MYSQL_ID_OURS) {
		if (!l->has_last_prepared)
			return NULL;
		id = l->last_prepared;
	}
	struct gw_mysql_prepared *p = l->prepared;
	while (p && p->id != id)
		p = p->next;
	return p;
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* The batch in hand, with its names, in memory of its own. */
static void copy_facts(const struct gw_mysql_link *l, struct gw_mysql_prepared *p)
{
	const struct classify_batch *b = &l->batch;
	size_t names = 0, bytes = 0;
	for (size_t i = 0; i < b->n; i++)
		for (size_t t = 0; t < l->facts[i].n; t++) {
			names++;
			bytes += l->facts[i].tables[t].n;
		}
	size_t at = b->n * sizeof *p->statements;
	p->n = b->n;
	p->weight = at + names * sizeof(struct span) + bytes;
	p->statements = must(malloc(p->weight));
	memcpy(p->statements, l->facts, at);
	struct span *name = (struct span *)(void *)((uint8_t *)p->statements + at);
	uint8_t *text = (uint8_t *)(name + names);
	for (size_t i = 0; i < b->n; i++) {
		p->statements[i].tables = name;
		for (size_t t = 0; t < l->facts[i].n; t++, name++) {
			struct span from = l->facts[i].tables[t];
			if (from.n > 0)
				memcpy(text, from.p, from.n);
			*name = span_of(text, from.n);
			text += from.n;
		}
	}
}

struct gw_mysql_prepared *gw_mysql_prepared_new(struct gw_mysql_link *l, struct span masked)
{
	if (l->prepared_n >= PREPARED_MAX || l->prepared_weight + masked.n > WEIGHT_MAX)
		return NULL;
	struct gw_mysql_prepared *p = must(calloc(1, sizeof *p));
	copy_facts(l, p);
	buf_init(&p->masked, masked.n);
	buf_put_span(&p->masked, masked);
	p->weight += masked.n;
	p->classes = l->batch.classes;
	p->flags = l->batch.flags;
	memcpy(p->fingerprint, l->batch.fingerprint, sizeof p->fingerprint);
	memcpy(p->database, l->database, sizeof p->database);
	l->prepared_weight += p->weight;
	return p;
}

void gw_mysql_prepared_keep(struct gw_mysql_link *l, struct gw_mysql_prepared *p, uint32_t id, uint16_t params)
{
	gw_mysql_prepared_drop(l, id); /* a server that gives a number twice means the later one */
	p->id = id;
	p->params = params;
	if (params > 0) {
		p->types = must(calloc(params, sizeof *p->types));
		p->sent = must(calloc(params, 1));
		p->weight += params * (sizeof *p->types + 1);
		l->prepared_weight += params * (sizeof *p->types + 1);
	}
	p->next = l->prepared;
	l->prepared = p;
	l->prepared_n++;
	l->last_prepared = id;
	l->has_last_prepared = true;
}

void gw_mysql_prepared_free(struct gw_mysql_link *l, struct gw_mysql_prepared *p)
{
	if (!p)
		return;
	l->prepared_weight -= p->weight;
	buf_done(&p->masked);
	free(p->statements);
	free(p->types);
	free(p->sent);
	free(p);
}

void gw_mysql_prepared_drop(struct gw_mysql_link *l, uint32_t id)
{
	for (struct gw_mysql_prepared **at = &l->prepared; *at; at = &(*at)->next) {
		struct gw_mysql_prepared *p = *at;
		if (p->id != id)
			continue;
		*at = p->next;
		l->prepared_n--;
		gw_mysql_prepared_free(l, p);
		return;
	}
}

void gw_mysql_prepared_clear(struct gw_mysql_link *l)
{
	while (l->prepared)
		gw_mysql_prepared_drop(l, l->prepared->id);
	l->has_last_prepared = false;
}
