/* A key file that an admin was given: it is refused, or it is a key with a public half. */
#include "policy/vault/key.h"
#include "gateway/core/scope.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	scoped(vault_key_done) struct vault_key key = { 0 };

	if (vault_key_parse(span_of(data, n), &key, NULL) == 0 && (key.blob.len < 51 || !key.pkey || !key.type))
		abort();
	return 0;
}
