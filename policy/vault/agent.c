#include "policy/vault/agent.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "policy/vault/key.h"
#include <errno.h>

enum { FAILURE = 5, REQUEST_IDENTITIES = 11, IDENTITIES_ANSWER = 12, SIGN_REQUEST = 13, SIGN_RESPONSE = 14 };
enum { MSG_USERAUTH_REQUEST = 50, SESSION_ID_MIN = 16, SESSION_ID_MAX = 64 };

int vault_agent_login_get(struct span data, struct vault_agent_login *ret, struct err *err)
{
	struct rd r = rd_of(data);
	struct vault_agent_login l = { .session_id = rd_str32be(&r) };
	uint8_t type = rd_u8(&r);

	l.user = rd_str32be(&r);
	struct span service = rd_str32be(&r), method = rd_str32be(&r);
	uint8_t has_signature = rd_u8(&r);
	l.algorithm = rd_str32be(&r);
	l.blob = rd_str32be(&r);
	if (!rd_done(&r))
		return fault(
			err, -EPROTO, "only a login can be signed", "%zu bytes to sign are no login request", data.n);
	if (type != MSG_USERAUTH_REQUEST || has_signature != 1 || !span_is(service, "ssh-connection") ||
		!span_is(method, "publickey") || l.session_id.n < SESSION_ID_MIN || l.session_id.n > SESSION_ID_MAX)
		return fault(err, -EPROTO, "only a login can be signed",
			"bytes to sign: type %u, session id of %zu bytes, another service or method", type,
			l.session_id.n);
	*ret = l;
	return 0;
}

static void failure_put(struct buf *out)
{
	wr_be(out, 1, 4);
	wr_be(out, FAILURE, 1);
}

static int list(const struct vault_agent *a, struct rd *r, struct buf *out, struct err *err)
{
	if (!rd_done(r))
		return fault(err, -EPROTO, "malformed agent request", "a list request with %zu bytes more", r->n);
	wr_be(out, 1 + 4 + 4 + a->blob.n + 4, 4);
	wr_be(out, IDENTITIES_ANSWER, 1);
	wr_be(out, 1, 4);
	wr_str32be(out, a->blob);
	wr_str32be(out, span_str(""));
	return 0;
}

/* The name under which the signature itself goes: a certificate's login is signed by the key below it. */
static struct span signature_algorithm(const struct vault_agent *a, struct span asked)
{
	if (!a->certificate)
		return asked;
	return span_is(asked, a->certificate) ? span_str(vault_key_name(a->key)) : (struct span){ 0 };
}

static int sign_login(struct vault_agent *a, struct span blob, struct span data, struct buf *out, struct err *err)
{
	scoped(buf_done) struct buf signature = { 0 };
	struct vault_agent_login l;

	int r = vault_agent_login_get(data, &l, err);
	if (r < 0)
		return r;
	if (a->uses == 0)
		return fault(err, -EACCES, "this login was already signed", "no signature left");
	if (!span_eq(blob, a->blob) || !span_eq(l.blob, a->blob))
		return fault(err, -EACCES, "not the key of this session", "a signature with another key was asked for");
	if (a->login.n == 0 || !span_eq(l.user, a->login))
		return fault(err, -EACCES, "not the account of this session", "a signature for \"%.*s\" was asked for",
			(int)(l.user.n > 64 ? 64 : l.user.n), (const char *)l.user.p);
	buf_init(&signature, VAULT_KEY_SIGNATURE_MAX);
	r = vault_key_sign(a->key, signature_algorithm(a, l.algorithm), data, &signature, err);
	if (r < 0)
		return r;
	a->uses--;
	wr_be(out, 1 + 4 + signature.len, 4);
	wr_be(out, SIGN_RESPONSE, 1);
	wr_str32be(out, buf_span(&signature));
	return 0;
}

static int sign(struct vault_agent *a, struct rd *r, struct buf *out, struct err *err)
{
	struct span blob = rd_str32be(r), data = rd_str32be(r);

	(void)rd_u32be(r); /* flags: what a server preferred; the data say what was agreed */
	if (!rd_done(r))
		return fault(err, -EPROTO, "malformed agent request", "a sign request that does not parse");
	if (sign_login(a, blob, data, out, err) < 0) {
		failure_put(out);
		return -EACCES;
	}
	return 0;
}

int vault_agent_answer(struct vault_agent *a, struct span in, struct buf *out, int *ret_signed, struct err *err)
{
	struct rd r = rd_of(in);
	uint32_t n = rd_u32be(&r);
	int e = 0;

	*ret_signed = 0;
	if (r.bad)
		return 0;
	if (n == 0 || n > VAULT_AGENT_REQUEST_MAX)
		return fault(err, -EPROTO, "malformed agent request", "an agent request of %u bytes", n);
	if (r.n < n)
		return 0;
	if (++a->requests > VAULT_AGENT_REQUESTS_MAX)
		return fault(err, -EPROTO, "too many agent requests", "more than %d agent requests",
			VAULT_AGENT_REQUESTS_MAX);
	struct rd body = rd_of(rd_bytes(&r, n));
	switch (rd_u8(&body)) {
	case REQUEST_IDENTITIES:
		e = list(a, &body, out, err);
		break;
	case SIGN_REQUEST:
		e = sign(a, &body, out, err);
		*ret_signed = e == 0;
		break;
	default: /* e.g. extensions: a client may ask, the answer is no */
		failure_put(out);
		break;
	}
	if (e == 0 && out->failed)
		e = fault(err, -EMSGSIZE, "internal error", "no room for an agent's answer");
	return e < 0 ? e : (int)(4 + n);
}
