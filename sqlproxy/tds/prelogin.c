#include "sqlproxy/tds/prelogin.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include <errno.h>
#include <string.h>

enum {
	VERSION = 0,
	ENCRYPTION = 1,
	INSTANCE = 2,
	THREAD = 3,
	MARS = 4,
	TRACE = 5,
	FEDAUTH = 6,
	NONCE = 7,
	END = 0xff,
	OPTIONS_MAX = 16
};
enum { WITH_CERTIFICATE = 0x80 };

static int malformed(struct err *err, unsigned option)
{
	return fault(err, -EPROTO, "The login is malformed. 登录报文有误。", "PRELOGIN option %u", option);
}

static int take(struct tds_prelogin *p, uint8_t option, struct span v, struct err *err)
{
	struct rd r = rd_of(v);
	switch (option) {
	case VERSION:
		if (v.n != sizeof p->version)
			return malformed(err, option);
		memcpy(p->version, v.p, v.n);
		return 0;
	case ENCRYPTION:
		p->encryption = rd_u8(&r);
		/* A client certificate cannot be passed on; TLS is spoken without it. */
		p->encryption &= (uint8_t)~WITH_CERTIFICATE;
		return rd_done(&r) && p->encryption <= TDS_ENCRYPT_REQ ? 0 : malformed(err, option);
	case INSTANCE:
		p->instance = v;
		if (v.n > 0 && v.p[v.n - 1] == 0)
			p->instance.n--;
		return 0;
	case THREAD:
		if (v.n == 4)
			p->thread = rd_u32le(&r);
		return v.n == 4 || v.n == 0 ? 0 : malformed(err, option);
	case MARS:
		p->mars = rd_u8(&r) == 1;
		return rd_done(&r) ? 0 : malformed(err, option);
	case TRACE:
		p->has_trace = v.n == sizeof p->trace;
		if (p->has_trace)
			memcpy(p->trace, v.p, v.n);
		return p->has_trace || v.n == 0 ? 0 : malformed(err, option);
	case FEDAUTH:
		p->has_fedauth = true;
		p->fedauth = rd_u8(&r) != 0;
		return rd_done(&r) ? 0 : malformed(err, option);
	case NONCE:
		p->has_nonce = v.n == sizeof p->nonce;
		if (p->has_nonce)
			memcpy(p->nonce, v.p, v.n);
		return p->has_nonce ? 0 : malformed(err, option);
	default: /* of a later version: not answered */
		return 0;
	}
}

int tds_prelogin_get(struct span message, struct tds_prelogin *ret, struct err *err)
{
	struct rd r = rd_of(message);
	uint32_t seen = 0;
	*ret = (struct tds_prelogin){ .encryption = TDS_ENCRYPT_NOT_SUP };
	for (int options = 0;; options++) {
		uint8_t option = rd_u8(&r);
		if (!r.bad && option == END)
			return 0;
		size_t offset = rd_be(&r, 2), n = rd_be(&r, 2);
		if (r.bad || options == OPTIONS_MAX || offset > message.n || n > message.n - offset)
			return malformed(err, option);
		if (option < 32 && seen & 1U << option) /* which of the two would hold? */
			return malformed(err, option);
		if (option < 32)
			seen |= 1U << option;
		int k = take(ret, option, span_of(message.p + offset, n), err);
		if (k < 0)
			return k;
	}
}

int tds_prelogin_choose(uint8_t client, enum tds_cover least, uint8_t *answer, enum tds_cover *cover, struct err *err)
{
	switch (client) {
	case TDS_ENCRYPT_ON:
	case TDS_ENCRYPT_REQ:
		*answer = TDS_ENCRYPT_ON;
		*cover = TDS_COVER_ALL;
		return 0;
	case TDS_ENCRYPT_OFF:
		*answer = least == TDS_COVER_ALL ? TDS_ENCRYPT_REQ : TDS_ENCRYPT_OFF;
		*cover = least == TDS_COVER_ALL ? TDS_COVER_ALL : TDS_COVER_LOGIN;
		return 0;
	default:
		*answer = least == TDS_COVER_NONE ? TDS_ENCRYPT_NOT_SUP : TDS_ENCRYPT_REQ;
		*cover = TDS_COVER_NONE;
		if (least == TDS_COVER_NONE)
			return 0;
		return fault(err, -EACCES, "Switch on encryption in your client: this door takes no login without TLS. 请在客户端启用加密（TLS）。", "ENCRYPTION is not supported by the client");
	}
}

void tds_prelogin_put(const struct tds_prelogin *asked, const uint8_t version[static 6], uint8_t answer, struct buf *out)
{
	static const uint8_t zero[1];
	const struct {
		uint8_t option;
		struct span value;
	} options[] = {
		{ VERSION, span_of(version, 6) },
		{ ENCRYPTION, span_of(&answer, 1) },
		{ INSTANCE, span_of(zero, 1) },
		{ THREAD, span_of(NULL, 0) },
		{ MARS, span_of(zero, 1) },
		/* Only who asks for it knows it. */
		{ FEDAUTH, span_of(zero, 1) },
	};
	size_t n = sizeof options / sizeof *options - !asked->has_fedauth, at = n * 5 + 1;
	for (size_t i = 0; i < n; i++) {
		wr_le(out, options[i].option, 1);
		wr_be(out, at, 2);
		wr_be(out, options[i].value.n, 2);
		at += options[i].value.n;
	}
	wr_le(out, END, 1);
	for (size_t i = 0; i < n; i++)
		buf_put_span(out, options[i].value);
}
