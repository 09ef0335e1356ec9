#ifndef MYSQL_FRONT_KEY_H
#define MYSQL_FRONT_KEY_H
#include "gateway/core/buf.h"
#include <openssl/types.h>
struct err;
/*
 * front_key - the RSA exchange of caching_sha2_password, a server's side: an RSA key for one login, and the password under it.
 *
 * Source:  MySQL "Caching_sha2 Authentication": RSA-OAEP (SHA-1) over the password with its NUL, XOR the challenge again and again.
 * Note:    the key proves nothing: it keeps a password from who listens, not from who stands between.
 */
enum { MYSQL_FRONT_KEY_BITS = 2048, MYSQL_FRONT_KEY_CLEAR = MYSQL_FRONT_KEY_BITS / 8 };
int mysql_front_key_make(EVP_PKEY **ret, struct buf *ret_pem, struct err *err);
/* Bytes of the password, its NUL included; ret is the caller's to wipe. */
int mysql_front_key_open(EVP_PKEY *key, struct span challenge, struct span sealed, uint8_t ret[static MYSQL_FRONT_KEY_CLEAR], struct err *err);
#endif
