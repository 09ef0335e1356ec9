#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/ssh/algo.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/*
 * A password on a Linux target: by chpasswd where the login is root or sudo gives it, else by the account's own passwd.  The words
 * go by standard input, never by a command line.  Nothing that the target prints is kept: it counts, and an exit status tells.
 */
enum { ROTATE_US = 30 * 1000 * 1000, OUTPUT_MAX = 64 * 1024, INPUT_MAX = 4096, PROMPTS_MAX = 3, LOST = -1 };
#define WHERE "env LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "

struct talk {
	struct gw_ssh_side *side;
	const struct gw_proto_rotate *job;
	struct secret *password; /* with a NUL behind, as libssh wants it */
	int64_t deadline;
	bool late;
};

/* One program on the target. */
struct run {
	size_t heard;
	char first[16]; /* of its output */
	bool done, closed;
	int status;
};

/* Something came, or the connection or our patience is over (false). */
static bool wait_for_more(struct talk *t)
{
	int64_t left = t->deadline - clock_mono_us();
	struct pollfd p = { .fd = t->side->fd, .events = gw_ssh_side_events(t->side) };
	t->late = left <= 0;
	if (t->late || (poll(&p, 1, (int)(left / 1000) + 1) < 0 && errno != EINTR))
		return false;
	gw_ssh_side_turn(t->side);
	return gw_ssh_side_is_up(t->side);
}

static uint8_t broken(const struct talk *t)
{
	return t->late ? WIRE_ROTATE_LATE : WIRE_ROTATE_BROKEN;
}

/* ---- the login ---- */

static uint8_t exchange(struct talk *t)
{
	ssh_session s = t->side->ssh;
	scoped(buf_done) struct buf key;
	int r;
	while ((r = ssh_connect(s)) == SSH_AGAIN) {
		gw_ssh_side_listen(t->side);
		struct pollfd p = { .fd = t->side->fd, .events = gw_ssh_side_events(t->side) };
		int64_t left = t->deadline - clock_mono_us();
		t->late = left <= 0;
		if (t->late || (poll(&p, 1, (int)(left / 1000) + 1) < 0 && errno != EINTR))
			return broken(t);
	}
	buf_init(&key, 4096);
	if (r != SSH_OK) {
		const struct gw_ssh_algo_to to = { .pinned = t->job->host_key, .only_pinned = true, .legacy = t->job->legacy };
		return gw_ssh_algo_why(&to, ssh_get_error(s)) == GW_SSH_ALGO_HOST_KEY ? WIRE_ROTATE_HOST_KEY : WIRE_ROTATE_BROKEN;
	}
	gw_ssh_side_listen(t->side);
	if (gw_ssh_algo_server_key(s, &key) < 0 || !span_eq(buf_span(&key), t->job->host_key))
		return WIRE_ROTATE_HOST_KEY;
	return WIRE_ROTATE_DONE;
}

/* A server that asks: one hidden question is the password's, once. */
static int asked(struct talk *t, bool *given)
{
	ssh_session s = t->side->ssh;
	int r, rounds = 0;
	while ((r = ssh_userauth_kbdint(s, NULL, NULL)) == SSH_AUTH_INFO) {
		char echo = 1;
		int n = ssh_userauth_kbdint_getnprompts(s);
		if (++rounds > PROMPTS_MAX || n > 1)
			return SSH_AUTH_DENIED;
		if (n == 0)
			continue;
		(void)ssh_userauth_kbdint_getprompt(s, 0, &echo);
		if (echo || *given || ssh_userauth_kbdint_setanswer(s, 0, (char *)secret_bytes(t->password)) < 0)
			return SSH_AUTH_DENIED;
		*given = true;
	}
	return r;
}

static int try_once(struct talk *t, enum gw_ssh_method *method, bool *given)
{
	ssh_session s = t->side->ssh;
	if (*method == GW_SSH_TRY_AGENT)
		return ssh_userauth_agent(s, NULL);
	if (*method == GW_SSH_TRY_PASSWORD)
		return ssh_userauth_password(s, NULL, (char *)secret_bytes(t->password));
	if (*method == GW_SSH_TRY_ASKED)
		return asked(t, given);
	int r = ssh_userauth_none(s, NULL);
	if (r == SSH_AUTH_SUCCESS) /* whoever comes is let in: that proves no password */
		return SSH_AUTH_DENIED;
	if (r != SSH_AUTH_DENIED && r != SSH_AUTH_PARTIAL)
		return r;
	unsigned methods = (unsigned)ssh_userauth_list(s, NULL);
	if (!(methods & (SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE)))
		return SSH_AUTH_DENIED;
	*method = methods & SSH_AUTH_METHOD_PASSWORD ? GW_SSH_TRY_PASSWORD : GW_SSH_TRY_ASKED;
	return SSH_AUTH_AGAIN;
}

static uint8_t login(struct talk *t)
{
	enum gw_ssh_method method = t->password ? GW_SSH_TRY_NONE : GW_SSH_TRY_AGENT, before;
	bool given = false;
	int r;
	do {
		before = method;
		r = try_once(t, &method, &given);
	} while (r == SSH_AUTH_AGAIN && (method != before || wait_for_more(t)));
	return r == SSH_AUTH_SUCCESS ? WIRE_ROTATE_DONE
	       : r == SSH_AUTH_AGAIN || r == SSH_AUTH_ERROR ? broken(t)
							    : WIRE_ROTATE_NO_LOGIN;
}

/* ---- a program ---- */

static int on_data(ssh_session s, ssh_channel ch, void *data, uint32_t n, int is_err, void *ctx)
{
	struct run *r = ctx;
	(void)s, (void)ch;
	for (uint32_t i = 0; !is_err && i < n && r->heard + i < sizeof r->first - 1; i++)
		r->first[r->heard + i] = ((const char *)data)[i];
	r->heard += n;
	return (int)n;
}

static void on_status(ssh_session s, ssh_channel ch, int status, void *ctx)
{
	struct run *r = ctx;
	(void)s, (void)ch;
	r->done = true;
	r->status = status;
}

static void on_close(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s, (void)ch;
	((struct run *)ctx)->closed = true;
}

static bool step(struct talk *t, int r)
{
	return r == SSH_AGAIN && wait_for_more(t);
}

static int say_all(struct talk *t, ssh_channel ch, struct span input)
{
	while (input.n > 0) {
		int w = ssh_channel_write(ch, input.p, (uint32_t)input.n);
		if (w < 0 || (w == 0 && !wait_for_more(t)))
			return LOST;
		input.p += w;
		input.n -= (size_t)w;
	}
	return ssh_channel_send_eof(ch) == SSH_OK ? 0 : LOST;
}

/* Its exit status; LOST when there is none, it prints too much, or takes too long. */
static int run(struct talk *t, const char *command, struct span input, struct run *ret)
{
	struct ssh_channel_callbacks_struct cb = {
		.userdata = ret, .channel_data_function = on_data, .channel_exit_status_function = on_status, .channel_close_function = on_close
	};
	ssh_channel ch = ssh_channel_new(t->side->ssh);
	int r, status = LOST;
	*ret = (struct run){ .status = LOST };
	if (!ch)
		return LOST;
	ssh_callbacks_init(&cb);
	if (ssh_set_channel_callbacks(ch, &cb) == SSH_OK) {
		while (step(t, r = ssh_channel_open_session(ch)))
			;
		if (r == SSH_OK)
			while (step(t, r = ssh_channel_request_exec(ch, command)))
				;
		if (r == SSH_OK && say_all(t, ch, input) == 0) {
			while (!ret->done && !ret->closed && ret->heard <= OUTPUT_MAX && wait_for_more(t))
				;
			status = ret->done ? ret->status : LOST;
		}
	}
	(void)ssh_remove_channel_callbacks(ch, &cb);
	ssh_channel_free(ch);
	return status;
}

/* ---- the password ---- */

/* Lines of secrets, one after the other, in locked memory. */
struct lines {
	struct secret *room;
	size_t n;
};

static void put(struct lines *l, struct span s)
{
	if (s.n <= INPUT_MAX - l->n) {
		memcpy(secret_bytes(l->room) + l->n, s.p, s.n);
		l->n += s.n;
	}
}

static void put_line(struct lines *l, const struct secret *s)
{
	put(l, secret_span(s));
	put(l, span_str("\n"));
}

static uint8_t tell(struct talk *t, const char *command, const struct lines *l, bool *ret_sent)
{
	struct run r;
	*ret_sent = true;
	int status = run(t, command, span_of(secret_bytes(l->room), l->n), &r);
	return status == 0 ? WIRE_ROTATE_DONE : status > 0 ? WIRE_ROTATE_REFUSED : broken(t);
}

static void put_account(struct lines *l, const struct gw_proto_rotate *job)
{
	put(l, span_str(job->account));
	put(l, span_str(":"));
	put_line(l, job->fresh);
}

/* 0: it works.  Otherwise not, LOST included. */
static int sudo_asks(struct talk *t, const struct lines *password)
{
	struct run r;
	return run(t, WHERE "sudo -S -k -p '' true", span_of(secret_bytes(password->room), password->n), &r);
}

static uint8_t change(struct talk *t, struct lines *l, bool *ret_sent)
{
	const struct gw_proto_rotate *job = t->job;
	const struct span nothing = { 0 };
	struct run r;
	if (run(t, WHERE "id -u", nothing, &r) != 0)
		return gw_ssh_side_is_up(t->side) && !t->late ? WIRE_ROTATE_NO_WAY : broken(t);
	if (strcmp(r.first, "0\n") == 0) {
		put_account(l, job);
		return tell(t, WHERE "chpasswd", l, ret_sent);
	}
	if (run(t, WHERE "sudo -n -k true", nothing, &r) == 0) {
		put_account(l, job);
		return tell(t, WHERE "sudo -n -k chpasswd", l, ret_sent);
	}
	if (job->secret) {
		put_line(l, job->secret);
		if (sudo_asks(t, l) == 0) {
			put_account(l, job);
			return tell(t, WHERE "sudo -S -k -p '' chpasswd", l, ret_sent);
		}
	}
	if (!gw_ssh_side_is_up(t->side) || t->late)
		return broken(t);
	if (!job->secret || strcmp(job->login, job->account) != 0)
		return WIRE_ROTATE_NO_WAY;
	put_line(l, job->fresh); /* behind the old one */
	put_line(l, job->fresh);
	return tell(t, WHERE "passwd", l, ret_sent);
}

static uint8_t talk(struct talk *t, bool *ret_sent)
{
	struct lines l = { 0 };
	struct err err = { 0 };
	uint8_t how = exchange(t);
	if (how == WIRE_ROTATE_DONE)
		how = login(t);
	if (how != WIRE_ROTATE_DONE || !t->job->account)
		return how;
	if (secret_new(INPUT_MAX, &l.room, &err) < 0)
		return WIRE_ROTATE_BROKEN;
	how = change(t, &l, ret_sent);
	secret_free(l.room);
	return how;
}

uint8_t gw_ssh_rotate(void *state, const struct gw_proto_rotate *job, bool *ret_sent)
{
	const struct gw_ssh_algo_to to = {
		.fd = job->fd, .user = job->login, .pinned = job->host_key, .only_pinned = true, .legacy = job->legacy
	};
	/* As in probe.c: the session would close the descriptor, and is left to the end of the process. */
	struct gw_ssh_side *side = &((struct gw_ssh *)state)->probe;
	scoped(secret_scope) struct secret *password = NULL;
	struct err err = { 0 };
	ssh_session s = gw_ssh_algo_client(&to);
	if (!s || gw_ssh_side_init(side, s, job->fd) < 0)
		return WIRE_ROTATE_BROKEN;
	if (job->secret) {
		struct span word = secret_span(job->secret);
		if (secret_new(word.n + 1, &password, &err) < 0)
			return WIRE_ROTATE_BROKEN;
		memcpy(secret_bytes(password), word.p, word.n);
	} else if (ssh_set_agent_socket(s, job->agent_fd) != SSH_OK) {
		return WIRE_ROTATE_BROKEN;
	}
	struct talk t = { .side = side, .job = job, .password = password, .deadline = clock_mono_us() + ROTATE_US };
	return talk(&t, ret_sent);
}
