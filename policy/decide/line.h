#ifndef DECIDE_LINE_H
#define DECIDE_LINE_H
#include "policy/decide/command.h"
/*
 * line - a command line as simple commands, as far as its text tells: for trying rules on what the history has.
 *
 * Purpose: no shell: it knows quotes, ; | & ( ) and new lines, redirections, comments, A=b in front, $(…) and `…` as commands of their
 *          own, and what sudo, env, nohup and the like run.  Aliases, functions, here-documents, variables it does not know: a word that only
 *          the shell can tell is marked opaque.
 * Limits:  DECIDE_LINE_WORDS words a command, DECIDE_LINE_TEXT bytes of them: what is more is one opaque word at its end.
 * Owns:    the words of the command at hand, until the next call.  Allocates nothing.  Trust: the text is hostile.
 */
enum { DECIDE_LINE_WORDS = 64, DECIDE_LINE_TEXT = 8192 };
struct decide_line {
	struct span rest;
	size_t inner; /* 0, or where in words the command begins that the one before runs */
	size_t n, len;
	bool quoted;  /* between " and ", inside a $(…) */
	bool ticks;   /* between ` and ` */
	bool skips;   /* behind a ): up to the next separator */
	struct decide_command_word words[DECIDE_LINE_WORDS];
	uint8_t text[DECIDE_LINE_TEXT];
};
void decide_line_open(struct decide_line *l, struct span text);
/* The next simple command; false at the end. */
bool decide_line_next(struct decide_line *l, const struct decide_command_word **argv, size_t *n);
#endif
