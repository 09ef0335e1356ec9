#include "webterm/range.h"
#include <stdlib.h>
#include <string.h>

/* First byte: the size of the file, by its bits; then the header.  A part lies within the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct web_range part;
	if (n == 0)
		return 0;
	uint64_t size = (UINT64_C(1) << (data[0] & 63)) - 1;
	if (web_range_of(span_of(data + 1, n - 1), (struct span){ 0 }, "\"x\"", size, &part) == WEB_RANGE_PART &&
		(part.from > part.to || part.to >= size))
		abort();
	return 0;
}
