#ifndef WEBTERM_TERM_FILES_H
#define WEBTERM_TERM_FILES_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct web_term;
struct web_term_files;
/*
 * files - the file panel: requests of the browser (and of yanmen-web for uploads and downloads), done over SFTP.
 *
 * Source:  docs/API-terminal.md, "Files".
 * Channel: a second one of the same connection, opened at the first request.  Where it is refused each request is answered with the
 *          words of the refusal, and the terminal goes on; where it breaks, the next request opens another.
 * Limits:  32 requests at once, of them 16 transfers; 32 reads or writes of a transfer in flight; an upload holds what CREDIT
 *          allowed, a download sends what CREDIT allows.
 * Trust:   the browser's JSON and the target's answers hostile.
 */
void web_term_files_ask(struct web_term *t, uint32_t id, struct span json);
void web_term_files_chunk(struct web_term *t, uint32_t id, struct span data);
void web_term_files_credit(struct web_term *t, uint32_t id, uint32_t bytes);
void web_term_files_forget(struct web_term *t); /* a browser came: what another one asked is cancelled */
void web_term_files_step(struct web_term *t, bool *moved);
struct web_term_files *web_term_files_free(struct web_term_files *f, struct web_term *t); /* returns NULL */
#endif
