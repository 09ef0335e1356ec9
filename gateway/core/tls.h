#ifndef CORE_TLS_H
#define CORE_TLS_H
#include "gateway/core/buf.h"
#include <openssl/types.h>
struct err;
/*
 * tls - OpenSSL contexts with our defaults, from PEM texts in memory (a sandboxed process opens no file).
 *
 * TLS 1.2 and 1.3 only, no compression, no renegotiation, session tickets off, server preference.  Servers may set
 * one ALPN name.  Clients verify against the given CA or, where `pin` is set, against exactly one certificate
 * (SHA-256 of its DER form), or one public key whatever certificate it comes in; never unverified.
 * Owns: the returned SSL_CTX is the caller's, SSL_CTX_free.
 */
enum { TLS_PIN_SIZE = 32 };
int tls_server(struct span certificate_pem, struct span key_pem, const char *alpn, SSL_CTX **ret, struct err *err);
/* The same on a context that a library made, with its own ALPN. */
int tls_server_on(SSL_CTX *ctx, struct span certificate_pem, struct span key_pem, struct err *err);
int tls_client(struct span ca_pem, const uint8_t *pin, SSL_CTX **ret, struct err *err);
/* pin: SHA-256 over the DER form of the SubjectPublicKeyInfo (RFC 7469 section 2.4). */
int tls_client_of_key(const uint8_t pin[static TLS_PIN_SIZE], SSL_CTX **ret, struct err *err);
/* A certificate (its chain behind it) and its key, for a client whose server asks for one. */
int tls_identify(SSL_CTX *ctx, struct span certificate_pem, struct span key_pem, struct err *err);
/* What the server's certificate must name: a host name, which the server is also told (SNI), or an IP address. */
int tls_expect(SSL *ssl, const char *host, struct err *err);
/* SHA-256 over the DER form of the first certificate of a PEM text. */
int tls_fingerprint(struct span certificate_pem, uint8_t ret[static TLS_PIN_SIZE], struct err *err);
/* SHA-256 over the DER form of its SubjectPublicKeyInfo. */
int tls_key_fingerprint(struct span certificate_pem, uint8_t ret[static TLS_PIN_SIZE], struct err *err);
#endif
