#include "gateway/core/clock.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "recorder/recorder.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/*
 * The socket itself is a watcher's bounded queue.  One that has no room is skipped until it has, then it joins anew: what
 * is known of the session, a screen key-frame, and on from there.  The session never waits.
 *
 * A paced watcher (a tile of a wall) gets at most one message in its time.  What comes in between is held; when that is more than a
 * screen is worth, only what tells of channels stays of it, and a key-frame is asked for when its time has come.
 */
enum {
	CHANNELS_MAX = 64,        /* open channels that a newcomer is told of */
	CHANNEL_TEXT_MAX = 4096,  /* a longer FRAME_OPEN is not kept */
	WATCHERS_MAX = 16,
	SOCKET_BYTES = 512 * 1024,
	SCREEN_WAIT_US = 500 * 1000, /* for a key-frame; a session without a terminal has none */
	LAST_WAIT_US = 5 * 1000 * 1000,
	PACE_MIN_MS = 100,
	PACE_MAX_MS = 60 * 1000,
	PACED_MAX = 16 * 1024, /* bytes in one message of a paced watcher; a key-frame takes the place of more */
};

struct channel {
	struct channel *next;
	uint32_t number;
	struct buf open, size; /* whole frames; size empty until it changed */
};
struct watcher {
	struct watcher *next;
	struct rec_live *live;
	int sock;
	struct loop_io io;
	struct loop_timer timer; /* the key-frame's or the last wait */
	uint64_t seq;
	enum { JOINING, WATCHING, SKIPPING, LEAVING } state;
	int64_t pace_us, due_us; /* paced: the time between two messages, and when the next may go */
	bool armed, behind;      /* paced: the timer runs; frames were left out */
	struct buf held;         /* paced: for the next message */
};
struct rec_live {
	struct rec *rec;
	struct buf meta; /* the first frame */
	struct buf last; /* FRAME_FINISH, for who was skipped */
	struct channel *channels;
	unsigned channels_n, watchers_n;
	struct watcher *watchers;
	bool over;
	int64_t asked_us; /* for a key-frame */
	bool came;        /* it has come */
};

int rec_live_meta(struct rec *rec, struct span meta, int64_t now_us)
{
	struct rec_live *l = calloc(1, sizeof *l);
	if (!l)
		return -ENOMEM;
	l->rec = rec;
	buf_init(&l->meta, FRAME_HEAD + FRAME_BODY_MAX);
	buf_init(&l->last, FRAME_HEAD + FRAME_BODY_MAX);
	frame_put(&l->meta, &(struct frame){ .time_us = (uint64_t)now_us, .type = FRAME_META, .body = meta });
	rec->live = l;
	return 0;
}

/* ---- what a newcomer has to know ---- */
static struct channel **channel_at(struct rec_live *l, uint32_t number)
{
	struct channel **at = &l->channels;
	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static void channel_forget(struct rec_live *l, struct channel **at)
{
	struct channel *c = *at;
	if (!c)
		return;
	*at = c->next;
	buf_done(&c->open);
	buf_done(&c->size);
	free(c);
	l->channels_n--;
}

/* A channel may be opened for one thing after another (pty, then shell): the last one counts. */
static void channel_learn(struct rec_live *l, const struct frame *f)
{
	struct channel **at = channel_at(l, f->channel), *c = *at;
	if (f->body.n > CHANNEL_TEXT_MAX || (!c && (f->type == FRAME_SIZE || l->channels_n == CHANNELS_MAX)))
		return;
	if (!c) {
		c = calloc(1, sizeof *c);
		if (!c)
			return;
		c->number = f->channel;
		buf_init(&c->open, FRAME_HEAD + CHANNEL_TEXT_MAX);
		buf_init(&c->size, FRAME_HEAD + CHANNEL_TEXT_MAX);
		*at = c;
		l->channels_n++;
	}
	struct buf *b = f->type == FRAME_OPEN ? &c->open : &c->size;
	buf_clear(b);
	frame_put(b, f);
}

/* ---- one watcher ---- */
static void watcher_drop(struct watcher *w)
{
	struct rec_live *l = w->live;
	struct watcher **at = &l->watchers;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	l->watchers_n--;
	loop_timer_del(&w->timer);
	loop_del(&w->io);
	scope_close(&w->sock);
	buf_done(&w->held);
	free(w);
}

/* 0, or the watcher has no room (now SKIPPING), or is gone (freed: -EPIPE). */
static int watcher_say(struct watcher *w, struct span frames)
{
	static uint8_t bytes[MSG_BODY_MAX + 1]; /* one receiving thread */
	struct buf b = { .data = bytes, .size = sizeof bytes, .cap = MSG_BODY_MAX };
	wire_frames_put(&b, &(struct wire_frames){ .seq = w->seq + 1, .frames = frames });
	int rc = b.failed ? -EMSGSIZE : msg_send_now(w->sock, WIRE_T_frames, buf_span(&b), -1);
	if (rc == 0) {
		w->seq++;
	} else if (rc == -EAGAIN) {
		w->state = SKIPPING;
		w->armed = false;
		loop_timer_del(&w->timer);
		(void)loop_mod(&w->io, EPOLLIN | EPOLLOUT);
	} else {
		watcher_drop(w);
	}
	return rc;
}

static void ask_screen(struct rec_live *l, bool paced)
{
	int64_t now = clock_mono_us();
	bool lately = l->asked_us != 0 && now - l->asked_us < SCREEN_WAIT_US / 2;
	if (lately && !(paced && l->came)) /* who is paced asks seldom, and needs one that comes now */
		return;                    /* one is on its way, or this one has just been */
	l->asked_us = now;
	l->came = false;
	rec_worker_keyframe(l->rec);
}

/* For a key-frame. */
static void watcher_await(struct watcher *w)
{
	w->state = JOINING;
	w->armed = w->behind = false;
	loop_timer_set(w->live->rec->r->loop, &w->timer, SCREEN_WAIT_US);
	ask_screen(w->live, w->pace_us > 0);
}

/* What is held for a paced watcher; as watcher_say. */
static int watcher_tell(struct watcher *w)
{
	int rc = watcher_say(w, buf_span(&w->held));
	if (rc != -EAGAIN && rc < 0)
		return -EPIPE;
	buf_clear(&w->held);
	w->due_us = clock_mono_us() + w->pace_us;
	return rc;
}

static void watcher_join(struct watcher *w)
{
	struct rec_live *l = w->live;
	buf_clear(&w->held);
	(void)loop_mod(&w->io, EPOLLIN);
	if (w->seq == 0 && watcher_say(w, buf_span(&l->meta)) < 0)
		return;
	for (const struct channel *c = l->channels; c; c = c->next)
		if ((c->open.len > 0 && watcher_say(w, buf_span(&c->open)) < 0) ||
			(c->size.len > 0 && watcher_say(w, buf_span(&c->size)) < 0))
			return;
	watcher_await(w);
}

/* The end.  What one that was skipped must still see is the last frame. */
static void watcher_leave(struct watcher *w)
{
	struct rec_live *l = w->live;
	if (w->state == WATCHING && w->held.len > 0 && watcher_tell(w) == -EPIPE)
		return;
	bool behind = w->state == SKIPPING || w->state == LEAVING;
	int rc = behind && l->last.len > 0 ? watcher_say(w, buf_span(&l->last)) : 0;
	if (rc == 0) {
		watcher_drop(w);
	} else if (rc == -EAGAIN) {
		w->state = LEAVING;
		loop_timer_set(l->rec->r->loop, &w->timer, LAST_WAIT_US);
	}
}

/* The time of a paced watcher has come. */
static void watcher_due(struct watcher *w)
{
	bool behind = w->behind, lost = w->held.failed;
	w->armed = false;
	if (lost)
		watcher_join(w); /* even what tells of channels was too much */
	else if ((w->held.len == 0 || watcher_tell(w) == 0) && behind)
		watcher_await(w);
}

/* After an event of a watcher, which may be gone now: was it the last that a sealed recording waited for? */
static void settle(struct rec *rec)
{
	if (!rec->live->over || rec->live->watchers)
		return;
	rec_live_free(rec);
	if (rec->state == REC_GONE)
		rec_gone(rec);
}

static void watcher_timer(void *ctx)
{
	struct watcher *w = ctx;
	struct rec *rec = w->live->rec;
	if (w->state == JOINING)
		w->state = WATCHING; /* no key-frame: a session without a terminal */
	else if (w->state == WATCHING)
		watcher_due(w);
	else if (w->state == LEAVING)
		watcher_drop(w);
	settle(rec);
}

static void watcher_ready(void *ctx, uint32_t events)
{
	struct watcher *w = ctx;
	struct rec *rec = w->live->rec;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		watcher_drop(w); /* it has nothing to say: the end, or nonsense */
	else if (w->state == SKIPPING)
		watcher_join(w);
	else if (w->state == LEAVING)
		watcher_leave(w);
	settle(rec);
}

int rec_live_add(struct rec *rec, int sock, uint32_t pace_ms, struct err *err)
{
	struct rec_live *l = rec->live;
	struct watcher *w = NULL;
	if (pace_ms != 0 && (pace_ms < PACE_MIN_MS || pace_ms > PACE_MAX_MS)) {
		(void)close(sock);
		return fault(err, -EINVAL, "internal error", "a pace of %u ms", pace_ms);
	}
	if (l->watchers_n == WATCHERS_MAX || !(w = calloc(1, sizeof *w))) {
		(void)close(sock);
		return fault(err, -EBUSY, "too many watch this session", "%u watchers", l->watchers_n);
	}
	*w = (struct watcher){ .live = l, .sock = sock, .next = l->watchers, .state = JOINING,
		.io = { .fd = sock, .ready = watcher_ready, .ctx = w }, .timer = { .fire = watcher_timer, .ctx = w } };
	w->pace_us = (int64_t)pace_ms * 1000;
	buf_init(&w->held, 2 * PACED_MAX);
	l->watchers = w;
	l->watchers_n++;
	msg_sndbuf(sock, SOCKET_BYTES);
	int rc = loop_add(rec->r->loop, &w->io, EPOLLIN, err);
	if (rc < 0) {
		watcher_drop(w);
		return rc;
	}
	watcher_join(w);
	return 0;
}

/* ---- the stream ---- */
/* Frames from the first key-frame on; without keys and contents of files. */
static void filter(struct span frames, bool from_screen, struct buf *out)
{
	struct frame f;
	while (frames.n > 0) {
		int n = frame_get(frames, &f, NULL);
		if (n < 0)
			return; /* they were looked at before */
		if (f.type == FRAME_SCREEN)
			from_screen = false;
		bool pass = !from_screen || f.type == FRAME_OPEN || f.type == FRAME_SIZE || f.type == FRAME_CLOSE ||
			    f.type == FRAME_NOTE || f.type == FRAME_FILE || f.type == FRAME_EXIT || f.type == FRAME_FINISH || f.type == FRAME_STATEMENT ||
			    f.type == FRAME_OUTCOME;
		if (pass && f.type != FRAME_KEYS && f.type != FRAME_CONTENT)
			buf_put(out, frames.p, (size_t)n);
		frames = span_of(frames.p + n, frames.n - (size_t)n);
	}
}

static bool learn(struct rec_live *l, struct span frames)
{
	struct frame f;
	bool screen = false;
	for (int n; (n = frame_get(frames, &f, NULL)) > 0; frames = span_of(frames.p + n, frames.n - (size_t)n)) {
		if (f.type == FRAME_OPEN || f.type == FRAME_SIZE)
			channel_learn(l, &f);
		else if (f.type == FRAME_CLOSE)
			channel_forget(l, channel_at(l, f.channel));
		else if (f.type == FRAME_FINISH)
			frame_put(&l->last, &f);
		screen |= f.type == FRAME_SCREEN;
	}
	return screen;
}

/* Only what tells of channels, and notes. */
static void tell_apart(struct span frames, struct buf *out)
{
	struct frame f;
	for (int n; (n = frame_get(frames, &f, NULL)) > 0; frames = span_of(frames.p + n, frames.n - (size_t)n))
		if (f.type != FRAME_OUT && f.type != FRAME_ERR && f.type != FRAME_SCREEN && f.type != FRAME_KEYS && f.type != FRAME_CONTENT)
			buf_put(out, frames.p, (size_t)n);
}

/* For a paced watcher: these wait for their time. */
static void watcher_hold(struct watcher *w, struct span frames)
{
	scoped(buf_done) struct buf few;
	buf_init(&few, 2 * PACED_MAX);
	if (!w->behind && w->held.len + frames.n > PACED_MAX) {
		tell_apart(buf_span(&w->held), &few);
		buf_clear(&w->held);
		buf_put_span(&w->held, buf_span(&few));
		w->behind = true;
	}
	if (w->behind)
		tell_apart(frames, &w->held);
	else
		buf_put_span(&w->held, frames);
	if (w->armed || (w->held.len == 0 && !w->behind))
		return;
	int64_t wait = w->due_us - clock_mono_us();
	w->armed = true;
	loop_timer_set(w->live->rec->r->loop, &w->timer, wait > 1 ? wait : 1);
}

void rec_live_frames(struct rec *rec, struct span frames, bool has_secrets)
{
	struct rec_live *l = rec->live;
	bool screen = learn(l, frames);
	l->came |= screen;
	scoped(buf_done) struct buf from_screen, clean;
	buf_init(&from_screen, MSG_BODY_MAX);
	buf_init(&clean, MSG_BODY_MAX);
	if (has_secrets && l->watchers)
		filter(frames, false, &clean);
	for (struct watcher *w = l->watchers, *next; w; w = next) {
		next = w->next;
		if (w->state == WATCHING) {
			struct span s = has_secrets ? buf_span(&clean) : frames;
			if (s.n > 0 && w->pace_us > 0)
				watcher_hold(w, s);
			else if (s.n > 0)
				(void)watcher_say(w, s);
		} else if (w->state == JOINING) {
			buf_clear(&from_screen);
			filter(frames, true, &from_screen);
			if ((from_screen.len == 0 || watcher_say(w, buf_span(&from_screen)) == 0) && screen) {
				w->state = WATCHING;
				w->due_us = clock_mono_us() + w->pace_us;
				loop_timer_del(&w->timer);
			}
		}
	}
}

void rec_live_end(struct rec *rec)
{
	struct rec_live *l = rec->live;
	if (!l || l->over)
		return;
	l->over = true;
	for (struct watcher *w = l->watchers, *next; w; w = next) {
		next = w->next;
		watcher_leave(w);
	}
	if (!l->watchers)
		rec_live_free(rec);
}

void rec_live_free(struct rec *rec)
{
	struct rec_live *l = rec->live;
	if (!l)
		return;
	rec->live = NULL;
	while (l->watchers)
		watcher_drop(l->watchers);
	while (l->channels)
		channel_forget(l, &l->channels);
	buf_done(&l->meta);
	buf_done(&l->last);
	free(l);
}
