#include "policy/vault/make.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char small[] = "abcdefghijklmnopqrstuvwxyz", capital[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", digits[] = "0123456789",
		  others[] = VAULT_MAKE_OTHERS;
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" VAULT_MAKE_OTHERS;

static bool has_one(const uint8_t *p, size_t n, const char *of)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(of, p[i]))
			return true;
	return false;
}

/* Drawn again until each sort is in it: every password of the allowed ones stays as likely as the others. */
int vault_make_password(size_t length, struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *s = NULL;

	if (length < VAULT_MAKE_LEAST || length > VAULT_MAKE_MOST)
		return fault(err, -EINVAL, "internal error", "a password of %zu characters", length);
	int r = secret_new(length, &s, err);
	if (r < 0)
		return r;
	uint8_t *p = secret_bytes(s);
	do {
		p[0] = (uint8_t)letters[randombytes_uniform(sizeof letters - 1)];
		for (size_t i = 1; i < length; i++)
			p[i] = (uint8_t)all[randombytes_uniform(sizeof all - 1)];
	} while (!has_one(p, length, small) || !has_one(p, length, capital) || !has_one(p, length, digits) || !has_one(p, length, others));
	*ret = take(s);
	return 0;
}
