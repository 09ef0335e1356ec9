/* A sealed credential out of the database: nothing opens that was not sealed, and no byte is read too far. */
#include "policy/vault/keys.h"
#include "policy/vault/seal.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct vault_keys key = { .generation = 1, .openers = { { .credential = { 7, 7, 7 } } } };
	scoped(secret_scope) struct secret *secret = NULL;
	struct vault_seal s;

	if (vault_seal_get(span_of(data, n), &s, NULL) == 0 &&
		(s.nonce.n != 24 || s.ciphertext.p + s.ciphertext.n != data + n || s.ciphertext.n <= VAULT_SEAL_TAG ||
			s.nonce.p != data + 6 || !vault_seal_kind_is_known(s.kind)))
		abort();
	/* The seed is sealed to the word "bound"; here another word stands, so nothing may open. */
	if (vault_seal_open(&key, span_of(data, n), span_str("other"), &secret, NULL) == 0)
		abort();
	/* What does open with its own word is not empty. */
	if (vault_seal_open(&key, span_of(data, n), span_str("bound"), &secret, NULL) == 0 &&
		secret_span(secret).n != n - VAULT_SEAL_HEAD - VAULT_SEAL_TAG)
		abort();
	return 0;
}
