#ifndef GW_MYSQL_SIDE_H
#define GW_MYSQL_SIDE_H
#include "gateway/core/buf.h"
#include <openssl/types.h>
#include <stdbool.h>
struct err;
/*
 * side - one of the two peers: a socket, with TLS or without, bytes that came and bytes that are to go.
 *
 * Limits:  `in` and `out` have caps at birth; who fills them looks at their length first.
 * Errors:  a side that is closed or broken says so by `ended`, and takes and gives nothing any more.
 */
struct gw_mysql_side {
	int fd; /* -1 = none */
	SSL *ssl;
	struct buf in, out;
	size_t in_at, out_at; /* taken; sent */
	bool ended;
	bool write_wants_read, read_wants_write; /* TLS */
};
void gw_mysql_side_open(struct gw_mysql_side *s, int fd, size_t in_cap, size_t out_cap);
void gw_mysql_side_close(struct gw_mysql_side *s);
/* Reads once, at most n bytes. */
void gw_mysql_side_read(struct gw_mysql_side *s, size_t n);
void gw_mysql_side_write(struct gw_mysql_side *s);
struct span gw_mysql_side_in(const struct gw_mysql_side *s); /* what came and was not taken */
void gw_mysql_side_took(struct gw_mysql_side *s, size_t n);
size_t gw_mysql_side_waiting(const struct gw_mysql_side *s); /* bytes that are to go */
short gw_mysql_side_events(const struct gw_mysql_side *s, bool reads); /* of poll */
bool gw_mysql_side_has_read(const struct gw_mysql_side *s); /* TLS has bytes that no poll tells of */
#endif
