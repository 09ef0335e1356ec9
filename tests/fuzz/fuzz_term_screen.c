#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "gateway/term/safe.h"
#include "gateway/term/screen.h"
#include <assert.h>
#include <stdlib.h>

/* Input: columns, rows, where to cut, whether to resize; then a target's bytes. */
static struct term_screen *fed(uint8_t columns, uint8_t rows, struct span in, size_t cut)
{
	struct term_screen *t = NULL;
	if (term_screen_new(columns, rows, &t, NULL) < 0)
		abort();
	term_screen_feed(t, span_of(in.p, cut));
	term_screen_feed(t, span_of(in.p + cut, in.n - cut));
	return t;
}

static void draw(const struct term_screen *t, struct buf *out)
{
	buf_init(out, FRAME_BODY_MAX);
	term_screen_draw(t, out);
	assert(!out->failed && out->len >= 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 4)
		return 0;
	struct span in = { data + 4, n - 4 };
	struct term_screen *whole = fed(data[0], data[1], in, in.n);
	struct term_screen *split = fed(data[0], data[1], in, in.n * data[2] / 256);
	scoped(buf_done) struct buf a, b, safe;
	if (data[3] & 1) {
		term_screen_resize(whole, data[3], data[2]);
		term_screen_resize(split, data[3], data[2]);
	}
	draw(whole, &a);
	draw(split, &b);
	assert(span_eq(buf_span(&a), buf_span(&b)));
	/* A key-frame holds nothing that a watcher may not see. */
	struct term_safe filter = { 0 };
	buf_init(&safe, FRAME_BODY_MAX);
	term_safe_feed(&filter, span_of(a.data + 8, a.len - 8), &safe);
	assert(span_eq(buf_span(&safe), span_of(a.data + 8, a.len - 8)));
	whole = term_screen_free(whole);
	split = term_screen_free(split);
	return 0;
}
