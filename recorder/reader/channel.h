#ifndef READER_CHANNEL_H
#define READER_CHANNEL_H
#include "gateway/core/frame.h"
#include "gateway/term/safe.h"
#include "gateway/term/screen.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * channel - what the frames so far tell of each channel of a recording.
 *
 * Limits:  READER_CHANNELS_MAX open at once; more are not shown (reader_channel_of gives NULL).
 * Trust:   frames are hostile.
 */
enum { READER_CHANNELS_MAX = 256 };
struct reader_channel {
	struct reader_channel *next;
	uint32_t number;
	bool terminal; /* has a pty */
	bool hidden;   /* file transfer: not for eyes, until it turns out to be none */
	uint32_t columns, rows;
	struct term_screen *screen; /* asciicast */
	struct term_safe safe;
	bool has_plain; /* text */
	struct term_plain out, err;
};
struct reader_channels {
	struct reader_channel *first;
	unsigned n;
};
struct reader_channel *reader_channel_of(struct reader_channels *c, uint32_t number);
/* Learns from OPEN, SIZE, SCREEN and NOTE; other frames change nothing. */
struct reader_channel *reader_channel_learn(struct reader_channels *c, const struct frame *f);
void reader_channel_drop(struct reader_channels *c, uint32_t number);
void reader_channels_done(struct reader_channels *c);
#endif
