#include "export/file.h"
#include "export/line.h"
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { AGAIN_US = 3 * 1000 * 1000, OUT_MAX = 8 * (int)EXPORT_LINE_MAX };

static const char *why_of(int code)
{
	switch (code) {
	case -ENOSPC:
	case -EDQUOT:
		return "space";
	case -EACCES:
	case -EPERM:
	case -EROFS:
		return "denied";
	default:
		return "file";
	}
}

static void trouble(struct export_file *f, int code)
{
	char detail[128];
	errno = -code;
	(void)snprintf(detail, sizeof detail, "%m");
	scope_close(&f->fd);
	buf_clear(&f->out);
	f->waits = false;
	f->again_us = clock_mono_us() + AGAIN_US;
	export_feed_again(&f->feed);
	export_feed_trouble(&f->feed, why_of(code), detail);
}

/* ---- the file of that name ---- */

static bool is_still_there(const struct export_file *f)
{
	struct stat open, named;
	return f->fd >= 0 && fstat(f->fd, &open) == 0 &&
	       fstatat(f->folder, f->name, &named, AT_SYMLINK_NOFOLLOW) == 0 && open.st_dev == named.st_dev &&
	       open.st_ino == named.st_ino;
}

/* A torn line is ended. */
static int end_line(int fd, off_t size)
{
	char last = '\n';
	if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
		return -EIO;
	return last == '\n' || write(fd, "\n", 1) == 1 ? 0 : -errno;
}

static int look(struct export_file *f)
{
	struct stat st;
	if (is_still_there(f))
		return 0;
	scope_close(&f->fd);
	scoped(scope_close) int fd = openat(
		f->folder, f->name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 07) != 0)
		return -EPERM;
	int r = end_line(fd, st.st_size);
	if (r == 0)
		f->fd = take_fd(fd);
	return r;
}

/* ---- writing ---- */

static int write_all(int fd, struct span rest)
{
	while (rest.n > 0) {
		ssize_t n = write(fd, rest.p, rest.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		rest = span_of(rest.p + n, rest.n - (size_t)n);
	}
	return fdatasync(fd) < 0 ? -errno : 0;
}

/* All of it or nothing. */
static int append(struct export_file *f)
{
	struct stat st;
	int r = look(f);
	if (r == 0 && fstat(f->fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return r;
	r = f->out.failed ? -EMSGSIZE : write_all(f->fd, buf_span(&f->out));
	if (r < 0 && ftruncate(f->fd, st.st_size) < 0)
		return -errno;
	return r;
}

static void want(struct export_file *f)
{
	f->waits = true;
	export_feed_want(&f->feed);
}

static void flush(void *ctx)
{
	struct export_file *f = ctx;
	int r = append(f);
	f->unwritten = r < 0;
	if (r < 0) {
		trouble(f, r);
		return;
	}
	buf_clear(&f->out);
	export_feed_arrived(&f->feed, f->feed.seq);
	export_feed_well(&f->feed);
	want(f);
}

static void take_row(void *ctx, const struct export_row *row)
{
	struct export_file *f = ctx;
	export_line_put(&f->out, row);
}

static void tick(void *ctx)
{
	struct export_file *f = ctx;
	if (f->again_us > clock_mono_us())
		return;
	int r = look(f);
	if (r < 0) {
		trouble(f, r);
		return;
	}
	if (!f->unwritten)
		export_feed_well(&f->feed);
	if (!f->waits)
		want(f);
}

void export_file_open(struct export_file *f, struct loop *loop, struct pg *pg, const char *destination)
{
	static const struct export_feed_sink sink = { .take = take_row, .flush = flush, .tick = tick };
	f->fd = -1;
	buf_init(&f->out, OUT_MAX);
	export_feed_open(&f->feed, loop, pg, "file", destination, &sink, f);
}

void export_file_done(struct export_file *f)
{
	if (!f->feed.loop)
		return;
	export_feed_done(&f->feed);
	scope_close(&f->fd);
	buf_done(&f->out);
}
