#ifndef EVIDENCE_LINES_H
#define EVIDENCE_LINES_H
#include "gateway/core/buf.h"
#include "gateway/core/frame.h"
#include "recorder/evidence/text.h"
/*
 * lines - a frame as one line of JSON: what an export to JSON Lines holds.
 *
 * Source:  docs/RECORDING.md, "JSON Lines".
 * Shape:   {"time_us":..,"type":"out","channel":1,"text":".."} with "base64" instead of "text" for bytes outside UTF-8;
 *          both when the target's character set is another one: "text" in UTF-8, "base64" the bytes as they passed.
 *          Frames that hold JSON have it as "body".  A line feed at the end.
 * Order:   t has seen the frames before this one, and not this one.
 * Limits:  `out` sets `failed` when it has no room: keep 24 times FRAME_BODY_MAX.
 * Trust:   input hostile.
 */
void evidence_lines_put(struct evidence_text *t, const struct frame *f, struct buf *out);
#endif
