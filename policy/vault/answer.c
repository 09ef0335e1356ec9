#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "gateway/core/wire.h"
#include "policy/vault/channel.h"
#include "policy/vault/factor.h"
#include "policy/vault/host.h"
#include "policy/vault/key.h"
#include "policy/vault/keyfile.h"
#include "policy/vault/make.h"
#include "policy/vault/seal.h"
#include "policy/vault/usercert.h"
#include "policy/vault/vault.h"
#include "recorder/evidence/sign.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { PASSWORD_MAX = 1024, RECORDING_KEY = 32, USES_MAX = 16 };

/* What is told to a person: the words of err, and never nothing. */
static struct span say_of(int code, const struct err *err)
{
	return code == 0 ? (struct span){ 0 } : span_str(err->say[0] ? err->say : "internal error");
}

/* ---- workers and readers ---- */
static int deny_use(struct vault_peer *p, const struct id *id, int code, const struct err *err)
{
	char sid[ID_TEXT];

	id_text(id, sid);
	log_ev(LOG_LEVEL_WARN, "vault.denied", LOG_S("sid", sid), LOG_N("worker", p->worker), LOG_N("code", code),
		LOG_S("detail", err->detail));
	struct wire_use_denied d = { .code = code, .say = say_of(code, err) };
	return wire_use_denied_queue(p->out, &d, -1);
}

static int give(struct vault_peer *p, const struct vault_allowed *a, struct err *err)
{
	scoped(scope_close) int stream = -1;

	if ((a->kind == WIRE_SECRET_RECORDING) != (p->role == WIRE_READER) ||
		(p->role == WIRE_WEB && a->kind != WIRE_SECRET_TOTP && a->kind != WIRE_SECRET_SHOWN) ||
		(p->role != WIRE_WEB && a->kind == WIRE_SECRET_SHOWN))
		return fault(err, -EACCES, "not allowed", "a secret of kind %u is not for a %s", a->kind,
			wire_role_name(p->role));
	if (a->kind != WIRE_SECRET_KEY && a->kind != WIRE_SECRET_CA) {
		struct wire_use_secret s = { .text = secret_span(a->secret) };
		return wire_use_secret_queue(p->out, &s, -1);
	}
	int r = vault_stream_open(&p->vault->streams, a, &stream, err);
	if (r < 0)
		return r;
	struct wire_use_agent s = { 0 };
	return wire_use_agent_queue(p->out, &s, stream);
}

static int use(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(vault_store_drop) struct vault_allowed *a = NULL;
	struct wire_use m;
	char sid[ID_TEXT];

	(void)fd;
	int r = wire_use_get(body, &m, err);
	if (r < 0)
		return r;
	a = vault_store_take(&p->vault->store, p->worker, &m.id, clock_mono_us());
	r = a ? give(p, a, err)
	      : fault(err, -EACCES, "not allowed", "nothing is allowed, or it was used or has expired");
	if (r == -EPIPE)
		return r;
	if (r < 0)
		return deny_use(p, &m.id, r, err);
	id_text(&m.id, sid);
	log_ev(LOG_LEVEL_INFO, "vault.used", LOG_S("sid", sid), LOG_N("worker", p->worker), LOG_N("kind", a->kind));
	return 0;
}

/* ---- the broker ---- */
static int open_recording_key(const struct vault_keys *k, struct span sealed, struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *key = NULL;

	if (sealed.n != RECORDING_KEY + crypto_box_SEALBYTES)
		return fault(err, -EPROTO, "the recording is damaged", "a sealed recording key of %zu bytes", sealed.n);
	int r = secret_new(RECORDING_KEY, &key, err);
	if (r < 0)
		return r;
	/* It does not say to which generation it was sealed. */
	for (uint32_t g = k->generation; g >= 1; g--) {
		const struct vault_keys_opener *o = &k->openers[g - 1];
		if (crypto_box_seal_open(secret_bytes(key), sealed.p, sealed.n, o->seal_public, o->seal_secret) != 0)
			continue;
		*ret = take(key);
		return 0;
	}
	return fault(err, -EACCES, "the recording was made with another master key, or is damaged",
		"a recording key does not open");
}

static int open_allowed(const struct vault_keys *k, const struct wire_allow *m, struct secret **ret, struct err *err)
{
	struct vault_seal s;

	if (m->kind == WIRE_SECRET_RECORDING)
		return open_recording_key(k, m->sealed, ret, err);
	int r = vault_seal_get(m->sealed, &s, err);
	if (r < 0)
		return r;
	if (s.kind != m->kind)
		return fault(err, -EACCES, "the credential is of another kind; enter it again",
			"allow of kind %u for a credential of kind %u", m->kind, s.kind);
	return vault_seal_open(k, m->sealed, m->bound, ret, err);
}

static int allow_into_store(struct vault *v, const struct wire_allow *m, struct err *err)
{
	struct vault_allowed a = { .worker = m->worker, .id = m->id, .kind = m->kind, .uses = m->uses,
		.legacy = m->legacy != 0 };
	bool signs = m->kind == WIRE_SECRET_KEY || m->kind == WIRE_SECRET_CA;
	scoped(secret_scope) struct secret *secret = NULL;

	/* A factor is shown to whoever enrols (vault_factor_new), never again; an access key's secret to nobody.  yanmen-web gets
	 * what is there to be shown, and nothing that logs in to a target. */
	if (m->worker == 0 || m->kind == WIRE_SECRET_TOTP || m->kind == WIRE_SECRET_API || vault_channel_is(m->kind) ||
		(m->kind == WIRE_SECRET_SHOWN) != (m->worker == WIRE_WORKER_WEB) ||
		(signs && (m->login.n == 0 || m->login.n > sizeof a.login || m->uses == 0 || m->uses > USES_MAX)))
		return fault(err, -EINVAL, "internal error", "allow with %u uses, a login of %zu bytes", m->uses,
			m->login.n);
	int r = open_allowed(v->keys, m, &secret, err);
	if (r < 0)
		return r;
	if (signs) {
		memcpy(a.login, m->login.p, m->login.n);
		a.login_n = m->login.n;
	}
	a.secret = secret;
	r = vault_store_add(&v->store, &a, clock_mono_us(), err);
	if (r == 0)
		secret = NULL;
	return r;
}

static int allow(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	struct err why = { 0 };
	struct wire_allow m;

	(void)fd;
	int r = wire_allow_get(body, &m, err);
	if (r < 0)
		return r;
	int code = allow_into_store(p->vault, &m, &why);
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "vault.allow", &why);
	struct wire_allow_answer a = { .ticket = m.ticket, .code = code, .say = say_of(code, &why) };
	return wire_allow_answer_queue(p->out, &a, -1);
}

static int forget(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	struct wire_forget m;

	(void)fd;
	int r = wire_forget_get(body, &m, err);
	if (r < 0)
		return r;
	vault_store_forget(&p->vault->store, m.worker);
	vault_stream_forget(&p->vault->streams, m.worker);
	return 0;
}

static int read_password(int fd, struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *s = NULL;

	int r = secret_from_memfd(fd, PASSWORD_MAX, 1, &s, err);
	if (r < 0)
		return r;
	struct span text = secret_span(s);
	if (text.n == 0 || memchr(text.p, 0, text.n) || memchr(text.p, '\n', text.n) || memchr(text.p, '\r', text.n))
		return fault(err, -EINVAL, "a password file must hold one line, the password",
			"a password of %zu bytes, or one with a line break", text.n);
	*ret = take(s);
	return 0;
}

/* What a person will see on a page: another byte would be shown as something else. */
static int read_shown(int fd, struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *s = NULL;
	uint32_t c = 0;

	int r = read_password(fd, &s, err);
	if (r < 0)
		return r;
	for (struct span rest = secret_span(s); rest.n > 0;) {
		size_t n = utf8_get(rest, &c);
		if (n == 0 || utf8_is_control(c))
			return fault(err, -EINVAL, "a password that people see is UTF-8 text without control characters",
				"a password to be shown is no text");
		rest = span_of(rest.p + n, rest.n - n);
	}
	*ret = take(s);
	return 0;
}

static int read_key(int fd, struct secret **ret, struct buf *public_key, struct err *err)
{
	scoped(secret_scope) struct secret *s = NULL;
	scoped(vault_key_done) struct vault_key key = { 0 };

	int r = secret_from_memfd(fd, VAULT_KEYFILE_MAX, 0, &s, err);
	if (r == 0)
		r = vault_key_parse(secret_span(s), &key, err);
	if (r == 0)
		r = vault_key_try(&key, err);
	if (r < 0)
		return r;
	vault_key_line(&key, public_key);
	*ret = take(s);
	return 0;
}

struct fresh { /* a new credential */
	uint8_t kind;
	struct secret *secret;
	struct buf public_key; /* OpenSSH one-line form */
};

static void fresh_done(struct fresh *f)
{
	f->secret = secret_free(f->secret);
	buf_done(&f->public_key);
}

/* From the descriptor that came with it. */
static int read_fresh(const struct vault *v, int fd, struct fresh *f, struct err *err)
{
	buf_init(&f->public_key, 2 * VAULT_KEY_BLOB_MAX);
	if (f->kind == WIRE_SECRET_CA) {
		buf_put_span(&f->public_key, buf_span(&v->ca_line));
		return secret_of(span_str(VAULT_SEAL_CA), &f->secret, err);
	}
	if (fd < 0)
		return fault(err, -EINVAL, "a password or a key must be given, in a file", "seal without a descriptor");
	if (f->kind == WIRE_SECRET_HOOK)
		return vault_channel_read(fd, &f->secret, &f->public_key, err);
	if (f->kind == WIRE_SECRET_SHOWN)
		return read_shown(fd, &f->secret, err);
	if (f->kind == WIRE_SECRET_PASSWORD || f->kind == WIRE_SECRET_MAIL || f->kind == WIRE_SECRET_API)
		return read_password(fd, &f->secret, err);
	if (f->kind == WIRE_SECRET_KEY)
		return read_key(fd, &f->secret, &f->public_key, err);
	return fault(err, -EINVAL, "internal error", "seal of kind %u", f->kind);
}

static int answer_sealed(struct vault_peer *p, const struct wire_sealed *m, int code, const struct err *why)
{
	struct wire_sealed a = { .ticket = m->ticket, .code = code, .say = say_of(code, why) };

	if (code < 0)
		log_err(LOG_LEVEL_WARN, "vault.seal", why);
	else
		a = *m;
	return wire_sealed_queue(p->out, &a, -1);
}

static int seal(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(buf_done) struct buf sealed = { 0 };
	scoped(fresh_done) struct fresh fresh = { 0 };
	const struct vault *v = p->vault;
	struct err why = { 0 };
	struct wire_seal m;

	int r = wire_seal_get(body, &m, err);
	if (r < 0)
		return r;
	buf_init(&sealed, VAULT_SEAL_HEAD + VAULT_SEAL_MAX + VAULT_SEAL_TAG);
	fresh.kind = m.kind;
	int code = m.bound.n > 0 ? read_fresh(v, fd, &fresh, &why)
				 : fault(&why, -EINVAL, "internal error", "seal without a binding");
	if (code == 0) {
		struct vault_seal_what what = { m.kind, m.bound, secret_span(fresh.secret) };
		code = vault_seal_close(v->keys, &what, &sealed, &why);
	}
	struct wire_sealed a = { .ticket = m.ticket, .sealed = buf_span(&sealed) };
	a.public_key = buf_span(&fresh.public_key);
	return answer_sealed(p, &a, code, &why);
}

static int make(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(secret_scope) struct secret *secret = NULL;
	scoped(buf_done) struct buf sealed = { 0 };
	struct err why = { 0 };
	struct wire_make m;

	(void)fd;
	int r = wire_make_get(body, &m, err);
	if (r < 0)
		return r;
	buf_init(&sealed, VAULT_SEAL_HEAD + VAULT_SEAL_MAX + VAULT_SEAL_TAG);
	int code = m.bound.n > 0 ? vault_make_password(m.length, &secret, &why)
				 : fault(&why, -EINVAL, "internal error", "make without a binding");
	if (code == 0) {
		struct vault_seal_what what = { WIRE_SECRET_PASSWORD, m.bound, secret_span(secret) };
		code = vault_seal_close(p->vault->keys, &what, &sealed, &why);
	}
	struct wire_sealed a = { .ticket = m.ticket, .sealed = buf_span(&sealed) };
	return answer_sealed(p, &a, code, &why);
}

static int rebind(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(secret_scope) struct secret *secret = NULL;
	scoped(buf_done) struct buf sealed = { 0 };
	const struct vault_keys *k = p->vault->keys;
	struct err why = { 0 };
	struct wire_rebind m;
	struct vault_seal s;

	(void)fd;
	int r = wire_rebind_get(body, &m, err);
	if (r < 0)
		return r;
	buf_init(&sealed, VAULT_SEAL_HEAD + VAULT_SEAL_MAX + VAULT_SEAL_TAG);
	int code = m.rebound.n > 0 ? vault_seal_get(m.sealed, &s, &why)
				   : fault(&why, -EINVAL, "internal error", "rebind without a binding");
	if (code == 0)
		code = vault_seal_open(k, m.sealed, m.bound, &secret, &why);
	if (code == 0) {
		struct vault_seal_what what = { s.kind, m.rebound, secret_span(secret) };
		code = vault_seal_close(k, &what, &sealed, &why);
	}
	struct wire_sealed a = { .ticket = m.ticket, .sealed = buf_span(&sealed) };
	return answer_sealed(p, &a, code, &why);
}

/* ---- services ---- */
static int publics(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	const struct vault *v = p->vault;
	struct wire_publics m;

	(void)fd;
	int r = wire_publics_get(body, &m, err);
	if (r < 0)
		return r;
	struct wire_publics_answer a = { .generation = v->keys->generation,
		.evidence = buf_span(&v->evidence_lines),
		.ca = buf_span(&v->ca_line),
		.host = buf_span(&v->host_line),
		.users = buf_span(&v->users_line) };
	memcpy(a.seal.b, vault_keys_now(v->keys)->seal_public, sizeof a.seal.b);
	return wire_publics_answer_queue(p->out, &a, -1);
}

/* The recorder speaks for recordings, the broker for the audit log and backups; neither for the other.  A successor of the
 * key is signed when it is made and never on request. */
static bool may_sign(uint8_t role, uint8_t what)
{
	switch (what) {
	case WIRE_SIGN_CHECKPOINT:
	case WIRE_SIGN_CLOSE:
	case WIRE_SIGN_CRASHED:
	case WIRE_SIGN_TOMBSTONE:
		return role == WIRE_RECORDER;
	case WIRE_SIGN_AUDIT:
	case WIRE_SIGN_BACKUP:
		return role == WIRE_BROKER;
	default:
		return false;
	}
}

static int sign(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	uint8_t text[EVIDENCE_SIGN_TEXT];
	struct wire_sign m;

	(void)fd;
	int r = wire_sign_get(body, &m, err);
	if (r < 0)
		return r;
	if (!may_sign(p->role, m.what))
		return fault(err, -EPERM, "internal error", "a %s asked to sign %u", wire_role_name(p->role), m.what);
	struct evidence_sign_claim claim = { .what = m.what, .id = m.id, .seq = m.seq, .time_us = m.time_us };
	memcpy(claim.hash, m.hash.b, sizeof claim.hash);
	evidence_sign_text(&claim, text);
	struct wire_sign_answer a = { .ticket = m.ticket };
	crypto_sign_detached(a.signature.b, NULL, text, sizeof text, p->vault->keys->sign.secret);
	return wire_sign_answer_queue(p->out, &a, -1);
}

static const struct {
	uint16_t type;
	int (*answer)(struct vault_peer *p, struct span body, int fd, struct err *err);
} answers[] = {
	{ WIRE_T_host_key, vault_host_key },
	{ WIRE_T_host_sign, vault_host_sign },
	{ WIRE_T_use, use },
	{ WIRE_T_allow, allow },
	{ WIRE_T_forget, forget },
	{ WIRE_T_seal, seal },
	{ WIRE_T_make, make },
	{ WIRE_T_rebind, rebind },
	{ WIRE_T_publics, publics },
	{ WIRE_T_sign, sign },
	{ WIRE_T_factor_new, vault_factor_new },
	{ WIRE_T_factor_check, vault_factor_check },
	{ WIRE_T_certify, vault_usercert_certify },
	{ WIRE_T_unseal, vault_channel_unseal },
};

int vault_answer(struct vault_peer *p, uint16_t type, struct span body, int fd, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		if (answers[i].type == type) {
			int r = answers[i].answer(p, body, fd, err);
			/* A peer that lets a megabyte of answers wait is not served any longer. */
			return r == -EAGAIN ? fault(err, -EPERM, "internal error", "the peer does not read its answers")
					    : r;
		}
	return fault(err, -EBADMSG, "internal error", "no answer to %s", wire_type_name(type));
}
