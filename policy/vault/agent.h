#ifndef POLICY_VAULT_AGENT_H
#define POLICY_VAULT_AGENT_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct err;
struct vault_key;
/*
 * agent - the two questions of the ssh-agent protocol that a login needs: which keys, and sign this.
 *
 * Source:  draft-miller-ssh-agent sections 3 and 4; RFC 4252 section 7 (what is signed); RFC 8332.
 * Shape:   u32be length | u8 type | body.   11 -> 12 the list; 13 blob, data, flags -> 14 signature; else -> 5 failure.
 * Safety:  data is signed only if it is a login by "publickey" to "ssh-connection" as `login`, with the very key that we
 *          list, by an algorithm of that key (SHA-1 only for a legacy target), and while `uses` last.  The algorithm comes from the
 *          data, never from the flags.  One refused signature ends the stream.
 * Limits:  a request of VAULT_AGENT_REQUEST_MAX bytes, VAULT_AGENT_REQUESTS_MAX of them.
 * Trust:   input hostile.
 */
enum { VAULT_AGENT_REQUEST_MAX = 16384, VAULT_AGENT_ANSWER_MAX = 16384, VAULT_AGENT_REQUESTS_MAX = 16 };

/* What a client signs to log in; RFC 4252 section 7. */
struct vault_agent_login {
	struct span session_id, user, algorithm, blob;
};
int vault_agent_login_get(struct span data, struct vault_agent_login *ret, struct err *err);

struct vault_agent {
	const struct vault_key *key; /* borrowed */
	struct span blob;            /* what is listed: the public key, or the certificate over it */
	const char *certificate;     /* the certificate's algorithm name; NULL for a plain key */
	struct span login;           /* borrowed */
	uint32_t uses;
	uint32_t requests; /* so far */
};
/* Takes one whole frame (u32 length, then the body) from the front of `in`, appends the answer's frame to out.
 * Returns the bytes taken, 0 = more must come, -EACCES after a refused signature (out has the failure to be sent
 * before the stream closes), -EPROTO (close at once).  *ret_signed: a signature was made. */
int vault_agent_answer(struct vault_agent *a, struct span in, struct buf *out, int *ret_signed, struct err *err);
#endif
