#ifndef TOOLS_YANMEN_MANUAL_H
#define TOOLS_YANMEN_MANUAL_H
#include "gateway/core/buf.h"
#include "tools/yanmen/cli.h"
#include <stdbool.h>
/*
 * manual - the manual page and the shells' completions, made from the table of commands at build time, so that they say what
 * the program does.
 *
 * page.c     yanmen(1), in English or Chinese           complete.c  bash, zsh, fish
 * What an option takes is read from the command's `form`: `--kind linux|mysql` has two values, a file is a secret, a list of
 * lines, or what stays here and is called F or FILE.
 */
enum cli_takes { CLI_TAKES_NOTHING, CLI_TAKES_VALUES, CLI_TAKES_FILE, CLI_TAKES_TEXT };
/* ret_values: words with blanks between, for CLI_TAKES_VALUES. */
enum cli_takes cli_manual_takes(const struct cli_command *c, const struct cli_param *p, struct buf *ret_values);

void cli_page_put(bool zh, struct buf *out);
void cli_complete_bash(struct buf *out);
void cli_complete_zsh(struct buf *out);
void cli_complete_fish(struct buf *out);
#endif
