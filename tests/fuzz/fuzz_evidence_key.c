/* The public key file: what is accepted is written again as it was, but for a line feed at its end. */
#include "recorder/evidence/keys.h"
#include <stdlib.h>
#include <string.h>

static void compare(struct buf *b, const uint8_t *data, size_t n)
{
	if ((n != b->len && n + 1 != b->len) || memcmp(data, b->data, n) != 0)
		abort();
	buf_done(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t key[EVIDENCE_KEY];
	struct evidence_keys keys;
	struct buf b;

	buf_init(&b, EVIDENCE_KEYS_TEXT);
	if (evidence_keys_get(span_of(data, n), &keys, NULL) == 0) {
		if (keys.n < 1 || keys.n > EVIDENCE_KEYS_MAX)
			abort();
		evidence_keys_put(&b, &keys);
		compare(&b, data, n);
	}
	buf_init(&b, 256);
	if (evidence_sign_key_get(span_of(data, n), key, NULL) == 0) {
		evidence_sign_key_put(&b, key);
		compare(&b, data, n);
	}
	buf_done(&b);
	return 0;
}
