/* What a robot answers: is it taken, what is shown of it. */
#include "notify/hook.h"
#include "notify/job.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t url = size > 0 && (size_t)data[0] + 1 < size ? data[0] : 0;
	struct span rest = size > 0 ? span_of(data + 1 + url, size - 1 - url) : (struct span){ 0 };
	struct notify_job j;
	struct buf words;
	memset(&j, 0, sizeof j);
	(void)notify_hook_is_taken(rest);
	buf_init(&words, 65536);
	buf_put_span(&words, rest);
	size_t before = words.len;
	notify_hook_scrub(size > 0 ? span_of(data + 1, url) : (struct span){ 0 }, &words);
	if (words.len > before)
		abort();
	notify_job_say(&j, NOTIFY_FAILED, buf_span(&words));
	if (strlen(j.said) >= sizeof j.said)
		abort();
	buf_done(&words);
	return 0;
}
