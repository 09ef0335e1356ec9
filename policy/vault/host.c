#include "policy/vault/host.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/wire.h"
#include "policy/vault/vault.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

/* How long the open question has to wait; 0 = no more. */
static int64_t wait_us(const struct vault_host *h)
{
	int64_t left = h->spent_us - clock_mono_us() - (int64_t)(VAULT_HOST_BURST - 1) * VAULT_HOST_EVERY_US;

	return left > 0 ? left : 0;
}

static int answer(struct vault_peer *p)
{
	struct vault_host *h = &p->host;
	struct wire_host_sign_answer a = { .code = 0 };
	int64_t now_us = clock_mono_us();

	crypto_sign_detached(a.signature.b, NULL, h->hash, h->hash_n, p->vault->keys->host.secret);
	h->hash_n = 0;
	h->spent_us = (h->spent_us > now_us ? h->spent_us : now_us) + VAULT_HOST_EVERY_US;
	return wire_host_sign_answer_queue(p->out, &a, -1);
}

/* Answers the open question if that may be now; else it waits, for the parent or for its turn. */
static int step(struct vault_peer *p)
{
	struct vault_host *h = &p->host;

	if (h->hash_n == 0 || !h->serves)
		return 0;
	int64_t left = wait_us(h);
	if (left == 0)
		return answer(p);
	if (!h->slowed)
		log_ev(LOG_LEVEL_WARN, "host_sign.slowed", LOG_N("worker", p->worker));
	h->slowed = true;
	loop_timer_set(p->vault->loop, &h->due, left);
	return 0;
}

/* A queue that is full has its peer ended by the next question. */
static void on_due(void *ctx)
{
	(void)step(ctx);
}

void vault_host_init(struct vault_peer *p)
{
	p->host = (struct vault_host){ .due = { .fire = on_due, .ctx = p } };
}

void vault_host_serves(struct vault_peer *p)
{
	p->host.serves = true;
	(void)step(p);
}

void vault_host_done(struct vault_peer *p)
{
	loop_timer_del(&p->host.due);
}

int vault_host_key(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	struct wire_host_key_answer a;
	struct wire_host_key m;

	(void)fd;
	int r = wire_host_key_get(body, &m, err);
	if (r < 0)
		return r;
	memcpy(a.key.b, p->vault->keys->host.public, sizeof a.key.b);
	return wire_host_key_answer_queue(p->out, &a, -1);
}

static bool is_hash(struct span s)
{
	return s.n == 32 || s.n == 48 || s.n == VAULT_HOST_HASH_MAX;
}

int vault_host_sign(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	struct vault_host *h = &p->host;
	struct wire_host_sign m;

	(void)fd;
	int r = wire_host_sign_get(body, &m, err);
	if (r < 0)
		return r;
	if (h->hash_n > 0 || !is_hash(m.hash))
		return fault(err, -EPERM, "internal error", "host_sign of %zu bytes%s", m.hash.n,
			h->hash_n > 0 ? " before the answer to another" : "");
	/* A worker from before a `key rotate --host`: what we sign is not what its client was shown. */
	if (memcmp(m.key.b, p->vault->keys->host.public, sizeof m.key.b) != 0)
		return wire_host_sign_answer_queue(p->out, &(struct wire_host_sign_answer){ .code = -ESTALE }, -1);
	memcpy(h->hash, m.hash.p, m.hash.n);
	h->hash_n = m.hash.n;
	return step(p);
}
