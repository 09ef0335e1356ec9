#include "recorder/evidence/walk.h"
#include "gateway/core/err.h"
#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

enum { WINDOW = 256 * 1024 };

/* Fills the window up; at the end of the file it stays short. */
static int fill(struct evidence_walk *w, struct err *err)
{
	buf_drop(&w->window, w->used);
	w->used = 0;
	while (w->window.len < WINDOW) {
		size_t room = WINDOW - w->window.len;
		uint8_t *to = buf_room(&w->window, room);
		ssize_t n = pread(w->fd, to, room, (off_t)(w->offset + w->window.len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault(err, -errno, "the recording cannot be read", "pread at %llu: %m", (unsigned long long)w->offset);
		if (n == 0)
			break;
		buf_grew(&w->window, (size_t)n);
	}
	return 0;
}

static struct span ahead(const struct evidence_walk *w)
{
	return span_of(w->window.data + w->used, w->window.len - w->used);
}

int evidence_walk_open(struct evidence_walk *w, int fd, struct err *err)
{
	*w = (struct evidence_walk){ .fd = fd };
	buf_init(&w->window, WINDOW);
	int rc = fill(w, err);
	if (rc < 0)
		return rc;
	rc = evidence_header_get(ahead(w), &w->header, &w->chain, err);
	if (rc < 0)
		return rc;
	w->used = w->offset = EVIDENCE_HEADER;
	return 0;
}

void evidence_walk_done(struct evidence_walk *w)
{
	buf_done(&w->window);
}

int evidence_walk_next(struct evidence_walk *w, struct evidence_record *ret, struct err *err)
{
	int rc = ahead(w).n < EVIDENCE_RECORD_MAX ? fill(w, err) : 0;
	if (rc < 0)
		return rc;
	if (ahead(w).n == 0)
		return 0;
	rc = evidence_record_get(ahead(w), &w->chain, ret, err);
	if (rc < 0)
		return rc;
	w->used += (size_t)rc;
	w->offset += (uint64_t)rc;
	return 1;
}

void evidence_walk_seek(struct evidence_walk *w, uint64_t offset, const struct evidence_chain *c)
{
	w->offset = offset;
	w->chain = *c;
	buf_clear(&w->window);
	w->used = 0;
}
