/* LOGIN7 of a client: what is accepted can be written again with other names, and then reads the same but for them. */
#include "gateway/core/secret.h"
#include "sqlproxy/tds/login7.h"
#include <stdlib.h>
#include <string.h>

static bool inside(struct span all, struct span part)
{
	return part.n == 0 || (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct tds_login7_as as = { span_str("app"), span_str("kept-to-itself"), span_str(""), span_str("sql01") };
	struct tds_login7 l, again;
	struct secret *password = NULL;
	struct buf out;
	struct span all = span_of(data, n);
	if (n > TDS_LOGIN7_MAX || tds_login7_get(all, &l, NULL) < 0)
		return 0;
	for (size_t i = 0; i < TDS_LOGIN7_TEXTS; i++)
		if (!inside(all, l.text[i]) || l.text[i].n > TDS_LOGIN7_TEXT * 2)
			abort();
	if (!inside(all, l.features) || tds_login7_password(&l, &password, NULL) < 0)
		abort();
	password = secret_free(password);
	buf_init(&out, 2 * TDS_LOGIN7_MAX);
	if (tds_login7_put(&l, &as, &out, NULL) < 0 || tds_login7_get(buf_span(&out), &again, NULL) < 0)
		abort();
	for (size_t i = 0; i < TDS_LOGIN7_TEXTS; i++) {
		bool ours = i == TDS_LOGIN7_USER || i == TDS_LOGIN7_PASSWORD || i == TDS_LOGIN7_SERVER || i == TDS_LOGIN7_EXTENSION;
		if (!ours && !span_eq(l.text[i], again.text[i]))
			abort();
	}
	if (tds_login7_password(&again, &password, NULL) < 0 || !span_eq(secret_span(password), as.password))
		abort();
	if (again.version != l.version || again.asked != l.asked || again.packet_size != l.packet_size || again.lcid != l.lcid)
		abort();
	(void)secret_free(password);
	buf_done(&out);
	return 0;
}
