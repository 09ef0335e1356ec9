#include "sqlproxy/mysql/worker/mysql.h"
#include "gateway/core/tls.h"
#include "sqlproxy/mysql/wire.h"
#include "sqlproxy/mysql/worker/link.h"
#include "sqlproxy/mysql/worker/probe.h"
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static const char internal[] = "internal error 网关内部错误";

/* Whatever libcrypto looks for in files or loads late. */
static int warm_crypto(struct err *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE], some[16];
	if (OPENSSL_init_ssl(0, NULL) != 1 || sodium_init() < 0 || RAND_bytes(some, sizeof some) != 1 ||
		EVP_Digest("", 0, digest, NULL, EVP_sha1(), NULL) != 1 || EVP_Digest("", 0, digest, NULL, EVP_sha256(), NULL) != 1)
		return fault(err, -EIO, internal, "libcrypto");
	SSL_CTX *ctx = NULL; /* a client's: its lists are made once */
	int r = tls_client_of_key(digest, &ctx, err);
	SSL_CTX_free(ctx);
	return r;
}

static int warm(struct gw_session *s, struct span host_key, void **ret_state, struct err *err)
{
	struct gw_mysql *w = calloc(1, sizeof *w);
	struct span certificate, key;
	(void)host_key;
	if (!w)
		return fault(err, -ENOMEM, internal, "state");
	w->gw = s;
	*ret_state = w;
	int r = warm_crypto(err);
	gw_session_tls(s, &certificate, &key);
	if (r == 0 && certificate.n > 0)
		r = tls_server(certificate, key, NULL, &w->tls, err);
	gw_session_tls_done(s);
	return r;
}

/* ---- what the harness tells ---- */

static void on_end(void *ctx, const char *reason)
{
	gw_mysql_link_end(ctx, reason);
}

static void on_lock(void *ctx, bool locked, const char *reason)
{
	(void)reason;
	((struct gw_mysql_link *)ctx)->locked = locked;
}

static void on_nothing(void *ctx)
{
	(void)ctx; /* no screen to draw; every turn looks for room */
}

static void on_notice(void *ctx, const char *line)
{
	(void)ctx; /* there is no screen for words */
	(void)line;
}

static void on_opened(void *ctx, uint32_t channel, uint32_t request, int code, const char *say)
{
	(void)ctx; /* nothing is ever asked */
	(void)channel;
	(void)request;
	(void)code;
	(void)say;
}

static const struct gw_session_events events = {
	.end = on_end, .lock = on_lock, .notice = on_notice, .screen = on_nothing, .flow = on_nothing, .opened = on_opened
};

/* ---- a client ---- */

/* The OK that ends a login: what came with the target's is known to nobody but us. */
static void welcome(struct gw_mysql_link *l)
{
	mysql_front_welcome(&l->front, &l->client.out);
	mysql_wire_put_ok(&l->client.out, l->front.seq, l->login.status & 0x3fff);
	mysql_front_done(&l->front);
}

static int serve_link(struct gw_mysql_link *l, struct err *err)
{
	int r = gw_mysql_front_login(l, err);
	if (r == 0)
		r = gw_mysql_back_login(l, err);
	if (r == 0) {
		welcome(l);
		gw_mysql_relay(l);
	}
	mysql_front_done(&l->front);
	return r;
}

static int serve(void *state, int client_fd, struct err *err)
{
	struct gw_mysql *w = state;
	struct gw_mysql_link *l = calloc(1, sizeof *l);
	if (!l)
		return fault(err, -ENOMEM, internal, "link");
	l->gw = w->gw;
	l->tls = w->tls;
	l->target.fd = -1;
	l->target.ended = true;
	buf_init(&l->command, GW_MYSQL_COMMAND_MAX);
	buf_init(&l->rewritten, 256);
	buf_init(&l->offered, GW_MYSQL_CHUNK);
	(void)decide_net_parse(span_str(gw_session_client_address(w->gw)), &l->from);
	gw_mysql_side_open(&l->client, client_fd, 2 * GW_MYSQL_CHUNK, 4 * GW_MYSQL_OUT_HIGH);
	gw_session_listen(w->gw, &events, l);
	int r = serve_link(l, err);
	gw_mysql_side_close(&l->target);
	gw_mysql_side_close(&l->client);
	if (l->granted)
		gw_session_thread(w->gw, 0);
	gw_session_end(w->gw, r == 0 ? l->reason : err->say);
	gw_session_listen(w->gw, NULL, NULL);
	gw_mysql_prepared_clear(l);
	gw_mysql_prepared_free(l, l->now.preparing);
	mysql_result_free(&l->result);
	buf_done(&l->command);
	buf_done(&l->rewritten);
	buf_done(&l->offered);
	free(l);
	return r;
}

const struct gw_proto gw_mysql_proto = {
	.name = "mysql",
	.role = WIRE_MYSQL,
	.sandbox = SANDBOX_MYSQL,
	.tls = true,
	.warm = warm,
	.serve = serve,
	.probe = gw_mysql_probe,
};
