/* Lines of an exported audit log: nothing is read too far; nothing but its one canonical form is accepted. */
#include "recorder/evidence/audit.h"
#include "recorder/evidence/keys.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct evidence_keys keys = { .n = 1, .k = { { .key = { 1 } } } }; /* nobody's */
	struct evidence_audit a;
	const uint8_t *nl;

	evidence_audit_init(&a, &keys);
	while (n > 0 && (nl = memchr(data, '\n', n))) {
		size_t line = (size_t)(nl - data) + 1;
		if (evidence_audit_line(&a, span_of(data, line), NULL) == 0 &&
			(a.again.len != line || memcmp(a.again.data, data, line) != 0))
			abort();
		data += line;
		n -= line;
	}
	if (evidence_audit_end(&a, NULL) == 0)
		abort(); /* an end is signed */
	evidence_audit_done(&a);
	return 0;
}
