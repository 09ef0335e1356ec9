#include "tools/yanmen/webcert.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <ctype.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { MACHINE_MAX = 64, DAY_S = 86400 };

static void key_scope(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void cert_scope(X509 **cert)
{
	X509_free(*cert);
}

static void bio_scope(BIO **bio)
{
	BIO_free(*bio);
}

static bool is_machine(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '.' && name[i] != '-')
			return false;
	return n > 0 && n < MACHINE_MAX && strcmp(name, "localhost") != 0;
}

static bool extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool ok = ext && X509_add_ext(cert, ext, -1) == 1;

	X509_EXTENSION_free(ext);
	return ok;
}

static bool number(X509 *cert)
{
	uint64_t serial = 0;

	return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1) == 1;
}

static bool fill(X509 *cert, EVP_PKEY *key, const char *machine)
{
	bool named = is_machine(machine);
	const unsigned char *cn = (const unsigned char *)(named ? machine : "localhost");
	char names[MACHINE_MAX + 64];

	(void)snprintf(names, sizeof names, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", named ? ",DNS:" : "", named ? machine : "");
	X509_NAME *name = X509_get_subject_name(cert);
	return X509_set_version(cert, X509_VERSION_3) == 1 && number(cert) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_S) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), (long)CLI_WEBCERT_DAYS * DAY_S) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, cn, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 &&
	       extend(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       extend(cert, NID_key_usage, "critical,digitalSignature") &&
	       extend(cert, NID_ext_key_usage, "serverAuth") && extend(cert, NID_subject_alt_name, names) &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

static bool text_of(BIO *bio, struct buf *ret)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	if (n <= 0)
		return false;
	buf_put(ret, p, (size_t)n);
	return !ret->failed;
}

int cli_webcert_make(const char *machine, struct buf *ret_certificate, struct buf *ret_key, struct err *err)
{
	scoped(key_scope) EVP_PKEY *key = EVP_EC_gen("P-256");
	scoped(cert_scope) X509 *cert = X509_new();
	scoped(bio_scope) BIO *cert_text = BIO_new(BIO_s_mem());
	scoped(bio_scope) BIO *key_text = BIO_new(BIO_s_secmem());

	if (!key || !cert || !cert_text || !key_text || !fill(cert, key, machine) ||
		PEM_write_bio_X509(cert_text, cert) != 1 ||
		PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) != 1 ||
		!text_of(cert_text, ret_certificate) || !text_of(key_text, ret_key))
		return fault(err, -EIO, "internal error", "OpenSSL made no certificate");
	return 0;
}
