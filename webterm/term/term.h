#ifndef WEBTERM_TERM_TERM_H
#define WEBTERM_TERM_TERM_H
#include "webterm/term/client.h"
#include "webterm/term/desk.h"
#include "webterm/term/shell.h"
#include "webterm/term/view.h"
/*
 * term - what the files of this folder share: the state of one browser's terminal, which is one process.
 *
 * Parts:   desk.c the browser's socket, client.c the SSH connection, shell.c its terminal channel, view.c who looks at it,
 *          files.c and list.c, get.c, put.c the file panel, sftp.c its codec, end.c how it all ends, run.c the loop.
 * Life:    connecting -> online (the target has said something) -> ended; then it stays until a browser has been told why.
 */
enum web_term_state { WEB_TERM_CONNECTING, WEB_TERM_ONLINE, WEB_TERM_ENDED };
struct web_term_files;
struct web_term {
	int parent;
	struct web_term_desk desk;
	struct web_term_client client;
	struct web_term_shell shell;
	struct web_term_view view;
	struct web_term_files *files; /* NULL before the first request */
	char target[512], account[512];
	bool zh;
	uint8_t charset; /* enum charset, of the target */
	uint8_t paste;   /* enum wire_paste */
	uint32_t paste_max;
	bool no_copy;
	uint8_t layer; /* enum wire_layer */
	enum web_term_state state;
	char say[512]; /* why it ended */
	bool leaving;  /* the person, or everyone, has gone, or the parent wants us to */
	int64_t leaving_us, closed_us, ended_us; /* since when; 0 = not */
};

/* state.c: tells the browser of `state`; a notice of that kind. */
void web_term_state_tell(struct web_term *t);
void web_term_state_notice(struct web_term *t, const char *kind, const char *say);

/* end.c: asks the worker for the end, as a client that logs out. */
void web_term_end_ask(struct web_term *t);
/* Is it over?  Sets `ended` when it is and everything was shown; `why` of a connection that failed may be NULL. */
void web_term_end_check(struct web_term *t, const struct err *why);
bool web_term_end_is_reached(const struct web_term *t);
int64_t web_term_end_due_us(const struct web_term *t); /* when to look again; INT64_MAX */

/* run.c: until it is over. */
int web_term_run(struct web_term *t, struct err *err);
#endif
