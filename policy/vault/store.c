#include "policy/vault/store.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

void vault_store_drop(struct vault_allowed **a)
{
	if (*a)
		secret_free((*a)->secret);
	free(*a);
	*a = NULL;
}

/* Unlinks *at. */
static struct vault_allowed *cut(struct vault_store *s, struct vault_allowed **at)
{
	struct vault_allowed *a = *at;

	*at = a->next;
	a->next = NULL;
	s->n--;
	return a;
}

static void drop_where(
	struct vault_store *s, bool (*is)(const struct vault_allowed *a, const void *ctx), const void *ctx)
{
	struct vault_allowed **at = &s->first;

	while (*at) {
		if (!is(*at, ctx)) {
			at = &(*at)->next;
			continue;
		}
		struct vault_allowed *a = cut(s, at);
		vault_store_drop(&a);
	}
}

static bool of_worker(const struct vault_allowed *a, const void *worker)
{
	return a->worker == *(const uint64_t *)worker;
}

static bool is_over(const struct vault_allowed *a, const void *now_us)
{
	return a->until_us <= *(const int64_t *)now_us;
}

static bool is_all(const struct vault_allowed *a, const void *nothing)
{
	(void)a, (void)nothing;
	return true;
}

int vault_store_add(struct vault_store *s, const struct vault_allowed *what, int64_t now_us, struct err *err)
{
	struct vault_allowed *older = vault_store_take(s, what->worker, &what->id, now_us);
	size_t of_it = 0;

	vault_store_drop(&older);
	for (const struct vault_allowed *a = s->first; a; a = a->next)
		of_it += a->worker == what->worker;
	if (s->n >= VAULT_STORE_MAX || of_it >= VAULT_STORE_WORKER_MAX)
		return fault(err, -EAGAIN, "the gateway is busy; try again", "%zu allowed, %zu of worker %llu", s->n,
			of_it, (unsigned long long)what->worker);
	struct vault_allowed *a = malloc(sizeof *a);
	if (!a)
		return fault(err, -ENOMEM, "internal error", "no memory for an allowed secret");
	*a = *what;
	a->until_us = now_us + VAULT_STORE_LIFE_US;
	a->next = s->first;
	s->first = a;
	s->n++;
	return 0;
}

struct vault_allowed *vault_store_take(struct vault_store *s, uint64_t worker, const struct id *id, int64_t now_us)
{
	vault_store_expire(s, now_us);
	for (struct vault_allowed **at = &s->first; *at; at = &(*at)->next)
		if ((*at)->worker == worker && id_eq(&(*at)->id, id))
			return cut(s, at);
	return NULL;
}

void vault_store_forget(struct vault_store *s, uint64_t worker)
{
	drop_where(s, of_worker, &worker);
}

void vault_store_expire(struct vault_store *s, int64_t now_us)
{
	drop_where(s, is_over, &now_us);
}

void vault_store_done(struct vault_store *s)
{
	drop_where(s, is_all, NULL);
}
