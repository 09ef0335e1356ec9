#ifndef TOOLS_YANMEN_EXPORT_H
#define TOOLS_YANMEN_EXPORT_H
#include "tools/yanmen/cli.h"
/*
 * export - `recording export`, `file export` and `audit export`: the broker writes into a file that we made, 0600, never over an old one;
 * a file of a command that failed is removed.
 */
int cli_export(const struct cli *cli, struct cli_call *call);
#endif
