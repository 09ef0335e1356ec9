#ifndef READER_FORMAT_H
#define READER_FORMAT_H
#include "gateway/core/frame.h"
#include "recorder/reader/out.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * format - what a recording is turned into: one struct a format.
 *
 * Order:   reader_format_begin, frame (every frame in order), end, reader_format_done.  Output goes into the struct reader_out,
 *          which outlives the state.
 * Returns: 0 or a negative errno of the output.
 * Trust:   frames were written by workers: hostile, though authentic.
 */
struct reader_format {
	size_t size;                                                       /* of its state, given to begin zeroed */
	void (*begin)(void *state, struct reader_out *o, int64_t from_us); /* since 1970; 0 = all */
	int (*frame)(void *state, const struct frame *f);
	int (*end)(void *state);   /* 1: all frames once more, please */
	void (*done)(void *state); /* frees what the state holds; NULL = nothing */
	bool is_text;              /* wants what was said in UTF-8 (recorder/evidence/text.h), not as it passed */
};
extern const struct reader_format reader_frames;    /* frames.c */
extern const struct reader_format reader_asciicast; /* asciicast.c */
extern const struct reader_format reader_text;      /* text.c */
extern const struct reader_format reader_csv;       /* csv.c */
extern const struct reader_format reader_lines;     /* lines.c */
extern const struct reader_format reader_search;    /* search.c */
extern const struct reader_format reader_index;     /* index.c */
extern const struct reader_format
	reader_contents; /* contents.c: -ENODATA not held whole, -EBADMSG not what was told of it */
extern const struct reader_format reader_pieces; /* pieces.c: the same into a stream */
enum { READER_WINDOW = 32 << 20 }; /* bytes of a file that pieces.c puts together at a time */
/* 0 or -ENOMEM. */
int reader_format_begin(const struct reader_format *f, struct reader_out *o, int64_t from_us, void **ret_state);
void reader_format_done(const struct reader_format *f, void *state);
#endif
