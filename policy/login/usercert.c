#include "policy/login/usercert.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "policy/decide/net.h"
#include "policy/facts.h"
#include "policy/login/pubkey.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { KIND_USER = 1 };
static const char ed25519[] = "ssh-ed25519";

static const char *const whys[POL_USERCERT_VERDICTS] = {
	[POL_USERCERT_GOOD] = "",
	[POL_USERCERT_OTHER_CA] = "certificate of another CA",
	[POL_USERCERT_SIGNATURE] = "certificate with a wrong signature",
	[POL_USERCERT_KIND] = "certificate is not a user's",
	[POL_USERCERT_PRINCIPAL] = "certificate of another user",
	[POL_USERCERT_EARLY] = "certificate is not valid yet",
	[POL_USERCERT_EXPIRED] = "certificate has expired",
	[POL_USERCERT_OPTION] = "certificate has an option that is not known",
	[POL_USERCERT_SOURCE] = "certificate is not for this address",
};

const char *pol_usercert_why(enum pol_usercert_verdict v)
{
	return v < POL_USERCERT_VERDICTS ? whys[v] : "?";
}

bool pol_usercert_is(struct span blob)
{
	static const char mark[] = "-cert-v01@openssh.com";
	struct rd r = rd_of(blob);
	struct span type = rd_str32be(&r);
	size_t n = sizeof mark - 1;

	return type.n > n && memcmp(type.p + type.n - n, mark, n) == 0;
}

int pol_usercert_get(struct span blob, struct pol_usercert *ret)
{
	struct rd r = rd_of(blob);
	struct pol_usercert c = { 0 };

	c.key.kind = sshkey_certified(rd_str32be(&r));
	(void)rd_str32be(&r); /* nonce */
	if (r.bad || blob.n > POL_USERCERT_MAX || !c.key.kind || !sshkey_fields(&r, c.key.kind, &c.key.fields))
		return -EPROTO;
	c.serial = rd_u64be(&r);
	c.kind = rd_u32be(&r);
	c.key_id = rd_str32be(&r);
	c.principals = rd_str32be(&r);
	c.after_s = rd_u64be(&r);
	c.before_s = rd_u64be(&r);
	c.critical = rd_str32be(&r);
	c.extensions = rd_str32be(&r);
	(void)rd_str32be(&r); /* reserved */
	c.ca = rd_str32be(&r);
	c.text = span_of(blob.p, blob.n - r.n);
	c.signature = rd_str32be(&r);
	if (!rd_done(&r))
		return -EPROTO;
	*ret = c;
	return 0;
}

/* The bytes of an ed25519 key or signature: a string of the type, a string of so many bytes, and no more. */
static const uint8_t *ed25519_of(struct span s, size_t bytes)
{
	struct rd r = rd_of(s);
	bool typed = span_is(rd_str32be(&r), ed25519);
	struct span b = rd_str32be(&r);

	return typed && rd_done(&r) && b.n == bytes ? b.p : NULL;
}

int pol_usercert_ca(struct span line, uint8_t ret[static crypto_sign_PUBLICKEYBYTES])
{
	struct buf blob;

	buf_init(&blob, 1024);
	int r = pol_pubkey_get(line, &blob, NULL);
	const uint8_t *key = r == 0 ? ed25519_of(buf_span(&blob), crypto_sign_PUBLICKEYBYTES) : NULL;
	if (key)
		memcpy(ret, key, crypto_sign_PUBLICKEYBYTES);
	buf_done(&blob);
	return key ? 0 : -EPROTO;
}

static enum pol_usercert_verdict judge_signature(const struct pol_usercert *c, const uint8_t *ca)
{
	const uint8_t *key = ed25519_of(c->ca, crypto_sign_PUBLICKEYBYTES);
	const uint8_t *signature = ed25519_of(c->signature, crypto_sign_BYTES);

	if (!key || memcmp(key, ca, crypto_sign_PUBLICKEYBYTES) != 0)
		return POL_USERCERT_OTHER_CA;
	return signature && crypto_sign_verify_detached(signature, c->text.p, c->text.n, ca) == 0
		       ? POL_USERCERT_GOOD
		       : POL_USERCERT_SIGNATURE;
}

static bool is_only(struct span principals, const char *user)
{
	struct rd r = rd_of(principals);

	return span_is(rd_str32be(&r), user) && rd_done(&r);
}

static enum pol_usercert_verdict judge_source(struct span data, const char *address)
{
	struct rd r = rd_of(data);
	struct span networks = rd_str32be(&r);
	struct decide_net_addr a;

	if (!rd_done(&r))
		return POL_USERCERT_OPTION;
	return decide_net_parse(span_str(address), &a) == 0 && decide_net_has(networks, &a) == 1 ? POL_USERCERT_GOOD
												 : POL_USERCERT_SOURCE;
}

/* What is critical must be understood, or the certificate is no good. */
static enum pol_usercert_verdict judge_critical(struct span critical, const char *address)
{
	struct rd r = rd_of(critical);

	if (r.n == 0)
		return POL_USERCERT_GOOD;
	bool source = span_is(rd_str32be(&r), "source-address");
	struct span data = rd_str32be(&r);
	return source && rd_done(&r) ? judge_source(data, address) : POL_USERCERT_OPTION;
}

enum pol_usercert_verdict pol_usercert_judge(const struct pol_usercert *c, const struct pol_usercert_ask *ask)
{
	enum pol_usercert_verdict v = judge_signature(c, ask->ca);

	if (v != POL_USERCERT_GOOD)
		return v;
	if (c->kind != KIND_USER)
		return POL_USERCERT_KIND;
	if (!ask->user[0] || !is_only(c->principals, ask->user))
		return POL_USERCERT_PRINCIPAL;
	if (ask->now_s < 0 || c->after_s > (uint64_t)ask->now_s)
		return POL_USERCERT_EARLY;
	if (c->before_s <= (uint64_t)ask->now_s)
		return POL_USERCERT_EXPIRED;
	return judge_critical(c->critical, ask->address);
}

void pol_usercert_mark(const struct pol_usercert *c, struct pol_usercert_mark *ret)
{
	/* Ours are counted from 1 by the database. */
	ret->serial = c->serial <= INT64_MAX ? (int64_t)c->serial : 0;
	(void)snprintf(ret->key_id, sizeof ret->key_id, "%.*s", (int)(c->key_id.n < 256 ? c->key_id.n : 256),
		(const char *)c->key_id.p);
}

void pol_usercert_fact(const struct pol_usercert_mark *m, struct pol_fact *f)
{
	if (m->serial == 0)
		return;
	pol_fact_num(f, "serial", m->serial);
	pol_fact_text(f, "key_id", span_str(m->key_id));
}
