#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/path.h"
#include "recorder/evidence/walk.h"
#include "recorder/store.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void checker_scope(struct evidence_checker **c)
{
	*c = evidence_checker_free(*c);
}

static int open_existing(int dir, const struct id *id, int flags, struct err *err)
{
	char path[EVIDENCE_PATH];
	evidence_path(id, path);
	int fd = openat(dir, path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fault(err, -errno, errno == ENOENT ? "no such recording" : "the recording cannot be opened",
			"open: %m");
	return fd;
}

/* Walks to the last record that is whole, chained and in its place.  0 also when something stands behind it. */
static int last_whole(struct evidence_walk *w, struct evidence_checker *c, struct err *err)
{
	struct evidence_record r;
	struct evidence_chain before = w->chain;
	uint64_t offset = w->offset;
	int rc;
	while ((rc = evidence_walk_next(w, &r, err)) == 1) {
		if (evidence_checker_feed(c, &r, err) < 0)
			break;
		before = w->chain;
		offset = w->offset;
	}
	if (rc < 0 && rc != -EAGAIN && rc != -EPROTO && rc != -EBADMSG)
		return rc;
	w->chain = before;
	w->offset = offset;
	return 0;
}

static int survey(int fd, const struct id *id, struct evidence_walk *w, struct evidence_checker **ret, struct err *err)
{
	int rc = evidence_walk_open(w, fd, err);
	if (rc < 0)
		return rc == -EAGAIN ? -EPROTO : rc;
	if (!id_eq(&w->header.id, id))
		return fault(err, -EBADMSG, "the file is another recording's", "its header has another id");
	rc = evidence_checker_new(ret, w, NULL, err);
	return rc < 0 ? rc : last_whole(w, *ret, err);
}

static void unlink_both(struct rec_store *s, bool file_too)
{
	char path[EVIDENCE_PATH];
	evidence_path_open(&s->id, path);
	(void)unlinkat(s->dir, path, 0);
	evidence_path(&s->id, path);
	if (file_too)
		(void)unlinkat(s->dir, path, 0);
}

/* The file ends with a whole record now; an end is added unless there is one. */
static int mend(struct rec_store *s, const struct evidence_walk *w, const struct evidence_checker *c, struct err *err)
{
	struct evidence_verdict v;
	struct stat st;
	evidence_checker_verdict(c, w, &v);
	if (fstat(s->fd, &st) < 0)
		return fault(err, -errno, "the recording cannot be read", "fstat: %m");
	s->created_us = v.created_us;
	s->last_us = v.ended_us;
	s->bytes = w->offset;
	s->chain = s->disk = w->chain;
	if (ftruncate(s->fd, (off_t)s->bytes) < 0)
		return fault(err, -errno, "the disk for recordings fails", "ftruncate: %m");
	s->ended = evidence_checker_has_end(c);
	if (s->ended || evidence_checker_is_sealed(c))
		return 0;
	uint64_t size = (uint64_t)st.st_size;
	evidence_end_put(&s->out, &s->chain, &(struct evidence_end){ .ended_us = v.ended_us, .dropped = size - s->bytes });
	s->ended = true;
	return rec_store_flush(s, err);
}

int rec_store_recover(struct rec_store *s, const struct id *id, struct evidence_verdict *ret, struct err *err)
{
	scoped(evidence_walk_done) struct evidence_walk w = { 0 };
	scoped(checker_scope) struct evidence_checker *c = NULL;
	s->id = *id;
	s->fd = open_existing(s->dir, id, O_RDWR, err);
	if (s->fd < 0) {
		int rc = s->fd;
		s->fd = -1;
		if (rc == -ENOENT)
			unlink_both(s, false);
		return rc;
	}
	int rc = survey(s->fd, id, &w, &c, err);
	if (rc == -EPROTO || rc == -EBADMSG) /* cut in its header nothing was promised yet; else it is not ours to touch */
		unlink_both(s, rc == -EPROTO && w.window.len < EVIDENCE_HEADER);
	if (rc < 0)
		return rc;
	rc = mend(s, &w, c, err);
	if (rc < 0)
		return rc;
	evidence_checker_verdict(c, &w, ret);
	if (evidence_checker_is_sealed(c)) {
		unlink_both(s, false);
		return 1;
	}
	ret->seq = s->disk.seq;
	memcpy(ret->head, s->disk.hash, sizeof ret->head);
	return 0;
}

/* ---- removal ---- */
static int write_tombstone(const struct rec_store *s, struct span bytes, struct err *err)
{
	char path[EVIDENCE_PATH], month[EVIDENCE_PATH_MONTH + 1];
	evidence_path_tombstone(&s->id, path);
	memcpy(month, path, EVIDENCE_PATH_MONTH);
	month[EVIDENCE_PATH_MONTH] = '\0';
	if (mkdirat(s->dir, month, 02750) < 0 && errno != EEXIST)
		return fault(err, -errno, "the tombstone cannot be written", "mkdir: %m");
	/* One that was cut stands beside the file, which goes only behind a whole one. */
	scoped(scope_close) int fd = openat(s->dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return fault(err, -errno, "the tombstone cannot be written", "open: %m");
	ssize_t n = pwrite(fd, bytes.p, bytes.n, 0);
	if (n != (ssize_t)bytes.n || fdatasync(fd) < 0)
		return fault(err, n < 0 || n == (ssize_t)bytes.n ? -errno : -ENOSPC, "the tombstone cannot be written",
			"%zd of %zu bytes: %m", n, bytes.n);
	return 0;
}

int rec_store_remove(struct rec_store *s, struct span tombstone, struct err *err)
{
	char path[EVIDENCE_PATH];
	int rc = write_tombstone(s, tombstone, err);
	if (rc < 0)
		return rc;
	evidence_path(&s->id, path);
	if (unlinkat(s->dir, path, 0) < 0 && errno != ENOENT)
		return fault(err, -errno, "the recording cannot be removed", "unlink: %m");
	return syncfs(s->dir) < 0 ? fault(err, -errno, "the disk for recordings fails", "syncfs: %m") : 0;
}
