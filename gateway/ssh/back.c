#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/ssh/algo.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PROMPTS_MAX = 3 };

static void wipe_credentials(struct gw_ssh_link *l)
{
	l->password = secret_free(l->password);
}

/* The login to the target failed: say so to the broker and to everyone who waits. */
static void fail(struct gw_ssh_link *l, uint8_t outcome, enum gw_ssh_say what, const char *arg)
{
	struct err err = { 0 };
	struct buf key, line;
	buf_init(&key, 4096);
	buf_init(&line, 1024);
	const char *detail = l->target.ssh ? ssh_get_error(l->target.ssh) : "no SSH session";
	if (outcome == WIRE_REACHED_HOST_KEY_CHANGED)
		(void)gw_ssh_algo_server_key(l->target.ssh, &key);
	log_ev(LOG_LEVEL_WARN, "ssh.target", LOG_N("outcome", outcome), LOG_S("detail", detail));
	if (gw_session_reached(l->gw, outcome, detail, buf_span(&key), &err) < 0)
		log_err(LOG_LEVEL_WARN, "ssh.reached", &err);
	gw_ssh_say_put(&line, l->lang, what, arg);
	l->back = GW_SSH_BACK_FAILED;
	wipe_credentials(l);
	gw_ssh_end(l, gw_ssh_say(GW_SSH_EN, what), buf_str(&line));
	buf_done(&key);
	buf_done(&line);
}

static void fetch_credential(struct gw_ssh_link *l)
{
	struct err err = { 0 };
	int r;
	if (l->grant.auth == WIRE_AUTH_PASSWORD) {
		struct secret *raw = NULL;
		r = gw_session_use_password(l->gw, &raw, &err);
		/* libssh wants a C string: a copy with a NUL behind. */
		if (r == 0)
			r = secret_new(secret_span(raw).n + 1, &l->password, &err);
		if (r == 0)
			memcpy(secret_bytes(l->password), secret_span(raw).p, secret_span(raw).n);
		secret_free(raw);
		l->method = GW_SSH_TRY_NONE;
	} else {
		r = gw_session_use_agent(l->gw, &l->agent_fd, &err);
		if (r == 0 && ssh_set_agent_socket(l->target.ssh, l->agent_fd) != SSH_OK)
			r = fault(&err, -EINVAL, gw_ssh_say(l->lang, GW_SSH_SAY_INTERNAL), "ssh_set_agent_socket");
		l->method = GW_SSH_TRY_AGENT;
	}
	if (r < 0) {
		log_err(LOG_LEVEL_WARN, "ssh.credential", &err);
		(void)gw_session_reached(l->gw, WIRE_REACHED_BROKEN, err.detail, (struct span){ 0 }, NULL);
		l->back = GW_SSH_BACK_FAILED;
		gw_ssh_end(l, "credential not available", err.say);
		return;
	}
	l->back = GW_SSH_BACK_LOGIN;
}

static struct gw_ssh_algo_to whereto(const struct gw_ssh_link *l)
{
	return (struct gw_ssh_algo_to){ .fd = l->target.fd,
		.user = l->grant.account,
		.pinned = span_of(l->grant.host_key, l->grant.host_key_n),
		.only_pinned = true,
		.legacy = l->grant.legacy };
}

static void step_connect(struct gw_ssh_link *l)
{
	int r = ssh_connect(l->target.ssh);
	gw_ssh_side_listen(&l->target);
	if (r == SSH_AGAIN)
		return;
	if (r != SSH_OK) {
		const struct gw_ssh_algo_to to = whereto(l);
		enum gw_ssh_algo_why why = gw_ssh_algo_why(&to, ssh_get_error(l->target.ssh));
		/* We ask for the pinned key's type alone: a server without it has other keys now. */
		if (why == GW_SSH_ALGO_HOST_KEY)
			fail(l, WIRE_REACHED_HOST_KEY_CHANGED, GW_SSH_SAY_HOST_KEY_CHANGED, l->grant.target);
		else if (why == GW_SSH_ALGO_OLD)
			fail(l, WIRE_REACHED_BROKEN, GW_SSH_SAY_TARGET_OLD, l->grant.target);
		else
			fail(l, WIRE_REACHED_BROKEN, GW_SSH_SAY_TARGET_BROKEN, NULL);
		return;
	}
	struct buf key;
	buf_init(&key, 4096);
	bool same = gw_ssh_algo_server_key(l->target.ssh, &key) == 0 &&
		    span_eq(buf_span(&key), span_of(l->grant.host_key, l->grant.host_key_n));
	buf_done(&key);
	if (!same)
		fail(l, WIRE_REACHED_HOST_KEY_CHANGED, GW_SSH_SAY_HOST_KEY_CHANGED, l->grant.target);
	else
		fetch_credential(l);
}

/* One hidden question is the password's; an empty round, as PAM sends behind it, needs no answer. */
static int answer(struct gw_ssh_link *l)
{
	int n = ssh_userauth_kbdint_getnprompts(l->target.ssh);
	char echo = 1;
	if (n == 0)
		return 0;
	if (n != 1 || !l->password)
		return -EACCES;
	(void)ssh_userauth_kbdint_getprompt(l->target.ssh, 0, &echo);
	if (echo || ssh_userauth_kbdint_setanswer(l->target.ssh, 0, (char *)secret_bytes(l->password)) < 0)
		return -EACCES;
	wipe_credentials(l); /* once */
	return 0;
}

/* A server that asks instead of taking a password. */
static int step_asked(struct gw_ssh_link *l)
{
	int r;
	while ((r = ssh_userauth_kbdint(l->target.ssh, NULL, NULL)) == SSH_AUTH_INFO)
		if (++l->prompts > PROMPTS_MAX || answer(l) < 0)
			return SSH_AUTH_DENIED;
	return r;
}

static int step_method(struct gw_ssh_link *l)
{
	unsigned methods;
	int r;
	switch (l->method) {
	case GW_SSH_TRY_NONE:
		r = ssh_userauth_none(l->target.ssh, NULL);
		if (r != SSH_AUTH_DENIED && r != SSH_AUTH_PARTIAL)
			return r;
		methods = (unsigned)ssh_userauth_list(l->target.ssh, NULL);
		if (!(methods & (SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE)))
			return SSH_AUTH_DENIED;
		l->method = methods & SSH_AUTH_METHOD_PASSWORD ? GW_SSH_TRY_PASSWORD : GW_SSH_TRY_ASKED;
		return SSH_AUTH_AGAIN;
	case GW_SSH_TRY_PASSWORD:
		return ssh_userauth_password(l->target.ssh, NULL, (char *)secret_bytes(l->password));
	case GW_SSH_TRY_ASKED:
		return step_asked(l);
	case GW_SSH_TRY_AGENT:
		return ssh_userauth_agent(l->target.ssh, NULL);
	}
	return SSH_AUTH_ERROR;
}

static void step_login(struct gw_ssh_link *l)
{
	int r = step_method(l);
	if (r == SSH_AUTH_AGAIN)
		return;
	if (r == SSH_AUTH_ERROR) {
		fail(l, WIRE_REACHED_BROKEN, GW_SSH_SAY_TARGET_BROKEN, NULL);
		return;
	}
	if (r != SSH_AUTH_SUCCESS) {
		fail(l, WIRE_REACHED_LOGIN_REFUSED, GW_SSH_SAY_TARGET_LOGIN, NULL);
		return;
	}
	wipe_credentials(l);
	struct err err = { 0 };
	if (gw_session_reached(l->gw, WIRE_REACHED_OK, "", (struct span){ 0 }, &err) < 0) {
		log_err(LOG_LEVEL_WARN, "ssh.reached", &err);
		gw_ssh_end(l, "broker gone", err.say);
		return;
	}
	l->back = GW_SSH_BACK_UP;
}

void gw_ssh_back_step(struct gw_ssh_link *l)
{
	bool on_the_way = l->back == GW_SSH_BACK_CONNECT || l->back == GW_SSH_BACK_LOGIN;
	if (on_the_way && clock_mono_us() > l->back_deadline_us) {
		fail(l, WIRE_REACHED_STALLED, GW_SSH_SAY_TARGET_STALLS, NULL);
		return;
	}
	if (l->back == GW_SSH_BACK_CONNECT)
		step_connect(l);
	/* Steps that need no answer follow at once. */
	for (int method = -1; l->back == GW_SSH_BACK_LOGIN && !l->over && method != (int)l->method;) {
		method = (int)l->method;
		step_login(l);
	}
	if (l->back == GW_SSH_BACK_UP && !l->over && !gw_ssh_side_is_up(&l->target))
		gw_ssh_end_say(l, GW_SSH_SAY_TARGET_GONE, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_TARGET_GONE));
}

int gw_ssh_back_choose(struct gw_ssh_link *l, const char *target, const char *account, struct err *err)
{
	int fd = -1;
	int r = gw_session_target(l->gw, target, account, &l->grant, &fd, err);
	if (r < 0)
		return r;
	l->granted = true;
	l->granted_us = clock_mono_us();
	l->back_deadline_us = l->granted_us + GW_SSH_TARGET_US;
	struct gw_ssh_algo_to to = whereto(l);
	to.fd = fd;
	ssh_session s = gw_ssh_algo_client(&to);
	if (!s || gw_ssh_side_init(&l->target, s, fd) < 0) {
		close(fd);
		fail(l, WIRE_REACHED_BROKEN, GW_SSH_SAY_INTERNAL, NULL);
		return 0;
	}
	ssh_set_message_callback(s, gw_ssh_remote_message, l);
	l->back = GW_SSH_BACK_CONNECT;
	step_connect(l); /* from now on the loop waits for this descriptor too */
	return 0;
}

void gw_ssh_back_done(struct gw_ssh_link *l)
{
	wipe_credentials(l);
	gw_ssh_side_done(&l->target);
}
