#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "recorder/reader/parent.h"
#include "recorder/reader/reader.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 10 * 1000 };

/* A message from `sock`; gives up when the parent goes or says stop, or after the time.  body: MSG_BODY_MAX bytes. */
static int hear(struct reader *r, int sock, uint16_t *ret_type, uint8_t *body, int *ret_fd)
{
	int64_t until = clock_mono_us() + ANSWER_MS * INT64_C(1000);
	for (;;) {
		struct pollfd p[2] = { { .fd = sock, .events = POLLIN }, { .fd = r->parent, .events = POLLIN } };
		int64_t left_us = until - clock_mono_us();
		bool waits = !r->asked && sock == r->broker; /* for its job a reader waits as long as it takes */
		if (left_us <= 0 && !waits)
			return -ETIMEDOUT;
		if (poll(p, 2, waits ? -1 : (int)(left_us / 1000) + 1) < 0 && errno != EINTR)
			return -errno;
		if (p[1].revents && reader_parent_leaves(r->parent))
			return -ECANCELED;
		if (p[0].revents)
			return msg_recv(sock, ret_type, body, MSG_BODY_MAX, ret_fd, NULL);
	}
}

int reader_talk_ask(struct reader *r, struct err *err)
{
	uint8_t body[MSG_BODY_MAX];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	int n = hear(r, r->broker, &type, body, &fd);
	if (n == -ECANCELED || n == -EPIPE)
		return 0;
	if (n < 0)
		return fault(err, n, "internal error", "waiting for the job");
	if (type != WIRE_T_read || wire_read_get(span_of(body, (size_t)n), &r->ask, err) < 0)
		return fault(err, -EBADMSG, "internal error", "%s instead of a job", wire_type_name(type));
	if (fd < 0 && r->ask.format != WIRE_READ_VERIFY && r->ask.format != WIRE_READ_LINES)
		return fault(err, -EBADMSG, "internal error", "no descriptor to write to");
	r->target = take_fd(fd);
	r->asked = true;
	return 1;
}

int reader_talk_opened(struct reader *r, struct span sealed_key)
{
	return wire_read_opened_send(
		r->broker, &(struct wire_read_opened){ .ticket = r->ask.ticket, .sealed_key = sealed_key }, -1);
}

int reader_talk_done(struct reader *r, int code, const char *say)
{
	struct wire_read_done m = {
		.ticket = r->ask.ticket, .code = code, .say = span_str(say), .seq = r->verdict.seq
	};
	static const uint8_t states[] = { [EVIDENCE_STATE_OPEN] = WIRE_RECORDING_OPEN,
		[EVIDENCE_STATE_CLOSED] = WIRE_RECORDING_CLOSED,
		[EVIDENCE_STATE_CRASHED] = WIRE_RECORDING_CRASHED };
	m.state = r->verdict.state ? states[r->verdict.state] : WIRE_RECORDING_UNKNOWN;
	memcpy(m.head.b, r->verdict.head, sizeof m.head.b);
	int rc = wire_read_done_send(r->broker, &m, -1);
	/* Not gone before it was heard: the broker hangs up. */
	uint8_t body[MSG_BODY_MAX];
	while (rc == 0) {
		uint16_t type = 0;
		scoped(scope_close) int fd = -1;
		int n = hear(r, r->broker, &type, body, &fd);
		if (n < 0)
			break;
	}
	return rc;
}

/* The broker has told the vault, or says why not. */
static int allowed(struct reader *r, struct err *err)
{
	uint8_t body[MSG_BODY_MAX];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	struct wire_read_allowed a;
	int n = hear(r, r->broker, &type, body, &fd);
	if (n < 0)
		return fault(err, n, "internal error", "read_allowed: %d", n);
	if (type != WIRE_T_read_allowed || wire_read_allowed_get(span_of(body, (size_t)n), &a, err) < 0)
		return fault(err, -EBADMSG, "internal error", "%s instead of read_allowed", wire_type_name(type));
	char say[sizeof err->say];
	(void)snprintf(say, sizeof say, "%.*s", (int)(a.say.n < sizeof say ? a.say.n : 0), (const char *)a.say.p);
	return a.code < 0 ? fault(err, (int)a.code, say, "not allowed") : 0;
}

int reader_talk_key(struct reader *r, struct secret **ret, struct err *err)
{
	uint8_t body[MSG_BODY_MAX];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	struct wire_use_secret s;
	int n = allowed(r, err);
	if (n < 0)
		return n;
	n = wire_use_send(r->vault, &(struct wire_use){ .id = r->ask.id }, -1);
	if (n == 0)
		n = hear(r, r->vault, &type, body, &fd);
	if (n < 0)
		return fault(err, n, "the vault does not answer", "use: %d", n);
	if (type != WIRE_T_use_secret || wire_use_secret_get(span_of(body, (size_t)n), &s, err) < 0 || s.text.n != 32)
		return fault(
			err, -EACCES, "the vault does not give the key of this recording", "%s", wire_type_name(type));
	int rc = secret_of(s.text, ret, err);
	secret_wipe(body, (size_t)n);
	return rc;
}

int reader_talk_sign_keys(struct reader *r, struct evidence_keys *ret, struct err *err)
{
	uint8_t body[MSG_BODY_MAX];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	struct wire_publics_answer a;
	int n = wire_publics_send(r->vault, &(struct wire_publics){ 0 }, -1);
	if (n == 0)
		n = hear(r, r->vault, &type, body, &fd);
	if (n < 0)
		return fault(err, n, "the vault does not answer", "publics: %d", n);
	if (type != WIRE_T_publics_answer || wire_publics_answer_get(span_of(body, (size_t)n), &a, err) < 0)
		return fault(err, -EBADMSG, "internal error", "%s instead of the public keys", wire_type_name(type));
	return evidence_keys_get(a.evidence, ret, err);
}
