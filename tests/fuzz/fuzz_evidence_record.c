/* One record, its hash made right, so that the fuzzer gets behind it: blocks with a known key, checkpoints, ends. */
#include "recorder/evidence/block.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct evidence_unpacker *u;
	static const uint8_t key[32];
	static const struct id id;
	struct evidence_chain wrote = { .seq = 0 }, got = { .seq = 0 };
	struct evidence_record r;
	struct evidence_stream s;
	struct span plain;
	struct buf b;

	if (n < 2 || n > EVIDENCE_BODY_MAX || (!u && evidence_unpacker_new(&u, NULL) < 0))
		return 0;
	buf_init(&b, EVIDENCE_RECORD_MAX);
	evidence_record_put(&b, &wrote, data[0], data[1], span_of(data + 2, n - 2));
	int size = evidence_record_get(buf_span(&b), &got, &r, NULL);
	if (size >= 0 && ((size_t)size != b.len || got.seq != 1 || r.body.n != n - 2))
		abort();
	evidence_stream_init(&s, &id, key);
	if (size >= 0 && r.type == EVIDENCE_BLOCK && evidence_block_get(u, &s, &r, &plain, NULL) == 0 &&
		(plain.n == 0 || plain.n > EVIDENCE_BLOCK_PLAIN_MAX))
		abort();
	buf_done(&b);
	return 0;
}
