#ifndef TOOLS_YANMEN_ESCROW_H
#define TOOLS_YANMEN_ESCROW_H
#include "tools/yanmen/cli.h"
/*
 * escrow - the auditor's key: what people type at terminals is sealed to it, and only its private half opens that.
 *
 * Shape:   key file, 0600, one line: "yanmen-escrow-1 <base64 of the 32-byte X25519 private key>".
 * init makes the pair, registers the public half; the file is removed again when that fails.
 * open copies an export (JSON Lines) to standard output, each sealed KEYS frame opened (docs/RECORDING.md).
 */
int cli_escrow_init(const struct cli *cli, struct cli_call *call);
int cli_escrow_open(const struct cli *cli, struct cli_call *call);
struct err;
/* The private key of such a file; the caller wipes it. */
int cli_escrow_secret(const char *path, uint8_t ret[static 32], struct err *err);
#endif
