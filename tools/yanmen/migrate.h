#ifndef TOOLS_YANMEN_MIGRATE_H
#define TOOLS_YANMEN_MIGRATE_H
#include "tools/yanmen/cli.h"
/*
 * migrate - brings the database to the schema of this release.
 *
 * Files NNNN_name.sql of the schema folder, in order and without a gap, one transaction each; what was applied stands in
 * yanmen.schema_version (version, name, sha256).  Idempotent; one at a time (advisory lock).
 * Refuses: a database newer than the folder, a file that changed since it was applied.
 * Connects as yanmen_owner; the roles are made before by the cluster's superuser (schema/roles.sql).
 */
int cli_migrate(const struct cli *cli, struct cli_call *call);
#endif
