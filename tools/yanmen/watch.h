#ifndef TOOLS_YANMEN_WATCH_H
#define TOOLS_YANMEN_WATCH_H
#include "tools/yanmen/cli.h"
/* watch - `session watch ID`: a session as it happens, until it ends or Ctrl-C (the session goes on then). */
int cli_watch(const struct cli *cli, struct cli_call *call);
#endif
