#include "gateway/ssh/ssh.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/ssh/algo.h"
#include "gateway/ssh/hostkey.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { MEMORY_MAX = 256 * 1024 * 1024 };

/* OpenSSL loads its configuration, providers and algorithms at first use: that is now, not inside the sandbox. */
static int warm_crypto(struct err *err)
{
	static const char *const names[] = { "AES-128-GCM", "AES-256-GCM", "AES-128-CTR", "AES-192-CTR", "AES-256-CTR",
		"ChaCha20", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC" };
	static const char *const digests[] = { "SHA1", "SHA2-256", "SHA2-384", "SHA2-512" };
	static const int keys[] = { SSH_KEYTYPE_ED25519, SSH_KEYTYPE_ECDSA_P256 };
	tzset();
	uint8_t out[EVP_MAX_MD_SIZE], random[16];
	for (size_t i = 0; i < COUNT_OF(digests); i++) {
		EVP_MD *md = EVP_MD_fetch(NULL, digests[i], NULL);
		unsigned n = 0;
		int ok = md && EVP_Digest("x", 1, out, &n, md, NULL) == 1;
		EVP_MD_free(md);
		if (!ok)
			return fault(err, -ENOSYS, "internal error", "%s", digests[i]);
	}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, names[i], NULL)); /* libssh has a ChaCha20 of its own */
	if (ssh_get_random(random, sizeof random, 1) != 1)
		return fault(err, -ENOSYS, "internal error", "no random bytes");
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		ssh_key key = NULL;
		if (ssh_pki_generate((enum ssh_keytypes_e)keys[i], 256, &key) != SSH_OK)
			return fault(err, -ENOSYS, "internal error", "key generation");
		ssh_key_free(key);
	}
	ssh_event event = ssh_event_new();
	if (!event)
		return fault(err, -ENOMEM, "internal error", "ssh_event_new");
	ssh_event_free(event);
	return 0;
}

/* What a peer can make libssh hold (answers it does not read, a packet size of ten bytes that ssh_channel_write never gets
 * through) ends this worker, not the machine.  16 stalled channels need a third of it,
 * 31 connections that lead to the client, all stalled both ways, 155 MB. */
static int limit_memory(struct err *err)
{
#ifndef YANMEN_SANITIZED
	const struct rlimit limit = { .rlim_cur = MEMORY_MAX, .rlim_max = MEMORY_MAX };
	if (setrlimit(RLIMIT_DATA, &limit) < 0)
		return fault(err, -errno, "internal error", "RLIMIT_DATA: %m");
#endif
	(void)err;
	return 0;
}

static int warm(struct gw_session *s, struct span host_key, void **ret_state, struct err *err)
{
	if (ssh_init() != SSH_OK)
		return fault(err, -ENOSYS, "internal error", "ssh_init");
	(void)ssh_set_log_level(SSH_LOG_NOLOG);
	struct gw_ssh *w = calloc(1, sizeof *w);
	if (!w || !(w->bind = ssh_bind_new())) {
		free(w);
		return fault(err, -ENOMEM, "internal error", "ssh_bind_new");
	}
	w->gw = s;
	int r = limit_memory(err);
	if (r == 0)
		r = warm_crypto(err);
	if (r == 0 && gw_ssh_algo_server(w->bind) < 0)
		r = fault(err, -EINVAL, "internal error", "options: %s", ssh_get_error(w->bind));
	if (r == 0)
		r = gw_ssh_hostkey_give(w->bind, s, host_key, err);
	if (r < 0) {
		ssh_bind_free(w->bind);
		free(w);
		return r;
	}
	*ret_state = w;
	return 0;
}

const struct gw_proto gw_ssh_proto = {
	.name = "ssh",
	.role = WIRE_SSH,
	.sandbox = SANDBOX_SSH,
	.warm = warm,
	.serve = gw_ssh_serve,
	.probe = gw_ssh_probe,
	.rotate = gw_ssh_rotate,
};
