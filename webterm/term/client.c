#include "webterm/term/client.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <string.h>
#include <time.h>

enum { TURNS_MAX = 16, LIBSSH_READ = 4096 };

static const char kex[] = "curve25519-sha256,curve25519-sha256@libssh.org";
static const char host_keys[] = "ssh-ed25519";
static const char ciphers[] = "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com";
static const char macs[] = "hmac-sha2-256-etm@openssh.com";

int web_term_client_warm(struct err *err)
{
	static const char *const names[] = { "AES-128-GCM", "ChaCha20" }, *const digests[] = { "SHA2-256", "SHA2-512" };
	uint8_t random[16];
	if (ssh_init() != SSH_OK)
		return fault(err, -ENOSYS, "internal error", "ssh_init");
	(void)ssh_set_log_level(SSH_LOG_NOLOG);
	tzset();
	for (size_t i = 0; i < COUNT_OF(digests); i++) {
		EVP_MD *md = EVP_MD_fetch(NULL, digests[i], NULL);
		if (!md)
			return fault(err, -ENOSYS, "internal error", "%s", digests[i]);
		EVP_MD_free(md);
	}
	for (size_t i = 0; i < COUNT_OF(names); i++)
		EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, names[i], NULL));
	ssh_key key = NULL;
	if (ssh_get_random(random, sizeof random, 1) != 1 || ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK)
		return fault(err, -ENOSYS, "internal error", "no random bytes, or no key");
	ssh_key_free(key);
	ssh_event event = ssh_event_new();
	if (!event)
		return fault(err, -ENOMEM, "internal error", "ssh_event_new");
	ssh_event_free(event);
	return 0;
}

static ssh_session session_new(int fd, const char *account)
{
	/* Without SSH_DIR and the two known_hosts libssh asks the system who we are and opens files. */
	const bool no = false;
	const struct {
		enum ssh_options_e option;
		const void *value;
	} options[] = {
		{ SSH_OPTIONS_PROCESS_CONFIG, &no },
		{ SSH_OPTIONS_SSH_DIR, "/nonexistent" },
		{ SSH_OPTIONS_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_HOST, "gateway" },
		{ SSH_OPTIONS_USER, account },
		{ SSH_OPTIONS_FD, &fd },
		{ SSH_OPTIONS_KEY_EXCHANGE, kex },
		{ SSH_OPTIONS_HOSTKEYS, host_keys },
		{ SSH_OPTIONS_CIPHERS_C_S, ciphers },
		{ SSH_OPTIONS_CIPHERS_S_C, ciphers },
		{ SSH_OPTIONS_HMAC_C_S, macs },
		{ SSH_OPTIONS_HMAC_S_C, macs },
	};
	ssh_session s = ssh_new();
	for (size_t i = 0; s && i < COUNT_OF(options); i++) {
		if (ssh_options_set(s, options[i].option, options[i].value) < 0) {
			ssh_free(s);
			return NULL;
		}
	}
	return s;
}

int web_term_client_open(struct web_term_client *c, int fd, const char *account, struct span host_key, struct err *err)
{
	*c = (struct web_term_client){ .fd = fd };
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return fault(err, -errno, "internal error", "O_NONBLOCK: %m");
	if (host_key.n == 0 || host_key.n > sizeof c->host_key / 2)
		return fault(err, -EBADMSG, "internal error", "host key of %zu bytes", host_key.n);
	(void)EVP_EncodeBlock((uint8_t *)c->host_key, host_key.p, (int)host_key.n);
	c->ssh = session_new(fd, account);
	c->event = ssh_event_new();
	if (!c->ssh || !c->event)
		return fault(err, -ENOMEM, "internal error", "an SSH session");
	ssh_set_blocking(c->ssh, 0);
	ssh_set_counters(c->ssh, &c->wire, &c->packets);
	return 0;
}

void web_term_client_done(struct web_term_client *c)
{
	if (c->ssh) {
		if (c->listening)
			ssh_event_remove_session(c->event, c->ssh);
		ssh_free(c->ssh);
	}
	if (c->event)
		ssh_event_free(c->event);
	*c = (struct web_term_client){ .fd = -1, .phase = WEB_TERM_CLIENT_DOWN };
}

static bool is_the_gateway(const struct web_term_client *c)
{
	ssh_key key = NULL;
	char *text = NULL;
	bool same = ssh_get_server_publickey(c->ssh, &key) == SSH_OK && ssh_pki_export_pubkey_base64(key, &text) == SSH_OK &&
		    strcmp(text, c->host_key) == 0;
	ssh_string_free_char(text);
	ssh_key_free(key);
	return same;
}

static int connect_step(struct web_term_client *c, struct err *err)
{
	int r = ssh_connect(c->ssh);
	if (!c->listening)
		c->listening = ssh_event_add_session(c->event, c->ssh) == SSH_OK;
	if (r == SSH_AGAIN)
		return 0;
	if (r != SSH_OK)
		return fault(err, -EPROTO, "the connection to the gateway broke", "ssh_connect: %s", ssh_get_error(c->ssh));
	if (!is_the_gateway(c))
		return fault(err, -EPROTO, "internal error", "the worker's host key is not the gateway's");
	c->phase = WEB_TERM_CLIENT_LOGIN;
	return 0;
}

static int login_step(struct web_term_client *c, struct err *err)
{
	int r = ssh_userauth_none(c->ssh, NULL);
	if (r == SSH_AUTH_AGAIN)
		return 0;
	if (r != SSH_AUTH_SUCCESS)
		return fault(err, -EACCES, "the gateway refused the login", "userauth none: %d, %s", r, ssh_get_error(c->ssh));
	c->phase = WEB_TERM_CLIENT_UP;
	return 0;
}

int web_term_client_step(struct web_term_client *c, struct err *err)
{
	int r = 0;
	if (c->phase == WEB_TERM_CLIENT_CONNECT)
		r = connect_step(c, err);
	if (r == 0 && c->phase == WEB_TERM_CLIENT_LOGIN)
		r = login_step(c, err);
	if (c->phase == WEB_TERM_CLIENT_UP && !web_term_client_is_up(c))
		c->phase = WEB_TERM_CLIENT_DOWN;
	if (r < 0)
		c->phase = WEB_TERM_CLIENT_DOWN;
	return r;
}

bool web_term_client_is_up(const struct web_term_client *c)
{
	return c->ssh && ssh_is_connected(c->ssh) && !(ssh_get_status(c->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR));
}

short web_term_client_events(const struct web_term_client *c)
{
	if (!web_term_client_is_up(c))
		return 0;
	return (short)(POLLIN | (ssh_get_poll_flags(c->ssh) & SSH_WRITE_PENDING ? POLLOUT : 0));
}

void web_term_client_turn(struct web_term_client *c)
{
	/* libssh reads 4 KiB a turn: several in a row save our own poll, and a short read was the last one. */
	for (int i = 0; i < TURNS_MAX && web_term_client_is_up(c); i++) {
		uint64_t before = c->wire.in_bytes;
		if (ssh_event_dopoll(c->event, 0) != SSH_OK || c->wire.in_bytes - before < LIBSSH_READ)
			return;
	}
}

static bool is_empty(const struct web_term_client *c)
{
	if (c->queued && c->packets.out_packets == c->queued_at)
		return false;
	return (ssh_get_poll_flags(c->ssh) & SSH_WRITE_PENDING) == 0;
}

bool web_term_client_takes(struct web_term_client *c)
{
	if (!web_term_client_is_up(c))
		return false;
	return is_empty(c) || (ssh_event_dopoll(c->event, 0) == SSH_OK && web_term_client_is_up(c) && is_empty(c));
}

int web_term_client_write(struct web_term_client *c, ssh_channel to, struct span s)
{
	uint64_t before = c->packets.out_packets;
	int w = ssh_channel_write(to, s.p, (uint32_t)s.n);
	if (w < 0)
		return -EPIPE;
	c->queued = w > 0 && c->packets.out_packets == before;
	c->queued_at = before;
	return w;
}

/* libssh says: Received SSH_MSG_DISCONNECT: CODE:WORDS */
const char *web_term_client_farewell(const struct web_term_client *c)
{
	static const char mark[] = "SSH_MSG_DISCONNECT: ";
	const char *error = c->ssh ? ssh_get_error(c->ssh) : "";
	const char *at = strstr(error, mark), *words = at ? strchr(at + sizeof mark - 1, ':') : NULL;
	return words ? words + 1 : "";
}
