#ifndef EVIDENCE_TOLD_H
#define EVIDENCE_TOLD_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * told - what the JSON of a frame says to people: file transfers, statements.
 *
 * Trust:   frames were written by workers: hostile, though authentic; what does not parse says nothing.
 */
/* FRAME_OPEN: a file transfer, whose bytes are not for eyes. */
bool evidence_told_hides(struct span open);
/* FRAME_NOTE: the channel turned out to be no file transfer; its bytes are an ordinary stream from there. */
bool evidence_told_stream(struct span note);
/* FRAME_FILE as one line without its end and without control characters; nothing for one that only begins, unless `begun`. */
void evidence_told_file(struct span file, bool begun, struct buf *line);
/* FRAME_STATEMENT, FRAME_OUTCOME likewise: "#3 shop> select ? ["a"] (deny, rule 7)", "#3 ok, 5 rows, 1200 us". */
void evidence_told_statement(struct span statement, struct buf *line);
void evidence_told_outcome(struct span outcome, struct buf *line);
#endif
