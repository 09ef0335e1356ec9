#include "gateway/core/scope.h"
#include "recorder/reader/format.h"
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Frames of a hostile worker: the index is JSON whatever they say, and as bounded as it promises. */
static void check(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)n + 1);
	assert(text && pread(fd, text, (size_t)n, 0) == n);
	json_t *doc = json_loadb(text, (size_t)n, 0, NULL);
	assert(doc && json_array_size(json_object_get(doc, "activity")) <= 512);
	assert(json_array_size(json_object_get(doc, "markers")) <= 5000);
	json_decref(doc);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of(data, n);
	struct reader_out out;
	struct frame f;
	void *state = NULL;
	int fd = memfd_create("index", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	reader_out_init(&out, fd, -1);
	if (reader_format_begin(&reader_index, &out, 0, &state) == 0) {
		for (int used; (used = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + used, in.n - (size_t)used))
			assert(reader_index.frame(state, &f) == 0);
		assert(reader_index.end(state) == 0);
		reader_format_done(&reader_index, state);
		check(fd);
	}
	reader_out_done(&out);
	(void)close(fd);
	return 0;
}
