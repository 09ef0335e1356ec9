#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/loop.h"
#include "gateway/core/pg.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "gateway/core/service.h"
#include "gateway/core/wire.h"
#include "notify/outbox.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * yanmen-notify: messages on their way to people (docs/ARCHITECTURE.md).  Descriptors at the start: 3 parent, 4 configuration.
 */
enum { FD_CONF = SERVICE_FD + 1 };
enum { DATABASE_US = 3 * 1000 * 1000, CA_MAX = 4 << 20 };
#define CA_FILE "/etc/ssl/certs/ca-certificates.crt" /* Debian's; a channel may have its own instead */

static struct {
	struct loop *loop;
	struct pg *pg;
	struct conf conf;
	struct buf ca;
	struct service parent;
	struct notify_outbox outbox;
} notifier;

static int take_peer(void *ctx, uint8_t role, int fd, struct err *err)
{
	(void)ctx;
	if (role == WIRE_VAULT)
		return notify_outbox_vault(&notifier.outbox, fd, err);
	(void)close(fd);
	return fault(err, -EBADMSG, "internal error", "peer of role %d", role);
}

static void database(void *ctx, bool up)
{
	(void)ctx;
	notify_outbox_up(&notifier.outbox, up);
}

/* Without it every channel needs a CA of its own. */
static void read_ca(void)
{
	scoped(scope_close) int fd = open(CA_FILE, O_RDONLY | O_CLOEXEC);
	buf_init(&notifier.ca, CA_MAX);
	for (ssize_t n = 1; fd >= 0 && n > 0;) {
		uint8_t *room = buf_room(&notifier.ca, 65536);
		n = room ? read(fd, room, 65536) : 0;
		buf_grew(&notifier.ca, n > 0 ? (size_t)n : 0);
	}
	if (notifier.ca.len == 0)
		log_ev(LOG_LEVEL_WARN, "notify.ca", LOG_S("file", CA_FILE), LOG_S("detail", "no certificates: give each channel its CA"));
}

/* Whatever the libraries load on first use is loaded before the sandbox. */
static int warm_up(void)
{
	struct addrinfo *found = NULL;
	(void)setenv("RES_OPTIONS", "timeout:2 attempts:1", 1); /* a name server that is silent holds a thread up for so long */
	(void)mallopt(M_ARENA_MAX, 2);
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return -EIO;
	if (getaddrinfo("localhost.invalid", NULL, NULL, &found) == 0)
		freeaddrinfo(found);
	CURL *one = curl_easy_init();
	curl_easy_cleanup(one);
	return one ? 0 : -ENOMEM;
}

static int start(struct err *err)
{
	char conninfo[400];
	int r = conf_load_fd(FD_CONF, &notifier.conf, err);
	if (r < 0 || (r = loop_new(&notifier.loop, err)) < 0)
		return r;
	log_level_set((enum log_level)notifier.conf.log_level);
	if (warm_up() < 0)
		return fault(err, -EIO, "internal error", "libcurl does not start");
	read_ca();
	(void)snprintf(conninfo, sizeof conninfo, "%s user=yanmen_notifier application_name=yanmen-notify", notifier.conf.database);
	if ((r = pg_new(&notifier.pg, notifier.loop, conninfo, database, NULL, err)) < 0)
		return r;
	notifier.outbox.loop = notifier.loop;
	notifier.outbox.pg = notifier.pg;
	if ((r = notify_outbox_open(&notifier.outbox, buf_span(&notifier.ca), err)) < 0)
		return r;
	/* A database that is away is waited for later. */
	for (int64_t until = loop_now_us(notifier.loop) + DATABASE_US; !pg_is_up(notifier.pg) && loop_now_us(notifier.loop) < until;)
		loop_turn(notifier.loop, DATABASE_US / 10);
	if ((r = sandbox_enter(SANDBOX_NOTIFY, err)) < 0 || (r = notify_outbox_start(&notifier.outbox, err)) < 0)
		return r;
	notifier.parent.peer = take_peer;
	return service_open(&notifier.parent, notifier.loop, WIRE_NOTIFY, err);
}

int main(void)
{
	struct err err = { 0 };
	log_context("role", wire_role_name(WIRE_NOTIFY));
	(void)signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return 1;
	if (start(&err) < 0) {
		log_err(LOG_LEVEL_ERROR, "notify.start", &err);
		return 1;
	}
	int code = loop_run(notifier.loop);
	notify_outbox_done(&notifier.outbox);
	service_done(&notifier.parent);
	_exit(code); /* threads may be in the middle of a sending; what they hold is sent again */
}
