#include "policy/vault/channel.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/vault/seal.h"
#include "policy/vault/vault.h"
#include <errno.h>
#include <string.h>

static const char scheme[] = "https://";
enum { SCHEME = sizeof scheme - 1, HOST_MAX = 260 };

bool vault_channel_is(uint8_t kind)
{
	return kind == WIRE_SECRET_MAIL || kind == WIRE_SECRET_HOOK;
}

static bool is_host_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || memchr(".-:[]", c, 5);
}

/* Without a user, without a fragment; the host as it is to be shown. */
static int read_url(struct span line, struct buf *host, struct err *err)
{
	size_t n = SCHEME;
	bool good = line.n > SCHEME && memcmp(line.p, scheme, SCHEME) == 0;
	while (good && n < line.n && is_host_byte(line.p[n]))
		n++;
	for (size_t i = 0; good && i < line.n; i++)
		good = line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != '#' && line.p[i] != '"' && line.p[i] != '\\';
	if (!good || n == SCHEME || n - SCHEME > HOST_MAX || (n < line.n && line.p[n] != '/' && line.p[n] != '?'))
		return fault(err, -EINVAL, "the first line of the file is the URL, https://host/…", "a URL of %zu bytes", line.n);
	buf_put(host, line.p, n);
	return 0;
}

int vault_channel_read(int fd, struct secret **ret, struct buf *host, struct err *err)
{
	scoped(secret_scope) struct secret *s = NULL;

	int r = secret_from_memfd(fd, VAULT_CHANNEL_MAX, 1, &s, err);
	if (r < 0)
		return r;
	struct span text = secret_span(s);
	size_t n = 0;
	while (n < text.n && text.p[n] != '\n' && text.p[n] != ' ')
		n++;
	const uint8_t *end = n < text.n ? text.p + n : NULL;
	struct span key = end ? span_of(end + 1, text.n - (size_t)(end + 1 - text.p)) : (struct span){ 0 };
	r = read_url(end ? span_of(text.p, (size_t)(end - text.p)) : text, host, err);
	for (size_t i = 0; r == 0 && i < key.n; i++)
		if (key.p[i] <= ' ' || key.p[i] >= 0x7f)
			r = fault(err, -EINVAL, "the second line of the file is the key to sign with, without spaces",
				"byte %zu of the key", i);
	if (r == 0)
		*ret = take(s);
	return r;
}

static int unseal(const struct vault *v, const struct wire_unseal *m, struct secret **ret, struct err *err)
{
	struct vault_seal s;

	int r = vault_seal_get(m->sealed, &s, err);
	if (r < 0)
		return r;
	if (!vault_channel_is(s.kind))
		return fault(err, -EACCES, "not allowed", "a secret of kind %u is not of a channel", s.kind);
	return vault_seal_open(v->keys, m->sealed, m->bound, ret, err);
}

int vault_channel_unseal(struct vault_peer *p, struct span body, int fd, struct err *err)
{
	scoped(secret_scope) struct secret *secret = NULL;
	struct wire_unseal m;
	struct err why = { 0 };

	(void)fd;
	int r = wire_unseal_get(body, &m, err);
	if (r < 0)
		return r;
	int code = unseal(p->vault, &m, &secret, &why);
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "vault.channel", &why);
	struct wire_unsealed a = { .ticket = m.ticket, .code = code, .say = span_str(code < 0 ? why.say : "") };
	if (code == 0)
		a.secret = secret_span(secret);
	return wire_unsealed_queue(p->out, &a, -1);
}
