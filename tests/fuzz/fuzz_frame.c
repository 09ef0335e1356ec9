#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include <assert.h>
#include <errno.h>

/* A stream of frames: each that is read is written back as the same bytes; a cut one stays cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span rest = { data, n };
	while (rest.n > 0) {
		struct frame f;
		struct err err = { 0 };
		int r = frame_get(rest, &f, &err);
		if (r < 0) {
			assert(r == -EAGAIN || r == -EPROTO || r == -EMSGSIZE);
			assert(r == -EAGAIN || err.code == r);
			break;
		}
		assert(r >= FRAME_HEAD && (size_t)r <= rest.n && f.type > 0 && f.type < FRAME_TYPES);
		scoped(buf_done) struct buf out;
		buf_init(&out, FRAME_HEAD + FRAME_BODY_MAX);
		frame_put(&out, &f);
		assert(span_eq(buf_span(&out), span_of(rest.p, (size_t)r)));
		assert(frame_get(span_of(rest.p, (size_t)r - 1), &f, NULL) == -EAGAIN);
		rest = span_of(rest.p + r, rest.n - (size_t)r);
	}
	return 0;
}
