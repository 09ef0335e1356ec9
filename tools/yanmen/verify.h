#ifndef TOOLS_YANMEN_VERIFY_H
#define TOOLS_YANMEN_VERIFY_H
#include "tools/yanmen/cli.h"
/*
 * verify - `verify PATH --public-key FILE`: proves a sealed recording or an exported audit log, without the gateway.
 * Exit code 0 only for what is whole, signed and complete.
 */
int cli_verify(const struct cli *cli, struct cli_call *call);
struct evidence_keys;
/* Reads a public key file; 0 or an exit code, told already. */
int cli_verify_keys(const struct cli *cli, const char *path, struct evidence_keys *ret);
#endif
