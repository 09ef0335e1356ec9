#include "recorder/reader/format.h"
#include <errno.h>
#include <stdlib.h>

int reader_format_begin(const struct reader_format *f, struct reader_out *o, int64_t from_us, void **ret_state)
{
	void *state = calloc(1, f->size);
	if (!state)
		return -ENOMEM;
	f->begin(state, o, from_us);
	*ret_state = state;
	return 0;
}

void reader_format_done(const struct reader_format *f, void *state)
{
	if (f->done)
		f->done(state);
	free(state);
}
