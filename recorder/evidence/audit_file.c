#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/audit.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Feeds every whole line of b and drops it. */
static int feed_lines(struct evidence_audit *a, struct buf *b, struct err *err)
{
	size_t used = 0;
	const uint8_t *nl;
	while (used < b->len && (nl = memchr(b->data + used, '\n', b->len - used))) {
		size_t n = (size_t)(nl - (b->data + used)) + 1;
		int rc = evidence_audit_line(a, span_of(b->data + used, n), err);
		if (rc < 0)
			return rc;
		used += n;
	}
	buf_drop(b, used);
	return 0;
}

int evidence_audit_check(int fd, struct evidence_audit *a, struct err *err)
{
	scoped(buf_done) struct buf b;
	buf_init(&b, EVIDENCE_AUDIT_LINE_MAX);
	for (;;) {
		size_t room = b.cap - b.len < 65536 ? b.cap - b.len : 65536;
		if (room == 0)
			return fault(err, -EPROTO, "the audit log is damaged or was altered", "a line over %d bytes",
				EVIDENCE_AUDIT_LINE_MAX);
		ssize_t n = read(fd, buf_room(&b, room), room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault(err, -errno, "the audit log cannot be read", "read: %m");
		if (n == 0)
			break;
		buf_grew(&b, (size_t)n);
		int rc = feed_lines(a, &b, err);
		if (rc < 0)
			return rc;
	}
	if (b.len > 0)
		return fault(err, -EAGAIN, "the audit log's last line is cut", "%zu bytes", b.len);
	return evidence_audit_end(a, err);
}
