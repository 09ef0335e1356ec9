#ifndef GW_MYSQL_PROBE_H
#define GW_MYSQL_PROBE_H
#include "gateway/proto.h"
/* probe - who is the target?  SHA-256 of its TLS public key (RFC 7469 section 2.4), empty where it has no TLS, and its version. */
int gw_mysql_probe(void *state, const struct gw_proto_look *at, struct buf *ret_host_key, struct buf *ret_banner, struct err *err);
#endif
