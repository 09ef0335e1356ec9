#include "gateway/core/scope.h"
#include "recorder/reader/format.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Frames of a hostile worker: every row has its 19 cells, and no cell is a formula. */
static void check(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = malloc((size_t)n + 1);
	bool quoted = false, begins = true;
	unsigned cells = 1;
	assert(text && pread(fd, text, (size_t)n, 0) == n);
	for (off_t i = 0; i < n; i++) {
		char c = text[i];
		if (c == '"' && quoted && i + 1 < n && text[i + 1] == '"') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
			if (quoted && i + 1 < n)
				assert(!memchr("=+-@\t\r", text[i + 1], 6));
		} else if (!quoted && c == ',') {
			cells++;
			begins = true;
			continue;
		} else if (!quoted && c == '\n') {
			assert(cells == 19 && text[i - 1] == '\r');
			cells = 1;
			begins = true;
			continue;
		} else if (begins) {
			assert(!memchr("=+@\t", c, 4)); /* a number may be negative */
		}
		begins = false;
	}
	assert(!quoted && cells == 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of(data, n);
	struct reader_out out;
	struct frame f;
	void *state = NULL;
	int fd = memfd_create("csv", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	reader_out_init(&out, fd, -1);
	if (reader_format_begin(&reader_csv, &out, 0, &state) == 0) {
		for (int used; (used = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + used, in.n - (size_t)used))
			assert(reader_csv.frame(state, &f) == 0);
		assert(reader_csv.end(state) == 0);
		reader_format_done(&reader_csv, state);
		check(fd);
	}
	reader_out_done(&out);
	(void)close(fd);
	return 0;
}
