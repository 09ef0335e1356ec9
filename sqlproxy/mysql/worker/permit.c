#include "gateway/core/clock.h"
#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <openssl/evp.h>

/*
 * A statement that rules want approved: is it one that was?  The broker decides, and with its yes the request is used up; so everything else that could
 * stop the statement is looked at before.
 */
enum { DIGEST = 32 };

static int digest_of(const struct classify_statement *s, struct span text, uint8_t ret[static DIGEST], struct err *err)
{
	unsigned n = 0;
	uint8_t digest[EVP_MAX_MD_SIZE];
	bool made = s->n > 0 && s->n <= text.n && s->at <= text.n - s->n && EVP_Digest(text.p + s->at, s->n, digest, &n, EVP_sha256(), NULL) == 1 && n == DIGEST;
	if (!made)
		return fault(err, -EIO, "internal error", "a statement's digest");
	memcpy(ret, digest, DIGEST);
	return 0;
}

int gw_mysql_permit(struct gw_mysql_link *l, const struct gw_mysql_said *said, struct err *err)
{
	uint8_t digest[DIGEST];
	if (strcmp(said->kind, "query") != 0)
		return fault(err, -EACCES, "an approved statement is sent as text, not prepared 已审批的语句须以文本而非预处理方式发送", "%s", said->kind);
	if (l->batch.n != 1) /* what each of them did is told of each */
		return fault(err, -EACCES, "approved statements are sent one at a time 已审批的语句须逐条发送", "%zu at once", l->batch.n);
	int r = digest_of(&l->batch.statement[0], said->text, digest, err);
	if (r == 0)
		r = gw_session_permit(l->gw, digest, l->database, &l->now.permit, err);
	return r;
}

void gw_mysql_permit_ran(struct gw_mysql_link *l)
{
	const struct mysql_result *r = &l->result;
	const struct gw_ran ran = { .request = l->now.permit.request,
		.n = l->now.permit.n,
		.state = r->failed ? WIRE_RAN_FAILED : WIRE_RAN_OK,
		.rows = r->failed ? -1 : (int64_t)r->affected,
		.us = (uint64_t)(clock_mono_us() - l->now.started_us),
		.code = r->code,
		.sqlstate = span_str(r->failed ? r->state : ""),
		.words = span_str(r->failed ? r->words : "") };
	gw_session_ran(l->gw, &ran);
	l->now.permit.request = 0;
}
