#ifndef TOOLS_YANMEN_INIT_H
#define TOOLS_YANMEN_INIT_H
#include "tools/yanmen/cli.h"
/*
 * init - makes the master key, once: 32 random bytes in the file of the configuration, mode 0600, never over an old one; and
 * where there is a console, its first certificate (webcert.h), when neither that nor its key is there.
 */
int cli_init(const struct cli *cli, struct cli_call *call);
/* A new file of mode 0600 with exactly these bytes, on disk when it returns; removed again when that fails.
 * 0, or a negative errno: -EEXIST when there is one. */
int cli_init_file(const char *path, struct span bytes);
#endif
