#include "tools/yanmen/replay.h"
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/live.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/show.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SPEED_MIN 0.1
#define SPEED_MAX 100.0
#define IDLE_MAX 86400.0
#define STEP_US UINT64_C(10000000) /* of an arrow key */

struct player {
	struct cli_live live;
	struct cli_show show;
	double speed;
	int64_t idle_us; /* longest pause; INT64_MAX = as it was */
	bool paused, begun;
	uint64_t from_s;   /* --from */
	uint64_t first_us; /* time of the first frame ever */
	uint64_t last_us;  /* where we were in the recording (what is older is shown at once) ... */
	int64_t shown_us;  /* ... and when that was, clock_mono_us */
	bool held;         /* `next` waits for its time */
	struct frame next;
	uint8_t escape;    /* bytes of an arrow key so far */
};

static void player_done(struct player *p)
{
	cli_live_close(&p->live);
	cli_show_done(&p->show);
}

/* When the frame at hand is to be shown. */
static int64_t due_us(const struct player *p)
{
	if (!p->begun || p->show.cli->json || p->next.time_us <= p->last_us)
		return 0;
	int64_t pause = (int64_t)((double)(p->next.time_us - p->last_us) / p->speed);
	return p->paused ? INT64_MAX : p->shown_us + (pause < p->idle_us ? pause : p->idle_us);
}

static void show(struct player *p)
{
	cli_show_frame(&p->show, &p->next);
	p->held = false;
	if (p->first_us == 0) {
		p->first_us = p->next.time_us;
		p->last_us = p->first_us + p->from_s * 1000000;
	}
	p->begun = true;
	p->last_us = p->next.time_us > p->last_us ? p->next.time_us : p->last_us;
	p->shown_us = clock_mono_us();
}

/* Shows what is due; returns milliseconds until the next frame, -1 when there is none at hand. */
static int advance(struct player *p)
{
	for (;;) {
		if (!p->held && cli_live_frame(&p->live, &p->next) <= 0)
			return -1;
		p->held = true;
		int64_t due = due_us(p), wait_us = due == INT64_MAX ? due : due - clock_mono_us();
		if (wait_us > 0) {
			cli_show_flush(&p->show);
			return wait_us >= (int64_t)INT_MAX * 1000 ? INT_MAX : (int)((wait_us + 999) / 1000);
		}
		show(p);
	}
}

/* Time has gone on since the last frame: here we are now. */
static void settle(struct player *p)
{
	int64_t now = clock_mono_us();

	if (p->begun && !p->paused)
		p->last_us += (uint64_t)((double)(now - p->shown_us) * p->speed);
	if (p->held && p->last_us > p->next.time_us)
		p->last_us = p->next.time_us;
	p->shown_us = now;
}

/* The reader goes forward only: another one begins earlier. */
static int rewind_to(struct player *p, struct cli_call *call, uint64_t at_us)
{
	uint64_t from_s = at_us > p->first_us ? (at_us - p->first_us) / 1000000 : 0;
	const struct cli *cli = p->show.cli;
	char *text = NULL;

	if (asprintf(&text, "%llu", (unsigned long long)from_s) < 0 || cli_args_replace(call, "--from", text) < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s", cli_say_text(cli, "no memory", "内存不足"));
	cli_live_close(&p->live);
	cli_show_again(&p->show);
	p->held = p->begun = false;
	p->last_us = p->first_us + from_s * 1000000;
	return cli_live_open(&p->live, cli, call);
}

static void speed(struct player *p, double factor)
{
	double v = p->speed * factor;

	p->speed = v < SPEED_MIN ? SPEED_MIN : v > SPEED_MAX ? SPEED_MAX : v;
}

/* Which arrow ended with this byte: 'C' right, 'D' left, 0 none (yet). */
static char arrow(struct player *p, char k)
{
	bool ours = p->escape == 0 ? k == 27 : p->escape == 1 ? k == '[' || k == 'O' : false;
	bool ends = p->escape == 2;

	p->escape = ours ? p->escape + 1 : 0;
	return ends ? k : 0;
}

enum { GOES_ON = -1 };

/* An exit code, or GOES_ON. */
static int key(struct player *p, struct cli_call *call, char k)
{
	bool in_sequence = p->escape > 0;
	char to = arrow(p, k);

	settle(p);
	if (to == 'C')
		p->last_us += STEP_US;
	else if (to == 'D' && p->first_us > 0) {
		int exit = rewind_to(p, call, p->last_us > STEP_US ? p->last_us - STEP_US : 0);
		return exit == CLI_DONE ? GOES_ON : exit;
	} else if (in_sequence)
		return GOES_ON;
	else if (k == ' ')
		p->paused = !p->paused;
	else if (k == '+' || k == '=')
		speed(p, 2);
	else if (k == '-')
		speed(p, 0.5);
	return k == 'q' || k == 'Q' ? CLI_DONE : GOES_ON;
}

static int play(struct player *p, struct cli_call *call)
{
	for (;;) {
		char k = 0;
		int exit, wait_ms = advance(p);
		cli_show_flush(&p->show);
		if (wait_ms < 0 && p->live.frames < 0)
			return cli_live_finish(&p->live, call->command);
		switch (cli_live_wait(&p->live, wait_ms, !p->held, &k)) {
		case CLI_LIVE_KEY:
			if ((exit = key(p, call, k)) != GOES_ON)
				return exit;
			break;
		case CLI_LIVE_STOP:
			return CLI_DONE;
		case CLI_LIVE_ANSWER:
			if (p->live.answer.exit != CLI_DONE)
				return cli_live_finish(&p->live, call->command);
			break;
		case CLI_LIVE_BROKEN:
			return p->live.answer.exit;
		default:
			break;
		}
	}
}

struct number {
	const char *name;
	double min, max, value; /* value: also the default */
};

static int number(const struct cli *cli, const struct cli_call *call, struct number *n)
{
	const char *text = cli_args_get(call, n->name);
	char *rest = NULL;

	if (!text)
		return 0;
	double v = strtod(text, &rest);
	if (rest == text || *rest != '\0' || !isfinite(v) || v < n->min || v > n->max)
		return cli_say_usage(cli, call->command,
			cli_say_text(cli, "%s is a number from %g to %g", "%s 应为 %g 到 %g 的数字"), n->name, n->min,
			n->max);
	n->value = v;
	return 0;
}

int cli_replay(const struct cli *cli, struct cli_call *call)
{
	scoped(player_done) struct player p = { .idle_us = INT64_MAX };
	struct number rate = { "--speed", SPEED_MIN, SPEED_MAX, 1 }, idle = { "--idle", 0, IDLE_MAX, -1 };

	p.live = (struct cli_live){ .command = -1, .frames = -1, .tty.signals = -1 };
	cli_show_init(&p.show, cli);
	p.show.hint = cli_say_text(cli, "space pauses, arrows 10 s back or on, + - speed, q quits",
		"空格暂停，左右方向键后退或前进 10 秒，+ - 调速，q 退出");
	int exit = number(cli, call, &rate);
	if (exit == 0)
		exit = number(cli, call, &idle);
	if (exit != 0)
		return exit;
	p.speed = rate.value;
	if (idle.value >= 0)
		p.idle_us = (int64_t)(idle.value * 1e6);
	const char *from = cli_args_get(call, "--from"); /* in seconds by now */
	p.from_s = from ? strtoull(from, NULL, 10) : 0;
	exit = cli_live_open(&p.live, cli, call);
	return exit != 0 ? exit : play(&p, call);
}
