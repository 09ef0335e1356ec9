#include "gateway/xfer/inside.h"
#include <stdlib.h>
#include <string.h>

/* Clients count their ids up: the id itself is the hash, and neighbours lie side by side. */
enum { SIZE_MIN = 64 };

bool xfer_asked_room(const struct xfer_table *t)
{
	return t->n < XFER_REQUESTS && t->bytes < XFER_ASKED_BYTES;
}

struct xfer_asked *xfer_asked_find(const struct xfer_table *t, uint32_t id)
{
	for (size_t i = id & (t->size - 1), left = t->size; left > 0; left--, i = (i + 1) & (t->size - 1)) {
		if (t->slots[i].kind == XFER_ASKED_FREE)
			return NULL;
		if (t->slots[i].id == id)
			return &t->slots[i];
	}
	return NULL;
}

static struct xfer_asked *place(struct xfer_table *t, uint32_t id)
{
	size_t i = id & (t->size - 1);
	while (t->slots[i].kind != XFER_ASKED_FREE)
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static void grow(struct xfer_table *t)
{
	struct xfer_table bigger = *t;
	bigger.size = t->size ? 2 * t->size : SIZE_MIN;
	bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
	if (!bigger.slots)
		abort();
	for (size_t i = 0; i < t->size; i++)
		if (t->slots[i].kind != XFER_ASKED_FREE)
			*place(&bigger, t->slots[i].id) = t->slots[i];
	free(t->slots);
	*t = bigger;
}

struct xfer_asked *xfer_asked_add(struct xfer_table *t, uint32_t id, enum xfer_asked_kind kind)
{
	if (xfer_asked_find(t, id))
		return NULL;
	if (2 * (t->n + 1) > t->size)
		grow(t);
	struct xfer_asked *a = place(t, id);
	*a = (struct xfer_asked){ .id = id, .kind = (uint8_t)kind };
	t->n++;
	return a;
}

static char *copy_of(struct xfer_table *t, struct span s)
{
	char *copy = strndup((const char *)s.p, s.n);
	if (!copy)
		abort();
	t->bytes += strlen(copy) + 1;
	return copy;
}

void xfer_asked_paths(struct xfer_table *t, struct xfer_asked *a, struct span path, struct span to)
{
	a->path = copy_of(t, path);
	a->to = to.n > 0 ? copy_of(t, to) : NULL;
}

char *xfer_asked_path(struct xfer_table *t, struct xfer_asked *a)
{
	char *path = a->path;
	t->bytes -= path ? strlen(path) + 1 : 0;
	a->path = NULL;
	return path;
}

static void forget_paths(struct xfer_table *t, struct xfer_asked *a)
{
	t->bytes -= a->path ? strlen(a->path) + 1 : 0;
	t->bytes -= a->to ? strlen(a->to) + 1 : 0;
	free(a->path);
	free(a->to);
}

/* No gap may stay between an entry and the slot that its id names. */
void xfer_asked_drop(struct xfer_table *t, struct xfer_asked *a)
{
	size_t mask = t->size - 1, hole = (size_t)(a - t->slots);
	forget_paths(t, a);
	t->n--;
	for (size_t i = (hole + 1) & mask; t->slots[i].kind != XFER_ASKED_FREE; i = (i + 1) & mask) {
		size_t home = t->slots[i].id & mask;
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = (struct xfer_asked){ 0 };
}

void xfer_asked_done(struct xfer_table *t)
{
	for (size_t i = 0; i < t->size; i++)
		if (t->slots[i].kind != XFER_ASKED_FREE)
			forget_paths(t, &t->slots[i]);
	free(t->slots);
	*t = (struct xfer_table){ 0 };
}
