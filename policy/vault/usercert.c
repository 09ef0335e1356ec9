#include "policy/vault/usercert.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/vault/cert.h"
#include "policy/vault/vault.h"
#include <errno.h>

enum { PRINCIPAL_MAX = 64, KEY_ID_MAX = 256, SOURCES_MAX = 4096 };

/* What OpenSSH's own CA gives a user; what the holder may really do, his grants say at each login. */
static const char *const extensions[] = { "permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding",
	"permit-pty", NULL };

/* Printable ASCII without blanks: names of users, and networks. */
static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

static int is_sound(const struct wire_certify *m, struct err *err)
{
	uint64_t now_s = (uint64_t)(clock_wall_us() / 1000000);

	if (m->principal.n == 0 || m->principal.n > PRINCIPAL_MAX || !is_plain(m->principal) ||
		m->key_id.n > KEY_ID_MAX || m->sources.n > SOURCES_MAX || !is_plain(m->sources) || m->serial == 0)
		return fault(err, -EINVAL, "internal error",
			"a certificate for a name of %zu bytes, from networks of %zu bytes", m->principal.n,
			m->sources.n);
	if (m->before_s <= m->after_s || m->before_s - m->after_s > VAULT_USERCERT_TERM_S ||
		m->before_s > now_s + VAULT_USERCERT_TERM_S)
		return fault(err, -EINVAL, "a certificate is valid for a year at most", "valid from %llu to %llu",
			(unsigned long long)m->after_s, (unsigned long long)m->before_s);
	return 0;
}

static int certify(const struct vault_keys *k, const struct wire_certify *m, struct buf *out, struct err *err)
{
	struct vault_cert c = { .serial = m->serial,
		.after_s = m->after_s,
		.before_s = m->before_s,
		.key_id = m->key_id,
		.principal = m->principal,
		.sources = m->sources,
		.extensions = extensions };

	int r = is_sound(m, err);
	if (r == 0)
		r = sshkey_get(m->key, &c.key, err);
	if (r < 0)
		return r;
	vault_cert_put(&c, &k->users, out);
	return out->failed
		       ? fault(err, -EMSGSIZE, "this key is too large for a certificate", "no room for a certificate")
		       : 0;
}

int vault_usercert_certify(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(buf_done) struct buf certificate = { 0 };
	struct wire_certify m;
	struct err why = { 0 };

	(void)fd;
	int r = wire_certify_get(body, &m, err);
	if (r < 0)
		return r;
	buf_init(&certificate, VAULT_CERT_MAX);
	struct wire_certified a = { .ticket = m.ticket, .code = certify(p->vault->keys, &m, &certificate, &why) };
	if (a.code == 0) {
		a.certificate = buf_span(&certificate);
		log_ev(LOG_LEVEL_INFO, "vault.certified", LOG_N("serial", m.serial));
	} else {
		a.say = span_str(why.say);
		log_err(LOG_LEVEL_WARN, "vault.certify", &why);
	}
	return wire_certified_queue(p->out, &a, -1);
}
