#ifndef TOOLS_YANMEN_REPLAY_H
#define TOOLS_YANMEN_REPLAY_H
#include "tools/yanmen/cli.h"
/*
 * replay - `replay ID`: a recording at the speed at which it happened.
 *
 * --speed N (0.1 .. 100), --idle S: pauses of at most S seconds, --from S: the reader begins there.  Keys: space pauses
 * and goes on, q quits.  With --json every frame is a line at once: a machine does not want to wait.
 */
int cli_replay(const struct cli *cli, struct cli_call *call);
#endif
