#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <assert.h>
#include <string.h>

/* Input: u16le type, then a body.  What is read can be written, and is then the same bytes. */
#define TRY(name, number, fields) \
	case number: { \
		struct wire_##name m; \
		struct err err = { 0 }; \
		if (wire_##name##_get(body, &m, &err) == 0) \
			wire_##name##_put(&out, &m); \
		else \
			assert(err.code < 0 && strlen(err.detail) > 0); \
		read = err.code == 0; \
		break; \
	}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2 || n - 2 > MSG_BODY_MAX)
		return 0;
	struct span body = { data + 2, n - 2 };
	scoped(buf_done) struct buf out;
	bool read = false;
	buf_init(&out, MSG_BODY_MAX);
	switch (data[0] | data[1] << 8) {
		WIRE_MESSAGES(TRY)
	default:
		break;
	}
	assert(!read || (!out.failed && span_eq(body, buf_span(&out))));
	return 0;
}
