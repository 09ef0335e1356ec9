#ifndef WEBTERM_TERM_SAY_H
#define WEBTERM_TERM_SAY_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * say - what yanmen-term says to a person, in his language; and the worker's own words found in what it printed.
 */
enum web_term_say {
	WEB_TERM_SAY_BROKE,    /* the connection to the worker ended without a word */
	WEB_TERM_SAY_ZMODEM,
	WEB_TERM_SAY_INPUT,
	WEB_TERM_SAY_PASTE,    /* the grant does not allow it */
	WEB_TERM_SAY_PASTE_MAX,
	WEB_TERM_SAY_ABSENT,   /* files, by the status of the target */
	WEB_TERM_SAY_DENIED,
	WEB_TERM_SAY_FAILED,
	WEB_TERM_SAY_UNSUPPORTED,
	WEB_TERM_SAY_EXISTS,
	WEB_TERM_SAY_FOLDER,
	WEB_TERM_SAY_SHORTER,
	WEB_TERM_SAY_BUSY,
	WEB_TERM_SAY_CANCELLED,
	WEB_TERM_SAY_LOST,
	WEB_TERM_SAY_NO_SFTP,
	WEB_TERM_SAY_REQUEST,  /* it is none */
	WEB_TERM_SAY_CREDIT,
	WEB_TERM_SAYS
};
const char *web_term_say(bool zh, enum web_term_say what);
/* Of "*** Yanmen: words ***" or "*** 雁门：words ***" at the end of `tail` the words, without what says that the session ended; else
 * an empty span.  Worth nothing unless the worker had the last word. */
struct span web_term_say_worker(struct span tail);
/* Of "English / 中文" the half. */
struct span web_term_say_half(struct span both, bool zh);
#endif
