#ifndef POL_PIN_H
#define POL_PIN_H
#include "gateway/core/buf.h"
#include <stddef.h>
#include <stdint.h>
struct pol_broker;
/*
 * pin - a target gets a (new) host key, and its sealed credentials are bound to it.
 *
 * Source:  docs/decisions/0002-repin-rebinds-credentials.md; the bound text as schema/0003_helpers.sql writes it.
 * Order:   credentials of the target -> the vault rebinds one after the other -> api.target_pin, one transaction.
 * Errors:  a credential that the vault cannot rebind stays as it is and is suspended by the new key (the answer names it);
 *          everything else ends it.
 * Owns:    what it holds until pol_pin_drop, which accepts a zeroed pin; `done` is called once.
 */
struct pol_pin_target {
	const char *name, *host, *caller; /* caller: JSON */
	int64_t id;
	uint16_t port;
};
struct pol_pin_account;
struct pol_pin {
	struct pol_broker *b;
	void (*done)(void *ctx, int code, const char *say, struct span json);
	void *ctx;
	char *name, *host, *caller;
	int64_t id;
	uint16_t port;
	struct buf host_key;
	struct pol_pin_account *accounts;
	size_t n, at;
};
void pol_pin_start(struct pol_pin *p, struct pol_broker *b, const struct pol_pin_target *t, struct span host_key);
void pol_pin_drop(struct pol_pin *p);
/* host_key: the blob, or empty. */
void pol_pin_bound(struct buf *out, const char *account, const struct pol_pin_target *t, struct span host_key);
#endif
