/*
 * yanmen-recorder: frames in, files out.  One append-only directory; live fan-out.
 *
 * Descriptors at the start: 3 the parent, 4 the configuration, 5 the recordings directory.
 */
#include "gateway/core/log.h"
#include "gateway/core/proc.h"
#include "gateway/core/sandbox.h"
#include "recorder/recorder.h"
#include <errno.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FD_PARENT = 3, FD_CONF, FD_DIR };
enum { FILES = 16384 }; /* a socket and a file a session, and watchers */

static void stop(void *ctx, int sig)
{
	(void)sig;
	rec_parent_stop(ctx);
}

static int start(struct recorder *r, struct err *err)
{
	(void)umask(027);
	int rc = conf_load_fd(FD_CONF, &r->conf, err);
	if (rc == 0)
		rc = loop_new(&r->loop, err);
	if (rc < 0)
		return rc;
	log_level_set((enum log_level)r->conf.log_level);
	(void)proc_nofile_raise(FILES);
	if (sodium_init() < 0)
		return fault(err, -EIO, "internal error", "sodium_init");
	rc = loop_signal(r->loop, SIGTERM, stop, r, err);
	if (rc == 0)
		rc = rec_open(r, FD_PARENT, FD_DIR, syncfs, err);
	if (rc == 0)
		rc = sandbox_enter(SANDBOX_RECORDER, err); /* binds the threads too; nothing was read or done yet */
	if (rc < 0)
		return rc;
	rec_recover_all(r);
	return wire_hello_send(FD_PARENT, &(struct wire_hello){ .role = WIRE_RECORDER, .build = span_str(wire_build) }, -1);
}

int main(void)
{
	struct recorder r = { .dir = -1 };
	struct err err = { 0 };
	log_context("role", "recorder");
	if (start(&r, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "recorder.start", &err);
		return 1;
	}
	int code = loop_run(r.loop);
	rec_close(&r);
	r.loop = loop_free(r.loop);
	return code;
}
