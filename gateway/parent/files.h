#ifndef GATEWAY_FILES_H
#define GATEWAY_FILES_H
#include "gateway/parent/roles.h"
#include <stdbool.h>
struct conf;
struct err;
/*
 * files - what is opened by path, once, by the parent; the services get descriptors.
 *
 * A key file that a rotation left half made (rekey.h) is removed.  Makes the folders that are missing and, as root, gives them to their users: recordings 2750 recorder:reader's group,
 * spool 0700 broker, run 0755 with control.sock 0600 of the broker.  The master key must be a regular file of root, of
 * the vault's user or of ourselves, closed to all others.
 * Errors:  err->say is the line for the person who starts yanmend.
 * Owns:    the descriptors, to the end of the process.
 */
struct gw_files {
	const struct conf *conf; /* borrowed */
	int fd[GW_GIFTS]; /* config, key, recordings, spool; the rest is -1 */
	int run_dir;      /* locked: one yanmend a run folder */
	int cli;          /* the listening socket of the CLI */
};
/* One of them for a new process; the caller closes it.  It begins at its start again: where a process that ended had
 * read to is not the next one's business, nor is a folder's position shared by recorder and readers. */
int gw_files_lend(const struct gw_files *f, enum gw_roles_gift gift, int *ret_fd, struct err *err);
int gw_files_open(const char *config, const struct conf *conf, struct gw_files *ret, struct err *err);
/* Checks the key without opening the rest, for --check. */
int gw_files_key(const struct conf *conf, int *ret_fd, struct err *err);
/* A new key file: made empty beside the old one, with its owner and mode; -EROFS and the like where there can be none
 * (a systemd credential).  commit: it is synced and gets the name of the old one, and that is lent from then on.  drop: it
 * is removed. */
int gw_files_key_new(const struct gw_files *f, int *ret_fd, struct err *err);
int gw_files_key_commit(struct gw_files *f, int fd, struct err *err);
void gw_files_key_drop(const struct gw_files *f);
/* Folder of the service binaries: conf.libexec_dir or where yanmend itself is. */
int gw_files_libexec(const struct conf *conf, char *ret, size_t size, struct err *err);
#endif
