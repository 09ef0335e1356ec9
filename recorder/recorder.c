#include "recorder/recorder.h"
#include "recorder/sync.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static int start_threads(struct recorder *r, int (*syncer)(int fd), struct err *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int rc = rec_seal_new(&r->seal, cpus > 2 ? (unsigned)cpus - 1 : 1, err);
	if (rc == 0)
		rc = rec_sync_new(&r->sync, r->dir, syncer, err);
	if (rc < 0)
		return rc;
	r->seal_io = (struct loop_io){ .fd = rec_seal_fd(r->seal), .ready = rec_jobs_done, .ctx = r };
	r->sync_io = (struct loop_io){ .fd = rec_sync_fd(r->sync), .ready = rec_flow_synced, .ctx = r };
	rc = loop_add(r->loop, &r->seal_io, EPOLLIN, err);
	return rc < 0 ? rc : loop_add(r->loop, &r->sync_io, EPOLLIN, err);
}

int rec_open(struct recorder *r, int parent, int dir, int (*syncer)(int fd), struct err *err)
{
	r->dir = dir;
	r->vault.fd = r->broker.fd = -1;
	int rc = rec_parent_init(r, parent, err);
	if (rc == 0)
		rc = start_threads(r, syncer, err);
	if (rc < 0)
		return rc;
	rec_flow_init(r);
	rec_space_init(r);
	return 0;
}

void rec_close(struct recorder *r)
{
	while (r->workers)
		rec_worker_drop(r->workers);
	r->seal = rec_seal_free(r->seal); /* what was given is written */
	r->sync = rec_sync_free(r->sync);
	(void)syncfs(r->dir);
	loop_timer_del(&r->flush_timer);
	loop_timer_del(&r->sync_timer);
	loop_timer_del(&r->retry_timer);
	loop_timer_del(&r->space_timer);
	loop_timer_del(&r->stop_timer);
	rec_free_all(r);
	rec_peer_done(r);
}
