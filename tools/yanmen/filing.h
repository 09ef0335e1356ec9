#ifndef TOOLS_YANMEN_FILING_H
#define TOOLS_YANMEN_FILING_H
#include "gateway/core/buf.h"
#include "tools/yanmen/manifest.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct secret;
/*
 * filing - files of a backup: copied or linked, hashed, written so that they are there or not at all.
 *
 * Shape:   paths are below a folder that the caller holds open; f->path says which.
 * Errors:  negative errno, with the path in `say`.
 */
/* Makes the folders in front of the last part of path. */
int cli_filing_parents(int dir, const char *path, unsigned mode, struct err *err);
/* The SHA-256 and size of what fd reads from its start into f; with `to` >= 0 it is copied there at the same time. */
int cli_filing_hash(int fd, int to, struct cli_manifest_file *f, struct err *err);
/* A new file below dir with these bytes, synced; f gets hash and size. */
int cli_filing_write(int dir, struct cli_manifest_file *f, struct span bytes, struct err *err);
/* Reads a file whole, at most max bytes.  `secret` form: locked memory. */
int cli_filing_read(int dir, const char *path, size_t max, struct buf *out, struct err *err);
int cli_filing_secret(int dir, const char *path, size_t max, bool line, struct secret **ret, struct err *err);
/* Removes a folder and all in it; no folder there is no error. */
int cli_filing_remove(const char *path);
int cli_filing_complain(struct err *err, int code, const char *path);
#endif
