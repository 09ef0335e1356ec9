/*
 * yanmen-pwhash: one question after the other, from the broker.  Descriptor 3: the parent, which gives the broker's
 * socket (again when the broker was restarted).
 */
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/pwhash/passkey.h"
#include "policy/pwhash/pwhash.h"
#include <errno.h>
#include <poll.h>

enum { CONTROL = 3 };

static uint8_t body[MSG_BODY_MAX];

/* -EPIPE: the parent is gone or says stop. */
static int control_read(int *broker, struct err *err)
{
	scoped(scope_close) int fd = -1;
	struct wire_peer peer;
	uint16_t type;
	int n = msg_recv_now(CONTROL, &type, body, sizeof body, &fd, err);

	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	if (type == WIRE_T_stop)
		return -EPIPE;
	if (type != WIRE_T_peer)
		return fault(err, -EBADMSG, "internal error", "the parent says %s", wire_type_name(type));
	int r = wire_peer_get(span_of(body, (size_t)n), &peer, err);
	if (r < 0)
		return r;
	if (peer.role != WIRE_BROKER || fd < 0)
		return fault(err, -EBADMSG, "internal error", "a peer that is not the broker");
	scope_close(broker);
	*broker = take_fd(fd);
	return 0;
}

static int passkey_read(int broker, struct span said, struct err *err)
{
	struct wire_passkey ask;
	struct wire_passkey_answer answer;
	int r = wire_passkey_get(said, &ask, err);

	if (r < 0)
		return r;
	pwhash_passkey_answer(&ask, &answer);
	return wire_passkey_answer_send(broker, &answer, -1);
}

/* -EPIPE: this broker is gone; another one comes. */
static int broker_read(const struct pwhash *p, int broker, struct err *err)
{
	scoped(scope_close) int fd = -1;
	char hash[crypto_pwhash_STRBYTES] = "";
	struct wire_pwhash ask;
	struct wire_pwhash_answer answer;
	uint16_t type;
	int n = msg_recv_now(broker, &type, body, sizeof body, &fd, err);

	if (n < 0)
		return n == -EAGAIN ? 0 : n;
	if (type == WIRE_T_passkey)
		return passkey_read(broker, span_of(body, (size_t)n), err);
	if (type != WIRE_T_pwhash)
		return fault(err, -EBADMSG, "internal error", "the broker says %s", wire_type_name(type));
	int r = wire_pwhash_get(span_of(body, (size_t)n), &ask, err);
	if (r == 0)
		pwhash_answer(p, &ask, fd, &answer, hash);
	secret_wipe(body, (size_t)n);
	if (r < 0)
		return r;
	r = wire_pwhash_answer_send(broker, &answer, -1);
	secret_wipe(hash, sizeof hash);
	return r;
}

static int serve(const struct pwhash *p, struct err *err)
{
	scoped(scope_close) int broker = -1;

	for (;;) {
		struct pollfd fds[] = { { .fd = CONTROL, .events = POLLIN }, { .fd = broker, .events = POLLIN } };
		int r = 0;
		if (poll(fds, COUNT_OF(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return fault(err, -errno, "internal error", "poll: %m");
		}
		if (fds[0].revents)
			r = control_read(&broker, err);
		else if (fds[1].revents && broker_read(p, broker, err) < 0) {
			if (err->code)
				log_err(LOG_LEVEL_ERROR, "pwhash.broker", err);
			*err = (struct err){ 0 };
			scope_close(&broker);
		}
		if (r < 0)
			return r;
	}
}

int main(void)
{
	struct wire_hello hello = { .role = WIRE_PWHASH, .build = span_str(wire_build) };
	struct pwhash pwhash;
	struct err err = { 0 };

	log_context("role", wire_role_name(WIRE_PWHASH));
	int r = pwhash_init(&pwhash, &err);
	if (r == 0)
		r = pwhash_passkey_init(&err);
	if (r == 0)
		r = sandbox_enter(SANDBOX_PWHASH, &err);
	if (r == 0)
		r = wire_hello_send(CONTROL, &hello, -1);
	if (r == 0)
		r = serve(&pwhash, &err);
	if (r == -EPIPE)
		return 0;
	log_err(LOG_LEVEL_ERROR, "pwhash.end", &err);
	return 1;
}
