/* An SFTP server's bytes: each answer is taken apart within its packet. */
#include "webterm/term/sftp.h"
#include <stdlib.h>

static uint8_t touched;

static void touch(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		touched ^= s.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of(data, n);
	struct web_term_sftp_answer a;
	int taken;
	while ((taken = web_term_sftp_get(in, &a)) > 0) {
		if ((size_t)taken > in.n || taken < 9)
			abort();
		touch(a.text);
		struct web_term_sftp_attributes attributes;
		struct span name;
		for (uint32_t i = 0; i < a.count && web_term_sftp_name(&a.names, &name, &attributes); i++)
			touch(name);
		in = span_of(in.p + taken, in.n - (size_t)taken);
	}
	return 0;
}
