#include "tools/yanmen/live.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>

enum { ANSWER_WAIT_MS = 15000 };

int cli_live_open(struct cli_live *l, const struct cli *cli, const struct cli_call *call)
{
	scoped(scope_close) int theirs = -1;
	int sv[2];

	*l = (struct cli_live){ .cli = cli, .command = -1, .frames = -1, .tty.signals = -1 };
	cli_connect_init(&l->answer);
	int r = msg_pair(sv);
	if (r < 0)
		return cli_say_fail(cli, CLI_FAILED, "socketpair: %s", strerror(-r));
	l->frames = sv[0];
	theirs = sv[1];
	int exit = cli_connect_send(cli, call, theirs, &l->command);
	if (exit != 0)
		return exit;
	r = cli_tty_open(&l->tty);
	return r < 0 ? cli_say_fail(cli, CLI_FAILED, "signalfd: %s", strerror(-r)) : 0;
}

void cli_live_close(struct cli_live *l)
{
	cli_tty_close(&l->tty);
	scope_close(&l->frames);
	scope_close(&l->command);
	cli_connect_done(&l->answer);
}

static enum cli_live_event take_answer(struct cli_live *l)
{
	int r = cli_connect_take(l->cli, l->command, &l->answer);

	if (r < 0) {
		l->answered = true;
		l->answer.exit = -r;
		return CLI_LIVE_BROKEN;
	}
	l->answered = r == 0;
	return r == 0 ? CLI_LIVE_ANSWER : CLI_LIVE_TIME;
}

static enum cli_live_event take_frames(struct cli_live *l)
{
	scoped(scope_close) int fd = -1;
	struct wire_frames m;
	uint16_t type = 0;

	int n = msg_recv_now(l->frames, &type, l->body, sizeof l->body, &fd, NULL);
	if (n == -EAGAIN)
		return CLI_LIVE_TIME;
	if (n < 0 || type != WIRE_T_frames || wire_frames_get(span_of(l->body, (size_t)n), &m, NULL) < 0) {
		scope_close(&l->frames);
		return CLI_LIVE_END;
	}
	l->rest = m.frames;
	return CLI_LIVE_FRAMES;
}

enum cli_live_event cli_live_wait(struct cli_live *l, int timeout_ms, bool more, char *ret_key)
{
	enum { SIGNALS, KEYS, COMMAND, FRAMES, ALL };
	struct pollfd fds[ALL] = {
		[SIGNALS] = { .fd = l->tty.signals, .events = POLLIN },
		[KEYS] = { .fd = l->tty.keys ? STDIN_FILENO : -1, .events = POLLIN },
		[COMMAND] = { .fd = l->answered ? -1 : l->command, .events = POLLIN },
		[FRAMES] = { .fd = more ? l->frames : -1, .events = POLLIN },
	};

	if (poll(fds, ALL, timeout_ms) < 0)
		return CLI_LIVE_TIME;
	if (fds[SIGNALS].revents) {
		/* Taken, so that it does not strike when signals are let through again. */
		struct signalfd_siginfo info;
		return read(l->tty.signals, &info, sizeof info) == sizeof info ? CLI_LIVE_STOP : CLI_LIVE_TIME;
	}
	if (fds[KEYS].revents) {
		if (read(STDIN_FILENO, ret_key, 1) == 1)
			return CLI_LIVE_KEY;
		l->tty.keys = false; /* the terminal is gone; a hang-up signal follows */
	}
	if (fds[COMMAND].revents)
		return take_answer(l);
	return fds[FRAMES].revents ? take_frames(l) : CLI_LIVE_TIME;
}

int cli_live_frame(struct cli_live *l, struct frame *ret)
{
	if (l->rest.n == 0)
		return 0;
	int n = frame_get(l->rest, ret, NULL);
	if (n <= 0) {
		l->rest = (struct span){ 0 };
		scope_close(&l->frames);
		return 0;
	}
	l->rest = span_of(l->rest.p + n, l->rest.n - (size_t)n);
	return 1;
}

int cli_live_finish(struct cli_live *l, const struct cli_command *c)
{
	char key = 0;

	scope_close(&l->frames);
	for (int tries = 0; !l->answered && tries < 100; tries++) {
		enum cli_live_event e = cli_live_wait(l, ANSWER_WAIT_MS, false, &key);
		if (e == CLI_LIVE_BROKEN || e == CLI_LIVE_STOP)
			return e == CLI_LIVE_STOP ? CLI_DONE : CLI_FAILED;
		if (e == CLI_LIVE_TIME && l->answer.json.len == 0)
			break;
	}
	cli_tty_close(&l->tty);
	if (!l->answered)
		return cli_say_fail(
			l->cli, CLI_FAILED, "%s", cli_say_text(l->cli, "the gateway did not answer", "网关没有应答"));
	return l->answer.exit == CLI_DONE ? CLI_DONE : cli_connect_show(l->cli, c, &l->answer);
}
