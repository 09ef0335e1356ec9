#ifndef TOOLS_YANMEN_LINES_H
#define TOOLS_YANMEN_LINES_H
#include "gateway/core/frame.h"
/*
 * lines - a frame as one line of JSON, for `session watch --json` and `replay --json`.
 *
 * Source:  docs/RECORDING.md, "JSON Lines".  Bytes stand as "text" where they are UTF-8, else as "base64".
 */
void cli_lines_put(const struct frame *f, struct buf *out);
#endif
