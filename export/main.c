#include "export/file.h"
#include "export/stream.h"
#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/loop.h"
#include "gateway/core/pg.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/service.h"
#include "gateway/core/tls.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * yanmen-export: the audit log on its way to a SIEM (docs/ARCHITECTURE.md).  Descriptors at the start: 3 parent, 4
 * configuration, 5 the folder of siem.file, 6 siem.ca, 7 siem.certificate, 8 siem.key; /dev/null where there is none.
 */
enum { FD_CONF = SERVICE_FD + 1, FD_FOLDER, FD_CA, FD_CERTIFICATE, FD_KEY };
enum { DATABASE_US = 3 * 1000 * 1000, PEM_MAX = 256 * 1024 };

static struct {
	struct loop *loop;
	struct pg *pg;
	struct conf conf;
	struct service parent;
	struct export_stream stream;
	struct export_file file;
} exporter;

/* ---- TLS ---- */

static void scope_buf(struct buf *b)
{
	if (b->data)
		secret_wipe(b->data, b->size);
	buf_done(b);
}

static int read_pem(int fd, struct buf *ret, struct err *err)
{
	buf_init(ret, PEM_MAX);
	uint8_t *room = buf_room(ret, PEM_MAX);
	ssize_t n = pread(fd, room, PEM_MAX, 0);
	if (n < 0)
		return fault(err, -errno, "a file of siem cannot be read", "descriptor %d: %m", fd);
	buf_grew(ret, (size_t)n);
	return 0;
}

static int make_tls(struct err *err)
{
	const struct conf *c = &exporter.conf;
	scoped(scope_buf) struct buf ca = { 0 }, certificate = { 0 }, key = { 0 };
	int r = read_pem(FD_CA, &ca, err);
	if (r == 0)
		r = tls_client(buf_span(&ca), NULL, &exporter.stream.ctx, err);
	if (r < 0 || !c->siem_certificate[0])
		return r;
	r = read_pem(FD_CERTIFICATE, &certificate, err);
	if (r == 0)
		r = read_pem(FD_KEY, &key, err);
	return r < 0 ? r : tls_identify(exporter.stream.ctx, buf_span(&certificate), buf_span(&key), err);
}

/* ---- its parts ---- */

static void open_stream(void)
{
	struct export_stream *s = &exporter.stream;
	struct err err = { 0 };
	s->loop = exporter.loop;
	s->origin.enterprise = exporter.conf.siem_enterprise;
	if (gethostname(s->origin.hostname, sizeof s->origin.hostname - 1) < 0)
		s->origin.hostname[0] = 0;
	(void)conf_endpoint(exporter.conf.siem_syslog, &s->to); /* the configuration was checked */
	if (s->to.tls && make_tls(&err) < 0) {
		log_err(LOG_LEVEL_ERROR, "siem.files", &err);
		(void)snprintf(s->unusable, sizeof s->unusable, "%.150s", err.detail);
	}
	export_stream_warm(s);
	export_stream_open(s, exporter.pg, exporter.conf.siem_syslog);
}

static void open_file(void)
{
	struct export_file *f = &exporter.file;
	f->folder = FD_FOLDER;
	f->name = strrchr(exporter.conf.siem_file, '/') + 1;
	export_file_open(f, exporter.loop, exporter.pg, exporter.conf.siem_file);
}

static int start(struct err *err)
{
	char conninfo[400];
	int r = conf_load_fd(FD_CONF, &exporter.conf, err);
	if (r < 0 || (r = loop_new(&exporter.loop, err)) < 0)
		return r;
	log_level_set((enum log_level)exporter.conf.log_level);
	(void)umask(027); /* the file is 0640 */
	(void)setenv(
		"RES_OPTIONS", "timeout:2 attempts:1", 1); /* a name server that is silent holds us up for so long */
	(void)snprintf(conninfo, sizeof conninfo, "%s user=yanmen_exporter application_name=yanmen-export",
		exporter.conf.database);
	if ((r = pg_new(&exporter.pg, exporter.loop, conninfo, NULL, NULL, err)) < 0)
		return r;
	if (exporter.conf.siem_syslog[0])
		open_stream();
	if (exporter.conf.siem_file[0])
		open_file();
	/* Whatever libpq loads on first use is loaded before the sandbox; a database that is away is waited for later. */
	for (int64_t until = loop_now_us(exporter.loop) + DATABASE_US;
		!pg_is_up(exporter.pg) && loop_now_us(exporter.loop) < until;)
		loop_turn(exporter.loop, DATABASE_US / 10);
	if ((r = sandbox_enter(SANDBOX_EXPORT, err)) < 0)
		return r;
	return service_open(&exporter.parent, exporter.loop, WIRE_EXPORT, err);
}

static void finish(void)
{
	export_stream_done(&exporter.stream);
	export_file_done(&exporter.file);
	exporter.pg = pg_free(exporter.pg);
	service_done(&exporter.parent);
	exporter.loop = loop_free(exporter.loop);
}

int main(void)
{
	struct err err = { 0 };
	log_context("role", wire_role_name(WIRE_EXPORT));
	(void)signal(SIGPIPE, SIG_IGN);
	if (start(&err) < 0) {
		log_err(LOG_LEVEL_ERROR, "export.start", &err);
		return 1;
	}
	int code = loop_run(exporter.loop);
	finish();
	return code;
}
