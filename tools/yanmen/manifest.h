#ifndef TOOLS_YANMEN_MANIFEST_H
#define TOOLS_YANMEN_MANIFEST_H
#include "gateway/core/buf.h"
#include "recorder/evidence/keys.h"
#include <stdint.h>
struct err;
/*
 * manifest - what a backup holds: each file's SHA-256 and size, signed by the vault.
 *
 * Source:  docs/OPERATIONS.md, "What a backup holds".
 * Shape:   lines: "yanmen-backup-1", "made_us N", "generation N", then "file <64 hex> <size> <path>" in the order of the
 *          paths (bytes), each once.  The signature beside it: "yanmen-backup-signature-1 <time_us> <base64>".
 *          Signed: what = WIRE_SIGN_BACKUP, seq = the number of files, hash = SHA-256 of the manifest.
 * Limits:  CLI_MANIFEST_MAX bytes; paths of 1..200 bytes of [A-Za-z0-9._/-], relative, without "..".
 * Errors:  -EPROTO not of this shape, -EACCES wrongly signed.
 * Owns:    entries and their text: cli_manifest_done.
 * Trust:   input hostile.
 */
enum { CLI_MANIFEST_MAX = 512 << 20, CLI_MANIFEST_PATH = 200, CLI_MANIFEST_HASH = 32 };
struct cli_manifest_file {
	char path[CLI_MANIFEST_PATH + 1];
	uint8_t sha256[CLI_MANIFEST_HASH];
	uint64_t size;
};
struct cli_manifest {
	int64_t made_us;
	uint32_t generation;
	struct cli_manifest_file *files;
	size_t n, room;
};
void cli_manifest_done(struct cli_manifest *m);
int cli_manifest_add(struct cli_manifest *m, const struct cli_manifest_file *f, struct err *err); /* -EPROTO: a path that may not be */
void cli_manifest_sort(struct cli_manifest *m);
const struct cli_manifest_file *cli_manifest_find(const struct cli_manifest *m, const char *path); /* sorted; or NULL */
void cli_manifest_put(struct buf *b, const struct cli_manifest *m); /* sorted */
int cli_manifest_get(struct span in, struct cli_manifest *ret, struct err *err);

struct cli_manifest_signature {
	int64_t time_us;
	uint8_t signature[EVIDENCE_SIGNATURE];
};
void cli_manifest_hash(struct span text, uint8_t ret[static CLI_MANIFEST_HASH]);
void cli_manifest_signature_put(struct buf *b, const struct cli_manifest_signature *s);
int cli_manifest_signature_get(struct span in, struct cli_manifest_signature *ret, struct err *err);
/* text: the manifest's, n: its files. */
int cli_manifest_check(
	struct span text, size_t n, const struct cli_manifest_signature *s, const struct evidence_keys *keys, struct err *err);
#endif
