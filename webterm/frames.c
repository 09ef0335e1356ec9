#include "webterm/frames.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/msg.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "webterm/broker.h"
#include "gateway/core/link.h"
#include "webterm/problem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE = 4096, ANSWER_US = 15 * 1000 * 1000 };

struct feed {
	struct web_socket *s; /* NULL: the browser is gone, and the command's answer has not come */
	struct link link;
	struct loop_timer late; /* for the answer, behind the last frame */
	struct buf held;      /* frames, or the last words */
	bool asking, text, ended, told;
	char say[400];
};

static void feed_free(struct feed *f)
{
	loop_timer_del(&f->late);
	link_close(&f->link);
	buf_done(&f->held);
	free(f);
}

/* The last message, behind the frames. */
static void end(struct feed *f)
{
	struct json j;
	if (!f->s || f->told || f->held.len > 0)
		return;
	f->told = f->text = true;
	json_open(&j, &f->held);
	json_obj(&j, NULL);
	json_str(&j, "end", span_str(f->say));
	json_end(&j);
	web_socket_ready(f->s);
}

static void late(void *ctx)
{
	struct feed *f = ctx;
	(void)snprintf(f->say, sizeof f->say, "the gateway did not answer");
	end(f);
}

/* All frames are here: now the command's answer says whether it was all. */
static void over(struct feed *f)
{
	f->ended = true;
	link_close(&f->link);
	if (!f->asking)
		end(f);
	else if (f->s)
		loop_timer_set(f->s->web->loop, &f->late, ANSWER_US);
}

static void lost(void *ctx, const struct err *why)
{
	(void)why;
	over(ctx);
}

static void got(void *ctx, struct link_msg *m)
{
	struct feed *f = ctx;
	struct wire_frames frames;
	if (m->type != WIRE_T_frames || wire_frames_get(m->body, &frames, NULL) < 0) {
		over(f);
		return;
	}
	buf_put_span(&f->held, frames.frames);
	link_pause(&f->link, true);
	web_socket_ready(f->s);
}

static void answered(void *ctx, struct web_reply *reply)
{
	struct feed *f = ctx;
	struct buf say;
	f->asking = false;
	if (!f->s) {
		feed_free(f);
		return;
	}
	enum web_problem p = reply->code == WEB_BROKER_LOST ? WEB_PROBLEM_AWAY : web_problem_of_exit(reply->code);
	if (p != WEB_PROBLEM_NONE) {
		buf_init(&say, sizeof f->say - 1);
		web_problem_say(&say, reply->say.n > 0 ? reply->say : span_str("the gateway cannot answer now; try again"), f->s->zh);
		(void)snprintf(f->say, sizeof f->say, "%s", buf_str(&say));
		buf_done(&say);
	}
	if (f->ended || p != WEB_PROBLEM_NONE) {
		f->ended = true;
		link_close(&f->link);
		end(f);
	}
}

static void put_arg(struct buf *args, const char *key, const char *value)
{
	wr_str32le(args, span_str(key));
	wr_str32le(args, span_str(value));
}

/* Milliseconds of a query as the seconds that the command takes; "" when they are none. */
static void seconds(const char *ms, char ret[static 32])
{
	size_t n = strlen(ms);
	ret[0] = 0;
	if (n > 0 && n <= 12 && strspn(ms, "0123456789") == n)
		(void)snprintf(ret, 32, "%.3f", (double)strtoull(ms, NULL, 10) / 1000);
}

static int begin(struct feed *f, struct web_socket *s, const char *command)
{
	char id[ID_TEXT], from[32];
	scoped(buf_done) struct buf args = { 0 };
	int sv[2];
	if (msg_pair(sv) < 0)
		return -1;
	scoped(scope_close) int theirs = sv[1];
	if (link_open(&f->link, s->web->loop, sv[0], QUEUE, NULL) < 0)
		return -1;
	buf_init(&args, 256);
	id_text(&s->id, id);
	seconds(s->from, from);
	put_arg(&args, "id", id);
	bool starts = s->kind == &web_frames_replay && from[0];
	bool paced = s->kind == &web_frames_watch && s->pace[0];
	if (starts)
		put_arg(&args, "from", from);
	if (paced)
		put_arg(&args, "pace", s->pace);
	struct web_broker_ask a = { .token = &s->session, .address = s->conn->address, .name = command, .zh = s->zh,
		.count = starts || paced ? 2 : 1, .args = buf_span(&args) };
	f->asking = web_broker_ask(s->web->broker, &a, theirs, answered, f) == 0;
	return f->asking ? 0 : -1;
}

static void opened(struct web_socket *s)
{
	struct feed *f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->s = s;
	f->late = (struct loop_timer){ .fire = late, .ctx = f };
	f->link = (struct link){ .got = got, .lost = lost, .ctx = f };
	buf_init(&f->held, MSG_BODY_MAX);
	s->ctx = f;
	if (begin(f, s, s->kind == &web_frames_watch ? "session watch" : "replay") < 0) {
		(void)snprintf(f->say, sizeof f->say, "the gateway cannot answer now; try again");
		f->ended = true;
		end(f);
	}
}

static bool hear(struct web_socket *s, struct span message)
{
	(void)s;
	(void)message;
	return false; /* who watches only watches */
}

static bool give(struct web_socket *s, struct web_message *ret)
{
	struct feed *f = s->ctx;
	if (f->ended && (!f->asking || f->say[0]))
		end(f);
	if (f->held.len == 0) {
		if (f->told)
			s->closing = WEB_SOCKET_DONE;
		return false;
	}
	/* The bytes stay where they are until the next message is put there. */
	*ret = (struct web_message){ .bytes = buf_span(&f->held), .text = f->text };
	f->held.len = 0;
	link_pause(&f->link, false);
	return true;
}

static void closed(struct web_socket *s)
{
	struct feed *f = s->ctx;
	f->s = NULL;
	link_close(&f->link); /* the recorder or the reader finds us gone */
	loop_timer_del(&f->late);
	if (!f->asking)
		feed_free(f);
}

const struct web_socket_kind web_frames_watch = {
	.protocol = "yanmen.frames.1", .open = opened, .hear = hear, .give = give, .close = closed
};
const struct web_socket_kind web_frames_replay = {
	.protocol = "yanmen.frames.1", .open = opened, .hear = hear, .give = give, .close = closed
};
