#include "gateway/core/tls.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static void scope_bio(BIO **p)
{
	BIO_free(*p);
}

static void scope_x509(X509 **p)
{
	X509_free(*p);
}

static void scope_pkey(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void scope_ctx(SSL_CTX **p)
{
	SSL_CTX_free(*p);
}

static int failed(struct err *err, const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	ERR_clear_error();
	return fault(err, -EPROTO, "TLS set-up failed", "%s: %s", what, reason ? reason : "unknown");
}

static BIO *bio_of(struct span pem)
{
	return pem.n > 0 && pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

/* OpenSSL would ask the terminal for a passphrase otherwise. */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf, (void)size, (void)rwflag, (void)ctx;
	return -1;
}

/* What both sides share. */
static int harden(SSL_CTX *ctx)
{
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return -EPROTO;
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_num_tickets(ctx, 0);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		SSL_MODE_RELEASE_BUFFERS);
	return SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 ? 0 : -EPROTO;
}

static SSL_CTX *base(const SSL_METHOD *method)
{
	scoped(scope_ctx) SSL_CTX *ctx = SSL_CTX_new(method);
	return ctx && harden(ctx) == 0 ? take(ctx) : NULL;
}

/* The first certificate is ours, the rest its chain. */
static int use_certificates(SSL_CTX *ctx, struct span pem)
{
	scoped(scope_bio) BIO *bio = bio_of(pem);
	scoped(scope_x509) X509 *first = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
	if (!first || SSL_CTX_use_certificate(ctx, first) != 1)
		return -EPROTO;
	for (;;) {
		X509 *next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
		if (!next)
			break;
		if (SSL_CTX_add0_chain_cert(ctx, next) != 1) {
			X509_free(next);
			return -EPROTO;
		}
	}
	unsigned long code = ERR_peek_last_error();
	if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		return -EPROTO;
	ERR_clear_error();
	return 0;
}

/* ctx: the name in ALPN's wire form, kept as the application data of the context. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
	unsigned in_n, void *ctx)
{
	const unsigned char *ours = ctx;
	unsigned char *chosen = NULL;
	(void)ssl;
	if (SSL_select_next_proto(&chosen, out_n, ours, ours[0] + 1U, in, in_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void free_owned(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	OPENSSL_free(ptr);
}

/* Where a context keeps bytes that die with it (its ALPN name or its pin).  One index for the process, as OpenSSL asks. */
static int owned_index(void)
{
	static int index = -1;
	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_owned);
	return index;
}

static int set_alpn(SSL_CTX *ctx, const char *name)
{
	size_t n = strlen(name);
	assert(n > 0 && n < 256);
	unsigned char *wire = OPENSSL_malloc(n + 1);
	if (!wire)
		return -ENOMEM;
	wire[0] = (unsigned char)n;
	memcpy(wire + 1, name, n);
	int index = owned_index();
	if (index < 0 || SSL_CTX_set_ex_data(ctx, index, wire) != 1) {
		OPENSSL_free(wire);
		return -ENOMEM;
	}
	SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, wire);
	return 0;
}

int tls_identify(SSL_CTX *ctx, struct span certificate_pem, struct span key_pem, struct err *err)
{
	if (use_certificates(ctx, certificate_pem) < 0)
		return failed(err, "certificate");
	scoped(scope_bio) BIO *bio = bio_of(key_pem);
	scoped(scope_pkey) EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	if (!key || SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		return failed(err, "private key");
	return 0;
}

int tls_expect(SSL *ssl, const char *host, struct err *err)
{
	struct in6_addr address;
	char name[256]; /* OpenSSL's macro takes no const */
	bool is_address = inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
	if (is_address)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 ? 0 : failed(err, "address");
	(void)snprintf(name, sizeof name, "%s", host);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1 ? 0 : failed(err, "host name");
}

int tls_server(struct span certificate_pem, struct span key_pem, const char *alpn, SSL_CTX **ret, struct err *err)
{
	scoped(scope_ctx) SSL_CTX *ctx = base(TLS_server_method());
	if (!ctx)
		return failed(err, "context");
	int r = tls_identify(ctx, certificate_pem, key_pem, err);
	if (r < 0)
		return r;
	if (alpn && set_alpn(ctx, alpn) < 0)
		return failed(err, "ALPN");
	*ret = take(ctx);
	return 0;
}

int tls_server_on(SSL_CTX *ctx, struct span certificate_pem, struct span key_pem, struct err *err)
{
	return harden(ctx) < 0 ? failed(err, "context") : tls_identify(ctx, certificate_pem, key_pem, err);
}

static int fingerprint(const X509 *certificate, uint8_t ret[static TLS_PIN_SIZE])
{
	unsigned n = TLS_PIN_SIZE;
	return X509_digest(certificate, EVP_sha256(), ret, &n) == 1 && n == TLS_PIN_SIZE ? 0 : -EPROTO;
}

static int key_fingerprint(const X509 *certificate, uint8_t ret[static TLS_PIN_SIZE])
{
	uint8_t *der = NULL;
	unsigned n = TLS_PIN_SIZE;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	int ok = size > 0 && EVP_Digest(der, (size_t)size, ret, &n, EVP_sha256(), NULL) == 1;
	OPENSSL_free(der);
	return ok ? 0 : -EPROTO;
}

/* The pin decides alone: neither names nor dates nor issuers are asked. */
static int verdict(X509_STORE_CTX *store, bool same)
{
	X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
	return same;
}

static int verify_pin(X509_STORE_CTX *store, void *pin)
{
	uint8_t got[TLS_PIN_SIZE];
	const X509 *certificate = X509_STORE_CTX_get0_cert(store);
	return verdict(store, certificate && fingerprint(certificate, got) == 0 && memcmp(got, pin, TLS_PIN_SIZE) == 0);
}

static int verify_key(X509_STORE_CTX *store, void *pin)
{
	uint8_t got[TLS_PIN_SIZE];
	const X509 *certificate = X509_STORE_CTX_get0_cert(store);
	return verdict(store, certificate && key_fingerprint(certificate, got) == 0 && memcmp(got, pin, TLS_PIN_SIZE) == 0);
}

static int trust_pin(SSL_CTX *ctx, const uint8_t *pin, int (*verify)(X509_STORE_CTX *store, void *pin))
{
	uint8_t *copy = OPENSSL_memdup(pin, TLS_PIN_SIZE);
	if (!copy)
		return -ENOMEM;
	int index = owned_index();
	if (index < 0 || SSL_CTX_set_ex_data(ctx, index, copy) != 1) {
		OPENSSL_free(copy);
		return -ENOMEM;
	}
	SSL_CTX_set_cert_verify_callback(ctx, verify, copy);
	return 0;
}

static int trust_ca(SSL_CTX *ctx, struct span pem)
{
	scoped(scope_bio) BIO *bio = bio_of(pem);
	int n = 0;
	if (!bio)
		return -EPROTO;
	for (;; n++) {
		scoped(scope_x509) X509 *ca = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
		if (!ca)
			break;
		if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca) != 1)
			return -EPROTO;
	}
	ERR_clear_error();
	return n > 0 ? 0 : -EPROTO;
}

int tls_client(struct span ca_pem, const uint8_t *pin, SSL_CTX **ret, struct err *err)
{
	scoped(scope_ctx) SSL_CTX *ctx = base(TLS_client_method());
	if (!ctx)
		return failed(err, "context");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (pin ? trust_pin(ctx, pin, verify_pin) < 0 : trust_ca(ctx, ca_pem) < 0)
		return failed(err, pin ? "pin" : "certificate authority");
	*ret = take(ctx);
	return 0;
}

int tls_client_of_key(const uint8_t pin[static TLS_PIN_SIZE], SSL_CTX **ret, struct err *err)
{
	scoped(scope_ctx) SSL_CTX *ctx = base(TLS_client_method());
	if (!ctx)
		return failed(err, "context");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (trust_pin(ctx, pin, verify_key) < 0)
		return failed(err, "pin");
	*ret = take(ctx);
	return 0;
}

static int fingerprint_of(struct span certificate_pem, int (*digest)(const X509 *, uint8_t *), uint8_t *ret, struct err *err)
{
	scoped(scope_bio) BIO *bio = bio_of(certificate_pem);
	scoped(scope_x509) X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
	uint8_t got[TLS_PIN_SIZE];
	if (!certificate || digest(certificate, got) < 0)
		return failed(err, "certificate");
	memcpy(ret, got, sizeof got);
	return 0;
}

int tls_fingerprint(struct span certificate_pem, uint8_t ret[static TLS_PIN_SIZE], struct err *err)
{
	return fingerprint_of(certificate_pem, fingerprint, ret, err);
}

int tls_key_fingerprint(struct span certificate_pem, uint8_t ret[static TLS_PIN_SIZE], struct err *err)
{
	return fingerprint_of(certificate_pem, key_fingerprint, ret, err);
}
