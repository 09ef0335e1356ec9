#ifndef WEBTERM_TERM_SHELL_H
#define WEBTERM_TERM_SHELL_H
#include "gateway/core/buf.h"
#include "gateway/core/charset.h"
#include "webterm/term/zmodem.h"
#include <libssh/callbacks.h>
#include <stdbool.h>
#include <stdint.h>
struct err;
struct web_term;
/*
 * shell - the channel with the terminal: opened when a browser has said how large it is, then bytes both ways.
 *
 * Output:  libssh's buffer -> `out` -> the target's character set as UTF-8 -> ZMODEM starts out -> the view.  `out` takes new bytes
 *          while it holds less than 64 KiB; then they stay in libssh's buffer, which its window bounds (1.25 MiB), and are taken
 *          all at once when `out` is empty: libssh opens the window at each read as if its buffer were empty.
 * Input:   what the channel does not take waits in `in`, at most WEB_FRAME_HELD_MAX; more is left out, and a notice says so.
 * Limits:  a worker that ignores the window ends the connection.
 */
enum web_term_shell_phase {
	WEB_TERM_SHELL_NONE, WEB_TERM_SHELL_OPEN, WEB_TERM_SHELL_LANG, WEB_TERM_SHELL_WORDS, WEB_TERM_SHELL_PTY, WEB_TERM_SHELL_START, WEB_TERM_SHELL_RUN,
};
struct web_term_shell {
	enum web_term_shell_phase phase;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	struct buf out, in;
	size_t out_at, in_at;
	size_t given;       /* bytes of INPUT that TAKEN has not told of */
	bool more;          /* libssh's buffer holds bytes that were not taken */
	bool broken;        /* the window was ignored */
	uint32_t columns, rows; /* as the target knows them; 0 = not yet */
	bool closed, close_sent;
	bool has_exit;
	int exit;
	char signal[32];
	int64_t noticed_us[3]; /* when ZMODEM, lost input and a refused paste were told */
	size_t pasting;        /* bytes of INPUT to come that PASTE told of */
	bool refusing;         /* and the grant does not allow */
	struct charset_decoder charset;
	struct web_term_zmodem zmodem;
	struct buf text, clean;
};
void web_term_shell_init(struct web_term_shell *s);
void web_term_shell_done(struct web_term_shell *s);
/* One turn; *moved is set when bytes went anywhere. */
int web_term_shell_step(struct web_term *t, bool *moved, struct err *err);
void web_term_shell_paste(struct web_term *t, uint32_t bytes);
void web_term_shell_input(struct web_term *t, struct span typed);
/* All that came has been shown. */
bool web_term_shell_is_shown(const struct web_term_shell *s);
#endif
