#ifndef TOOLS_YANMEN_TTY_H
#define TOOLS_YANMEN_TTY_H
#include <signal.h>
#include <stdbool.h>
#include <termios.h>
/*
 * tty - the person's terminal while frames are shown: no echo, keys at once, and as it was when we end.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked and read from `signals` (signalfd(2)) meanwhile.
 */
struct cli_tty {
	int signals; /* readable when the person wants the end */
	bool keys;   /* standard input is a terminal */
	bool screen; /* standard output is one */
	struct termios before;
	sigset_t mask;
};
/* The signals alone: blocks them, returns the signalfd, or a negative errno. */
int cli_tty_signals(sigset_t *ret_before);
int cli_tty_open(struct cli_tty *t); /* 0 or a negative errno */
void cli_tty_close(struct cli_tty *t);
#endif
