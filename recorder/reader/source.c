#include "recorder/reader/source.h"
#include "gateway/core/err.h"
#include <errno.h>

int reader_source_open(struct reader_source *s, int fd, struct err *err)
{
	*s = (struct reader_source){ 0 };
	int rc = evidence_walk_open(&s->walk, fd, err);
	if (rc == 0)
		rc = evidence_checker_new(&s->checker, &s->walk, NULL, err);
	if (rc == 0)
		rc = evidence_unpacker_new(&s->unpacker, err);
	return rc;
}

void reader_source_key(struct reader_source *s, const uint8_t key[static 32])
{
	evidence_stream_init(&s->stream, &s->walk.header.id, key);
}

int reader_source_next(struct reader_source *s, struct frame *ret, struct err *err)
{
	struct evidence_record r;
	while (s->rest.n == 0) {
		int rc = evidence_walk_next(&s->walk, &r, err);
		if (rc == -EAGAIN)
			return 0;
		if (rc <= 0)
			return rc;
		rc = evidence_checker_feed(s->checker, &r, err);
		if (rc == 0 && r.type == EVIDENCE_BLOCK)
			rc = evidence_block_get(s->unpacker, &s->stream, &r, &s->rest, err);
		if (rc < 0)
			return rc;
	}
	int n = frame_get(s->rest, ret, err);
	if (n < 0) /* authentic, and yet no frame: our own recorder went wrong */
		return fault(err, -EBADMSG, "the recording is damaged", "frame: %d", n);
	s->rest = span_of(s->rest.p + n, s->rest.n - (size_t)n);
	return 1;
}

void reader_source_done(struct reader_source *s)
{
	evidence_walk_done(&s->walk);
	s->checker = evidence_checker_free(s->checker);
	s->unpacker = evidence_unpacker_free(s->unpacker);
	evidence_stream_done(&s->stream);
}

int reader_source_again(struct reader_source *s, const uint8_t key[static 32], struct err *err)
{
	int fd = s->walk.fd;
	reader_source_done(s);
	int rc = reader_source_open(s, fd, err);
	if (rc == 0)
		reader_source_key(s, key);
	return rc;
}
