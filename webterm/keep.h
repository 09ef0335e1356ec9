#ifndef WEB_KEEP_H
#define WEB_KEEP_H
#include "gateway/core/buf.h"
#include "webterm/cookie.h"
#include <stdint.h>
/*
 * keep - answers to commands that came with an Idempotency-Key, so that one that is sent again is not done again.
 *
 * Shape:   of each: the console session, the key, a hash of command and body, status and body of the answer.
 * Limits:  256 answers of at most 16 KiB, 10 minutes; a longer one is not kept, and the oldest goes first.
 */
enum { WEB_KEEP_MAX = 256, WEB_KEEP_BYTES = 16 << 10 };
#define WEB_KEEP_US (INT64_C(600) * 1000 * 1000)
enum web_keep_found { WEB_KEEP_NEW, WEB_KEEP_SAME, WEB_KEEP_OTHER /* this key came with another request */, WEB_KEEP_RUNS };
struct web_kept {
	int status;
	struct span body;
};
struct web_answers;
struct web_answers *web_keep_new(void);
struct web_answers *web_keep_free(struct web_answers *k);
/* NEW: it is noted as running now.  SAME: *ret borrows the answer. */
enum web_keep_found web_keep_look(struct web_answers *k, const struct web_token *session, const char *key,
	const struct web_token *request, struct web_kept *ret);
/* status 0: it was not done, the key is free again. */
void web_keep_put(struct web_answers *k, const struct web_token *session, const char *key, const struct web_kept *answer);
/* What a request is: command and body. */
void web_keep_sum(const char *path, struct span body, struct web_token *ret);
#endif
