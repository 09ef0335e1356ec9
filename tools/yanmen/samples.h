#ifndef TOOLS_YANMEN_SAMPLES_H
#define TOOLS_YANMEN_SAMPLES_H
#include "tools/yanmen/cli.h"
/*
 * samples - `samples remove`: the broker removes the rows of the cluster "samples", then the script of the configuration
 * ends the sample targets themselves.  Rows that are gone already do not keep the script from running.
 */
int cli_samples_remove(const struct cli *cli, struct cli_call *call);
#endif
