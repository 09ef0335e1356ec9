#include "policy/login/pubkey.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <sodium.h>

enum { BLOB_MAX = 16 * 1024 };

static struct span word(struct span *rest)
{
	while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		rest->p++;
		rest->n--;
	}
	struct span w = { rest->p, 0 };
	while (w.n < rest->n && w.p[w.n] != ' ' && w.p[w.n] != '\t' && w.p[w.n] != '\r' && w.p[w.n] != '\n')
		w.n++;
	rest->p += w.n;
	rest->n -= w.n;
	return w;
}

static bool type_is_known(struct span type)
{
	static const char *const known[] = { "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
		"ecdsa-sha2-nistp521", "ssh-rsa", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com" };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (span_is(type, known[i]))
			return true;
	return false;
}

int pol_pubkey_get(struct span line, struct buf *ret_blob, struct err *err)
{
	struct span type = word(&line), base64 = word(&line);
	size_t n = 0;

	if (!type_is_known(type))
		return fault(err, -EINVAL, "this is no OpenSSH public key: ssh-ed25519 AAAA...", "type of %zu bytes",
			type.n);
	uint8_t *p = base64.n && base64.n <= 2 * BLOB_MAX ? buf_room(ret_blob, base64.n) : NULL;
	if (!p || sodium_base642bin(p, base64.n, (const char *)base64.p, base64.n, NULL, &n, NULL,
			  sodium_base64_VARIANT_ORIGINAL) != 0)
		return fault(
			err, -EINVAL, "this public key is damaged: its base64 cannot be read", "%zu bytes", base64.n);
	struct rd r = rd_of(span_of(p, n));
	if (!span_eq(rd_str32be(&r), type) || r.bad || r.n == 0)
		return fault(err, -EINVAL, "this public key is damaged: its type does not match", "%zu bytes", n);
	buf_grew(ret_blob, n);
	return 0;
}
