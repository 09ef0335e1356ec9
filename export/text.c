#include "export/text.h"
#include "gateway/core/utf8.h"
#include <inttypes.h>
#include <stdio.h>

size_t export_text_put(struct buf *out, struct span json, size_t most)
{
	size_t taken = 0;
	while (taken < json.n) {
		char escape[8];
		uint32_t c = 0;
		struct span rest = span_of(json.p + taken, json.n - taken);
		size_t n = utf8_get(rest, &c);
		struct span as = n > 0 ? span_of(rest.p, n) : span_str("\xef\xbf\xbd");
		if (n > 0 && utf8_is_control(c)) {
			(void)snprintf(
				escape, sizeof escape, "\\u%04" PRIx32, c & 0xffff); /* all of them lie below U+10000 */
			as = span_str(escape);
		}
		if (as.n > most)
			break;
		buf_put_span(out, as);
		most -= as.n;
		taken += n ? n : 1;
	}
	return taken;
}
