/* A client's bytes up to its login, at a door without a certificate: the first byte says what must be covered and how they are cut.  The
 * outcome does not depend on the cuts, and nothing is taken that comes behind the login. */
#include "sqlproxy/tds/front.h"
#include <stdlib.h>
#include <string.h>

struct outcome {
	int result;
	size_t left;
	uint8_t cover;
	struct buf out;
};

static void run(struct span all, enum tds_cover least, size_t step, struct outcome *o)
{
	static const uint8_t version[6] = { 16, 0, 0x10, 0, 0, 0 };
	struct tds_front f;
	struct buf held;
	*o = (struct outcome){ 0 };
	buf_init(&held, all.n);
	buf_init(&o->out, 1 << 20);
	tds_front_init(&f, NULL, least, version);
	size_t at = 0;
	while (at < all.n && o->result == 0) {
		size_t n = all.n - at < step ? all.n - at : step;
		buf_put(&held, all.p + at, n);
		at += n;
		struct span in = buf_span(&held);
		o->result = tds_front_feed(&f, &in, &o->out, NULL);
		if (in.n > held.len)
			abort();
		buf_drop(&held, held.len - in.n);
	}
	o->left = o->result > 0 ? all.n - at + held.len : 0;
	o->cover = (uint8_t)f.cover;
	if (o->result > 0 && f.cover < least)
		abort();
	tds_front_done(&f);
	buf_done(&held);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct outcome whole, cut;
	if (n < 2 || n > 16384)
		return 0;
	enum tds_cover least = (enum tds_cover)(data[0] % 3);
	struct span in = span_of(data + 1, n - 1);
	run(in, least, in.n, &whole);
	run(in, least, (size_t)data[0] / 3 + 1, &cut);
	if (whole.result != cut.result || whole.left != cut.left || whole.cover != cut.cover || !span_eq(buf_span(&whole.out), buf_span(&cut.out)))
		abort();
	buf_done(&whole.out);
	buf_done(&cut.out);
	return 0;
}
