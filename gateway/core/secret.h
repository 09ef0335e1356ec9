#ifndef CORE_SECRET_H
#define CORE_SECRET_H
#include "gateway/core/buf.h"
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * secret - bytes that must not leak: own locked mapping, left out of core dumps, wiped on free.
 *
 * No printf conversion and no buf takes one; secret_span lends the bytes to a cipher or a socket.
 * Limits:  SECRET_MAX bytes.  mlock may fail where RLIMIT_MEMLOCK is small: that is logged once, not fatal.
 */
enum { SECRET_MAX = 65536 };
struct secret;
int secret_new(size_t n, struct secret **ret, struct err *err); /* zeroed */
int secret_of(struct span s, struct secret **ret, struct err *err);
/* Reads all of fd, a sealed memfd (memfd_create(2), F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW): anything else
 * could block or change and is -EPROTO.  One trailing newline is dropped when `line` is set. */
int secret_from_memfd(int fd, size_t max, int line, struct secret **ret, struct err *err);
/* The other end: copies the file into a sealed memfd.  -EMSGSIZE over max. */
int secret_to_memfd(int file, size_t max, int *ret_fd, struct err *err);
int secret_span_to_memfd(struct span bytes, int *ret_fd, struct err *err);
struct secret *secret_free(struct secret *s); /* wipes; returns NULL; accepts NULL */
void secret_scope(struct secret **s);
struct span secret_span(const struct secret *s);
uint8_t *secret_bytes(struct secret *s);
void secret_wipe(void *p, size_t n); /* for the odd buffer that held one */
#endif
