/* Exec strings: what counts as scp holds nothing that a shell would act upon; variable names that pass are names. */
#include "gateway/core/wire.h"
#include "gateway/ssh/request.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span line = span_of(data, n);
	uint32_t feature = gw_ssh_request_exec(line);
	if (feature != WIRE_FEATURE_EXEC && feature != WIRE_FEATURE_SCP)
		abort();
	for (size_t i = 0; feature == WIRE_FEATURE_SCP && i < n; i++)
		if (data[i] == 0 || strchr(";&|<>()$`\n\r", data[i]))
			abort();
	if (gw_ssh_request_env("*", line) && (memchr(data, '=', n) || memchr(data, 0, n) || n > 128))
		abort();
	uint32_t subsystem = gw_ssh_request_subsystem(line);
	if (subsystem != 0 && (n != 4 || memcmp(data, "sftp", 4) != 0))
		abort();
	return 0;
}
