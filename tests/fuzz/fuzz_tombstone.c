/* A tombstone: nothing is read too far, and what is accepted is written again as it was. */
#include "recorder/evidence/tombstone.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct evidence_tombstone t;
	struct buf b;

	if (evidence_tombstone_get(span_of(data, n), &t, NULL) < 0)
		return 0;
	buf_init(&b, EVIDENCE_TOMBSTONE_MAX);
	evidence_tombstone_put(&b, &t);
	if (b.failed || b.len + EVIDENCE_SIGNATURE != n || memcmp(b.data, data, b.len) != 0)
		abort();
	buf_done(&b);
	return 0;
}
