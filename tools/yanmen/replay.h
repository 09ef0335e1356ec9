#ifndef TOOLS_YANMEN_REPLAY_H
#define TOOLS_YANMEN_REPLAY_H
#include "tools/yanmen/cli.h"
/*
 * replay - `replay ID`: a recording at the speed at which it happened.
 *
 * --speed N (0.1 .. 100), --idle S: pauses of at most S seconds, --from S: the reader begins there.  What came before is
 * shown at once.  Keys: space pauses and goes on, right and left go 10 s on and back (back: a new, audited opening), + and -
 * double and halve the speed, q quits.  With --json every frame is a line at once: a machine does not want to wait.
 */
int cli_replay(const struct cli *cli, struct cli_call *call);
#endif
