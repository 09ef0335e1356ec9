#ifndef POL_HASHING_H
#define POL_HASHING_H
#include "gateway/core/loop.h"
#include <stddef.h>
#include <stdint.h>
struct err;
struct secret;
struct wire_passkey;
struct wire_passkey_answer;
/*
 * hashing - the queue in front of the helpers that hash passwords and check passkeys.
 *
 * Order:   fair over sources: each source's n-th waiting job stands in round n, rounds are served one after the other.
 *          So a flood from one address delays that address, not the others.
 * Limits:  POL_HASHING_MAX jobs wait, POL_HASHING_SOURCE_MAX of one source: beyond it pol_hashing_add is -EAGAIN.
 *          One job at a time in each helper.  An answer is due within 10 s of being sent.
 * Errors:  a helper that goes away gives its job to another, once; then -EPIPE.  `done` is called exactly once, never
 *          from inside pol_hashing_add, unless pol_hashing_drop(ctx) came first.
 * Owns:    the password of an added job (also when it fails), a duplicate of its descriptor, and the helpers' sockets.
 */
enum { POL_HASHING_MAX = 512, POL_HASHING_SOURCE_MAX = 256, POL_HASHING_HELPERS = 8 };
typedef void pol_hashing_done(void *ctx, int code, const char *hash);

struct pol_hashing_ask {
	uint8_t op;              /* enum wire_pwhash_op */
	const char *hash;        /* VERIFY; "" does the same work and fails */
	struct secret *password; /* VERIFY */
	int password_fd;         /* NEW: a sealed memfd, borrowed */
	const char *source;      /* the client's address */
	const struct wire_passkey *passkey; /* not NULL: this is asked, nothing of the above; borrowed */
	pol_hashing_done *done;
	void (*told)(void *ctx, int code, const struct wire_passkey_answer *a); /* of a passkey; a is there when code is 0 */
	void *ctx;
};

struct pol_hashing;
struct pol_hashing *pol_hashing_new(struct loop *loop);
struct pol_hashing *pol_hashing_free(struct pol_hashing *h);
int pol_hashing_helper(struct pol_hashing *h, int sock, struct err *err); /* takes sock */
size_t pol_hashing_helpers(const struct pol_hashing *h);
int pol_hashing_add(struct pol_hashing *h, const struct pol_hashing_ask *ask);
void pol_hashing_drop(struct pol_hashing *h, const void *ctx);
#endif
