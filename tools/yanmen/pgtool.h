#ifndef TOOLS_YANMEN_PGTOOL_H
#define TOOLS_YANMEN_PGTOOL_H
#include <stdbool.h>
struct cli;
/*
 * pgtool - PostgreSQL's own pg_dump and pg_restore, as yanmen_owner.
 *
 * A dump is one consistent snapshot (custom format) of the whole database; a restore is one transaction into a database that
 * has none of them.  Returns 0 or an exit code, told already.
 */
int cli_pgtool_dump(const struct cli *cli, int to);
int cli_pgtool_restore(const struct cli *cli, int from);
/* Is there a schema of ours?  *ret. */
int cli_pgtool_has(const struct cli *cli, bool *ret);
#endif
