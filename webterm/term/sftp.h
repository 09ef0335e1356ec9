#ifndef WEBTERM_TERM_SFTP_H
#define WEBTERM_TERM_SFTP_H
#include "gateway/core/buf.h"
#include "gateway/core/rd.h"
#include "gateway/xfer/sftp.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * sftp - requests of an SFTP client, and the answers to them.
 *
 * Source:  draft-ietf-secsh-filexfer-02 (version 3); a rename that must not replace is its own.
 * Shape:   u32be length | u8 type | u32be id | the rest by type.
 * Limits:  an answer has at most WEB_TERM_SFTP_MAX bytes behind its length, texts in it are what a packet holds.
 * Returns: get: bytes consumed, 0 = more to come, -EPROTO for what no server of version 3 says.
 * Trust:   answers hostile.  Owns: nothing; spans point into the input.
 */
enum { WEB_TERM_SFTP_MAX = 256 * 1024 };

struct web_term_sftp_ask {
	uint8_t type; /* enum sftp_type */
	uint32_t id;
	struct span path, to; /* path: or a handle */
	uint32_t flags, mode; /* mode: of SETSTAT */
	uint64_t at;
	uint32_t len;
	struct span data;
};
void web_term_sftp_hello(struct buf *b);
void web_term_sftp_put(struct buf *b, const struct web_term_sftp_ask *q);

struct web_term_sftp_attributes {
	uint32_t flags; /* which of these are known: SFTP_ATTR_* */
	uint64_t size;
	uint32_t uid, gid, mode, mtime;
};
struct web_term_sftp_answer {
	uint8_t type;
	uint32_t id;      /* the version, of SFTP_VERSION */
	uint32_t status;  /* enum sftp_status */
	struct span text; /* words of a status; a handle; data */
	struct web_term_sftp_attributes attributes;
	uint32_t count;   /* of names */
	struct rd names;  /* for web_term_sftp_name */
};
int web_term_sftp_get(struct span in, struct web_term_sftp_answer *ret);
/* The next of `count` names; false when it is cut. */
bool web_term_sftp_name(struct rd *names, struct span *ret_name, struct web_term_sftp_attributes *ret);
#endif
