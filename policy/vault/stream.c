#include "policy/vault/stream.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/vault/agent.h"
#include "policy/vault/cert.h"
#include "policy/vault/key.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct vault_stream {
	struct vault_streams *in_list;
	struct vault_stream *next;
	int fd;
	struct loop_io io;
	struct vault_key key;
	struct buf certificate; /* of a CA account */
	struct vault_agent agent;
	uint64_t worker;
	struct id session;
	uint8_t login[VAULT_STORE_LOGIN];
	struct buf in, out;
	bool ending; /* after `out` was sent */
	int64_t until_us;
};

static void stream_free(struct vault_stream *t)
{
	loop_del(&t->io);
	scope_close(&t->fd);
	vault_key_done(&t->key);
	buf_done(&t->certificate);
	buf_done(&t->in);
	buf_done(&t->out);
	free(t);
}

static void stream_scope(struct vault_stream **t)
{
	if (*t)
		stream_free(*t);
}

static void stream_end(struct vault_stream *t)
{
	struct vault_stream **at = &t->in_list->first;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->in_list->n--;
	stream_free(t);
}

static void report(const struct vault_stream *t, int signed_it, int code, const struct err *err)
{
	char sid[ID_TEXT];

	id_text(&t->session, sid);
	if (signed_it)
		log_ev(LOG_LEVEL_INFO, "vault.signed", LOG_S("sid", sid), LOG_N("worker", t->worker),
			LOG_S("key", t->agent.certificate ? t->agent.certificate : vault_key_name(&t->key)));
	else if (code < 0)
		log_ev(LOG_LEVEL_WARN, "vault.refused", LOG_S("sid", sid), LOG_N("worker", t->worker),
			LOG_S("detail", err->detail));
}

/* Answers the requests that are whole, one at a time: the next waits until the answer is gone. */
static int answer(struct vault_stream *t)
{
	struct err err = { 0 };
	int signed_it = 0;

	if (t->out.len > 0 || t->ending)
		return 0;
	int n = vault_agent_answer(&t->agent, buf_span(&t->in), &t->out, &signed_it, &err);
	report(t, signed_it, n, &err);
	if (n == -EACCES)
		t->ending = true;
	else if (n < 0)
		return n;
	else
		buf_drop(&t->in, (size_t)n);
	return n > 0 || t->ending;
}

static int flush(struct vault_stream *t)
{
	while (t->out.len > 0) {
		ssize_t n = send(t->fd, t->out.data, t->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return -EPIPE;
		buf_drop(&t->out, (size_t)n);
	}
	return t->ending ? -EPIPE : 0;
}

/* Reads what fits beside what is held; -EPIPE at the end, -EAGAIN when nothing came. */
static int fill(struct vault_stream *t)
{
	size_t want = t->in.cap - t->in.len;
	uint8_t *room = buf_room(&t->in, want);

	if (!room || want == 0)
		return -EPROTO;
	ssize_t n = recv(t->fd, room, want, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
	if (n == 0)
		return -EPIPE;
	buf_grew(&t->in, (size_t)n);
	return 0;
}

static int turn(struct vault_stream *t, uint32_t events)
{
	int r = 0;

	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && t->out.len == 0) {
		r = fill(t);
		if (r < 0 && r != -EAGAIN)
			return r;
	}
	do {
		r = flush(t);
		if (r < 0)
			return r;
		r = answer(t);
	} while (r > 0);
	return r < 0 ? r : loop_mod(&t->io, t->out.len > 0 ? EPOLLOUT : EPOLLIN);
}

static void stream_ready(void *ctx, uint32_t events)
{
	struct vault_stream *t = ctx;

	if (turn(t, events) < 0)
		stream_end(t);
}

/* A CA account: a key that lives as long as this stream, and a certificate over it that is good for this login alone: no
 * forwarding, no agent, no X11, no user rc. */
static int certify(struct vault_stream *t, const struct vault_allowed *a, struct err *err)
{
	static const char *const extensions[] = { "permit-pty", NULL };
	uint64_t now_s = (uint64_t)(clock_wall_us() / 1000000);
	uint8_t seed[32];
	char sid[ID_TEXT];

	randombytes_buf(seed, sizeof seed);
	int r = vault_key_ed25519(seed, &t->key, err);
	secret_wipe(seed, sizeof seed);
	if (r < 0)
		return r;
	id_text(&a->id, sid); /* stands in the target's log */
	struct vault_cert c = { .key_id = span_str(sid),
		.principal = span_of(a->login, a->login_n),
		.after_s = now_s - VAULT_CERT_BEFORE_S,
		.before_s = now_s + VAULT_STREAM_CERT_S,
		.extensions = extensions };
	randombytes_buf(&c.serial, sizeof c.serial);
	r = sshkey_get(buf_span(&t->key.blob), &c.key, err);
	if (r < 0)
		return r;
	buf_init(&t->certificate, VAULT_CERT_MAX);
	vault_cert_put(&c, &t->in_list->keys->ca, &t->certificate);
	if (t->certificate.failed)
		return fault(err, -EMSGSIZE, "internal error", "no room for a certificate");
	t->agent.blob = buf_span(&t->certificate);
	t->agent.certificate = c.key.kind->certificate;
	return 0;
}

static int identify(struct vault_stream *t, const struct vault_allowed *a, struct err *err)
{
	int r;

	if (a->kind == WIRE_SECRET_CA) {
		r = certify(t, a, err);
	} else {
		r = vault_key_parse(secret_span(a->secret), &t->key, err);
		t->key.sha1 = a->legacy;
		t->agent.blob = buf_span(&t->key.blob);
	}
	memcpy(t->login, a->login, a->login_n);
	t->agent.login = span_of(t->login, a->login_n);
	t->agent.key = &t->key;
	t->agent.uses = a->uses;
	return r;
}

int vault_stream_open(struct vault_streams *s, const struct vault_allowed *a, int *ret_fd, struct err *err)
{
	scoped(stream_scope) struct vault_stream *t = calloc(1, sizeof *t);
	scoped(scope_close) int theirs = -1;
	int sv[2];

	if (!t || s->n >= VAULT_STREAM_MAX)
		return t ? fault(err, -EAGAIN, "the gateway is busy; try again", "%zu agent streams", s->n)
			 : fault(err, -ENOMEM, "internal error", "no memory for an agent stream");
	*t = (struct vault_stream){ .in_list = s, .fd = -1, .worker = a->worker, .session = a->id };
	t->io = (struct loop_io){ .fd = -1, .ready = stream_ready, .ctx = t };
	t->until_us = clock_mono_us() + VAULT_STREAM_LIFE_US;
	buf_init(&t->in, 4 + VAULT_AGENT_REQUEST_MAX);
	buf_init(&t->out, VAULT_AGENT_ANSWER_MAX);
	int r = identify(t, a, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return fault(err, -errno, "internal error", "socketpair: %m");
	t->fd = t->io.fd = sv[0];
	theirs = sv[1];
	r = loop_add(s->loop, &t->io, EPOLLIN, err);
	if (r < 0)
		return r;
	t->next = s->first;
	s->first = take(t);
	s->n++;
	*ret_fd = take_fd(theirs);
	return 0;
}

void vault_stream_forget(struct vault_streams *s, uint64_t worker)
{
	for (struct vault_stream *t = s->first, *next; t; t = next) {
		next = t->next;
		if (t->worker == worker)
			stream_end(t);
	}
}

void vault_stream_expire(struct vault_streams *s, int64_t now_us)
{
	for (struct vault_stream *t = s->first, *next; t; t = next) {
		next = t->next;
		if (t->until_us <= now_us)
			stream_end(t);
	}
}

void vault_stream_done(struct vault_streams *s)
{
	while (s->first)
		stream_end(s->first);
}
