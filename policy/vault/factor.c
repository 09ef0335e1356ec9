#include "policy/vault/factor.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/vault/seal.h"
#include "policy/vault/totp.h"
#include "policy/vault/vault.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { CODES_BYTES = VAULT_TOTP_RECOVERIES * VAULT_TOTP_RECOVERY };

static struct span say_of(int code, const struct err *err)
{
	return code == 0 ? (struct span){ 0 } : span_str(err->say[0] ? err->say : "internal error");
}

static int factor_open(
	const struct vault *v, struct span sealed, struct span bound, struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *secret = NULL;
	struct vault_seal s;

	int r = vault_seal_get(sealed, &s, err);
	if (r == 0 && s.kind != WIRE_SECRET_TOTP)
		r = fault(err, -EACCES, "the stored factor is damaged; reset it", "a factor of kind %u", s.kind);
	if (r == 0)
		r = vault_seal_open(v->keys, sealed, bound, &secret, err);
	if (r == 0 && secret_span(secret).n != VAULT_TOTP_SECRET)
		r = fault(err, -EPROTO, "the stored factor is damaged; reset it", "a TOTP secret of %zu bytes",
			secret_span(secret).n);
	if (r == 0)
		*ret = take(secret);
	return r;
}

struct made {
	struct secret *secret, *codes; /* codes: a line each */
	struct buf sealed, hashes;
};

static void made_done(struct made *m)
{
	m->secret = secret_free(m->secret);
	m->codes = secret_free(m->codes);
	buf_done(&m->sealed);
	buf_done(&m->hashes);
}

static int codes_make(struct made *m, struct err *err)
{
	int r = secret_new(CODES_BYTES, &m->codes, err);
	if (r < 0)
		return r;
	for (int i = 0; i < VAULT_TOTP_RECOVERIES; i++) {
		uint8_t hash[VAULT_TOTP_HASH];
		char *code = (char *)secret_bytes(m->codes) + i * VAULT_TOTP_RECOVERY;
		vault_totp_recovery(code);
		if (!vault_totp_recovery_hash(secret_bytes(m->secret), span_str(code), hash))
			return fault(err, -EIO, "internal error", "a recovery code that is none");
		buf_put(&m->hashes, hash, sizeof hash);
		code[VAULT_TOTP_RECOVERY - 1] = '\n';
	}
	return 0;
}

/* A new secret, sealed; or the one that is there. */
static int secret_make(const struct vault *v, const struct wire_factor_new *m, struct made *ret, struct err *err)
{
	if (m->bound.n == 0)
		return fault(err, -EINVAL, "internal error", "a factor without a binding");
	if (m->sealed.n > 0)
		return factor_open(v, m->sealed, m->bound, &ret->secret, err);
	int r = secret_new(VAULT_TOTP_SECRET, &ret->secret, err);
	if (r < 0)
		return r;
	randombytes_buf(secret_bytes(ret->secret), VAULT_TOTP_SECRET);
	struct vault_seal_what what = { WIRE_SECRET_TOTP, m->bound, secret_span(ret->secret) };
	return vault_seal_close(v->keys, &what, &ret->sealed, err);
}

/* What the person sees once: the secret in base32, then the recovery codes. */
static int show_to(struct vault *v, const struct wire_factor_new *m, const struct made *made, struct err *err)
{
	scoped(secret_scope) struct secret *text = NULL;
	struct vault_allowed a = { .worker = m->worker, .id = m->id, .kind = WIRE_SECRET_TOTP };

	int r = secret_new(VAULT_TOTP_BASE32 + CODES_BYTES, &text, err);
	if (r < 0)
		return r;
	char *p = (char *)secret_bytes(text);
	vault_totp_base32(secret_bytes(made->secret), p);
	p[VAULT_TOTP_BASE32 - 1] = '\n';
	memcpy(p + VAULT_TOTP_BASE32, secret_bytes(made->codes), CODES_BYTES);
	a.secret = text;
	r = vault_store_add(&v->store, &a, clock_mono_us(), err);
	if (r == 0)
		text = NULL;
	return r;
}

int vault_factor_new(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(made_done) struct made made = { 0 };
	struct wire_factor_new m;
	struct err why = { 0 };

	(void)fd;
	int r = wire_factor_new_get(body, &m, err);
	if (r < 0)
		return r;
	buf_init(&made.sealed, VAULT_SEAL_HEAD + VAULT_TOTP_SECRET + VAULT_SEAL_TAG);
	buf_init(&made.hashes, VAULT_TOTP_RECOVERIES * VAULT_TOTP_HASH);
	int code = (m.worker == 0) == (m.sealed.n == 0)
			   ? fault(&why, -EINVAL, "internal error", "a new secret is for a worker, new codes are not")
			   : secret_make(p->vault, &m, &made, &why);
	if (code == 0)
		code = codes_make(&made, &why);
	if (code == 0 && m.worker)
		code = show_to(p->vault, &m, &made, &why);
	struct wire_factor_made a = { .ticket = m.ticket, .code = code, .say = say_of(code, &why) };
	if (code == 0) {
		a.sealed = buf_span(&made.sealed);
		a.hashes = buf_span(&made.hashes);
		a.codes = m.worker ? (struct span){ 0 } : secret_span(made.codes);
	} else {
		log_err(LOG_LEVEL_WARN, "vault.factor", &why);
	}
	return wire_factor_made_queue(p->out, &a, -1);
}

int vault_factor_check(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(secret_scope) struct secret *secret = NULL;
	struct wire_factor_check m;
	struct err why = { 0 };

	(void)fd;
	int r = wire_factor_check_get(body, &m, err);
	if (r < 0)
		return r;
	struct wire_factor_checked a = { .ticket = m.ticket };
	a.code = factor_open(p->vault, m.sealed, m.bound, &secret, &why);
	a.say = say_of((int)a.code, &why);
	if (a.code == 0) {
		a.step = vault_totp_match(secret_bytes(secret), m.typed, clock_wall_us(), m.last_step);
		(void)vault_totp_recovery_hash(secret_bytes(secret), m.typed, a.recovery.b);
	} else {
		log_err(LOG_LEVEL_WARN, "vault.factor", &why);
	}
	return wire_factor_checked_queue(p->out, &a, -1);
}
