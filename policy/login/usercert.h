#ifndef POL_USERCERT_H
#define POL_USERCERT_H
#include "gateway/core/buf.h"
#include "gateway/core/sshkey.h"
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
struct pol_fact;
/*
 * usercert - a user's OpenSSH certificate: is it one that our users' CA signed, for him, now, from where he is?
 *
 * Purpose: libssh has looked at the client's signature with the certified key and at nothing else of the certificate; all the
 *          rest is judged here.  Whether a certificate was revoked, only the database knows (api.login_certificate).
 * Source:  OpenSSH's PROTOCOL.certkeys.
 * Shape:   string type | string nonce | the key's fields | u64 serial | u32 kind | string key id | string principals
 *          | u64 valid after | u64 valid before | string critical options | string extensions | string reserved
 *          | string CA's key | string signature.   Numbers are big-endian; the signature is over all before it; principals,
 *          options and extensions are strings in a string.
 * Safety:  one principal, the user's name, exactly; one critical option, source-address, and any other refuses; the signing key is
 *          compared byte for byte with ours, so of signatures only Ed25519's exist.  Extensions grant nothing here: grants do.
 * Limits:  POL_USERCERT_MAX bytes.
 * Errors:  get: -EPROTO.
 * Trust:   input hostile.  Owns: nothing, spans point into the input.
 */
enum { POL_USERCERT_MAX = 16 * 1024 };
struct pol_usercert {
	struct sshkey key; /* what is certified */
	uint64_t serial, after_s, before_s;
	uint32_t kind; /* 1 = a user's */
	struct span key_id, principals, critical, extensions;
	struct span ca, signature, text; /* text: what was signed */
};
/* The CA's key from its one-line form. */
int pol_usercert_ca(struct span line, uint8_t ret[static crypto_sign_PUBLICKEYBYTES]);
bool pol_usercert_is(struct span blob); /* by its first word: a certificate, not a key */
int pol_usercert_get(struct span blob, struct pol_usercert *ret);

enum pol_usercert_verdict {
	POL_USERCERT_GOOD,
	POL_USERCERT_OTHER_CA,
	POL_USERCERT_SIGNATURE,
	/* from here on it is one that our CA signed */
	POL_USERCERT_KIND,
	POL_USERCERT_PRINCIPAL,
	POL_USERCERT_EARLY,
	POL_USERCERT_EXPIRED,
	POL_USERCERT_OPTION,
	POL_USERCERT_SOURCE,
	POL_USERCERT_VERDICTS,
};
struct pol_usercert_ask {
	const uint8_t *ca; /* crypto_sign_PUBLICKEYBYTES */
	const char *user, *address;
	int64_t now_s; /* since 1970 UTC */
};
enum pol_usercert_verdict pol_usercert_judge(const struct pol_usercert *c, const struct pol_usercert_ask *ask);
const char *pol_usercert_why(enum pol_usercert_verdict v); /* for the audit; "" = good */
static inline bool pol_usercert_is_ours(enum pol_usercert_verdict v)
{
	return v != POL_USERCERT_OTHER_CA && v != POL_USERCERT_SIGNATURE;
}

/* What is kept of one that our CA signed, for the audit; what others put into theirs is nobody's word. */
struct pol_usercert_mark {
	int64_t serial; /* 0 = there is none */
	char key_id[257];
};
void pol_usercert_mark(const struct pol_usercert *c, struct pol_usercert_mark *ret);
void pol_usercert_fact(const struct pol_usercert_mark *m, struct pol_fact *f);
#endif
