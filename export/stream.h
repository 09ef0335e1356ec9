#ifndef EXPORT_STREAM_H
#define EXPORT_STREAM_H
#include "export/feed.h"
#include "export/syslog.h"
#include "gateway/core/conf.h"
#include <openssl/types.h>
struct addrinfo;
struct err;
/*
 * stream - the sink that sends syslog messages over TCP or TLS.
 *
 * Source:  RFC 6587 section 3.4.1, RFC 5425.
 * Arrived: syslog has no acknowledgement.  A message counts as arrived when the receiver's kernel has acknowledged its last
 *          byte (SIOCOUTQ) and the connection has held for 5 s since; a connection that breaks goes back to there.
 * Limits:  one page of messages; 10 s for a connection and for the handshake; attempts every 1 s, doubling to 15 s.
 * Trust:   the receiver is hostile: what it says is read and thrown away; by TLS it is who siem.ca and the name in siem.syslog
 *          say, or nothing is sent.
 */
enum { EXPORT_STREAM_MARKS = 16 };
struct export_stream_mark {
	int64_t at_us, seq;
	uint64_t bytes; /* of the connection, with this row's last one */
};

struct export_stream {
	struct export_feed feed;
	struct loop *loop;
	struct conf_endpoint to;
	struct export_syslog_origin origin;
	SSL_CTX *ctx; /* of tls:// */
	char unusable[160]; /* why there can be no connection at all, or "" */
	enum { EXPORT_STREAM_DOWN, EXPORT_STREAM_CONNECTING, EXPORT_STREAM_HANDSHAKE, EXPORT_STREAM_UP } state;
	struct loop_io io;
	struct loop_timer timer; /* down: the next attempt; else, before it is up: too late */
	struct addrinfo *found, *next;
	SSL *ssl;
	int64_t backoff_us, up_us, progress_us;
	struct buf out; /* the page that is sent; `sent` bytes of it are */
	size_t sent;
	uint64_t bytes; /* plain TCP: handed to the kernel */
	struct export_stream_mark last; /* the end of the last whole page; at_us is of no use */
	struct export_stream_mark marks[EXPORT_STREAM_MARKS]; /* oldest first */
	size_t marks_n;
};

/* loop, to, origin, ctx and unusable are set before.  destination is borrowed. */
void export_stream_open(struct export_stream *s, struct pg *pg, const char *destination);
void export_stream_done(struct export_stream *s);
/* Looks the name up once, so that whatever the C library loads for that is loaded before the sandbox. */
void export_stream_warm(const struct export_stream *s);
#endif
