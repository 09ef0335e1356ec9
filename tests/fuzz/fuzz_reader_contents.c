#include "recorder/reader/format.h"
#include <assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Frames of a hostile worker: contents go nowhere but into the one file, and what is said to be whole is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of(data, n);
	struct reader_out out;
	struct frame f;
	void *state = NULL;
	int rc = 0, fd = memfd_create("contents", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	reader_out_init(&out, fd, -1);
	out.file = 1;
	if (reader_format_begin(&reader_contents, &out, 0, &state) == 0) {
		for (int used; rc == 0 && (used = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + used, in.n - (size_t)used))
			rc = reader_contents.frame(state, &f);
		assert(rc == 0 || rc == -EBADMSG || rc == -EFBIG || rc == -EINVAL || rc == -ENOMEM);
		rc = reader_contents.end(state);
		assert(rc == 0 || rc == -EBADMSG || rc == -ENODATA);
		reader_format_done(&reader_contents, state);
	}
	reader_out_done(&out);
	(void)close(fd);
	return 0;
}
