#include "policy/login/scramble.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

void pol_scramble_make(struct span password, struct pol_scramble_kept *ret)
{
	uint8_t once[POL_SCRAMBLE_SHA2];

	(void)SHA1(password.p, password.n, once);
	(void)SHA1(once, POL_SCRAMBLE_SHA1, ret->sha1);
	(void)SHA256(password.p, password.n, once);
	(void)SHA256(once, POL_SCRAMBLE_SHA2, ret->sha2);
	secret_wipe(once, sizeof once);
}

static bool native_is(const uint8_t *kept, struct span challenge, struct span answer)
{
	uint8_t mixed[POL_SCRAMBLE_CHALLENGE + POL_SCRAMBLE_SHA1], once[POL_SCRAMBLE_SHA1], twice[POL_SCRAMBLE_SHA1];

	memcpy(mixed, challenge.p, POL_SCRAMBLE_CHALLENGE);
	memcpy(mixed + POL_SCRAMBLE_CHALLENGE, kept, POL_SCRAMBLE_SHA1);
	(void)SHA1(mixed, sizeof mixed, once);
	for (size_t i = 0; i < sizeof once; i++)
		once[i] ^= answer.p[i];
	(void)SHA1(once, sizeof once, twice);
	secret_wipe(once, sizeof once);
	return CRYPTO_memcmp(twice, kept, sizeof twice) == 0;
}

static bool sha2_is(const uint8_t *kept, struct span challenge, struct span answer)
{
	uint8_t mixed[POL_SCRAMBLE_SHA2 + POL_SCRAMBLE_CHALLENGE], once[POL_SCRAMBLE_SHA2], twice[POL_SCRAMBLE_SHA2];

	memcpy(mixed, kept, POL_SCRAMBLE_SHA2);
	memcpy(mixed + POL_SCRAMBLE_SHA2, challenge.p, POL_SCRAMBLE_CHALLENGE);
	(void)SHA256(mixed, sizeof mixed, once);
	for (size_t i = 0; i < sizeof once; i++)
		once[i] ^= answer.p[i];
	(void)SHA256(once, sizeof once, twice);
	secret_wipe(once, sizeof once);
	return CRYPTO_memcmp(twice, kept, sizeof twice) == 0;
}

bool pol_scramble_is(const struct pol_scramble_kept *kept, uint8_t plugin, struct span challenge, struct span answer)
{
	if (challenge.n != POL_SCRAMBLE_CHALLENGE)
		return false;
	if (plugin == WIRE_SCRAMBLE_NATIVE)
		return answer.n == POL_SCRAMBLE_SHA1 && native_is(kept->sha1, challenge, answer);
	return plugin == WIRE_SCRAMBLE_SHA2 && answer.n == POL_SCRAMBLE_SHA2 && sha2_is(kept->sha2, challenge, answer);
}

bool pol_scramble_is_clear(const struct pol_scramble_kept *kept, struct span password)
{
	struct pol_scramble_kept typed;

	pol_scramble_make(password, &typed);
	return CRYPTO_memcmp(typed.sha2, kept->sha2, sizeof typed.sha2) == 0;
}

void pol_scramble_warm(void)
{
	struct pol_scramble_kept unused;

	pol_scramble_make(span_str(""), &unused);
}
