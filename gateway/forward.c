#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/*
 * A forwarded connection that is not SSH: bytes between two descriptors, counted and digested, not stored.  It is a
 * session like any other: a row, a recording (of its facts), limits, lock and kill.
 */
enum {
	CHUNK = 64 * 1024,
	CHANNEL = 1,
	TURN_MAX_US = 1000 * 1000,
	LEFT_US = 5 * 1000 * 1000, /* for a target that does not read the last bytes of a client that is gone */
};

static const char internal[] = "internal error";

struct flow { /* one direction */
	int from, to;
	uint8_t frame; /* FRAME_IN, FRAME_OUT */
	uint8_t data[CHUNK];
	size_t at, n;
	bool ended, shut; /* the source's end of file; passed on */
	uint64_t total;
	EVP_MD_CTX *digest;
};

struct forward {
	struct gw_session *gw;
	struct gw_grant grant;
	struct flow in, out;
	int client, target;
	bool locked, over;
	int64_t started_us, moved_us, gone_us; /* gone: when the client left */
	char reason[256];
};

static void end(struct forward *f, const char *reason)
{
	if (f->over)
		return;
	f->over = true;
	(void)snprintf(f->reason, sizeof f->reason, "%s", reason);
}

/* ---- what the harness tells ---- */

static void on_end(void *ctx, const char *reason)
{
	end(ctx, reason);
}

static void on_lock(void *ctx, bool locked, const char *reason)
{
	(void)reason;
	((struct forward *)ctx)->locked = locked;
}

static void on_notice(void *ctx, const char *text)
{
	(void)ctx; /* there is no screen for words */
	(void)text;
}

static void on_nothing(void *ctx)
{
	(void)ctx; /* no screen to draw; every turn looks for room */
}

static void on_opened(void *ctx, uint32_t channel, uint32_t request, int code, const char *say)
{
	(void)ctx; /* nothing is ever asked */
	(void)channel;
	(void)request;
	(void)code;
	(void)say;
}

static const struct gw_session_events events = {
	.end = on_end, .lock = on_lock, .notice = on_notice, .screen = on_nothing, .flow = on_nothing, .opened = on_opened
};

/* ---- bytes ---- */

/* SSH goes to the SSH door, where it is recorded.  Its first bytes are held until they are known. */
static const char ssh_begins[] = "SSH-";
enum { SSH_BEGINS = sizeof ssh_begins - 1 };

static bool may_be_ssh(const struct flow *w)
{
	size_t n = w->n < SSH_BEGINS ? w->n : SSH_BEGINS;
	bool first = w->at == 0 && w->total == w->n;
	return first && n > 0 && memcmp(w->data, ssh_begins, n) == 0;
}

static bool is_held(const struct flow *w)
{
	return w->n < SSH_BEGINS && !w->ended && may_be_ssh(w);
}

static bool wants_input(const struct forward *f, const struct flow *w)
{
	bool room = w->at == w->n || is_held(w);
	return !w->ended && room && gw_tap_room(f->gw) > 0 && !(f->locked && w == &f->in);
}

static void take_in(struct forward *f, struct flow *w)
{
	if (w->at == w->n)
		w->at = w->n = 0;
	ssize_t n = recv(w->from, w->data + w->n, CHUNK - w->n, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		w->ended = true;
		return;
	}
	if (EVP_DigestUpdate(w->digest, w->data + w->n, (size_t)n) != 1) {
		end(f, internal);
		return;
	}
	w->n += (size_t)n;
	w->total += (uint64_t)n;
	gw_tap_count(f->gw, w->frame, (uint64_t)n);
	f->moved_us = clock_mono_us();
	if (w->n >= SSH_BEGINS && may_be_ssh(w))
		end(f, "SSH inside a forward: log in to the target through the gateway instead");
}

static void give(struct forward *f, struct flow *w)
{
	if (is_held(w))
		return;
	while (w->at < w->n) {
		ssize_t n = send(w->to, w->data + w->at, w->n - w->at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) { /* nobody reads there any more: what still comes is of no use */
			w->at = w->n;
			w->ended = w->shut = true;
			return;
		}
		w->at += (size_t)n;
		f->moved_us = clock_mono_us();
	}
	if (w->ended && !w->shut) {
		(void)shutdown(w->to, SHUT_WR);
		w->shut = true;
	}
}

/* ---- one turn ---- */

static void check(struct forward *f)
{
	int64_t now = clock_mono_us();
	const struct gw_grant *g = &f->grant;
	if (f->in.shut && (f->out.shut || f->gone_us))
		end(f, "closed");
	if (f->gone_us && now - f->gone_us > LEFT_US)
		end(f, "closed, with bytes that the target did not read");
	if (g->idle_s && now - f->moved_us > (int64_t)g->idle_s * 1000000)
		end(f, "idle for too long");
	if (g->total_s && now - f->started_us > (int64_t)g->total_s * 1000000)
		end(f, "the time that the grant allows is over");
}

static int wait_ms(const struct forward *f)
{
	int64_t wait = gw_session_due_us(f->gw) - clock_mono_us();
	bool left = f->gone_us && wants_input(f, &f->in); /* its descriptor wakes nobody any more */
	return left || wait <= 0 ? 0 : (int)((wait < TURN_MAX_US ? wait : TURN_MAX_US) + 999) / 1000;
}

static short events_of(const struct forward *f, const struct flow *reads, const struct flow *writes)
{
	bool writing = writes->at < writes->n && !is_held(writes);
	return (short)((wants_input(f, reads) ? POLLIN : 0) | (writing ? POLLOUT : 0));
}

static void turn(struct forward *f)
{
	enum { CLIENT, TARGET, HARNESS, N = HARNESS + GW_SESSION_FDS };
	struct pollfd p[N] = { [CLIENT] = { .fd = f->gone_us ? -1 : f->client, .events = events_of(f, &f->in, &f->out) },
		[TARGET] = { .fd = f->target, .events = events_of(f, &f->out, &f->in) } };
	int fds[GW_SESSION_FDS];
	struct err err = { 0 };
	gw_session_fds(f->gw, fds);
	for (int i = 0; i < GW_SESSION_FDS; i++)
		p[HARNESS + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (!p[TARGET].events)
		p[TARGET].fd = -1; /* else its end would wake us for ever */
	if (poll(p, N, wait_ms(f)) < 0 && errno != EINTR)
		end(f, internal);
	if (gw_session_pump(f->gw, &err) < 0) {
		log_err(LOG_LEVEL_WARN, "forward.services", &err);
		end(f, err.say);
	}
	if (p[CLIENT].revents & (POLLHUP | POLLERR)) { /* closed on both ways; what it had said can still be read */
		f->gone_us = clock_mono_us();
		f->out.ended = f->out.shut = true;
		f->out.at = f->out.n;
	}
	if (((p[CLIENT].revents & POLLIN) || f->gone_us) && wants_input(f, &f->in))
		take_in(f, &f->in);
	if ((p[TARGET].revents & (POLLIN | POLLHUP | POLLERR)) && wants_input(f, &f->out))
		take_in(f, &f->out);
	if (!f->over) {
		give(f, &f->in);
		give(f, &f->out);
		check(f);
	}
}

/* ---- the recording ---- */

static int record_open(struct forward *f, struct err *err)
{
	scoped(buf_done) struct buf b;
	struct json j;
	buf_init(&b, 4096);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "kind", span_str("forward"));
	json_str(&j, "command", span_str(f->grant.target));
	json_bool(&j, "pty", false);
	json_end(&j);
	return gw_tap_frame(f->gw, FRAME_OPEN, CHANNEL, buf_span(&b), err);
}

static int record_digest(struct forward *f, struct flow *w, struct err *err)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (EVP_DigestFinal_ex(w->digest, hash, &n) != 1 || n != 32)
		return fault(err, -ENOMEM, internal, "SHA-256 final");
	scoped(buf_done) struct buf b;
	buf_init(&b, 64);
	wr_le(&b, w->frame, 1);
	wr_le(&b, w->total, 8);
	buf_put(&b, hash, 32);
	return gw_tap_frame(f->gw, FRAME_DIGEST, CHANNEL, buf_span(&b), err);
}

static void record_end(struct forward *f)
{
	struct err err = { 0 };
	int r = record_digest(f, &f->in, &err);
	r = r < 0 ? r : record_digest(f, &f->out, &err);
	r = r < 0 ? r : gw_tap_frame(f->gw, FRAME_CLOSE, CHANNEL, (struct span){ 0 }, &err);
	if (r < 0)
		log_err(LOG_LEVEL_WARN, "forward.record", &err);
}

/* ---- life ---- */

static int flow_open(struct flow *w, int from, int to, uint8_t frame)
{
	w->from = from;
	w->to = to;
	w->frame = frame;
	w->digest = EVP_MD_CTX_new();
	return w->digest && EVP_DigestInit_ex(w->digest, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
}

static int begin(struct forward *f, struct err *err)
{
	int r = gw_session_target(f->gw, "", "", &f->grant, &f->target, err);
	if (r < 0)
		return r;
	f->started_us = f->moved_us = clock_mono_us();
	if (f->grant.auth != WIRE_AUTH_NONE || flow_open(&f->in, f->client, f->target, FRAME_IN) < 0 ||
		flow_open(&f->out, f->target, f->client, FRAME_OUT) < 0)
		return fault(err, -EPROTO, internal, "forward: auth %u", f->grant.auth);
	r = gw_session_reached(f->gw, WIRE_REACHED_OK, "", (struct span){ 0 }, err);
	return r < 0 ? r : record_open(f, err);
}

int gw_forward_serve(struct gw_session *s, int client, struct err *err)
{
	struct forward *f = calloc(1, sizeof *f);
	if (!f) {
		scope_close(&client);
		return fault(err, -ENOMEM, internal, "forward");
	}
	f->gw = s;
	f->client = client;
	f->target = -1;
	gw_session_listen(s, &events, f);
	int r = begin(f, err);
	if (r == 0) {
		while (!f->over)
			turn(f);
		record_end(f);
	}
	/* Both at once, so that either peer learns it before the row is closed. */
	scope_close(&f->client);
	scope_close(&f->target);
	gw_session_end(s, r == 0 ? f->reason : err->say);
	gw_session_listen(s, NULL, NULL);
	EVP_MD_CTX_free(f->in.digest);
	EVP_MD_CTX_free(f->out.digest);
	free(f);
	return r;
}
