#ifndef CORE_MSG_H
#define CORE_MSG_H
#include "gateway/core/buf.h"
#include <stddef.h>
#include <stdint.h>
struct err;
struct loop;
/*
 * msg - one typed message, at most one descriptor, over a SOCK_SEQPACKET socket pair.
 *
 * Source:  unix(7), SCM_RIGHTS.  The kernel keeps message boundaries, so there is no reassembly.
 * Shape:   8 bytes header, little-endian: u16 type | u8 version = 1 | u8 flags = 0 | u32 length; then the body.
 * Limits:  body <= MSG_BODY_MAX bytes; a truncated message, several descriptors, another version or a length that
 *          does not match is -EBADMSG and every descriptor that came with it is closed.
 * Returns: msg_recv: body length, 0..MSG_BODY_MAX; -EPIPE when the peer is gone; -EAGAIN.
 * Owns:    msg_send borrows fd (the caller still closes it); msg_recv gives *ret_fd to the caller (-1 if none).
 */
enum { MSG_BODY_MAX = 65536 - 8, MSG_VERSION = 1 };
/* Both ends CLOEXEC; *non-blocking is per call (MSG_DONTWAIT), set by the functions that say so. */
int msg_pair(int ret_sv[2]);
/* Asks for a send buffer of about `bytes` (SO_SNDBUFFORCE, else SO_SNDBUF): a 64 KiB message needs 4 by default. */
void msg_sndbuf(int sock, int bytes);
int msg_send(int sock, uint16_t type, struct span body, int fd);        /* blocks */
int msg_send_now(int sock, uint16_t type, struct span body, int fd);    /* -EAGAIN instead of blocking */
int msg_recv(int sock, uint16_t *ret_type, void *body, size_t cap, int *ret_fd, struct err *err);     /* blocks */
int msg_recv_now(int sock, uint16_t *ret_type, void *body, size_t cap, int *ret_fd, struct err *err); /* -EAGAIN */

/*
 * msgq - a queue in front of one socket of a loop, so that a service never blocks on a peer.
 * Limits:  at most `cap` bytes queued; beyond that msgq_send is -EAGAIN and the caller must drop the peer.
 * Owns:    copies the body and dups the descriptor.  msgq_done frees what was not sent.
 */
struct msgq;
int msgq_new(struct msgq **ret, struct loop *l, int sock, size_t cap, struct err *err);
struct msgq *msgq_free(struct msgq *q); /* returns NULL; does not close sock */
int msgq_send(struct msgq *q, uint16_t type, struct span body, int fd);
/* The queue flushes by itself from the loop (through a dup of sock, so the owner's loop_io is left alone); calling this
 * is allowed and never needed.  -EPIPE when the peer is gone. */
int msgq_flush(struct msgq *q);
#endif
