#ifndef WEBTERM_TERM_CLIENT_H
#define WEBTERM_TERM_CLIENT_H
#include "gateway/core/buf.h"
#include <libssh/libssh.h>
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * client - the SSH connection to the worker, which serves it like any login through a login (door `inner`).
 *
 * Source:  RFC 4252 to 4254.  The algorithms are those that the gateway offers to current clients; no file is opened.
 * Login:   `none`, the account for its name: whose it is, the broker knows.  The host key must be the one given.
 * Use:     open, then step after each turn until it is UP or DOWN; libssh never blocks.
 * Trust:   the worker talks with the target and may be an exploited one: its bytes are libssh's to parse, in this sandbox.
 * Owns:    fd.
 */
enum web_term_client_phase { WEB_TERM_CLIENT_CONNECT, WEB_TERM_CLIENT_LOGIN, WEB_TERM_CLIENT_UP, WEB_TERM_CLIENT_DOWN };
struct web_term_client {
	ssh_session ssh;
	ssh_event event;
	int fd;
	enum web_term_client_phase phase;
	struct ssh_counter_struct wire, packets;
	bool listening; /* the session is in the event */
	bool queued;    /* the last write went to libssh's queue behind a key exchange ... */
	uint64_t queued_at; /* ... when so many packets had left */
	char host_key[1024]; /* base64 */
};
/* Before the sandbox: what libssh and libcrypto load at their first use. */
int web_term_client_warm(struct err *err);
/* host_key: the blob of RFC 4253 section 6.6. */
int web_term_client_open(struct web_term_client *c, int fd, const char *account, struct span host_key, struct err *err);
void web_term_client_done(struct web_term_client *c);
int web_term_client_step(struct web_term_client *c, struct err *err);
bool web_term_client_is_up(const struct web_term_client *c);
/* For poll(2), and what to do after it. */
short web_term_client_events(const struct web_term_client *c);
void web_term_client_turn(struct web_term_client *c);
/* May more be written, or does libssh still hold what the socket did not take?  Lets it send first. */
bool web_term_client_takes(struct web_term_client *c);
/* Bytes taken, maybe 0; -EPIPE. */
int web_term_client_write(struct web_term_client *c, ssh_channel to, struct span s);
/* The words of the disconnect, if the worker sent one; else "". */
const char *web_term_client_farewell(const struct web_term_client *c);
#endif
