#ifndef TOOLS_YANMEN_BACKUP_H
#define TOOLS_YANMEN_BACKUP_H
#include "tools/yanmen/cli.h"
/*
 * backup - `backup --output DIR`: database, sealed recordings, configuration and the wrapped key of a running gateway.
 *
 * Order:   all goes into DIR.part; recordings, then the database (one snapshot), then what was sealed meanwhile: no row of
 *          the snapshot lacks its file.  The manifest last; the vault signs it, the broker writes it into the audit; then
 *          DIR.part is synced and becomes DIR.  Killed before, there is no DIR.
 * Needs:   root or the service's own user: it reads the key file and the recordings.
 */
int cli_backup(const struct cli *cli, struct cli_call *call);

/* Names in a backup. */
#define CLI_BACKUP_MANIFEST "manifest"
#define CLI_BACKUP_SIGNATURE "manifest.sig"
#define CLI_BACKUP_DUMP "database.dump"
#define CLI_BACKUP_CONF "yanmen.conf"
#define CLI_BACKUP_KEYS "public_key"
#define CLI_BACKUP_BY_PASSPHRASE "key.passphrase"
#define CLI_BACKUP_BY_ESCROW "key.escrow"
#define CLI_BACKUP_RECORDINGS "recordings"
enum { CLI_BACKUP_PASSPHRASE_MIN = 12, CLI_BACKUP_PASSPHRASE_MAX = 1024 };
#endif
