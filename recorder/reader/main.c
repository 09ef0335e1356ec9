/*
 * yanmen-reader: one authorised opening of one recording, then exit.
 *
 * Descriptors at the start: 3 the parent, 4 broker, 5 vault, 6 the recordings directory.
 */
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/path.h"
#include "recorder/reader/reader.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

enum { FD_PARENT = 3, FD_BROKER, FD_VAULT, FD_DIR };

static int open_file(struct reader *r, struct err *err)
{
	char path[EVIDENCE_PATH];
	evidence_path(&r->ask.id, path);
	r->file = openat(r->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (r->file >= 0) {
		/* Only what the recorder still has open may lack its end. */
		evidence_path_open(&r->ask.id, path);
		r->is_open = faccessat(r->dir, path, F_OK, 0) == 0;
		return 0;
	}
	return fault(
		err, -errno, errno == ENOENT ? "no such recording" : "the recording cannot be opened", "openat: %m");
}

static int serve(struct reader *r, struct err *err)
{
	int rc = open_file(r, err);
	reader_out_init(&r->out, r->ask.format == WIRE_READ_LINES ? r->broker : r->target, r->parent);
	scope_close(&r->dir);
	if (rc == 0)
		rc = sandbox_enter(SANDBOX_READER, err);
	if (rc == 0)
		rc = reader_work(r, err);
	reader_out_done(&r->out);
	return rc;
}

int main(void)
{
	struct reader r = { FD_PARENT, FD_BROKER, FD_VAULT, FD_DIR, .file = -1, .target = -1 };
	struct err err = { 0 };
	log_context("role", "reader");
	json_object_seed(0); /* opens /dev/urandom the first time */
	if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	if (wire_hello_send(r.parent, &(struct wire_hello){ .role = WIRE_READER, .build = span_str(wire_build) }, -1) <
		0)
		return 1;
	int rc = reader_talk_ask(&r, &err);
	if (rc == 0)
		return 0;
	if (rc > 0)
		rc = serve(&r, &err);
	if (rc < 0 && rc != -EPIPE && rc != -ECANCELED)
		log_err(LOG_LEVEL_WARN, "reader.failed", &err);
	scope_close(&r.target); /* the end of the result, before it is said */
	return reader_talk_done(&r, rc, rc < 0 ? err.say : "") < 0 || rc < 0 ? 1 : 0;
}
