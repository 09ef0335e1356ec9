#ifndef NOTIFY_ADDR_H
#define NOTIFY_ADDR_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <sys/socket.h>
struct err;
/*
 * addr - to which addresses messages may go: an administrator's URL must not reach what only the gateway reaches.
 *
 * Refused: loopback, link-local, multicast, unspecified, and every address of the gateway itself, unless it lies in `networks`
 *          (the setting notify.networks).  Private networks are allowed: mail servers stand there.
 * Order:   a name is resolved once; what was looked at is what is connected to, and it is looked at again when the socket is made.
 */
/* 0, or -EACCES. */
int notify_addr_may(const struct sockaddr *sa, socklen_t n, struct span networks, struct err *err);
/* host: a name, an IPv4 address, or an IPv6 address with or without brackets.  Those of its addresses that are allowed, as
 * CURLOPT_RESOLVE has them (a,[b]), in their order: who is not there by one may be by another. */
enum { NOTIFY_ADDR_TEXT = 512 };
int notify_addr_find(const char *host, struct span networks, char ret[static NOTIFY_ADDR_TEXT], struct err *err);
#endif
