#ifndef TOOLS_YANMEN_RESTORE_H
#define TOOLS_YANMEN_RESTORE_H
#include "tools/yanmen/cli.h"
/*
 * restore - `restore --from DIR`: a backup becomes the database, the recordings and the key of a new instance.
 *
 * Order:   the key is opened and kept in memory -> the manifest's signature is checked with it -> every file's hash ->
 *          recordings -> KEY.restoring -> the database, one transaction -> KEY.restoring becomes KEY.
 *          Without KEY nothing starts; killed before, the same command is given again.
 * Needs:   an empty database with our roles (schema/roles.sql), no key file yet, a gateway that does not run.
 * Trust:   the backup is hostile until its signature holds.
 */
int cli_restore(const struct cli *cli, struct cli_call *call);
#endif
