/* A key file: nothing is read too far, and what is accepted is a whole chain. */
#include "policy/vault/ring.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct vault_keys *k = NULL;

	if (vault_ring_get(span_of(data, n), &k, NULL) == 0 &&
		(k->generation < 2 || k->generation > EVIDENCE_KEYS_MAX || k->evidence.n != k->generation))
		abort();
	vault_keys_free(k);
	return 0;
}
