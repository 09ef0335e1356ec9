/* Exec strings: what counts as scp holds nothing that a shell would act upon; variable names that pass are names; why a channel
 * was refused stays one short line. */
#include "gateway/core/wire.h"
#include "gateway/ssh/request.h"
#include "gateway/xfer/command.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span line = span_of(data, n);
	struct xfer_command moves;
	uint32_t features = gw_ssh_request_exec(line, &moves);
	xfer_command_done(&moves);
	const uint32_t kinds = WIRE_FEATURE_EXEC | WIRE_FEATURE_SCP | WIRE_FEATURE_SFTP;
	const uint32_t ways = WIRE_FEATURE_UPLOAD | WIRE_FEATURE_DOWNLOAD;
	uint32_t kind = features & kinds, way = features & ways;
	if ((features & ~(kinds | ways)) || (kind & (kind - 1)) || kind == 0 || (way & (way - 1)))
		abort();
	if ((kind == WIRE_FEATURE_SCP && way == 0) || (kind == WIRE_FEATURE_SFTP && way != 0))
		abort();
	for (size_t i = 0; features != WIRE_FEATURE_EXEC && i < n; i++)
		if (data[i] == 0 || strchr(";&|<>()$`\n\r", data[i]))
			abort();
	if (gw_ssh_request_env("*", line) && (memchr(data, '=', n) || memchr(data, 0, n) || n > 128))
		abort();
	uint32_t subsystem = gw_ssh_request_subsystem(line);
	if (subsystem != 0 && (n != 4 || memcmp(data, "sftp", 4) != 0))
		abort();
	char error[512], why[300];
	size_t cut = n < sizeof error ? n : sizeof error - 1;
	if (cut)
		memcpy(error, data, cut);
	error[cut] = '\0';
	gw_ssh_request_refusal("target", error, why, sizeof why);
	if (strncmp(why, "the target refuses it: ", 23) != 0 || strlen(why) > 280)
		abort();
	return 0;
}
