#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/ssh/algo.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_inner(const struct gw_ssh_link *l)
{
	return gw_session_door(l->gw) == WIRE_DOOR_INNER;
}

/* Banner first, then the name: it may not change on a connection, or one would try many under one limit. */
static bool may_try(struct gw_ssh_link *l, const char *user)
{
	if (l->over || l->authenticated || gw_ssh_ask_is_on(l))
		return false;
	if (!l->banner_sent) {
		l->banner_sent = true;
		const char *text = gw_session_banner(l->gw);
		ssh_string s = text && *text ? ssh_string_from_char(text) : NULL;
		if (s) {
			(void)ssh_send_issue_banner(l->client.ssh, s);
			ssh_string_free(s);
		}
	}
	if (!user || (!*user && !is_inner(l)) || strlen(user) >= sizeof l->login) {
		gw_ssh_end_quietly(l, "bad user name");
		return false;
	}
	if (!*l->login)
		(void)snprintf(l->login, sizeof l->login, "%s", user);
	if (strcmp(l->login, user) != 0) {
		gw_ssh_end_quietly(l, "changed the user name during the login");
		return false;
	}
	return true;
}

static int try(struct gw_ssh_link *l, uint8_t method, struct span proof)
{
	struct err err = { 0 };
	struct gw_login who = { 0 };
	int r = gw_session_login(l->gw, method, l->login, proof, &who, &err);
	if (r < 0) {
		log_err(LOG_LEVEL_WARN, "ssh.login", &err);
		gw_ssh_end(l, "login service away", err.say);
		return SSH_AUTH_DENIED;
	}
	if (method == WIRE_LOGIN_KEY_OFFERED)
		return who.verdict == WIRE_LOGIN_KEY_WELCOME ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
	if (who.verdict == WIRE_LOGIN_OK) {
		l->who = who;
		l->authenticated = true;
		l->input_us = clock_mono_us();
		return SSH_AUTH_SUCCESS;
	}
	if (who.verdict == WIRE_LOGIN_FACTOR) {
		gw_ssh_ask_open(l);
		return SSH_AUTH_PARTIAL;
	}
	if (who.verdict == WIRE_LOGIN_UNAVAILABLE)
		gw_ssh_end(l, "login unavailable", who.say);
	else if (++l->tries >= GW_SSH_TRIES)
		gw_ssh_end(l, "too many login failures", "too many login failures");
	return SSH_AUTH_DENIED;
}

/* Through another connection: that one's login has spoken, and the name is the account.  Some clients never try `none`:
 * what else they offer is taken for it and not looked at. */
static int inner(struct gw_ssh_link *l)
{
	return try(l, WIRE_LOGIN_INNER, (struct span){ 0 });
}

static int on_none(ssh_session s, const char *user, void *ctx)
{
	(void)s;
	struct gw_ssh_link *l = ctx;
	return may_try(l, user) && is_inner(l) ? inner(l) : SSH_AUTH_DENIED;
}

static int on_password(ssh_session s, const char *user, const char *password, void *ctx)
{
	(void)s;
	struct gw_ssh_link *l = ctx;
	if (!may_try(l, user) || !password)
		return SSH_AUTH_DENIED;
	return is_inner(l) ? inner(l) : try(l, WIRE_LOGIN_PASSWORD, span_str(password));
}

/* Of a certificate libssh checks the key alone, all the rest is the broker's to judge.  Hardware keys (sk-*) are not taken: libssh does
 * not say whether a finger was on them. */
static bool is_taken(ssh_key key)
{
	switch (ssh_key_type(key)) {
	case SSH_KEYTYPE_ED25519:
	case SSH_KEYTYPE_RSA:
	case SSH_KEYTYPE_ECDSA_P256:
	case SSH_KEYTYPE_ECDSA_P384:
	case SSH_KEYTYPE_ECDSA_P521:
	case SSH_KEYTYPE_ED25519_CERT01:
	case SSH_KEYTYPE_RSA_CERT01:
	case SSH_KEYTYPE_ECDSA_P256_CERT01:
	case SSH_KEYTYPE_ECDSA_P384_CERT01:
	case SSH_KEYTYPE_ECDSA_P521_CERT01:
		return true;
	default:
		return false;
	}
}

static int on_key(ssh_session s, const char *user, struct ssh_key_struct *key, char state, void *ctx)
{
	(void)s;
	struct gw_ssh_link *l = ctx;
	if (!may_try(l, user) || !is_taken(key))
		return SSH_AUTH_DENIED;
	if (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID)
		return SSH_AUTH_DENIED;
	if (is_inner(l))
		return state == SSH_PUBLICKEY_STATE_VALID ? inner(l) : SSH_AUTH_SUCCESS;
	if (++l->offers > GW_SSH_KEYS_OFFERED) {
		gw_ssh_end(l, "too many keys offered", "too many keys offered");
		return SSH_AUTH_DENIED;
	}
	struct buf blob;
	buf_init(&blob, 16384);
	int r = SSH_AUTH_DENIED;
	if (gw_ssh_algo_blob(key, &blob) == 0)
		r = try(l, state == SSH_PUBLICKEY_STATE_VALID ? WIRE_LOGIN_KEY : WIRE_LOGIN_KEY_OFFERED,
			buf_span(&blob));
	buf_done(&blob);
	return r;
}

static ssh_channel on_channel(ssh_session s, void *ctx)
{
	(void)s;
	struct gw_ssh_link *l = ctx;
	return l->authenticated && !l->over ? gw_ssh_channel_new(l) : NULL;
}

/* All that no other callback takes: the second factor, forwarding, unknown requests.  1 = libssh refuses it. */
static int on_other(ssh_session s, ssh_message m, void *ctx)
{
	(void)s;
	int type = ssh_message_type(m);
	if (type == SSH_REQUEST_AUTH && ssh_message_subtype(m) == SSH_AUTH_METHOD_INTERACTIVE)
		return gw_ssh_ask_message(ctx, m);
	if (type == SSH_REQUEST_CHANNEL_OPEN && ssh_message_subtype(m) == SSH_CHANNEL_DIRECT_TCPIP)
		return gw_ssh_forward_asked(ctx, m);
	if (type == SSH_REQUEST_GLOBAL)
		return gw_ssh_reverse_asked(ctx, m);
	if (type == SSH_REQUEST_CHANNEL && ssh_message_subtype(m) == SSH_CHANNEL_REQUEST_X11)
		gw_session_refused(((struct gw_ssh_link *)ctx)->gw, "x11", "", "the grant does not allow it");
	if (type == SSH_REQUEST_CHANNEL_OPEN) {
		/* libssh names no type that it does not know: OpenSSH's sockets of the file system, for one. */
		gw_session_refused(((struct gw_ssh_link *)ctx)->gw, "channel", "", "no channels of that type here");
		log_ev(LOG_LEVEL_INFO, "ssh.refused", LOG_N("type", type), LOG_N("subtype", ssh_message_subtype(m)));
	}
	return 1;
}

int gw_ssh_front_open(struct gw_ssh_link *l, ssh_bind bind, int fd, struct err *err)
{
	ssh_session s = ssh_new();
	if (!s)
		return fault(err, -ENOMEM, "internal error", "ssh_new");
	if (ssh_bind_accept_fd(bind, s, fd) != SSH_OK) {
		ssh_free(s);
		return fault(err, -EPIPE, "internal error", "ssh_bind_accept_fd: %s", ssh_get_error(bind));
	}
	if (gw_ssh_side_init(&l->client, s, fd) < 0)
		return fault(err, -ENOMEM, "internal error", "ssh_event_new");
	l->server_cb = (struct ssh_server_callbacks_struct){
		.userdata = l,
		.auth_none_function = on_none,
		.auth_password_function = on_password,
		.auth_pubkey_function = on_key,
		.channel_open_request_session_function = on_channel,
	};
	ssh_callbacks_init(&l->server_cb);
	if (ssh_set_server_callbacks(s, &l->server_cb) != SSH_OK)
		return fault(err, -EINVAL, "internal error", "ssh_set_server_callbacks");
	ssh_set_message_callback(s, on_other, l);
	ssh_set_auth_methods(s, SSH_AUTH_METHOD_PUBLICKEY | SSH_AUTH_METHOD_PASSWORD);
	ssh_set_blocking(s, 0);
	return 0;
}

void gw_ssh_front_step(struct gw_ssh_link *l)
{
	if (!l->exchanged) {
		int r = ssh_handle_key_exchange(l->client.ssh);
		gw_ssh_side_listen(&l->client);
		if (r == SSH_OK)
			l->exchanged = true;
		else if (r != SSH_AGAIN)
			gw_ssh_end_quietly(l, "key exchange failed");
	}
	int64_t grace = l->factor.show ? GW_SSH_ENROL_US : GW_SSH_LOGIN_US;
	if (!l->authenticated && clock_mono_us() - l->started_us > grace)
		gw_ssh_end_quietly(l, "no login in time");
}
