#ifndef TOOLS_YANMEN_DONE_H
#define TOOLS_YANMEN_DONE_H
#include "gateway/core/buf.h"
#include "tools/yanmen/cli.h"
#include <jansson.h>
/*
 * done - what a command that changed something says to a person: one line instead of the answer.
 *
 * A line holds {key}, the answer's value; {#key}, how many items it has; [text {key} text], left out when one of its keys is
 * missing, false, empty or null.
 */
/* False: this command has no line, its answer is shown. */
bool cli_done_put(const struct cli_command *c, bool zh, const json_t *answer, struct buf *out);

struct cli_done {
	const char *words, *en, *zh;
};
extern const struct cli_done cli_done_lines[];
extern const size_t cli_done_lines_n;
#endif
