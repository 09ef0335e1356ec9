#include "recorder/evidence/lines.h"
#include "recorder/reader/format.h"

struct state {
	struct reader_out *out;
	struct evidence_text text;
};

static void begin(void *state, struct reader_out *o, int64_t from_us)
{
	struct state *s = state;
	(void)from_us;
	s->out = o;
	evidence_text_init(&s->text);
}

static int frame(void *state, const struct frame *f)
{
	struct state *s = state;
	evidence_lines_put(&s->text, f, &s->out->b);
	return reader_out_some(s->out);
}

static int end(void *state)
{
	struct state *s = state;
	return reader_out_flush(s->out);
}

static void done(void *state)
{
	struct state *s = state;
	evidence_text_done(&s->text);
}

const struct reader_format reader_lines = {
	.size = sizeof(struct state), .begin = begin, .frame = frame, .end = end, .done = done
};
