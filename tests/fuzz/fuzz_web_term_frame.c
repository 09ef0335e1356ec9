/* A browser's frames: what is read and written again is the same, nothing points outside. */
#include "webterm/term/frame.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct web_term_frame f;
	struct buf b;
	if (web_term_frame_get(span_of(data, n), &f) < 0)
		return 0;
	buf_init(&b, WEB_FRAME_MAX);
	web_term_frame_put(&b, &f);
	if (b.failed || !span_eq(buf_span(&b), span_of(data, n)))
		abort();
	buf_done(&b);
	return 0;
}
