#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include <assert.h>
#include <errno.h>
#include <string.h>

/* Either every value is within its limits, or the line is named and nothing was changed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct conf c, before;
	struct err err = { 0 };
	memset(&c, 0x55, sizeof c);
	memcpy(&before, &c, sizeof c);
	int r = conf_parse((const char *)data, n, &c, &err);
	if (r < 0) {
		assert(r == -EPROTO && strncmp(err.say, "configuration line ", 19) == 0);
		assert(memcmp(&before, &c, sizeof c) == 0);
		return 0;
	}
	for (size_t i = 0; i < conf_keys_n; i++) {
		const char *at = (const char *)&c + conf_keys[i].offset;
		int64_t v;
		if (conf_keys[i].kind < CONF_COUNT) {
			assert(memchr(at, 0, conf_keys[i].size));
		} else {
			memcpy(&v, at, sizeof v);
			assert(v >= conf_keys[i].min && v <= conf_keys[i].max);
		}
	}
	return 0;
}
