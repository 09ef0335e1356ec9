#ifndef TOOLS_YANMEN_SAY_H
#define TOOLS_YANMEN_SAY_H
#include "tools/yanmen/cli.h"
/*
 * say - the CLI's words, in English or Chinese, and its exit codes.
 *
 * Errors are one line on stderr, "yanmen: ..."; with --json also an object {"error": ...} on stdout.
 * Control characters in what others wrote are replaced: a terminal is not steered by an answer.
 */
/* The language of a person: LC_ALL, LC_MESSAGES, LANG, the first that is set, begins with "zh". */
bool cli_say_is_zh(void);
const char *cli_say_text(const struct cli *cli, const char *en, const char *zh)
	__attribute__((format_arg(2), format_arg(3)));
/* Returns `exit`, so that a command ends with `return cli_say_fail(...)`. */
int cli_say_fail(const struct cli *cli, int exit, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The gateway's English words in the person's language (policy/say), else as they are; `room` holds what has to be written. */
enum { CLI_SAY_ROOM = 1024 };
const char *cli_say_local(const struct cli *cli, const char *en, char room[static CLI_SAY_ROOM]);
/* With the words of an err; exit by its code (-ENOENT, -EACCES, others). */
int cli_say_err(const struct cli *cli, const struct err *err);
void cli_say_note(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a line on stderr */
/* Copies text, each control character as U+FFFD; newline too. */
void cli_say_clean(struct span text, struct buf *out);
/* An answer made here: an object for --json, else its human line. */
void cli_say_done(const struct cli *cli, struct span json, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int cli_say_usage(const struct cli *cli, const struct cli_command *c, const char *why, ...)
	__attribute__((format(printf, 3, 4)));
void cli_say_help(const struct cli *cli, const struct cli_command *c);
void cli_say_help_all(const struct cli *cli, const char *noun); /* noun NULL: all */
#endif
