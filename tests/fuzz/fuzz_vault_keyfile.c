/* A key file that an admin was given: it is refused, or it is a key with a public half. */
#include "policy/vault/key.h"
#include "policy/vault/keyfile.h"
#include "gateway/core/scope.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	scoped(vault_key_done) struct vault_key key = { 0 };
	EVP_PKEY *pkey = NULL;

	if (vault_keyfile_get(span_of(data, n), &pkey, NULL) == 0 && vault_key_of(pkey, &key, NULL) == 0 &&
		(key.blob.len < 51 || !key.pkey || !key.type))
		abort();
	return 0;
}
