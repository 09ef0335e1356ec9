/* A server of MySQL: the first byte chooses TLS and a private line, then each piece (u16le length) is a packet.  On a
 * line that is not private the password never goes out. */
#include "gateway/core/rd.h"
#include "sqlproxy/mysql/login.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_of(span_of(data, n));
	uint8_t how = rd_u8(&r);
	struct mysql_login l = { .user = "app", .password = span_str("kept-to-itself"), .want_tls = how & 1, .private = how & 2 };
	struct buf out;
	buf_init(&out, 4096);
	for (uint8_t seq = 0; !r.bad && r.n > 0;) {
		struct span payload = rd_bytes(&r, rd_u16le(&r));
		const struct mysql_packet p = { how & 4 ? seq : l.seq, payload };
		struct mysql_answer a;
		if (mysql_packet_answer(payload, &a, NULL) == 0 && a.words.n > payload.n)
			abort();
		int step = mysql_login_feed(&l, &p, &out, NULL);
		if (step == MYSQL_LOGIN_TLS && mysql_login_encrypted(&l, &out, NULL) < 0)
			break;
		if (step < 0 || step == MYSQL_LOGIN_DONE)
			break;
		seq = (uint8_t)(seq + 2);
	}
	if (!l.private && out.len > 0 && memmem(out.data, out.len, "kept-to-itself", 14))
		abort();
	if (strlen(l.version) > SQL_WORDS_MAX || strlen(l.words) > SQL_WORDS_MAX)
		abort();
	(void)mysql_login_release(&l);
	buf_done(&out);
	return 0;
}
