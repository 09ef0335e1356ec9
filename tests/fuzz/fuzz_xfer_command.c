/* Exec strings: what counts as a file transfer holds nothing that a shell would act upon, and its paths are whole. */
#include "gateway/xfer/command.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct xfer_command c;
	struct buf path;
	xfer_command_parse(span_of(data, n), &c);
	if (c.protocol == 0 && c.args_n > 0)
		abort();
	for (size_t i = 0; c.protocol != 0 && i < n; i++)
		if (data[i] == 0 || strchr(";&|<>()$`\n\r", data[i]))
			abort();
	buf_init(&path, 2 * n + 64);
	xfer_command_path(&c, "folder/", span_str("name"), &path);
	xfer_command_path(&c, "", span_str("name"), &path);
	if (path.failed)
		abort();
	buf_done(&path);
	xfer_command_done(&c);
	return 0;
}
