#ifndef NOTIFY_TEXT_H
#define NOTIFY_TEXT_H
#include "gateway/core/buf.h"
struct notify_job;
/*
 * text - what a message says, in the language of whoever reads it.
 *
 * Shape:   a subject of one line, and a text of lines: what happened, the facts, where to go in the console.
 * Limits:  NOTIFY_TEXT_SUBJECT and NOTIFY_TEXT_MAX bytes, cut between characters.
 */
enum { NOTIFY_TEXT_SUBJECT = 300, NOTIFY_TEXT_MAX = 12000 };
/* Both are initialised by the callee; the caller's buf_done. */
void notify_text_put(const struct notify_job *j, struct buf *subject, struct buf *text);
#endif
