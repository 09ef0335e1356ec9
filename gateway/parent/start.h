#ifndef GATEWAY_START_H
#define GATEWAY_START_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include "gateway/parent/roles.h"
#include <stdbool.h>
#include <sys/types.h>
struct err;
struct gw_parent;
/*
 * start - what services and workers have in common: starting a binary of ours, its hello, its end.
 *
 * Owns:    gw_start_process lends `fds` to the child; the pidfd is the caller's.
 */
int gw_start_process(struct gw_parent *p, const struct gw_roles_row *row, const int *fds, size_t n, pid_t *ret_pid,
	int *ret_pidfd, struct err *err);
/* The role must be the one that was started and the build ours: -EBADMSG. */
int gw_start_hello(uint8_t role, struct span body, struct err *err);
/* Waits for the child of a readable pidfd, takes both descriptors out of the loop and closes them.  False: it lives. */
bool gw_start_reap(struct loop_io *child, struct loop_io *sock, int *ret_status);
/* Ends a child that could not be set up, and waits for it. */
void gw_start_abandon(struct loop_io *child, struct loop_io *sock, pid_t *pid);
void gw_start_log_end(const char *event, uint8_t role, pid_t pid, int status);
#endif
