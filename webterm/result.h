#ifndef WEB_RESULT_H
#define WEB_RESULT_H
#include <stdbool.h>
#include <stdint.h>
struct web;
struct web_request;
struct web_results;
/*
 * result - the file that a command answers with (recording export and index, file export, audit save and export, document get,
 * factor codes, certificate issue), as it is being written: nothing of it is kept here.
 *
 * Shape:   the broker, or its reader, writes into one end of a stream pair; what the other end has goes to the browser in chunks, as
 *          fast as that reads.  With ?as=ticket the answer is where to fetch it, once, within 30 seconds: for a link, which
 *          a browser saves by itself.
 * Errors:  before the first byte a problem, as of any command; after it the connection is closed without the last chunk, so that nobody
 *          takes a part for the whole.
 * Limits:  WEB_RESULTS_MAX at once, WEB_RESULTS_EACH of one console session; 10 minutes without a byte from the broker, 30
 *          seconds without the browser taking one.
 * Ends:    a browser that goes away closes its end, and who writes finds it gone.
 */
enum { WEB_RESULTS_MAX = 128, WEB_RESULTS_EACH = 8 };
#define WEB_RESULT_HEADERS 200
/* How the bytes are answered, where that is known ahead. */
struct web_result_head {
	int status;
	uint64_t length;
	char headers[WEB_RESULT_HEADERS]; /* each ends with CRLF */
};
bool web_result_is(const char *command); /* does this one answer with a file? */
void web_result_ask(struct web_request *r, const char *command);
/* With other arguments than the body's; head is copied. */
struct web_args;
void web_result_ask_part(struct web_request *r, const char *command, const struct web_args *args, const struct web_result_head *head);
void web_result_fetch(struct web_request *r); /* GET, with the ticket */
struct web_results *web_result_new(struct web *web);
struct web_results *web_result_free(struct web_results *l);
#endif
