#include "policy/pwhash/pwhash.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <string.h>

static int make(struct span password, char ret[static crypto_pwhash_STRBYTES])
{
	return crypto_pwhash_str_alg(ret, (const char *)password.p, password.n, PWHASH_OPS, PWHASH_MEMORY_BYTES,
		       crypto_pwhash_ALG_ARGON2ID13) == 0 ? 0 : -ENOMEM;
}

int pwhash_init(struct pwhash *p, struct err *err)
{
	uint8_t nobody_knows[32];

	if (sodium_init() < 0)
		return fault(err, -EIO, "internal error", "sodium_init");
	randombytes_buf(nobody_knows, sizeof nobody_knows);
	int r = make(span_of(nobody_knows, sizeof nobody_knows), p->dummy);
	sodium_memzero(nobody_knows, sizeof nobody_knows);
	return r < 0 ? fault(err, r, "internal error", "no memory for argon2") : 0;
}

/* Of our cost?  Another cost would tell by its time, and an unreadable one by taking none. */
static bool is_ours(const char *hash)
{
	return crypto_pwhash_str_needs_rehash(hash, PWHASH_OPS, PWHASH_MEMORY_BYTES) == 0;
}

int pwhash_verify(const struct pwhash *p, struct span hash, struct span password)
{
	char stored[crypto_pwhash_STRBYTES] = "";
	bool usable = hash.n > 0 && hash.n < sizeof stored && password.n <= PWHASH_MAX;

	if (usable)
		memcpy(stored, hash.p, hash.n);
	usable = usable && is_ours(stored);
	if (password.n == 0)
		password = span_str(""); /* an empty span may have no address */
	if (password.n > PWHASH_MAX)
		password.n = PWHASH_MAX;
	errno = 0;
	int r = crypto_pwhash_str_verify(usable ? stored : p->dummy, (const char *)password.p, password.n);
	bool no_memory = r != 0 && errno == ENOMEM;
	sodium_memzero(stored, sizeof stored);
	return no_memory ? -ENOMEM : usable && r == 0 ? 0 : -EACCES;
}

bool pwhash_fits(struct span password, struct span rule)
{
	bool letter = false, digit = false, other = false;
	size_t least = 0, characters = 0;

	if (rule.n == 0)
		return true;
	while (rule.n > 0 && rule.p[0] >= '0' && rule.p[0] <= '9' && least < 1000) {
		least = least * 10 + (rule.p[0] - '0');
		rule = span_of(rule.p + 1, rule.n - 1);
	}
	for (size_t i = 0; i < password.n; i++) {
		uint8_t c = password.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool is_digit = c >= '0' && c <= '9';
		letter |= is_letter;
		digit |= is_digit;
		other |= !is_letter && !is_digit;
		characters += (c & 0xc0) != 0x80; /* not the rest of one in UTF-8 */
	}
	return characters >= least && (!span_is(rule, " on") || (letter && digit && other));
}

int pwhash_new(int fd, struct span rule, char ret[static crypto_pwhash_STRBYTES], struct err *err)
{
	scoped(secret_scope) struct secret *password = NULL;
	int r = secret_from_memfd(fd, PWHASH_MAX + 1, 1, &password, err);

	if (r == -EMSGSIZE)
		return fault(err, -EINVAL, "the password is too long", "a password over %d bytes", PWHASH_MAX);
	if (r < 0)
		return r;
	struct span s = secret_span(password);
	if (s.n < PWHASH_MIN || s.n > PWHASH_MAX)
		return fault(err, -EINVAL, "a password has 8 to 1024 bytes", "a password of %zu bytes", s.n);
	if (!pwhash_fits(s, rule))
		return fault(err, -ERANGE, "the password does not fit the rule", "a password against the rule");
	r = make(s, ret);
	return r < 0 ? fault(err, r, "internal error", "no memory for argon2") : 0;
}

void pwhash_answer(const struct pwhash *p, const struct wire_pwhash *ask, int fd, struct wire_pwhash_answer *ret,
	char hash[static crypto_pwhash_STRBYTES])
{
	*ret = (struct wire_pwhash_answer){ .ticket = ask->ticket, .code = -EBADMSG };
	if (ask->op == WIRE_PWHASH_VERIFY)
		ret->code = pwhash_verify(p, ask->hash, ask->password);
	else if (ask->op == WIRE_PWHASH_NEW && fd >= 0)
		ret->code = pwhash_new(fd, ask->hash, hash, NULL);
	if (ask->op == WIRE_PWHASH_NEW && ret->code == 0)
		ret->hash = span_str(hash);
}
