#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/ssh/link.h"
#include <string.h>

/* GROUP: the secret is typed off the screen in groups of four. */
enum { PROMPT_MAX = 4096, GROUP = 4 };

static void line_put(struct buf *b, enum gw_ssh_say what)
{
	for (int lang = 0; lang < GW_SSH_LANGS; lang++)
		buf_printf(b, "%s\n", gw_ssh_say((enum gw_ssh_lang)lang, what));
}

/* Who logs in has told no language yet: both. */
static void prompt_put(struct buf *b, enum gw_ssh_say what)
{
	buf_printf(b, "%s / %s: ", gw_ssh_say(GW_SSH_EN, what), gw_ssh_say(GW_SSH_ZH, what));
}

/* The first line is the secret, the others are recovery codes. */
static struct span rest_of(struct span text, struct span *ret_first)
{
	const uint8_t *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
	size_t n = end ? (size_t)(end - text.p) : text.n;
	*ret_first = span_of(text.p, n);
	n += end != NULL;
	return span_of(text.p + n, text.n - n);
}

static void enrol_put(struct buf *b, const struct gw_ssh_link *l)
{
	struct span secret = { 0 };
	if (l->factor.show)
		(void)rest_of(secret_span(l->factor.show), &secret);
	line_put(b, GW_SSH_SAY_FACTOR_ENROL);
	buf_put(b, "\n   ", 4);
	for (size_t i = 0; i < secret.n; i++) {
		buf_put(b, " ", i % GROUP == 0);
		buf_put(b, secret.p + i, 1);
	}
	buf_printf(b, "\n    otpauth://totp/Yanmen:%s?secret=%.*s&issuer=Yanmen\n\n", l->factor.user, (int)secret.n,
		(const char *)secret.p);
	prompt_put(b, GW_SSH_SAY_FACTOR_TYPE);
}

static void codes_put(struct buf *b, const struct gw_ssh_link *l)
{
	struct span line, left = l->factor.show ? secret_span(l->factor.show) : (struct span){ 0 };
	line_put(b, GW_SSH_SAY_FACTOR_KEEP);
	buf_put(b, "\n", 1);
	for (left = rest_of(left, &line); left.n > 0;) {
		left = rest_of(left, &line);
		buf_printf(b, "    %.*s\n", (int)line.n, (const char *)line.p);
	}
	buf_put(b, "\n", 1);
	prompt_put(b, GW_SSH_SAY_FACTOR_KEPT);
}

/* All of it goes into the prompt: OpenSSH shows the instruction as a log line, cut and without Chinese. */
static int prompt(struct gw_ssh_link *l, ssh_message m)
{
	char hidden = 0;
	struct buf b;
	buf_init(&b, PROMPT_MAX);
	if (l->factor.step == WIRE_FACTOR_ENROL)
		enrol_put(&b, l);
	else if (l->factor.step == WIRE_FACTOR_CODES)
		codes_put(&b, l);
	else
		prompt_put(&b, GW_SSH_SAY_FACTOR_CODE);
	const char *text = buf_str(&b);
	int r = b.failed ? SSH_ERROR : ssh_message_auth_interactive_request(m, "", "", 1, &text, &hidden);
	secret_wipe(b.data, b.size);
	buf_done(&b);
	return r == SSH_OK ? 0 : 1;
}

/* What the broker answered, for the client.  1 = libssh tells it that this was wrong. */
static int answered(struct gw_ssh_link *l, ssh_message m, struct gw_factor *f)
{
	if (f->show) {
		gw_ssh_ask_done(l);
		l->factor.show = take(f->show);
		memcpy(l->factor.user, f->user, sizeof l->factor.user);
	}
	l->factor.step = f->step;
	switch (f->step) {
	case WIRE_FACTOR_OK:
		gw_ssh_ask_done(l);
		l->who = f->who;
		l->authenticated = true;
		l->input_us = clock_mono_us();
		return ssh_message_auth_reply_success(m, 0) == SSH_OK ? 0 : 1;
	case WIRE_FACTOR_UNAVAILABLE:
		gw_ssh_end(l, "second factor unavailable", f->say);
		return 1;
	case WIRE_FACTOR_DENIED:
		if (++l->tries >= GW_SSH_TRIES)
			gw_ssh_end(l, "too many login failures", "too many login failures");
		return 1;
	default:
		return prompt(l, m);
	}
}

static int ask(struct gw_ssh_link *l, ssh_message m, const char *typed)
{
	struct err err = { 0 };
	struct gw_factor f = { 0 };
	int r = gw_session_factor(l->gw, typed == NULL, typed ? typed : "", &f, &err);
	if (r < 0) {
		log_err(LOG_LEVEL_WARN, "ssh.factor", &err);
		gw_ssh_end(l, "login service away", err.say);
		return 1;
	}
	return answered(l, m, &f);
}

bool gw_ssh_ask_is_on(const struct gw_ssh_link *l)
{
	return l->factor.on && !l->authenticated;
}

void gw_ssh_ask_open(struct gw_ssh_link *l)
{
	struct buf b;
	l->factor.on = true;
	buf_init(&b, PROMPT_MAX);
	line_put(&b, GW_SSH_SAY_FACTOR_NEXT);
	ssh_string s = ssh_string_from_char(buf_str(&b));
	if (s) {
		(void)ssh_send_issue_banner(l->client.ssh, s);
		ssh_string_free(s);
	}
	buf_done(&b);
	ssh_set_auth_methods(l->client.ssh, SSH_AUTH_METHOD_INTERACTIVE);
}

int gw_ssh_ask_message(struct gw_ssh_link *l, ssh_message m)
{
	if (!gw_ssh_ask_is_on(l) || l->over)
		return 1;
	if (!ssh_message_auth_kbdint_is_response(m)) {
		const char *user = ssh_message_auth_user(m);
		if (!user || strcmp(user, l->login) != 0 || ++l->factor.begun > GW_SSH_TRIES) {
			gw_ssh_end_quietly(l, "changed the user name, or began too often");
			return 1;
		}
		l->factor.asked = ask(l, m, NULL) == 0;
		return l->factor.asked ? 0 : 1;
	}
	const char *typed = ssh_userauth_kbdint_getnanswers(l->client.ssh) == 1
				    ? ssh_userauth_kbdint_getanswer(l->client.ssh, 0)
				    : NULL;
	if (!l->factor.asked || !typed) {
		gw_ssh_end_quietly(l, "an answer without a question");
		return 1;
	}
	l->factor.asked = ask(l, m, typed) == 0;
	return l->factor.asked ? 0 : 1;
}

void gw_ssh_ask_done(struct gw_ssh_link *l)
{
	l->factor.show = secret_free(l->factor.show);
}
