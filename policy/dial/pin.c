#include "policy/dial/pin.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/peers.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEALED_MAX = 65536, BOUND_MAX = 2048, REBIND_US = 5 * 1000 * 1000, ARGS_MAX = 4 << 20 };

struct pol_pin_account {
	char *name;
	struct buf sealed, bound;     /* as they are */
	struct buf resealed, rebound; /* as they will be; empty: not rebound */
};

void pol_pin_bound(struct buf *out, const char *account, const struct pol_pin_target *t, struct span host_key)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char text[64] = "";

	if (host_key.n) {
		(void)crypto_hash_sha256(hash, host_key.p, host_key.n);
		sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
	}
	buf_printf(out, "account=%s\ntarget=%" PRId64 "\naddress=%s\nport=%u\nhost_key=%s", account, t->id, t->host,
		t->port, text);
}

void pol_pin_drop(struct pol_pin *p)
{
	if (!p->b)
		return;
	pol_query_drop(&p->b->sql, p);
	pol_ask_drop(&p->b->asks, p);
	for (size_t i = 0; i < p->n; i++) {
		free(p->accounts[i].name);
		buf_done(&p->accounts[i].sealed);
		buf_done(&p->accounts[i].bound);
		buf_done(&p->accounts[i].resealed);
		buf_done(&p->accounts[i].rebound);
	}
	free(p->accounts);
	free(p->name);
	free(p->host);
	free(p->caller);
	buf_done(&p->host_key);
	*p = (struct pol_pin){ .done = p->done, .ctx = p->ctx };
}

static void pin_finish(struct pol_pin *p, int code, const char *say, struct span json)
{
	char copy[200]; /* what say points to may go with p */

	(void)snprintf(copy, sizeof copy, "%s", say);
	pol_pin_drop(p);
	p->done(p->ctx, code, copy, json);
}

static void pinned(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_pin *p = ctx;

	if (code == -EIO)
		log_err(LOG_LEVEL_WARN, "target.pin", err);
	if (code < 0)
		pin_finish(p, code, err->say[0] ? err->say : "the database refused the host key", (struct span){ 0 });
	else
		pin_finish(p, 0, "", pg_span(res, 0, 0));
}

static void hex(struct json *j, const char *key, struct span s)
{
	struct buf text;

	buf_init(&text, 2 * SEALED_MAX + 1);
	char *p = (char *)buf_room(&text, 2 * s.n + 1);
	if (p) {
		sodium_bin2hex(p, 2 * s.n + 1, s.p, s.n);
		json_str(j, key, span_of(p, 2 * s.n));
	}
	buf_done(&text);
}

static void write_row(struct pol_pin *p)
{
	struct buf args, key;
	struct json j;

	buf_init(&args, ARGS_MAX);
	buf_init(&key, 4096);
	size_t size = sodium_base64_encoded_len(p->host_key.len, sodium_base64_VARIANT_ORIGINAL);
	char *text = (char *)buf_room(&key, size);
	sodium_bin2base64(text, size, p->host_key.data, p->host_key.len, sodium_base64_VARIANT_ORIGINAL);
	json_open(&j, &args);
	json_obj(&j, NULL);
	json_str(&j, "name", span_str(p->name));
	json_str(&j, "host_key", span_str(text));
	json_arr(&j, "accounts");
	for (size_t i = 0; i < p->n; i++) {
		const struct pol_pin_account *a = &p->accounts[i];
		if (!a->resealed.len)
			continue;
		json_obj(&j, NULL);
		json_str(&j, "account", span_str(a->name));
		hex(&j, "sealed", buf_span(&a->resealed));
		json_str(&j, "bound", buf_span(&a->rebound));
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
	pol_query(&p->b->sql, POL_SQL("select api.target_pin($1::jsonb, $2::jsonb)", p->caller, buf_str(&args)), pinned,
		p);
	buf_done(&args);
	buf_done(&key);
}

static void rebind_next(struct pol_pin *p);

static void rebound(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_pin *p = ctx;
	struct pol_pin_account *a = &p->accounts[p->at++];

	if (code < 0) {
		pin_finish(p, code, "the vault does not answer; try again", (struct span){ 0 });
		return;
	}
	if (reply->sealed.code == 0)
		buf_put_span(&a->resealed, reply->sealed.sealed);
	else
		log_ev(LOG_LEVEL_WARN, "target.unbound", LOG_S("target", p->name), LOG_S("account", a->name),
			LOG_N("code", reply->sealed.code));
	rebind_next(p);
}

static void rebind_next(struct pol_pin *p)
{
	if (p->at == p->n) {
		write_row(p);
		return;
	}
	struct pol_pin_account *a = &p->accounts[p->at];
	struct pol_pin_target t = { .name = p->name, .host = p->host, .id = p->id, .port = p->port };
	pol_pin_bound(&a->rebound, a->name, &t, buf_span(&p->host_key));
	struct wire_rebind m = {
		.sealed = buf_span(&a->sealed), .bound = buf_span(&a->bound), .rebound = buf_span(&a->rebound)
	};
	pol_peers_rebind(p->b, &m, &(struct pol_ask){ .within_us = REBIND_US, .done = rebound, .ctx = p });
}

static void listed(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_pin *p = ctx;

	if (code < 0) {
		pin_finish(p, code, err->say[0] ? err->say : "the database does not answer", (struct span){ 0 });
		return;
	}
	p->accounts = calloc((size_t)pg_rows(res) + 1, sizeof *p->accounts);
	if (!p->accounts)
		abort();
	for (int i = 0; i < pg_rows(res); i++) {
		struct pol_pin_account *a = &p->accounts[p->n++];
		buf_init(&a->sealed, SEALED_MAX);
		buf_init(&a->bound, BOUND_MAX);
		buf_init(&a->resealed, SEALED_MAX);
		buf_init(&a->rebound, BOUND_MAX);
		a->name = strdup(pg_text(res, i, 0) ? pg_text(res, i, 0) : "");
		if (!a->name)
			abort();
		buf_put_span(&a->bound, pg_span(res, i, 2));
		if (pg_bytea(pg_span(res, i, 1), &a->sealed) < 0)
			buf_clear(&a->sealed); /* the vault refuses it, and the account is suspended */
	}
	rebind_next(p);
}

static char *copy(const char *s)
{
	char *c = strdup(s);

	if (!c)
		abort();
	return c;
}

void pol_pin_start(struct pol_pin *p, struct pol_broker *b, const struct pol_pin_target *t, struct span host_key)
{
	p->b = b;
	p->name = copy(t->name);
	p->host = copy(t->host);
	p->caller = copy(t->caller);
	p->id = t->id;
	p->port = t->port;
	buf_init(&p->host_key, 4096);
	buf_put_span(&p->host_key, host_key);
	pol_query(&b->sql, POL_SQL("select account, sealed, bound from api.credentials($1)", t->name), listed, p);
}
