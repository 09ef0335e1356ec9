#ifndef TOOLS_YANMEN_SQL_H
#define TOOLS_YANMEN_SQL_H
#include "tools/yanmen/cli.h"
/*
 * sql - `sql classify`: what the workers' classifier says of a statement, without any server.
 *
 * Shape:   --lines: JSON lines {"sql_b64": BASE64} in (bytes as the client sends them; T-SQL: UTF-16LE), {"classes": [...], "tables": [...],
 *          "columns": [...], "fingerprint": HEX, "statements": [...]} out, one for one and at once.  A line may have "sql_mode", "charset" and
 *          "server_version" of its own.  A line that is none: {"error": ...}, and the exit code says so.
 *          else one statement from the command line or standard input, as UTF-8, for a person.
 */
int cli_sql_classify(const struct cli *cli, struct cli_call *call);
#endif
