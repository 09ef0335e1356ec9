#ifndef WEB_TRANSFER_H
#define WEB_TRANSFER_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct web_request;
struct web_terminal;
/*
 * transfer - a file of a terminal's target by HTTP: GET streams it down, PUT streams it up, through that terminal's process, so
 * that the grant, the ledger and the recording are those of the session.
 *
 * Source:  webterm/frame.h and docs/API-terminal.md, "Files": FILE get or put, then CHUNKs as far as CREDIT allows.
 * Flow:    a download holds at most WEB_FRAME_CREDIT, and gives credit back as the browser takes bytes; an upload holds what
 *          libwebsockets read at once, and reads on when that has gone.
 * Limits:  30 s without progress.  A connection that is closed in the middle cancels the transfer; what has arrived stays.
 */
void web_transfer_download(struct web_request *r);
void web_transfer_upload(struct web_request *r);
/* From the terminal's process: a frame for that id. */
void web_transfer_got(struct web_terminal *t, uint32_t id, struct span frame);
void web_transfer_room(struct web_terminal *t);
void web_transfer_end_all(struct web_terminal *t);
#endif
