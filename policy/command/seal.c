#include "policy/command/seal.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/peers.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SEAL_US = 10 * 1000 * 1000, ARGS_MAX = 1 << 20 };

struct seal {
	char *bound;
	const char *in_clear; /* a literal */
};

static void seal_free(struct pol_call *c)
{
	struct seal *s = c->state;

	free(s->bound);
}

void pol_seal_put(struct json *j, struct span sealed)
{
	struct buf hex;

	buf_init(&hex, 2 * MSG_BODY_MAX + 1);
	char *p = (char *)buf_room(&hex, 2 * sealed.n + 1);
	sodium_bin2hex(p, 2 * sealed.n + 1, sealed.p, sealed.n);
	json_str(j, "sealed", span_str(p));
	buf_done(&hex);
}

void pol_seal_ask(struct pol_call *c, uint8_t kind, const char *bound, void (*done)(void *ctx, int code, const union pol_reply *reply))
{
	struct wire_seal m = { .kind = kind, .bound = span_str(bound) };

	pol_peers_seal(c->b, &m, c->fd, &(struct pol_ask){ .within_us = SEAL_US, .done = done, .ctx = c });
}

static void sealed(void *ctx, int code, const union pol_reply *reply)
{
	struct pol_call *c = ctx;
	const struct seal *s = c->state;
	struct buf args;
	struct json j;

	if (code < 0) {
		pol_call_fail(c, code, "the vault does not answer; try again");
		return;
	}
	if (reply->sealed.code < 0) {
		pol_call_fail_as(c, reply->sealed.code, reply->sealed.say);
		return;
	}
	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	pol_seal_put(&j, reply->sealed.sealed);
	json_str(&j, "bound", span_str(s->bound));
	if (s->in_clear)
		json_str(&j, s->in_clear, reply->sealed.public_key);
	json_end(&j);
	pol_call_sql(c, &args, pol_call_sql_answer);
	buf_done(&args);
}

void pol_seal_run(struct pol_call *c, uint8_t kind, const char *bound, const char *in_clear)
{
	struct seal *s = pol_call_state(c, sizeof *s, seal_free);

	s->in_clear = in_clear;
	s->bound = strdup(bound);
	if (!s->bound)
		abort();
	pol_seal_ask(c, kind, s->bound, sealed);
}
