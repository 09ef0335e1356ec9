#include "recorder/evidence/lines.h"
#include "recorder/reader/format.h"

static int begin(void **ret_state, struct reader_out *o, int64_t from_us)
{
	(void)from_us;
	*ret_state = o;
	return 0;
}

static int frame(void *state, const struct frame *f)
{
	struct reader_out *o = state;
	evidence_lines_put(f, &o->b);
	return reader_out_some(o);
}

static int end(void *state)
{
	return reader_out_flush(state);
}

static void done(void *state)
{
	(void)state;
}

const struct reader_format reader_lines = { begin, frame, end, done };
