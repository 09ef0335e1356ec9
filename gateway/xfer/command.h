#ifndef XFER_COMMAND_H
#define XFER_COMMAND_H
#include "gateway/core/buf.h"
#include "gateway/xfer/xfer.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * command - does this exec string move files, which way, and which ones?
 *
 * Known:   `scp` with -t or -f (the old protocol's remote half), `rsync --server`, and an sftp-server by its usual absolute
 *          path, alone or behind `exec`.  When in doubt it is a command: anything that a shell would act upon, a flag that
 *          scp does not send to its other half, a daemon.
 * Shape:   args: the paths as the command names them, quotes and backslashes taken off.
 * Limits:  XFER_COMMAND_ARGS paths are kept; `more` says that there were others.
 * Owns:    the paths; released by xfer_command_done, which accepts a zeroed command.
 * Trust:   input hostile.
 */
enum { XFER_COMMAND_ARGS = 16 };

struct xfer_command {
	enum wire_file_protocol protocol; /* 0 = a command */
	enum xfer_side side;         /* scp, rsync: which way the files go */
	bool into;                   /* scp: -d or -r, the path is a folder that names are put into */
	bool more;
	char *args[XFER_COMMAND_ARGS];
	size_t args_n;
};

void xfer_command_parse(struct span line, struct xfer_command *ret);
void xfer_command_done(struct xfer_command *c);
/* Where a file that scp calls `name` lies or goes; `folder` is what the D lines before named, "" or ending in '/'. */
void xfer_command_path(const struct xfer_command *c, const char *folder, struct span name, struct buf *ret);
#endif
