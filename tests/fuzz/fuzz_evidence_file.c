/* Recording files: whatever the bytes are, checking, decoding and recovering end; what verifies is what a vault signed. */
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/block.h"
#include "recorder/evidence/check.h"
#include "recorder/evidence/keys.h"
#include "recorder/evidence/lines.h"
#include "recorder/evidence/walk.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Decodes with a key that is as good as any: the cipher refuses, or (a seed made with it) agrees. */
static void decode(int fd)
{
	static struct evidence_unpacker *u;
	static const uint8_t key[32];
	scoped(evidence_walk_done) struct evidence_walk w;
	scoped(buf_done) struct buf out;
	scoped(evidence_text_done) struct evidence_text text;
	struct evidence_record r;
	struct evidence_stream s;
	struct span plain;
	struct frame f;

	buf_init(&out, 24 * FRAME_BODY_MAX);
	evidence_text_init(&text);
	if (evidence_walk_open(&w, fd, NULL) < 0 || (!u && evidence_unpacker_new(&u, NULL) < 0))
		return;
	evidence_stream_init(&s, &w.header.id, key);
	while (evidence_walk_next(&w, &r, NULL) == 1) {
		if (r.type != EVIDENCE_BLOCK || evidence_block_get(u, &s, &r, &plain, NULL) < 0)
			continue;
		for (int n; plain.n > 0 && (n = frame_get(plain, &f, NULL)) > 0; plain = span_of(plain.p + n, plain.n - (size_t)n)) {
			buf_clear(&out);
			evidence_lines_put(&text, &f, &out);
		}
	}
}

/* A header that is read is written again as it was. */
static void header(struct span in)
{
	scoped(buf_done) struct buf b;
	struct evidence_header h;
	struct evidence_chain c;

	buf_init(&b, EVIDENCE_HEADER);
	if (evidence_header_get(in, &h, &c, NULL) < 0)
		return;
	evidence_header_put(&b, &h);
	if (b.len != EVIDENCE_HEADER || memcmp(b.data, in.p, b.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct evidence_keys keys = { .n = 1, .k = { { .key = { 1 } } } }; /* nobody's */
	struct evidence_verdict v;
	scoped(scope_close) int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	if (evidence_check(fd, &keys, false, &v, NULL) == 0)
		abort();
	if (evidence_check(fd, &keys, true, &v, NULL) == 0 && v.bytes + v.torn != n)
		abort();
	decode(fd);
	header(span_of(data, n));
	return 0;
}
