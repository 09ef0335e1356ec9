#include "gateway/core/sshkey.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 16384, RSA_EXPONENT_BYTES = 8 };

static const struct sshkey_kind kinds[] = {
	{ "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", NULL, 32 },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com", "nistp256", 65 },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "nistp384", 97 },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com", "nistp521", 133 },
	{ "ssh-rsa", "ssh-rsa-cert-v01@openssh.com", NULL, 0 },
};

const struct sshkey_kind *sshkey_certified(struct span type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_is(type, kinds[i].certificate))
			return &kinds[i];
	return NULL;
}

static const struct sshkey_kind *kind_named(struct span type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_is(type, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* RFC 4251 section 5: two's complement, no byte too many.  Takes the zero byte off that keeps it positive. */
static bool is_positive(struct span *mpint)
{
	if (mpint->n == 0 || mpint->p[0] & 0x80)
		return false;
	if (mpint->p[0] != 0)
		return true;
	if (mpint->n < 2 || !(mpint->p[1] & 0x80))
		return false;
	*mpint = span_of(mpint->p + 1, mpint->n - 1);
	return true;
}

static bool is_odd(struct span number)
{
	return number.p[number.n - 1] & 1;
}

static size_t bits_of(struct span number)
{
	size_t bits = 8 * number.n;

	for (uint8_t top = number.p[0]; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static bool is_rsa(struct rd *r)
{
	struct span e = rd_str32be(r), n = rd_str32be(r);

	if (r->bad || !is_positive(&e) || !is_positive(&n) || !is_odd(e) || !is_odd(n))
		return false;
	return e.n <= RSA_EXPONENT_BYTES && bits_of(e) > 1 && bits_of(n) >= RSA_BITS_MIN && bits_of(n) <= RSA_BITS_MAX;
}

bool sshkey_fields(struct rd *r, const struct sshkey_kind *kind, struct span *ret_fields)
{
	const uint8_t *begin = r->p;
	bool ok = true;

	if (kind->bytes == 0) {
		ok = is_rsa(r);
	} else {
		ok = !kind->curve || span_is(rd_str32be(r), kind->curve);
		struct span bytes = rd_str32be(r);
		ok = ok && !r->bad && bytes.n == kind->bytes && (!kind->curve || bytes.p[0] == 4 /* not compressed */);
	}
	if (ok)
		*ret_fields = span_of(begin, (size_t)(r->p - begin));
	return ok;
}

int sshkey_get(struct span blob, struct sshkey *ret, struct err *err)
{
	struct rd r = rd_of(blob);
	struct span type = rd_str32be(&r);
	struct sshkey key = { .kind = r.bad ? NULL : kind_named(type) };

	if (!key.kind)
		return fault(err, -ENOTSUP,
			"this kind of key cannot be used; give an ed25519, RSA (2048 bits or more) or ECDSA key",
			"a key type of %zu bytes", type.n);
	if (!sshkey_fields(&r, key.kind, &key.fields) || !rd_done(&r))
		return fault(err, -EPROTO, "this public key is damaged, or an RSA key of less than 2048 bits",
			"a %s key of %zu bytes", key.kind->name, blob.n);
	*ret = key;
	return 0;
}
