#include "gateway/ssh/algo.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static const char front_kex[] =
	"curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521";
static const char back_kex[] =
	"curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
	"diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256";
/* aes-gcm first: three times faster here than chacha20 where the CPU has AES. */
static const char ciphers[] = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,"
			      "aes256-ctr,aes192-ctr,aes128-ctr";
static const char front_macs[] = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com";
static const char back_macs[] =
	"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512";
/* How we log in to targets ... */
static const char back_user_keys[] =
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
/* ... and users to us. */
static const char front_user_keys[] =
	"ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,"
	"ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,"
	"rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,"
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
static const char any_host_key[] =
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256";
/* What a legacy target gets behind the rest. */
static const char old_kex[] = ",diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha1,"
			      "diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1";
static const char old_ciphers[] = ",aes256-cbc,aes192-cbc,aes128-cbc,3des-cbc";
static const char old_macs[] = ",hmac-sha1-etm@openssh.com,hmac-sha1";
static const char old_keys[] = ",ssh-rsa";

static const struct {
	const char *type, *algorithms;
} by_type[] = {
	{ "ssh-ed25519", "ssh-ed25519" },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384" },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521" },
	{ "ssh-rsa", "rsa-sha2-512,rsa-sha2-256" },
};

int gw_ssh_algo_server(ssh_bind bind)
{
	const bool no = false;
	const int rsa_bits = 2048;
	const struct {
		enum ssh_bind_options_e option;
		const void *value;
	} options[] = {
		{ SSH_BIND_OPTIONS_PROCESS_CONFIG, &no },
		{ SSH_BIND_OPTIONS_BANNER, "Yanmen" },
		{ SSH_BIND_OPTIONS_KEY_EXCHANGE, front_kex },
		{ SSH_BIND_OPTIONS_CIPHERS_C_S, ciphers },
		{ SSH_BIND_OPTIONS_CIPHERS_S_C, ciphers },
		{ SSH_BIND_OPTIONS_HMAC_C_S, front_macs },
		{ SSH_BIND_OPTIONS_HMAC_S_C, front_macs },
		{ SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, front_user_keys },
		{ SSH_BIND_OPTIONS_RSA_MIN_SIZE, &rsa_bits },
	};
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (ssh_bind_options_set(bind, options[i].option, options[i].value) < 0)
			return -EINVAL;
	return 0;
}

/* The host key algorithms for a pinned key's blob, "" for a type that we do not speak. */
static const char *of_blob(struct span blob)
{
	struct rd r = rd_of(blob);
	struct span type = rd_str32be(&r);
	for (size_t i = 0; !r.bad && i < COUNT_OF(by_type); i++)
		if (span_is(type, by_type[i].type))
			return by_type[i].algorithms;
	return "";
}

struct client_lists {
	char kex[512], ciphers[256], macs[256], host_keys[512], user_keys[256];
};

static void client_lists(const struct gw_ssh_algo_to *to, struct client_lists *l)
{
	const char *pinned = of_blob(to->pinned);
	bool old = to->legacy;
	(void)snprintf(l->kex, sizeof l->kex, "%s%s", back_kex, old ? old_kex : "");
	(void)snprintf(l->ciphers, sizeof l->ciphers, "%s%s", ciphers, old ? old_ciphers : "");
	(void)snprintf(l->macs, sizeof l->macs, "%s%s", back_macs, old ? old_macs : "");
	(void)snprintf(l->user_keys, sizeof l->user_keys, "%s%s", back_user_keys, old ? old_keys : "");
	(void)snprintf(l->host_keys, sizeof l->host_keys, "%s%s%s%s", pinned, *pinned && !to->only_pinned ? "," : "",
		to->only_pinned ? "" : any_host_key, old && (!to->only_pinned || strstr(pinned, "rsa")) ? old_keys : "");
}

ssh_session gw_ssh_algo_client(const struct gw_ssh_algo_to *to)
{
	/* Without SSH_DIR and the two known_hosts libssh asks the system who we are and opens files. */
	const bool no = false;
	struct client_lists l;
	client_lists(to, &l);
	const struct {
		enum ssh_options_e option;
		const void *value;
	} options[] = {
		{ SSH_OPTIONS_PROCESS_CONFIG, &no },
		{ SSH_OPTIONS_SSH_DIR, "/nonexistent" },
		{ SSH_OPTIONS_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_HOST, "target" },
		{ SSH_OPTIONS_USER, to->user },
		{ SSH_OPTIONS_FD, &to->fd },
		{ SSH_OPTIONS_KEY_EXCHANGE, l.kex },
		{ SSH_OPTIONS_HOSTKEYS, l.host_keys },
		{ SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, l.user_keys },
		{ SSH_OPTIONS_CIPHERS_C_S, l.ciphers },
		{ SSH_OPTIONS_CIPHERS_S_C, l.ciphers },
		{ SSH_OPTIONS_HMAC_C_S, l.macs },
		{ SSH_OPTIONS_HMAC_S_C, l.macs },
	};
	ssh_session s = ssh_new();
	for (size_t i = 0; s && i < COUNT_OF(options); i++) {
		if (ssh_options_set(s, options[i].option, options[i].value) < 0) {
			ssh_free(s);
			return NULL;
		}
	}
	if (s)
		ssh_set_blocking(s, 0);
	return s;
}

/* Does the list hold one of the names?  Both have commas between. */
static bool shares(struct span list, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, ",");
		for (struct span rest = list; n > 0 && rest.n > 0;) {
			const uint8_t *comma = memchr(rest.p, ',', rest.n);
			size_t word = comma ? (size_t)(comma - rest.p) : rest.n;
			if (word == n && memcmp(rest.p, names, n) == 0)
				return true;
			word += comma != NULL;
			rest = span_of(rest.p + word, rest.n - word);
		}
		names += n + (names[n] == ',');
	}
	return false;
}

/* libssh says: kex error : no match for method NAME: server [LIST], client [LIST] */
enum gw_ssh_algo_why gw_ssh_algo_why(const struct gw_ssh_algo_to *to, const char *error)
{
	static const char *const old[] = { old_kex, old_ciphers, old_macs };
	const char *list = strstr(error, "server ["), *end = list ? strchr(list, ']') : NULL;
	if (!strstr(error, "no match for method") || !end)
		return GW_SSH_ALGO_OTHER;
	list += sizeof "server [" - 1;
	struct span server = span_of(list, (size_t)(end - list));
	if (strstr(error, "host key algo")) {
		bool rsa = !to->only_pinned || strstr(of_blob(to->pinned), "rsa");
		return !to->legacy && rsa && shares(server, old_keys) ? GW_SSH_ALGO_OLD
		       : to->only_pinned                              ? GW_SSH_ALGO_HOST_KEY
								      : GW_SSH_ALGO_OTHER;
	}
	for (size_t i = 0; !to->legacy && i < COUNT_OF(old); i++)
		if (shares(server, old[i]))
			return GW_SSH_ALGO_OLD;
	return GW_SSH_ALGO_OTHER;
}

int gw_ssh_algo_blob(ssh_key key, struct buf *ret_blob)
{
	char *text = NULL;
	if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK)
		return -EINVAL;
	struct span s = span_str(text);
	int r = -EINVAL;
	uint8_t *to = s.n % 4 == 0 && s.n >= 4 ? buf_room(ret_blob, s.n / 4 * 3) : NULL;
	if (to && EVP_DecodeBlock(to, s.p, (int)s.n) == (int)(s.n / 4 * 3)) {
		buf_grew(ret_blob, s.n / 4 * 3 - (s.p[s.n - 1] == '=') - (s.p[s.n - 2] == '='));
		r = 0;
	}
	ssh_string_free_char(text);
	return r;
}

int gw_ssh_algo_server_key(ssh_session s, struct buf *ret_blob)
{
	ssh_key key = NULL;
	if (ssh_get_server_publickey(s, &key) != SSH_OK)
		return -ENOENT;
	int r = gw_ssh_algo_blob(key, ret_blob);
	ssh_key_free(key);
	return r;
}
