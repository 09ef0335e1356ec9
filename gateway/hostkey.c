#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>
#include <string.h>

static const char changed[] = "The gateway's host key was changed, please log in again. 网关主机密钥已更换，请重新登录。";
static const char unsigned_exchange[] = "The gateway could not sign a key exchange. 网关无法为密钥交换签名。";

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

static int ask_signature(struct gw_session *s, struct span hash, uint8_t *ret, struct err *err)
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
		return fault(err, m.code == -ESTALE ? -ESTALE : -EACCES, changed, "the vault has another host key: %lld",
			(long long)m.code);
	memcpy(ret, m.signature.b, sizeof m.signature.b);
	return 0;
}

/* The client hears nothing of it: between two keys there is nothing to say it with. */
int gw_session_host_sign(struct gw_session *s, struct span hash, uint8_t ret[static GW_HOST_SIGNATURE], struct err *err)
{
	int r = ask_signature(s, hash, ret, err);
	if (r < 0)
		gw_pump_end(s, span_str(r == -ESTALE ? changed : unsigned_exchange));
	return r;
}
