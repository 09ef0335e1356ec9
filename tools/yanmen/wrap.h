#ifndef TOOLS_YANMEN_WRAP_H
#define TOOLS_YANMEN_WRAP_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct err;
struct secret;
/*
 * wrap - the key file inside a backup: never in clear, but opened by a passphrase or by the auditor's private key.
 *
 * Source:  docs/OPERATIONS.md, "What a backup holds".
 * Shape:   by passphrase: "yanmenP1" | u64le ops | u64le bytes of memory | salt 16 | nonce 24 | secretbox of the key file
 *                         (key: argon2id13 of the passphrase with those figures)
 *          by key:        "yanmenE1" | crypto_box_seal of the key file to an X25519 public key
 * Limits:  a key file of WRAP_KEY_MAX bytes; ops <= 16, memory <= 1 GiB: a hostile file takes no more.
 * Errors:  -EPROTO not of this shape; -EACCES a wrong passphrase or key, or a changed file.
 * Trust:   input hostile.
 */
enum { CLI_WRAP_KEY_MAX = 16384, CLI_WRAP_MAX = CLI_WRAP_KEY_MAX + 256, CLI_WRAP_PUBLIC = 32 };
int cli_wrap_passphrase_put(struct span key_file, struct span passphrase, struct buf *out, struct err *err);
int cli_wrap_passphrase_get(struct span in, struct span passphrase, struct secret **ret, struct err *err);
int cli_wrap_sealed_put(struct span key_file, const uint8_t public_key[static CLI_WRAP_PUBLIC], struct buf *out, struct err *err);
/* secret_key: X25519; its public half is computed. */
int cli_wrap_sealed_get(struct span in, const uint8_t secret_key[static 32], struct secret **ret, struct err *err);
#endif
