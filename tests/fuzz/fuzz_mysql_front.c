/* A client that logs in: the first byte says what the door allows, then each piece (u16le length) is a packet.  Without TLS no password that came in clear
 * is taken; whatever comes, what is kept has an end. */
#include "gateway/core/rd.h"
#include "sqlproxy/mysql/front.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_of(span_of(data, n));
	uint8_t how = rd_u8(&r);
	struct mysql_front f = { .offers = 0x0afbffff, .may_tls = how & 1, .may_plain = how & 2 };
	struct buf out;
	memset(f.challenge, 'c', sizeof f.challenge);
	buf_init(&out, 16384);
	mysql_front_greet(&f, "8.0.1", 7, &out);
	for (int i = 0; i < 8 && !r.bad && r.n > 0; i++) {
		struct span payload = rd_bytes(&r, rd_u16le(&r));
		if (f.state == MYSQL_FRONT_FULL && !f.private && payload.n == 1) /* a key takes its time; the unit tests make one */
			break;
		int step = mysql_front_read(&f, f.seq, payload, &out, NULL);
		if (step == MYSQL_FRONT_TLS)
			mysql_front_encrypted(&f);
		else if (step == MYSQL_FRONT_SCRAMBLE && mysql_front_unknown(&f, &out, NULL) < 0)
			break;
		if (step == MYSQL_FRONT_PASSWORD && !f.private && !f.key)
			abort();
		if (step == MYSQL_FRONT_PASSWORD && f.proof.n > MYSQL_FRONT_PASSWORD_MAX)
			abort();
		if (step < 0 || step == MYSQL_FRONT_PASSWORD)
			break;
	}
	if (strlen(f.user) > MYSQL_FRONT_USER_MAX || strlen(f.database) > MYSQL_FRONT_DATABASE_MAX || strlen(f.program) > MYSQL_FRONT_PROGRAM_MAX)
		abort();
	mysql_front_done(&f);
	buf_done(&out);
	return 0;
}
