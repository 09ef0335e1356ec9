/* The public key file: what is accepted is written again as it was, but for a line feed at its end. */
#include "recorder/evidence/sign.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t key[EVIDENCE_KEY];
	struct buf b;

	if (evidence_sign_key_get(span_of(data, n), key, NULL) < 0)
		return 0;
	buf_init(&b, 256);
	evidence_sign_key_put(&b, key);
	if ((n != b.len && n + 1 != b.len) || memcmp(data, b.data, n) != 0)
		abort();
	buf_done(&b);
	return 0;
}
