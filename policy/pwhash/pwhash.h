#ifndef PWHASH_PWHASH_H
#define PWHASH_PWHASH_H
#include "gateway/core/wire.h"
#include <sodium.h>
struct err;
/*
 * pwhash - login passwords: argon2id, in a process of its own, so that the broker's loop never waits 50 ms.
 *
 * Source:  RFC 9106; costs as in the OWASP password storage cheat sheet: 19 MiB, 2 passes, 1 lane.
 * Shape:   a hash is libsodium's string form ($argon2id$v=19$m=19456,t=2,p=1$...), at most 127 bytes.
 * Safety:  VERIFY takes the same time for an empty hash (an unknown user, a user without a password) and for one that
 *          cannot be read as for a real one: it then works on a dummy of the same cost and fails.
 * Limits:  passwords of PWHASH_MIN to PWHASH_MAX bytes are taken; the same maximum bounds what is verified.
 * Trust:   the broker is trusted; the password in it is the client's and hostile.
 */
enum { PWHASH_OPS = 2, PWHASH_MEMORY_BYTES = 19 * 1024 * 1024, PWHASH_MIN = 8, PWHASH_MAX = 1024 };

struct pwhash {
	char dummy[crypto_pwhash_STRBYTES];
};
/* Makes the dummy. */
int pwhash_init(struct pwhash *p, struct err *err);
/* 0: it is the password; -EACCES: it is not; -ENOMEM. */
int pwhash_verify(const struct pwhash *p, struct span hash, struct span password);
/* The password comes in a sealed memfd, one line.  -EINVAL: too short or too long; -EPROTO: no sealed memfd. */
/* rule: as pwhash_fits has it; -ERANGE: the password does not fit. */
int pwhash_new(int fd, struct span rule, char ret[static crypto_pwhash_STRBYTES], struct err *err);
/* As a rule says it: "12 on": so many characters, and letters, digits and others among them.  No rule: any will do. */
bool pwhash_fits(struct span password, struct span rule);
/* Answers one request in place of the broker's message; fd -1 = none came. */
void pwhash_answer(const struct pwhash *p, const struct wire_pwhash *ask, int fd, struct wire_pwhash_answer *ret,
	char hash[static crypto_pwhash_STRBYTES]);
#endif
