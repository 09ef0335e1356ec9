#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "recorder/reader/format.h"
#include <assert.h>
#include <fcntl.h>

/* Frames of a hostile worker: every line that goes to the database is UTF-8, has no control byte and is at most 2 KiB. */
static void check(const struct reader_out *o)
{
	struct span in = buf_span(&o->b);
	struct frame f;
	for (int n; (n = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + n, in.n - (size_t)n)) {
		assert(f.type == FRAME_OUT || f.type == FRAME_ERR);
		assert(f.body.n > 0 && f.body.n <= 2048);
		for (struct span s = f.body; s.n > 0;) {
			uint32_t c = 0;
			size_t k = utf8_get(s, &c);
			assert(k > 0 && c >= 0x20);
			s = span_of(s.p + k, s.n - k);
		}
	}
	assert(in.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static int nowhere = -1;
	struct span in = span_of(data, n);
	struct reader_out out;
	struct frame f;
	void *state = NULL;
	if (nowhere < 0)
		nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	reader_out_init(&out, nowhere, -1);
	out.is_file = true;
	if (reader_format_begin(&reader_search, &out, 0, &state) < 0)
		return 0;
	for (int used; (used = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + used, in.n - (size_t)used)) {
		assert(reader_search.frame(state, &f) == 0);
		check(&out);
	}
	assert(reader_search.end(state) == 0);
	reader_format_done(&reader_search, state);
	reader_out_done(&out);
	return 0;
}
