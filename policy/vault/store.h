#ifndef POLICY_VAULT_STORE_H
#define POLICY_VAULT_STORE_H
#include "gateway/core/id.h"
#include "gateway/core/secret.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * store - what each worker was allowed to use and has not used yet.
 *
 * An entry belongs to one worker and one session (or opening of a recording), is taken once, and is wiped when it was
 * taken, when the broker says `forget`, when the worker's socket closes, or after VAULT_STORE_LIFE_US.
 * Limits:  VAULT_STORE_MAX entries, VAULT_STORE_WORKER_MAX of one worker.
 */
enum {
	VAULT_STORE_MAX = 4096,
	VAULT_STORE_WORKER_MAX = 16,
	VAULT_STORE_LIFE_US = 30 * 1000 * 1000,
	VAULT_STORE_LOGIN = 255
};

struct vault_allowed {
	uint64_t worker;
	struct id id;
	uint8_t kind; /* enum wire_secret */
	uint32_t uses;
	bool legacy; /* SHA-1 will do for this target */
	uint8_t login[VAULT_STORE_LOGIN];
	size_t login_n;
	struct secret *secret; /* owned */
	int64_t until_us;      /* clock_mono_us */
	struct vault_allowed *next;
};
struct vault_store {
	struct vault_allowed *first;
	size_t n;
};
/* Copies *what; takes over what->secret on success.  One for the same worker and id replaces the older. */
int vault_store_add(struct vault_store *s, const struct vault_allowed *what, int64_t now_us, struct err *err);
/* NULL when that worker may not use it (any more).  The caller frees it with vault_store_drop. */
struct vault_allowed *vault_store_take(struct vault_store *s, uint64_t worker, const struct id *id, int64_t now_us);
void vault_store_drop(struct vault_allowed **a);
void vault_store_forget(struct vault_store *s, uint64_t worker);
void vault_store_expire(struct vault_store *s, int64_t now_us);
void vault_store_done(struct vault_store *s);
#endif
