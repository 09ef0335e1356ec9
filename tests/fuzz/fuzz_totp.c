#include "policy/vault/totp.h"
#include <stdlib.h>

/* What is typed as a code: never out of bounds, never both kinds of code. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t secret[] = "12345678901234567890";
	uint8_t hash[VAULT_TOTP_HASH];
	struct span typed = { data, n };

	uint64_t step = vault_totp_match(secret, typed, INT64_C(1111111109) * 1000000, 0);
	bool recovery = vault_totp_recovery_hash(secret, typed, hash);
	if (step && (recovery || step < 37037035 || step > 37037037))
		abort();
	return 0;
}
