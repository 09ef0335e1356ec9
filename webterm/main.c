#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/loop.h"
#include "gateway/core/pg.h"
#include "gateway/core/proc.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/service.h"
#include "gateway/core/tls.h"
#include "gateway/core/wire.h"
#include "webterm/answer.h"
#include "webterm/bearer.h"
#include "webterm/broker.h"
#include "webterm/conn.h"
#include "webterm/events.h"
#include "webterm/files.h"
#include "webterm/keep.h"
#include "webterm/login.h"
#include "webterm/result.h"
#include "webterm/socket.h"
#include "webterm/terminal.h"
#include "webterm/ticket.h"
#include "webterm/vault.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * yanmen-web: the console's server (docs/ARCHITECTURE.md).  Descriptors at the start: 3 parent, 4 configuration, 5 the folder of
 * web.files, 6 web.certificate, 7 web.key.
 */
enum { FD_CONF = SERVICE_FD + 1, FD_FILES, FD_CERTIFICATE, FD_KEY };
enum { DATABASE_US = 3 * 1000 * 1000, PEM_MAX = 256 * 1024, KEEPALIVE_S = 60, DESCRIPTORS = 8192 };

static struct web web;
static struct service parent;
static lws_sorted_usec_list_t wake; /* for our next timer */

/* ---- what libwebsockets tells ---- */

static void scope_pem(struct buf *b)
{
	if (b->data)
		secret_wipe(b->data, b->size);
	buf_done(b);
}

static int read_pem(int fd, struct buf *ret, struct err *err)
{
	buf_init(ret, PEM_MAX);
	ssize_t n = pread(fd, buf_room(ret, PEM_MAX), PEM_MAX, 0);
	if (n < 0)
		return fault(err, -errno, "the console's certificate cannot be read", "descriptor %d: %m", fd);
	buf_grew(ret, (size_t)n);
	return 0;
}

/* As browsers show it: AB:CD:... */
static void certificate_say(const X509 *certificate, char ret[static 100])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	ret[0] = '\0';
	if (!certificate || X509_digest(certificate, EVP_sha256(), hash, &n) != 1 || n != 32)
		return;
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(ret + 3 * i, 4, "%02X%s", hash[i], i + 1 < n ? ":" : "");
}

static int load_certificate(SSL_CTX *ctx)
{
	scoped(scope_pem) struct buf certificate = { 0 }, key = { 0 };
	struct err err = { 0 };
	int r = read_pem(FD_CERTIFICATE, &certificate, &err);
	if (r == 0)
		r = read_pem(FD_KEY, &key, &err);
	if (r == 0)
		r = tls_server_on(ctx, buf_span(&certificate), buf_span(&key), &err);
	if (r < 0)
		log_err(LOG_LEVEL_ERROR, "web.certificate", &err);
	else
		certificate_say(SSL_CTX_get0_certificate(ctx), web.certificate);
	return r;
}

/* Of a request that becomes a WebSocket, or wants to become something else. */
static int upgrade(struct web_conn *c, const char *to)
{
	return to && strcasecmp(to, "websocket") == 0 ? web_socket_confirm(c) : -1;
}

static int on_conn(struct web_conn *c, enum lws_callback_reasons reason, struct span in)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return web_request_begin(c);
	case LWS_CALLBACK_HTTP_BODY:
		return web_request_body(c, in);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return web_request_whole(c);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return web_answer_write(c);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return upgrade(c, (const char *)in.p);
	case LWS_CALLBACK_ESTABLISHED:
		return web_socket_open(c);
	case LWS_CALLBACK_RECEIVE:
		return web_socket_received(c, in);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return web_socket_write(c);
	case LWS_CALLBACK_CLOSED:
		web_socket_gone(c);
		return 0;
	case LWS_CALLBACK_CLOSED_HTTP:
		web_request_drop(c);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		web_conn_gone(c);
		return 0;
	case LWS_CALLBACK_RAW_ADOPT:
	case LWS_CALLBACK_RAW_RX:
		return -1; /* CONNECT, and whatever else is no HTTP */
	default:
		return 0;
	}
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	static const enum lws_callback_reasons ours[] = { LWS_CALLBACK_HTTP, LWS_CALLBACK_HTTP_BODY,
		LWS_CALLBACK_HTTP_BODY_COMPLETION, LWS_CALLBACK_HTTP_WRITEABLE, LWS_CALLBACK_HTTP_CONFIRM_UPGRADE,
		LWS_CALLBACK_ESTABLISHED, LWS_CALLBACK_RECEIVE, LWS_CALLBACK_SERVER_WRITEABLE, LWS_CALLBACK_CLOSED,
		LWS_CALLBACK_CLOSED_HTTP, LWS_CALLBACK_WSI_DESTROY, LWS_CALLBACK_RAW_ADOPT, LWS_CALLBACK_RAW_RX };
	if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
		return load_certificate(user) < 0;
	bool found = false;
	for (size_t i = 0; i < COUNT_OF(ours); i++)
		found |= ours[i] == reason;
	struct web_conn *c = found ? lws_get_opaque_user_data(wsi) : NULL;
	if (!c)
		return 0; /* our own loop, and what has no connection */
	c->wsi = wsi;
	return on_conn(c, reason, span_of(in, len));
}

static void on_log(int level, const char *line)
{
	(void)level;
	log_ev(LOG_LEVEL_DEBUG, "web.lws", LOG_S("line", line)); /* any client can make it say something */
}

static const struct lws_protocols protocols[] = {
	{ .name = "http", .callback = on_lws, .rx_buffer_size = WEB_ROOM },
	{ .name = "yanmen.term.1", .callback = on_lws, .rx_buffer_size = WEB_ROOM },
	{ .name = "yanmen.frames.1", .callback = on_lws, .rx_buffer_size = WEB_ROOM },
	{ .name = "loop", .callback = on_lws },
	{ .name = NULL },
};

static int start_lws(struct err *err)
{
	static const lws_retry_bo_t alive = { .secs_since_valid_ping = WEB_PING_S, .secs_since_valid_hangup = WEB_DEAD_S };
	struct lws_context_creation_info info = { .port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.gid = -1,
		.uid = -1,
		.alpn = "http/1.1",
		.timeout_secs = WEB_REQUEST_US / 1000000,
		.timeout_secs_ah_idle = WEB_REQUEST_US / 1000000,
		.keepalive_timeout = KEEPALIVE_S,
		.max_http_header_data = WEB_HEADERS_MAX,
		.pt_serv_buf_size = WEB_ROOM,
		.retry_and_idle_policy = &alive,
		.vhost_name = "console",
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
			   LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS };
	lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
	web.lws = lws_create_context(&info);
	web.vhost = web.lws ? lws_create_vhost(web.lws, &info) : NULL;
	if (!web.vhost)
		return fault(err, -EPROTO, "the console's server cannot start", "libwebsockets; its certificate, or memory");
	lws_sock_file_fd_type fd = { .filefd = fcntl(loop_fd(web.loop), F_DUPFD_CLOEXEC, 3) };
	if (fd.filefd < 0 || !lws_adopt_descriptor_vhost(web.vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "loop", NULL))
		return fault(err, -EPROTO, "the console's server cannot start", "the loop is not adopted");
	return 0;
}

/* ---- the parent ---- */

static int take_peer(void *ctx, uint8_t role, int fd, struct err *err)
{
	(void)ctx;
	switch (role) {
	case WIRE_BROKER:
		return web_broker_open(web.broker, fd, err);
	case WIRE_VAULT:
		return web_vault_open(web.vault, fd, err);
	case WIRE_BROWSER:
		return web_conn_listen(web.listen, fd, err);
	default:
		(void)close(fd);
		return fault(err, -EBADMSG, "internal error", "peer of role %d", role);
	}
}

/* ---- its life ---- */

static void make_parts(void)
{
	web.answers = web_keep_new();
	web.bearers = web_bearer_new();
	web.broker = web_broker_new(&web);
	web.vault = web_vault_new(&web);
	web.results = web_result_new(&web);
	web.sockets = web_socket_new(&web);
	web.events = web_events_new(&web);
	web.files = web_files_new();
	web.listen = web_conn_new(&web);
	web.terminals = web_terminal_table(&web);
	web.tickets = web_ticket_new();
	web.visits = web_login_new(&web);
	randombytes_buf(&web.last_transfer, sizeof web.last_transfer);
}

static int start(struct err *err)
{
	char conninfo[400];
	int r = conf_load_fd(FD_CONF, &web.conf, err);
	if (r < 0 || (r = loop_new(&web.loop, err)) < 0)
		return r;
	log_level_set((enum log_level)web.conf.log_level);
	(void)proc_nofile_raise(DESCRIPTORS);
	(void)snprintf(conninfo, sizeof conninfo, "%s user=yanmen_web application_name=yanmen-web", web.conf.database);
	if ((r = pg_new(&web.pg, web.loop, conninfo, NULL, NULL, err)) < 0)
		return r;
	make_parts();
	struct err files = { 0 };
	if (web_files_read(web.files, FD_FILES, &files) < 0)
		log_err(LOG_LEVEL_WARN, "web.files", &files); /* the API works without the pages */
	if ((r = start_lws(err)) < 0)
		return r;
	/* Whatever libpq loads on first use is loaded before the sandbox; a database that is away is waited for later. */
	for (int64_t until = loop_now_us(web.loop) + DATABASE_US; !pg_is_up(web.pg) && loop_now_us(web.loop) < until;)
		loop_turn(web.loop, DATABASE_US / 10);
	if ((r = sandbox_enter(SANDBOX_WEB, err)) < 0)
		return r;
	parent.peer = take_peer;
	return service_open(&parent, web.loop, WIRE_WEB, err);
}

static void woken(lws_sorted_usec_list_t *sul)
{
	(void)sul; /* what is due runs in the next turn of our loop */
}

/* libwebsockets waits; our loop's descriptor and its next timer are among what it waits for. */
static int run(void)
{
	int code = 0;
	for (;;) {
		loop_turn(web.loop, 0);
		if (loop_is_stopped(web.loop, &code))
			return code;
		int64_t due_us = loop_due_us(web.loop);
		lws_sul_schedule(web.lws, 0, &wake, woken, due_us < 0 ? LWS_SET_TIMER_USEC_CANCEL : due_us + 1);
		if (lws_service(web.lws, 0) < 0)
			return 1;
	}
}

static void finish(void)
{
	if (web.lws)
		lws_context_destroy(web.lws); /* and with it every connection */
	web.terminals = web_terminal_free(web.terminals);
	web.visits = web_login_free(web.visits);
	web.pg = pg_free(web.pg);
	web.broker = web_broker_free(web.broker);
	web.results = web_result_free(web.results);
	web.vault = web_vault_free(web.vault);
	web.listen = web_conn_free(web.listen);
	web.sockets = web_socket_free(web.sockets);
	web.events = web_events_free(web.events);
	web.tickets = web_ticket_free(web.tickets);
	web.files = web_files_free(web.files);
	web.answers = web_keep_free(web.answers);
	web.bearers = web_bearer_free(web.bearers);
	service_done(&parent);
	web.loop = loop_free(web.loop);
}

int main(void)
{
	struct err err = { 0 };
	log_context("role", wire_role_name(WIRE_WEB));
	(void)signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return 1;
	if (start(&err) < 0) {
		log_err(LOG_LEVEL_ERROR, "web.start", &err);
		return 1;
	}
	int code = run();
	finish();
	return code;
}
