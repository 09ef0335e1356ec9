#ifndef POLICY_VAULT_MAKE_H
#define POLICY_VAULT_MAKE_H
#include "gateway/core/secret.h"
#include <stddef.h>
struct err;
/*
 * make - new passwords for accounts of targets, at random; nobody but the vault sees them before a worker uses them.
 *
 * Source:  the customer's rule (at least 8 characters, of letters, digits and others).
 * Shape:   printable ASCII, begins with a letter, holds small and capital letters, digits and others of VAULT_MAKE_OTHERS: none that
 *          a shell, a URL, a configuration file or chpasswd (`name:password`) reads as something else.
 * Limits:  VAULT_MAKE_LEAST .. VAULT_MAKE_MOST characters, 6 bits each: 24 of them are more than 128 bits.
 * Owns:    the secret is the caller's.
 */
#define VAULT_MAKE_OTHERS "-_.,+="
enum { VAULT_MAKE_LEAST = 8, VAULT_MAKE_MOST = 64 };
int vault_make_password(size_t length, struct secret **ret, struct err *err);
#endif
