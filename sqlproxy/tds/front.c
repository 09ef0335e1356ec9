#include "sqlproxy/tds/front.h"
#include "gateway/core/err.h"
#include "gateway/core/secret.h"
#include "sqlproxy/tds/reply.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

enum { START, PRELOGIN, SHAKING_PACKETS, SHAKING_BARE, LOGIN, READY, ENDED };
enum { TLS_RECORD_HEAD = 5, TLS_RECORD_MAX = 16384 + 2048, TLS_HANDSHAKE = 0x16, CHUNK = 4096, ROOM = 8192 };

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in, unsigned in_n, void *ctx)
{
	static const unsigned char ours[] = "\x07tds/8.0";
	(void)ssl;
	(void)ctx;
	unsigned char *found;
	int r = SSL_select_next_proto(&found, n, ours, sizeof ours - 1, in, in_n);
	*out = found;
	return r == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void tds_front_context(SSL_CTX *tls)
{
	SSL_CTX_set_alpn_select_cb(tls, choose_alpn, NULL);
}

void tds_front_init(struct tds_front *f, SSL_CTX *tls, enum tds_cover least, const uint8_t version[static 6])
{
	*f = (struct tds_front){ .tls = tls, .least = least };
	memcpy(f->version, version, sizeof f->version);
	buf_init(&f->clear, 2 * TDS_LOGIN7_MAX);
	tds_message_init(&f->message, TDS_LOGIN7_MAX);
	(void)buf_room(&f->clear, ROOM); /* a login of usual size leaves no copies behind as they grow */
	(void)buf_room(&f->message.wire, ROOM);
}

static void wipe(struct buf *b)
{
	if (b->data)
		secret_wipe(b->data, b->size);
}

void tds_front_forget(struct tds_front *f)
{
	wipe(&f->message.wire);
	wipe(&f->message.body);
	tds_message_clear(&f->message);
	f->login = (struct tds_login7){ .rank = f->login.rank, .version = f->login.version };
	if (f->clear.len == 0)
		wipe(&f->clear);
}

void tds_front_done(struct tds_front *f)
{
	tds_front_forget(f);
	wipe(&f->clear);
	buf_done(&f->clear);
	tds_message_done(&f->message);
	SSL_free(f->ssl);
	f->ssl = NULL;
}

static int broken(struct err *err, const char *what)
{
	ERR_clear_error();
	return fault(err, -EPROTO, "the TLS connection failed", "%s", what);
}

static int begin_tls(struct tds_front *f, bool bare, struct err *err)
{
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	f->ssl = f->tls ? SSL_new(f->tls) : NULL;
	if (!f->ssl || !in || !out) {
		BIO_free(in);
		BIO_free(out);
		return fault(err, f->tls ? -ENOMEM : -EACCES, "This door has no TLS. 此入口未启用 TLS。", "TLS without a certificate");
	}
	SSL_set_bio(f->ssl, in, out);
	SSL_set_accept_state(f->ssl);
	/* Behind a handshake of 1.3 the server speaks once more, of which packets know nothing. */
	if (!bare)
		(void)SSL_set_max_proto_version(f->ssl, TLS1_2_VERSION);
	f->state = bare ? SHAKING_BARE : SHAKING_PACKETS;
	f->strict = bare;
	return 0;
}

/* What TLS wants to say: as it is, or inside a message of packets. */
static void flush(struct tds_front *f, bool packets, struct buf *out)
{
	char *bytes;
	long n = BIO_get_mem_data(SSL_get_wbio(f->ssl), &bytes);
	if (n <= 0)
		return;
	if (packets)
		tds_packet_put(out, TDS_PRELOGIN, span_of(bytes, (size_t)n));
	else
		buf_put(out, bytes, (size_t)n);
	(void)BIO_reset(SSL_get_wbio(f->ssl));
}

static int shake(struct tds_front *f, struct span bytes, struct buf *out, struct err *err)
{
	if (bytes.n > 0 && BIO_write(SSL_get_rbio(f->ssl), bytes.p, (int)bytes.n) != (int)bytes.n)
		return broken(err, "memory");
	int r = SSL_do_handshake(f->ssl), why = SSL_get_error(f->ssl, r);
	flush(f, !f->strict, out);
	if (r != 1)
		return why == SSL_ERROR_WANT_READ ? 0 : broken(err, "the handshake failed");
	if (f->strict) {
		const unsigned char *name;
		unsigned n;
		SSL_get0_alpn_selected(f->ssl, &name, &n);
		if (n == 0)
			return broken(err, "TLS came first, but not for TDS 8.0");
	}
	f->state = f->strict ? PRELOGIN : LOGIN;
	return 0;
}

/* What TLS has opened. */
static int read_clear(struct tds_front *f, struct buf *clear, struct err *err)
{
	for (;;) {
		uint8_t bytes[CHUNK];
		int n = SSL_read(f->ssl, bytes, sizeof bytes), why = SSL_get_error(f->ssl, n);
		if (n > 0)
			buf_put(clear, bytes, (size_t)n);
		secret_wipe(bytes, n > 0 ? (size_t)n : 0);
		if (clear->failed)
			return broken(err, "more than is read at once");
		if (n > 0)
			continue;
		if (why == SSL_ERROR_ZERO_RETURN)
			return fault(err, -EPIPE, "The client ended TLS. 客户端结束了 TLS 连接。", "close_notify");
		return why == SSL_ERROR_WANT_READ ? 0 : broken(err, "a record is broken");
	}
}

int tds_front_open(struct tds_front *f, struct span wire, struct buf *clear, struct err *err)
{
	if (f->state == READY && f->clear.len > 0) { /* what came right behind the login */
		buf_put_span(clear, buf_span(&f->clear));
		buf_clear(&f->clear);
	}
	if (!f->ssl) {
		buf_put_span(clear, wire);
		return clear->failed ? broken(err, "more than is read at once") : 0;
	}
	if (wire.n > 0 && BIO_write(SSL_get_rbio(f->ssl), wire.p, (int)wire.n) != (int)wire.n)
		return broken(err, "memory");
	return read_clear(f, clear, err);
}

int tds_front_seal(struct tds_front *f, struct span clear, struct buf *wire, struct err *err)
{
	if (!f->ssl) {
		buf_put_span(wire, clear);
		return 0;
	}
	if (clear.n > 0 && SSL_write(f->ssl, clear.p, (int)clear.n) != (int)clear.n)
		return broken(err, "TLS does not take what is said");
	flush(f, false, wire);
	return 0;
}

/* One record of TLS, no byte more: what follows may be something else.  0: there is no whole one. */
static int one_record(struct span *in, struct span *ret, struct err *err)
{
	if (in->n < TLS_RECORD_HEAD)
		return 0;
	size_t n = TLS_RECORD_HEAD + ((size_t)in->p[3] << 8 | in->p[4]);
	if (n > TLS_RECORD_HEAD + TLS_RECORD_MAX)
		return broken(err, "a record is too long");
	if (in->n < n)
		return 0;
	*ret = span_of(in->p, n);
	*in = span_of(in->p + n, in->n - n);
	return 1;
}

/* The clear bytes that are read now: those of `in` itself, or those that TLS has opened. */
static int fill(struct tds_front *f, struct span *in, struct err *err)
{
	if (f->ssl) {
		struct span record = { 0 };
		int r = one_record(in, &record, err);
		if (r > 0)
			r = tds_front_open(f, record, &f->clear, err);
		return r < 0 ? r : record.n > 0;
	}
	size_t n = in->n < CHUNK ? in->n : CHUNK;
	if (n == 0)
		return 0;
	buf_put(&f->clear, in->p, n);
	*in = span_of(in->p + n, in->n - n);
	return f->clear.failed ? broken(err, "more than is read at once") : 1;
}

/* A message of this kind out of the clear bytes; what was taken too much of a plain `in` is given back. */
static int one_message(struct tds_front *f, struct span *in, enum tds_packet_type type, struct err *err)
{
	for (;;) {
		struct tds_frame frame;
		int r = tds_frame_get(buf_span(&f->clear), 1U << type, &frame, err);
		if (r > 0) {
			r = tds_message_add(&f->message, &frame, err);
			size_t n = frame.bytes.n;
			secret_wipe(f->clear.data, n);
			buf_drop(&f->clear, n);
			if (r > 0 && f->message.over)
				return fault(err, -EPROTO, "The login is malformed. 登录报文有误。", "a message of %zu packets", f->message.packets);
			if (r > 0 && !f->ssl) {
				*in = span_of(in->p - f->clear.len, in->n + f->clear.len);
				buf_clear(&f->clear);
			}
			if (r != 0)
				return r;
			continue;
		}
		if (r == 0)
			r = fill(f, in, err);
		if (r <= 0)
			return r;
	}
}

static int greeted(struct tds_front *f, struct buf *out, struct err *err)
{
	struct buf answer;
	uint8_t encryption = TDS_ENCRYPT_NOT_SUP;
	int r = tds_prelogin_get(tds_message_body(&f->message), &f->prelogin, err);
	if (r < 0)
		return r;
	f->has_prelogin = true;
	f->cover = TDS_COVER_ALL;
	if (!f->strict)
		r = tds_prelogin_choose(f->tls ? f->prelogin.encryption : TDS_ENCRYPT_NOT_SUP, f->least, &encryption, &f->cover, err);
	buf_init(&answer, 256);
	tds_prelogin_put(&f->prelogin, f->version, encryption, &answer);
	struct buf packet;
	buf_init(&packet, 512);
	tds_packet_put(&packet, TDS_REPLY, buf_span(&answer));
	if (f->strict)
		r = tds_front_seal(f, buf_span(&packet), out, err);
	else
		buf_put_span(out, buf_span(&packet));
	buf_done(&answer);
	buf_done(&packet);
	tds_message_clear(&f->message);
	f->state = LOGIN;
	return r == 0 && !f->strict && f->cover != TDS_COVER_NONE ? begin_tls(f, false, err) : r;
}

/* The client has named a version: it can be told why. */
static void tell(struct tds_front *f, const struct err *why, struct buf *out)
{
	struct buf message, packet;
	buf_init(&message, TDS_MESSAGE_MAX);
	buf_init(&packet, TDS_MESSAGE_MAX);
	tds_reply_login_failed(&message, f->login.rank, span_str(why->say));
	tds_packet_put(&packet, TDS_REPLY, buf_span(&message));
	(void)tds_front_seal(f, buf_span(&packet), out, NULL);
	buf_done(&message);
	buf_done(&packet);
}

static int named(struct tds_front *f, struct buf *out, struct err *err)
{
	struct err why = { 0 };
	int r = tds_login7_get(tds_message_body(&f->message), &f->login, &why);
	if (r == 0 && f->cover < f->least)
		r = fault(&why, -EACCES, "Switch on encryption in your client: this door takes no login without TLS. 请在客户端启用加密（TLS）。", "LOGIN7 without TLS");
	if (f->cover == TDS_COVER_LOGIN) { /* what follows is plain */
		SSL_free(f->ssl);
		f->ssl = NULL;
	}
	if (r == -EACCES)
		tell(f, &why, out);
	if (r < 0 && err)
		*err = why;
	f->state = READY;
	return r < 0 ? r : 1;
}

static int step(struct tds_front *f, struct span *in, struct buf *out, struct err *err)
{
	struct tds_frame frame;
	int r;
	switch (f->state) {
	case START:
		if (in->n == 0)
			return 0;
		f->state = in->p[0] == TDS_LOGIN7 ? LOGIN : PRELOGIN;
		return in->p[0] == TLS_HANDSHAKE ? begin_tls(f, true, err) : 0;
	case PRELOGIN:
		r = one_message(f, in, TDS_PRELOGIN, err);
		return r > 0 ? greeted(f, out, err) : r;
	case SHAKING_PACKETS:
		r = tds_frame_get(*in, 1U << TDS_PRELOGIN, &frame, err);
		if (r <= 0)
			return r;
		*in = span_of(in->p + frame.bytes.n, in->n - frame.bytes.n);
		return shake(f, frame.body, out, err);
	case SHAKING_BARE:
		r = one_record(in, &frame.bytes, err);
		return r > 0 ? shake(f, frame.bytes, out, err) : r;
	case LOGIN:
		r = one_message(f, in, TDS_LOGIN7, err);
		return r > 0 ? named(f, out, err) : r;
	default:
		return fault(err, -EPROTO, "The login is malformed. 登录报文有误。", "the login is over");
	}
}

int tds_front_feed(struct tds_front *f, struct span *in, struct buf *out, struct err *err)
{
	for (;;) {
		uint8_t state = f->state;
		size_t left = in->n;
		int r = step(f, in, out, err);
		if (r < 0)
			f->state = ENDED;
		if (r != 0)
			return r;
		if (out->failed)
			return broken(err, "more than is said at once");
		if (f->state == state && in->n == left)
			return 0;
	}
}
