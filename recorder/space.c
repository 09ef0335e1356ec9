#include "recorder/recorder.h"
#include "gateway/core/log.h"
#include <errno.h>
#include <sys/statvfs.h>

/*
 * The counter: what is free, less 1 MiB for each open recording, which is set aside anew as it is written.
 * Below the floor nothing new begins.  Below a quarter of it running recordings end too: what is left belongs to the
 * database, which on a full disk would stop for everybody.
 */
#define SPACE_LOOK_US (5 * REC_SECOND)
#define SPACE_LOOK_LOW_US (REC_SECOND / 2)
#define SPACE_SAY_US (60 * REC_SECOND)
enum { OVER = 4 };

struct space {
	int64_t left, total, raw; /* raw: with what is set aside */
};

static struct space look_at(struct recorder *r)
{
	struct statvfs v;
	if (fstatvfs(r->dir, &v) < 0)
		return (struct space){ .left = -1, .raw = -1 };
	struct space s = { .raw = (int64_t)(v.f_bavail * v.f_frsize), .total = (int64_t)(v.f_blocks * v.f_frsize) };
	s.left = s.raw - (int64_t)r->open * REC_RESERVE_BYTES;
	return s;
}

static uint8_t state_of(const struct recorder *r, const struct space *s, int64_t left)
{
	if (s->raw < r->conf.space_floor_bytes / OVER)
		return WIRE_SPACE_OVER;
	if (left < r->conf.space_floor_bytes)
		return WIRE_SPACE_LOW;
	return left < s->total / 100 * r->conf.space_warn_percent ? WIRE_SPACE_WARN : WIRE_SPACE_OK;
}

static void tell(struct recorder *r, const struct space *s, uint8_t state)
{
	int64_t now = loop_now_us(r->loop);
	if (state == r->space_state && now - r->space_said_us < SPACE_SAY_US)
		return;
	struct wire_space m = { .state = state, .free_bytes = s->left > 0 ? (uint64_t)s->left : 0,
		.total_bytes = (uint64_t)s->total, .floor_bytes = (uint64_t)r->conf.space_floor_bytes };
	if (!rec_peer_space(r, &m))
		return; /* the next look tries again */
	r->space_state = state;
	r->space_said_us = now;
}

static void end_all(struct recorder *r)
{
	struct err why = { 0 };
	(void)fault(&why, -ENOSPC, "the disk for recordings is full", "below a quarter of the floor");
	for (struct rec *rec = r->recs, *next; rec; rec = next) {
		next = rec->next;
		if (rec->state == REC_OPEN)
			rec_fail(rec, &why);
	}
}

static void look(void *ctx)
{
	struct recorder *r = ctx;
	struct space s = look_at(r);
	uint8_t state = state_of(r, &s, s.left);
	tell(r, &s, state);
	if (state == WIRE_SPACE_OVER)
		end_all(r);
	bool low = state == WIRE_SPACE_LOW || state == WIRE_SPACE_OVER;
	loop_timer_set(r->loop, &r->space_timer, low ? SPACE_LOOK_LOW_US : SPACE_LOOK_US);
}

void rec_space_init(struct recorder *r)
{
	r->space_timer = (struct loop_timer){ .fire = look, .ctx = r };
	loop_timer_set(r->loop, &r->space_timer, 0);
}

int rec_space_take(struct recorder *r, struct err *err)
{
	struct space s = look_at(r);
	int64_t left = s.left - REC_RESERVE_BYTES;
	tell(r, &s, state_of(r, &s, left));
	if (left < r->conf.space_floor_bytes)
		return fault(err, -ENOSPC, "no space left for recordings: ask an administrator", "%lld bytes left, floor %lld",
			(long long)left, (long long)r->conf.space_floor_bytes);
	return 0;
}
