/* What SQL Server answers: a PRELOGIN, a packet's header, a stream of tokens. */
#include "gateway/core/utf8.h"
#include "sqlproxy/tds/login.h"
#include "sqlproxy/tds/text.h"
#include "sqlproxy/tds/token.h"
#include <stdlib.h>
#include <string.h>

/* What was read as UTF-16 can be written again, and reads the same. */
static void text(struct span utf16)
{
	struct buf once, again, twice;
	buf_init(&once, utf16.n * 2);
	buf_init(&again, utf16.n);
	buf_init(&twice, utf16.n * 2);
	tds_text_get(utf16, &once);
	tds_text_put(&again, buf_span(&once));
	tds_text_get(buf_span(&again), &twice);
	if (once.failed || again.failed || again.len != tds_text_units(buf_span(&once)) * 2 ||
		!span_eq(buf_span(&once), buf_span(&twice)))
		abort();
	buf_done(&once);
	buf_done(&again);
	buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tds_packet p;
	struct tds_answer a;
	(void)tds_login_get_prelogin(span_of(data, n), NULL);
	if (n >= TDS_PACKET_HEAD && tds_packet_head(data, &p, NULL) == 0 && p.n > TDS_PACKET_MAX - TDS_PACKET_HEAD)
		abort();
	text(span_of(data, n));
	if (n > TDS_MESSAGE_MAX || tds_token_answer(span_of(data, n), &a, NULL) < 0)
		return 0;
	struct span words = span_str(a.words);
	if (!a.done || words.n > SQL_WORDS_MAX)
		abort();
	for (uint32_t c; words.n > 0;) {
		size_t one = utf8_get(words, &c);
		if (one == 0 || utf8_is_control(c))
			abort();
		words = span_of(words.p + one, words.n - one);
	}
	return 0;
}
