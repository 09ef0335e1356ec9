#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "recorder/evidence/text.h"
#include "recorder/reader/format.h"
#include "recorder/reader/reader.h"
#include <errno.h>
#include <unistd.h>

static const struct reader_format *const formats[] = {
	[WIRE_READ_FRAMES] = &reader_frames,
	[WIRE_READ_ASCIICAST] = &reader_asciicast,
	[WIRE_READ_TEXT] = &reader_text,
	[WIRE_READ_JSONL] = &reader_lines,
	[WIRE_READ_CSV] = &reader_csv,
	[WIRE_READ_LINES] = &reader_search,
	[WIRE_READ_FILE] = &reader_contents,
	[WIRE_READ_INDEX] = &reader_index,
};

static int output(int code, struct err *err)
{
	if (code >= 0 || code == -EPIPE || code == -ECANCELED)
		return code; /* who asked has gone: nobody to tell */
	const char *say = code == -ENOSPC    ? "no space left for the result"
			  : code == -ENOTSUP ? "a session with a database has no picture to play: take text, jsonl or csv"
			  : code == -ENODATA ? "the recording does not hold this file whole"
			  : code == -EBADMSG
				  ? "the contents are not those that the recording tells of: size or SHA-256 differs"
				  : "the result cannot be written";
	return fault(err, code, say, "write: %d", code);
}

/* Frame after frame; what could be decrypted is written also when the rest is damaged. */
static int run(struct reader *r, struct reader_source *src, const struct reader_format *f, void *state, struct err *err)
{
	scoped(evidence_text_done) struct evidence_text text;
	struct frame fr;
	int rc, wrote = 0;
	evidence_text_init(&text);
	while ((rc = reader_source_next(src, &fr, err)) == 1) {
		if (f->is_text)
			fr = evidence_text_of(&text, &fr);
		if ((wrote = f->frame(state, &fr)) < 0)
			return output(wrote, err);
	}
	wrote = f->end(state);
	evidence_checker_verdict(src->checker, &src->walk, &r->verdict);
	return rc < 0 ? rc : output(wrote, err);
}

static int convert(struct reader *r, struct reader_source *src, struct err *err)
{
	const struct reader_format *f = r->ask.format < COUNT_OF(formats) ? formats[r->ask.format] : NULL;
	if (f == &reader_contents && !r->out.is_file)
		f = &reader_pieces;
	scoped(secret_scope) struct secret *key = NULL;
	void *state = NULL;
	if (!f || (r->ask.format == WIRE_READ_FRAMES || r->ask.format == WIRE_READ_LINES) != r->out.is_socket)
		return fault(err, -EINVAL, "this format cannot be written there", "format %u", r->ask.format);
	int rc = reader_talk_key(r, &key, err);
	if (rc < 0)
		return rc;
	reader_source_key(src, secret_span(key).p);
	r->out.file = r->ask.file;
	/* Asked for from the beginning of the recording. */
	rc = reader_format_begin(
		f, &r->out, r->ask.from > 0 ? src->walk.header.created_us + r->ask.from : 0, &state);
	if (rc < 0)
		return fault(err, rc, "internal error", "no memory");
	while ((rc = run(r, src, f, state, err)) == 1)
		if ((rc = reader_source_again(src, secret_span(key).p, err)) < 0)
			break;
	reader_format_done(f, state);
	return rc;
}

/* What the file says of itself, for the answer. */
static void survey(struct reader *r, struct reader_source *src)
{
	struct evidence_record rec;
	while (evidence_walk_next(&src->walk, &rec, NULL) == 1)
		if (evidence_checker_feed(src->checker, &rec, NULL) < 0)
			return;
	evidence_checker_verdict(src->checker, &src->walk, &r->verdict);
}

static int copy(struct reader *r, struct reader_source *src, struct err *err)
{
	uint64_t at = r->ask.from > 0 ? (uint64_t)r->ask.from : 0;
	survey(r, src);
	for (;;) {
		uint8_t *room = buf_room(&r->out.b, 65536);
		ssize_t n = room ? pread(r->file, room, 65536, (off_t)at) : -1;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault(err, -errno, "the recording cannot be read", "pread: %m");
		if (n == 0)
			return output(reader_out_flush(&r->out), err);
		buf_grew(&r->out.b, (size_t)n);
		at += (size_t)n;
		int rc = reader_out_flush(&r->out);
		if (rc < 0)
			return output(rc, err);
	}
}

static int verify(struct reader *r, struct err *err)
{
	struct evidence_keys keys;
	int rc = reader_talk_sign_keys(r, &keys, err);
	return rc < 0 ? rc : evidence_check(r->file, &keys, r->is_open, &r->verdict, err);
}

int reader_work(struct reader *r, struct err *err)
{
	scoped(reader_source_done) struct reader_source src;
	int rc = reader_source_open(&src, r->file, err);
	if (rc >= 0 && !id_eq(&src.walk.header.id, &r->ask.id))
		rc = fault(err, -EBADMSG, "the file is another recording's", "its header has another id");
	if (rc >= 0)
		rc = reader_talk_opened(r, span_of(src.walk.header.sealed_key, sizeof src.walk.header.sealed_key));
	if (rc < 0)
		return rc;
	if (r->ask.format == WIRE_READ_VERIFY)
		return verify(r, err);
	return r->ask.format == WIRE_READ_SEALED ? copy(r, &src, err) : convert(r, &src, err);
}
