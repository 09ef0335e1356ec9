#ifndef READER_FORMAT_H
#define READER_FORMAT_H
#include "gateway/core/frame.h"
#include "recorder/reader/out.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * format - what a recording is turned into: one struct a format.
 *
 * Order:   begin, frame (every frame in order), end.  Output goes into the struct reader_out; the caller flushes it.
 * Returns: 0 or a negative errno of the output.
 * Trust:   frames were written by workers: hostile, though authentic.
 */
struct reader_format {
	int (*begin)(void **ret_state, struct reader_out *o, int64_t from_us); /* since 1970; 0 = all */
	int (*frame)(void *state, const struct frame *f);
	int (*end)(void *state);
	void (*done)(void *state);
	bool is_text; /* wants what was said in UTF-8 (recorder/evidence/text.h), not as it passed */
};
extern const struct reader_format reader_frames;    /* frames.c */
extern const struct reader_format reader_asciicast; /* asciicast.c */
extern const struct reader_format reader_text;      /* text.c */
extern const struct reader_format reader_lines;     /* lines.c */
extern const struct reader_format reader_search;    /* search.c */
extern const struct reader_format reader_contents;  /* contents.c: -ENODATA not held whole, -EBADMSG not what was told of it */
#endif
