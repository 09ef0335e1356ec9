#ifndef POL_REKEY_H
#define POL_REKEY_H
#include <stdint.h>
struct pol_broker;
struct pol_rekey;
/*
 * rekey - generations of the master key, as the broker sees them: the chain of evidence keys is written down, and what was
 *         sealed under an older generation is sealed anew.
 *
 * Source:  docs/decisions/0006-key-rotation.md.
 * Order:   `key rotate` -> the parent has the vault make the next key file and start with it -> a round.
 *          A round: what keys has the vault -> api.keys_sync -> each old blob: the vault seals it again -> api.sealed_renew.
 *          A round also runs when the database or the vault comes (back), so that a kill in its middle costs nothing.
 * Errors:  a round that fails is begun again after a while; a blob that does not open is left and counted.
 */
struct pol_rekey *pol_rekey_new(struct pol_broker *b);
struct pol_rekey *pol_rekey_free(struct pol_rekey *r); /* returns NULL */
/* Something came back: look soon. */
void pol_rekey_look(struct pol_rekey *r);
/* For doctor: why the last round failed, or "". */
const char *pol_rekey_trouble(const struct pol_rekey *r);
#endif
