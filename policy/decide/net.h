#ifndef DECIDE_NET_H
#define DECIDE_NET_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
struct err;
/*
 * net - addresses, networks, and which address may be dialled.
 *
 * Source:  RFC 4291, RFC 4632, RFC 6890.
 * Shape:   an address is 16 bytes; IPv4 stands as ::ffff:a.b.c.d, so that both writings of it are one address.
 *          A list of networks is text with commas between: "10.0.0.0/8,fd00::/8"; blanks around are skipped, a
 *          network without / is one address.
 * Limits:  a network of the list at most 63 bytes; the bits behind the prefix are ignored.
 * Errors:  -EPROTO for what is no address or no network, so that a broken list never means "anywhere".
 * Owns:    nothing, allocates nothing.
 */
struct decide_net_addr {
	uint8_t b[16];
};
int decide_net_parse(struct span text, struct decide_net_addr *ret);
int decide_net_of(const struct sockaddr *sa, socklen_t n, struct decide_net_addr *ret);
bool decide_net_eq(const struct decide_net_addr *a, const struct decide_net_addr *b);
/* 1: the address lies in one of the networks; 0: in none (so for an empty list); -EPROTO. */
int decide_net_has(struct span networks, const struct decide_net_addr *a);

bool decide_net_is_loopback(const struct decide_net_addr *a);
bool decide_net_is_link_local(const struct decide_net_addr *a);
bool decide_net_is_multicast(const struct decide_net_addr *a); /* and the broadcast address */
bool decide_net_is_unspecified(const struct decide_net_addr *a); /* all of 0.0.0.0/8, 240.0.0.0/4 and ::/96 but ::1 */

/* 0, or -EACCES with the reason: an address outside the cluster's networks, or one of the four kinds above (loopback
 * is allowed to the cluster of the samples).  The gateway's own addresses are the dialler's to know. */
int decide_net_may_dial(const struct decide_net_addr *a, struct span networks, bool is_samples, struct err *err);
#endif
