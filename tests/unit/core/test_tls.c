#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/tls.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>

/* A self-signed certificate and its key, as PEM. */
struct identity {
	char certificate[4096], key[4096];
};

static struct identity ours, other;
static const char *expected; /* what the client wants the certificate to name, or NULL */

static void pem_text(BIO *bio, char *ret, size_t n)
{
	int got = BIO_read(bio, ret, (int)n - 1);
	assert_true(got > 0);
	ret[got] = '\0';
	BIO_free(bio);
}

static void make(struct identity *id, const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = X509_new();
	assert_true(key && c);
	assert_int_equal(X509_set_version(c, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(c), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(c), -3600));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(c), 3600));
	assert_int_equal(X509_set_pubkey(c, key), 1);
	X509_NAME *subject = X509_get_subject_name(c);
	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(c, subject), 1);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(bio, c), 1);
	pem_text(bio, id->certificate, sizeof id->certificate);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	pem_text(bio, id->key, sizeof id->key);
	X509_free(c);
	EVP_PKEY_free(key);
}

static int make_both(void **state)
{
	(void)state;
	make(&ours, "gate");
	make(&other, "other");
	return 0;
}

/* Hand-shake between the two contexts over a socket pair, in turns.  Version of TLS on success, 0 otherwise. */
static int handshake(SSL_CTX *server, SSL_CTX *client, const char *alpn, char *ret_alpn)
{
	int sv[2], s = -1, c = -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sv), 0);
	SSL *server_end = SSL_new(server), *client_end = SSL_new(client);
	assert_true(server_end && client_end);
	assert_int_equal(SSL_set_fd(server_end, sv[0]), 1);
	assert_int_equal(SSL_set_fd(client_end, sv[1]), 1);
	if (expected)
		assert_int_equal(tls_expect(client_end, expected, NULL), 0);
	if (alpn)
		assert_int_equal(SSL_set_alpn_protos(client_end, (const unsigned char *)alpn, (unsigned)strlen(alpn)), 0);
	for (int i = 0; i < 20 && (s != 1 || c != 1); i++) {
		c = c == 1 ? 1 : SSL_connect(client_end);
		s = s == 1 ? 1 : SSL_accept(server_end);
	}
	const unsigned char *chosen = NULL;
	unsigned n = 0;
	SSL_get0_alpn_selected(client_end, &chosen, &n);
	if (ret_alpn) {
		memcpy(ret_alpn, chosen ? (const char *)chosen : "", n);
		ret_alpn[n] = '\0';
	}
	int version = s == 1 && c == 1 ? SSL_version(client_end) : 0;
	if (version) {
		char byte = 0;
		assert_int_equal(SSL_write(client_end, "x", 1), 1);
		assert_int_equal(SSL_read(server_end, &byte, 1), 1);
		assert_int_equal(byte, 'x');
	}
	SSL_free(server_end);
	SSL_free(client_end);
	scope_close(&sv[0]);
	scope_close(&sv[1]);
	return version;
}

static void scope_ctx(SSL_CTX **p)
{
	SSL_CTX_free(*p);
}

static SSL_CTX *new_server(const struct identity *id, const char *alpn)
{
	SSL_CTX *ctx = NULL;
	struct err err = { 0 };
	if (tls_server(span_str(id->certificate), span_str(id->key), alpn, &ctx, &err) < 0)
		fail_msg("%s", err.detail);
	return ctx;
}

static SSL_CTX *pinned_to(const struct identity *id)
{
	SSL_CTX *ctx = NULL;
	uint8_t pin[TLS_PIN_SIZE];
	assert_int_equal(tls_fingerprint(span_str(id->certificate), pin, NULL), 0);
	assert_int_equal(tls_client((struct span){ 0 }, pin, &ctx, NULL), 0);
	return ctx;
}

static void the_pinned_certificate_is_accepted_and_no_other(void **state)
{
	(void)state;
	scoped(scope_ctx) SSL_CTX *server = new_server(&ours, NULL);
	scoped(scope_ctx) SSL_CTX *right = pinned_to(&ours);
	scoped(scope_ctx) SSL_CTX *wrong = pinned_to(&other);
	assert_int_equal(handshake(server, right, NULL, NULL), TLS1_3_VERSION);
	assert_int_equal(handshake(server, wrong, NULL, NULL), 0);
}

static void a_ca_decides_where_no_pin_is_given(void **state)
{
	(void)state;
	scoped(scope_ctx) SSL_CTX *server = new_server(&ours, NULL);
	scoped(scope_ctx) SSL_CTX *right = NULL;
	scoped(scope_ctx) SSL_CTX *wrong = NULL;
	assert_int_equal(tls_client(span_str(ours.certificate), NULL, &right, NULL), 0);
	assert_int_equal(tls_client(span_str(other.certificate), NULL, &wrong, NULL), 0);
	assert_int_not_equal(handshake(server, right, NULL, NULL), 0);
	assert_int_equal(handshake(server, wrong, NULL, NULL), 0);
	SSL_CTX *nobody = NULL;
	assert_int_equal(tls_client((struct span){ 0 }, NULL, &nobody, NULL), -EPROTO); /* never unverified */
	assert_null(nobody);
}

static void the_certificate_must_name_the_host(void **state)
{
	(void)state;
	static const struct {
		const char *host;
		bool good;
	} table[] = { { "gate", true }, { "GATE", true }, { "other", false }, { "gate.example", false }, { "10.0.0.1", false },
		{ "::1", false } };
	scoped(scope_ctx) SSL_CTX *server = new_server(&ours, NULL);
	scoped(scope_ctx) SSL_CTX *client = NULL;
	assert_int_equal(tls_client(span_str(ours.certificate), NULL, &client, NULL), 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		expected = table[i].host;
		if ((handshake(server, client, NULL, NULL) != 0) != table[i].good)
			fail_msg("%s", table[i].host);
	}
	expected = NULL;
}

static void a_client_shows_its_certificate_to_a_server_that_asks(void **state)
{
	(void)state;
	scoped(scope_ctx) SSL_CTX *server = new_server(&ours, NULL);
	scoped(scope_ctx) SSL_CTX *trust = NULL;
	scoped(scope_ctx) SSL_CTX *client = pinned_to(&ours);
	assert_int_equal(tls_client(span_str(other.certificate), NULL, &trust, NULL), 0);
	SSL_CTX_set1_verify_cert_store(server, SSL_CTX_get_cert_store(trust));
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	assert_int_equal(handshake(server, client, NULL, NULL), 0);
	assert_int_equal(tls_identify(client, span_str(other.certificate), span_str(ours.key), NULL), -EPROTO);
	assert_int_equal(tls_identify(client, span_str("x"), span_str(other.key), NULL), -EPROTO);
	scoped(scope_ctx) SSL_CTX *right = pinned_to(&ours);
	assert_int_equal(tls_identify(right, span_str(other.certificate), span_str(other.key), NULL), 0);
	assert_int_equal(handshake(server, right, NULL, NULL), TLS1_3_VERSION);
	scoped(scope_ctx) SSL_CTX *wrong = pinned_to(&ours);
	assert_int_equal(tls_identify(wrong, span_str(ours.certificate), span_str(ours.key), NULL), 0);
	assert_int_equal(handshake(server, wrong, NULL, NULL), 0);
}

static void old_versions_are_refused_and_12_is_not(void **state)
{
	(void)state;
	scoped(scope_ctx) SSL_CTX *server = new_server(&ours, NULL);
	scoped(scope_ctx) SSL_CTX *client = pinned_to(&ours);
	assert_int_equal(SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION), 1);
	assert_int_equal(handshake(server, client, NULL, NULL), TLS1_2_VERSION);
	SSL_CTX_set_security_level(client, 0);
	SSL_CTX_set_security_level(server, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(client, TLS1_VERSION), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(client, "ALL:@SECLEVEL=0"), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(client, TLS1_1_VERSION), 1);
	assert_int_equal(handshake(server, client, NULL, NULL), 0);
}

static void alpn_is_chosen_or_refused(void **state)
{
	(void)state;
	char chosen[256];
	scoped(scope_ctx) SSL_CTX *server = new_server(&ours, "http/1.1");
	scoped(scope_ctx) SSL_CTX *client = pinned_to(&ours);
	assert_int_not_equal(handshake(server, client, "\x02h2\x08http/1.1", chosen), 0);
	assert_string_equal(chosen, "http/1.1");
	assert_int_equal(handshake(server, client, "\x02h2", chosen), 0);
	assert_int_not_equal(handshake(server, client, NULL, chosen), 0);
}

static void broken_texts_are_refused(void **state)
{
	(void)state;
	SSL_CTX *ctx = NULL;
	struct err err = { 0 };
	uint8_t pin[TLS_PIN_SIZE];
	assert_int_equal(tls_server(span_str("x"), span_str(ours.key), NULL, &ctx, &err), -EPROTO);
	assert_int_equal(tls_server(span_str(ours.certificate), span_str("x"), NULL, &ctx, &err), -EPROTO);
	assert_int_equal(tls_server(span_str(ours.certificate), span_str(other.key), NULL, &ctx, &err), -EPROTO);
	assert_null(strstr(err.detail, "PRIVATE"));
	assert_int_equal(tls_client(span_str("x"), NULL, &ctx, &err), -EPROTO);
	assert_int_equal(tls_fingerprint(span_str("x"), pin, &err), -EPROTO);
	assert_int_equal(tls_fingerprint((struct span){ 0 }, pin, NULL), -EPROTO);
	assert_null(ctx);
	for (size_t n = 0; n + 2 < strlen(ours.certificate); n += 7)
		assert_int_equal(tls_server(span_of(ours.certificate, n), span_str(ours.key), NULL, &ctx, NULL), -EPROTO);
}

/* The key stays when a certificate is renewed: what it is pinned by holds. */
static void a_client_that_pins_a_key_takes_any_certificate_of_it(void **state)
{
	(void)state;
	SSL_CTX *server = NULL, *client = NULL;
	uint8_t key[TLS_PIN_SIZE], certificate[TLS_PIN_SIZE];
	struct span cert = span_str(ours.certificate);
	assert_int_equal(tls_key_fingerprint(cert, key, NULL), 0);
	assert_int_equal(tls_fingerprint(cert, certificate, NULL), 0);
	assert_memory_not_equal(key, certificate, sizeof key);
	assert_int_equal(tls_server(cert, span_str(ours.key), NULL, &server, NULL), 0);
	assert_int_equal(tls_client_of_key(key, &client, NULL), 0);
	assert_int_not_equal(handshake(server, client, NULL, NULL), 0);
	SSL_CTX_free(client);
	assert_int_equal(tls_client_of_key(certificate, &client, NULL), 0);
	assert_int_equal(handshake(server, client, NULL, NULL), 0);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	assert_int_equal(tls_key_fingerprint(span_str("no certificate"), key, NULL), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(the_pinned_certificate_is_accepted_and_no_other), CASE(a_ca_decides_where_no_pin_is_given),
		CASE(the_certificate_must_name_the_host), CASE(a_client_shows_its_certificate_to_a_server_that_asks),
		CASE(old_versions_are_refused_and_12_is_not), CASE(alpn_is_chosen_or_refused), CASE(broken_texts_are_refused),
		CASE(a_client_that_pins_a_key_takes_any_certificate_of_it),
	};
	return cmocka_run_group_tests(cases, make_both, NULL);
}
