#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>
#include <string.h>

enum { ASK_US = 10 * 1000 * 1000 }; /* a restart of the vault included */

int gw_hostkey_fetch(struct gw_session *s, struct err *err)
{
	struct wire_host_key_answer m;
	struct gw_ask ask = {
		.to = GW_VAULT, .type = WIRE_T_host_key, .wait_us = ASK_US, .answers = { WIRE_T_host_key_answer }
	};
	int r = gw_ask(s, &ask, err);
	if (r == 0)
		r = wire_host_key_answer_get(ask.got_body, &m, err);
	if (r == 0)
		s->host_key = m.key;
	return r;
}

int gw_session_host_sign(struct gw_session *s, struct span hash, uint8_t ret[static GW_HOST_SIGNATURE], struct err *err)
{
	scoped(buf_done) struct buf q;
	struct wire_host_sign_answer m;
	buf_init(&q, 256);
	wire_host_sign_put(&q, &(struct wire_host_sign){ .key = s->host_key, .hash = hash });
	if (q.failed)
		return fault(err, -EMSGSIZE, "internal error", "host_sign of %zu bytes", hash.n);
	struct gw_ask ask = { .to = GW_VAULT,
		.type = WIRE_T_host_sign,
		.body = buf_span(&q),
		.wait_us = ASK_US,
		.answers = { WIRE_T_host_sign_answer } };
	int r = gw_ask(s, &ask, err);
	if (r == 0)
		r = wire_host_sign_answer_get(ask.got_body, &m, err);
	if (r < 0)
		return r;
	if (m.code < 0)
		return fault(err, m.code == -ESTALE ? -ESTALE : -EACCES, "the gateway's host key was changed; log in again",
			"the vault has another host key: %lld", (long long)m.code);
	memcpy(ret, m.signature.b, sizeof m.signature.b);
	return 0;
}
