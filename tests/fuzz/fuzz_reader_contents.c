#include "recorder/reader/format.h"
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Frames of a hostile worker: contents go nowhere but into the one file, and what is said to be whole is. */
static void into_a_stream(struct span frames)
{
	struct reader_out out;
	void *state = NULL;
	int sv[2], rc = 1;
	(void)signal(SIGPIPE, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return;
	(void)close(sv[1]); /* nobody reads a hole of any length */
	reader_out_init(&out, sv[0], -1);
	out.file = 1;
	if (reader_format_begin(&reader_pieces, &out, 0, &state) == 0) {
		while (rc == 1) {
			struct span in = frames;
			struct frame f;
			rc = 0;
			for (int used; rc == 0 && (used = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + used, in.n - (size_t)used))
				rc = reader_pieces.frame(state, &f);
			rc = rc == 0 ? reader_pieces.end(state) : rc;
		}
		assert(rc == 0 || rc == -EBADMSG || rc == -ENODATA || rc == -EPIPE);
		reader_format_done(&reader_pieces, state);
	}
	reader_out_done(&out);
	(void)close(sv[0]);
}

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
	into_a_stream(span_of(data, n));
	return 0;
}
