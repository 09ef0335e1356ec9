#include "tools/yanmen/replay.h"
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/live.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/show.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#define SPEED_MIN 0.1
#define SPEED_MAX 100.0
#define IDLE_MAX 86400.0

struct player {
	struct cli_live live;
	struct cli_show show;
	double speed;
	int64_t idle_us; /* longest pause; INT64_MAX = as it was */
	bool paused, begun;
	uint64_t last_us; /* time of the frame shown last */
	int64_t shown_us; /* when that was, clock_mono_us */
	bool held;        /* `next` waits for its time */
	struct frame next;
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
	return p->shown_us + (pause < p->idle_us ? pause : p->idle_us);
}

static void show(struct player *p)
{
	cli_show_frame(&p->show, &p->next);
	p->held = false;
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
		int64_t wait_us = p->paused ? INT64_MAX : due_us(p) - clock_mono_us();
		if (wait_us > 0) {
			cli_show_flush(&p->show);
			return wait_us >= (int64_t)INT_MAX * 1000 ? INT_MAX : (int)((wait_us + 999) / 1000);
		}
		show(p);
	}
}

static bool key(struct player *p, char k)
{
	if (k == ' ') {
		p->paused = !p->paused;
		p->shown_us = clock_mono_us(); /* the pause does not count */
	}
	return k != 'q' && k != 'Q';
}

static int play(struct player *p, const struct cli_command *c)
{
	for (;;) {
		char k = 0;
		int wait_ms = advance(p);
		cli_show_flush(&p->show);
		if (wait_ms < 0 && p->live.frames < 0)
			return cli_live_finish(&p->live, c);
		switch (cli_live_wait(&p->live, wait_ms, !p->held, &k)) {
		case CLI_LIVE_KEY:
			if (!key(p, k))
				return CLI_DONE;
			break;
		case CLI_LIVE_STOP:
			return CLI_DONE;
		case CLI_LIVE_ANSWER:
			if (p->live.answer.exit != CLI_DONE)
				return cli_live_finish(&p->live, c);
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
	struct number speed = { "--speed", SPEED_MIN, SPEED_MAX, 1 }, idle = { "--idle", 0, IDLE_MAX, -1 };

	p.live = (struct cli_live){ .command = -1, .frames = -1, .tty.signals = -1 };
	cli_show_init(&p.show, cli);
	int exit = number(cli, call, &speed);
	if (exit == 0)
		exit = number(cli, call, &idle);
	if (exit != 0)
		return exit;
	p.speed = speed.value;
	if (idle.value >= 0)
		p.idle_us = (int64_t)(idle.value * 1e6);
	exit = cli_live_open(&p.live, cli, call);
	return exit != 0 ? exit : play(&p, call->command);
}
