#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/tls.h"
#include "tools/yanmen/webcert.h"
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static X509 *made(const char *machine, struct buf *certificate, struct buf *key)
{
	struct err err = { 0 };

	buf_init(certificate, CLI_WEBCERT_MAX);
	buf_init(key, CLI_WEBCERT_MAX);
	assert_int_equal(cli_webcert_make(machine, certificate, key, &err), 0);
	BIO *bio = BIO_new_mem_buf(certificate->data, (int)certificate->len);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(cert);
	BIO_free(bio);
	return cert;
}

static void it_is_for_this_machine_and_signed_by_itself_for_ten_years(void **state)
{
	struct buf certificate, key;
	int days = 0, seconds = 0;

	(void)state;
	X509 *cert = made("gate.example.com", &certificate, &key);
	assert_int_equal(X509_check_host(cert, "gate.example.com", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(cert, "other.example.com", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(cert, "127.0.0.2", 0), 0);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
	assert_int_equal(X509_check_ca(cert), 0);
	assert_true(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert), X509_get0_notAfter(cert)));
	assert_int_equal(days, CLI_WEBCERT_DAYS + 1);
	X509_free(cert);
	buf_done(&certificate);
	buf_done(&key);
}

static void a_server_takes_it_and_a_client_that_knows_it_trusts_it(void **state)
{
	struct buf certificate, key;
	struct err err = { 0 };
	SSL_CTX *server = NULL, *client = NULL;

	(void)state;
	X509_free(made("gate", &certificate, &key));
	assert_int_equal(tls_server(buf_span(&certificate), buf_span(&key), NULL, &server, &err), 0);
	assert_int_equal(tls_client(buf_span(&certificate), NULL, &client, &err), 0);
	SSL *s = SSL_new(server), *c = SSL_new(client);
	assert_int_equal(tls_expect(c, "localhost", &err), 0);
	BIO *one = NULL, *other = NULL;
	assert_int_equal(BIO_new_bio_pair(&one, 0, &other, 0), 1);
	SSL_set_bio(s, one, one);
	SSL_set_bio(c, other, other);
	SSL_set_accept_state(s);
	SSL_set_connect_state(c);
	for (int i = 0; i < 20 && !(SSL_is_init_finished(s) && SSL_is_init_finished(c)); i++) {
		(void)SSL_do_handshake(c);
		(void)SSL_do_handshake(s);
	}
	assert_true(SSL_is_init_finished(c) && SSL_get_verify_result(c) == X509_V_OK);
	SSL_free(s);
	SSL_free(c);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	buf_done(&certificate);
	buf_done(&key);
}

static void a_machine_with_an_odd_name_is_localhost_alone(void **state)
{
	static const char *const odd[] = { "", "a,DNS:evil.example.com", "b c", "localhost",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		struct buf certificate, key;
		X509 *cert = made(odd[i], &certificate, &key);
		assert_int_equal(X509_check_host(cert, "localhost", 0, 0, NULL), 1);
		assert_int_equal(X509_check_host(cert, "evil.example.com", 0, 0, NULL), 0);
		X509_free(cert);
		buf_done(&certificate);
		buf_done(&key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_for_this_machine_and_signed_by_itself_for_ten_years),
		cmocka_unit_test(a_server_takes_it_and_a_client_that_knows_it_trusts_it),
		cmocka_unit_test(a_machine_with_an_odd_name_is_localhost_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
