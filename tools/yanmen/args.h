#ifndef TOOLS_YANMEN_ARGS_H
#define TOOLS_YANMEN_ARGS_H
#include "tools/yanmen/cli.h"
/*
 * args - argv by a row of the command table.
 *
 * Options stand anywhere behind the command, as `--name VALUE` or `--name=VALUE`; `--` ends them.  --json, --help and
 * --config are taken out by main.c before.  Returns 0 or an exit code; what was wrong has been said then.
 */
int cli_args_parse(
	const struct cli *cli, const struct cli_command *c, int argc, char *const *argv, struct cli_call *call);
void cli_args_done(struct cli_call *call);
/* The value of "--output" or of the positional "ID"; NULL when not given. */
const char *cli_args_get(const struct cli_call *call, const char *name);
/* Keeps `text` (malloc'ed) until cli_args_done and adds it as a value. */
int cli_args_add(struct cli_call *call, const struct cli_param *p, char *text);
/* Takes the option's values off and adds this one, if the command has such an option (-ENOENT). */
int cli_args_replace(struct cli_call *call, const char *name, char *text);
/* The broker's form: count times { STR key, STR value }; only what has a key. */
uint32_t cli_args_put(const struct cli_call *call, struct buf *out);
#endif
