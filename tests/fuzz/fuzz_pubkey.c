#include "gateway/core/rd.h"
#include "policy/login/pubkey.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf blob;

	buf_init(&blob, 64 * 1024);
	if (pol_pubkey_get(span_of(data, n), &blob, NULL) == 0) {
		/* What is taken is a blob that begins with its type. */
		struct rd r = rd_of(buf_span(&blob));
		struct span type = rd_str32be(&r);
		if (r.bad || type.n == 0 || r.n == 0)
			abort();
	} else if (blob.len) {
		abort();
	}
	buf_done(&blob);
	return 0;
}
