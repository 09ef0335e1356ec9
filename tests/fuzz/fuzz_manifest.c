/* A backup's manifest and its signature: what is accepted is written again as it was, and every path stays inside. */
#include "tools/yanmen/manifest.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cli_manifest_signature s;
	struct cli_manifest m = { 0 };
	struct buf b;

	(void)cli_manifest_signature_get(span_of(data, n), &s, NULL);
	if (cli_manifest_get(span_of(data, n), &m, NULL) < 0)
		return 0;
	for (size_t i = 0; i < m.n; i++)
		if (m.files[i].path[0] == '/' || strstr(m.files[i].path, "..") == m.files[i].path)
			abort();
	buf_init(&b, 16 << 20);
	cli_manifest_put(&b, &m);
	if (b.len != n || memcmp(b.data, data, n) != 0)
		abort();
	buf_done(&b);
	cli_manifest_done(&m);
	return 0;
}
