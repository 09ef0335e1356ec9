#ifndef READER_HELD_H
#define READER_HELD_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * held - what the FILE frames of a recording say of one file's kept contents: docs/RECORDING.md, "Files".
 *
 * Trust:   input hostile; what makes no sense is not whole.
 */
struct reader_held {
	bool ended;  /* the file's last frame was seen: nothing behind it counts */
	bool whole;  /* it says: complete, and all of it is kept */
	bool hashed; /* it says: sha256 */
	uint64_t size, from;
	uint8_t sha256[32];
};
/* Learns from the body of a FILE frame, when it is the last one of that file. */
void reader_held_learn(struct reader_held *h, uint32_t file, struct span body);
#endif
