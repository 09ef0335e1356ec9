/* A wrapped key out of a backup: no byte is read too far, and no figures of a stranger's eat the machine. */
#include "tools/yanmen/wrap.h"
#include "gateway/core/secret.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t key[32] = { 1 };
	struct secret *s = NULL;

	if (cli_wrap_sealed_get(span_of(data, n), key, &s, NULL) == 0)
		abort(); /* sealed to nobody here */
	/* Only cheap figures: the work itself is libsodium's. */
	if (n >= 24 && memcmp(data, "yanmenP1", 8) == 0 && (data[8] > 2 || memcmp(data + 9, "\0\0\0\0\0\0\0", 7) != 0 ||
								   memcmp(data + 18, "\0\0\0\0\0\0", 6) != 0))
		return 0;
	if (cli_wrap_passphrase_get(span_of(data, n), span_str("somebody's"), &s, NULL) == 0)
		abort();
	return 0;
}
