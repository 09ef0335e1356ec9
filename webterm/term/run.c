#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "webterm/term/files.h"
#include "webterm/term/term.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>

enum { FRAMES_A_TURN = 64, LATE_US = 20 * 1000, TURN_MAX_US = 60 * 1000 * 1000 };

static void hello(struct web_term *t, const struct web_term_frame *f)
{
	t->shell.pasting = 0;
	if (f->columns > 0) {
		web_term_files_forget(t);
		web_term_state_tell(t);
	}
	web_term_view_hello(&t->view, &t->desk, f->columns, f->rows);
}

static void on_frame(struct web_term *t, const struct web_term_frame *f)
{
	switch (f->type) {
	case WEB_FRAME_HELLO:
		hello(t, f);
		break;
	case WEB_FRAME_INPUT:
		web_term_shell_input(t, f->body);
		break;
	case WEB_FRAME_PASTE:
		web_term_shell_paste(t, f->bytes);
		break;
	case WEB_FRAME_SIZE:
		web_term_view_size(&t->view, f->columns, f->rows);
		break;
	case WEB_FRAME_ACK:
		web_term_view_ack(&t->view, &t->desk, f->bytes);
		break;
	case WEB_FRAME_FILE:
		web_term_files_ask(t, f->id, f->body);
		break;
	case WEB_FRAME_CHUNK:
		web_term_files_chunk(t, f->id, f->body);
		break;
	case WEB_FRAME_CREDIT_GIVEN:
		web_term_files_credit(t, f->id, f->bytes);
		break;
	case WEB_FRAME_END:
		web_term_end_ask(t);
		break;
	default:
		break;
	}
}

static void read_desk(struct web_term *t)
{
	struct err err = { 0 };
	struct web_term_frame f;
	for (int i = 0; i < FRAMES_A_TURN && web_term_desk_listens(&t->desk); i++) {
		int r = web_term_desk_receive(&t->desk, &f, &err);
		if (r == -EAGAIN)
			return;
		if (r < 0) {
			if (r != -EPIPE)
				log_err(LOG_LEVEL_WARN, "term.frame", &err);
			t->desk.gone = true;
			return;
		}
		on_frame(t, &f);
	}
}

/* The parent: end, for one reason or another. */
static int read_parent(struct web_term *t, struct err *err)
{
	uint8_t body[4096];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	struct wire_control m;
	int r = msg_recv_now(t->parent, &type, body, sizeof body, &fd, err);
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return r == -EPIPE ? fault(err, -EPIPE, "", "the parent is gone") : r;
	if (type == WIRE_T_control && wire_control_get(span_of(body, (size_t)r), &m, NULL) == 0) {
		if (m.op == WIRE_END_SESSION) {
			(void)snprintf(t->say, sizeof t->say, "%.*s", (int)m.reason.n, (const char *)m.reason.p);
			web_term_end_ask(t);
		}
		return 0;
	}
	if (type != WIRE_T_stop)
		return fault(err, -EBADMSG, "", "the parent says %04x", type);
	web_term_end_ask(t);
	return 0;
}

static int timeout_ms(const struct web_term *t, bool moved)
{
	int64_t now = clock_mono_us(), due = web_term_view_due_us(&t->view), end = web_term_end_due_us(t);
	due = due < end ? due : end;
	if (moved)
		return 0;
	int64_t wait = due <= now ? LATE_US : due - now; /* due already: it waits for something else as well */
	wait = wait > TURN_MAX_US ? TURN_MAX_US : wait;
	return (int)((wait + 999) / 1000);
}

static int wait_and_read(struct web_term *t, bool moved, struct err *err)
{
	enum { PARENT, DESK, WORKER, N };
	short desk = (short)((web_term_desk_listens(&t->desk) ? POLLIN : 0) | (web_term_desk_is_free(&t->desk) ? 0 : POLLOUT));
	bool listens = t->client.listening && web_term_client_is_up(&t->client); /* a socket that hung up would never let us wait */
	struct pollfd p[N] = {
		[PARENT] = { .fd = t->parent, .events = POLLIN },
		[DESK] = { .fd = t->desk.gone ? -1 : t->desk.fd, .events = desk },
		[WORKER] = { .fd = listens ? t->client.fd : -1, .events = web_term_client_events(&t->client) },
	};
	if (poll(p, N, timeout_ms(t, moved)) < 0 && errno != EINTR)
		return fault(err, -errno, "internal error", "poll: %m");
	if (p[PARENT].revents) {
		int r = read_parent(t, err);
		if (r < 0)
			return r;
	}
	if (p[DESK].revents & POLLOUT)
		web_term_desk_flush(&t->desk);
	if (p[DESK].revents & (POLLIN | POLLHUP | POLLERR))
		read_desk(t);
	if (p[WORKER].revents)
		web_term_client_turn(&t->client);
	return 0;
}

static void step(struct web_term *t, bool *moved)
{
	struct err err = { 0 };
	uint64_t heard = t->client.wire.in_bytes;
	int r = 0;
	if (t->state != WEB_TERM_ENDED) {
		r = web_term_client_step(&t->client, &err);
		if (r == 0 && t->client.phase >= WEB_TERM_CLIENT_UP)
			r = web_term_shell_step(t, moved, &err);
		if (r == 0 && t->client.phase == WEB_TERM_CLIENT_UP)
			web_term_files_step(t, moved);
	}
	/* libssh also reads from inside its other functions: what came in there is looked at before waiting. */
	*moved |= heard != t->client.wire.in_bytes;
	if (r < 0)
		log_err(LOG_LEVEL_WARN, "term.ssh", &err);
	web_term_end_check(t, r < 0 ? &err : NULL);
}

int web_term_run(struct web_term *t, struct err *err)
{
	while (!web_term_end_is_reached(t)) {
		bool moved = false;
		step(t, &moved);
		if (web_term_end_is_reached(t))
			break;
		int r = wait_and_read(t, moved, err);
		if (r < 0)
			return r;
	}
	return 0;
}
