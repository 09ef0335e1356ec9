#include "recorder/recorder.h"
#include <errno.h>
#include <sys/statvfs.h>

#define SPACE_LOOK_US (5 * REC_SECOND)
#define SPACE_SAY_US (60 * REC_SECOND)

/* What is free for one more recording: each open one may still write what was set aside for it. */
static int64_t left(struct recorder *r)
{
	struct statvfs v;
	if (fstatvfs(r->dir, &v) < 0)
		return -1;
	return (int64_t)(v.f_bavail * v.f_frsize) - (int64_t)r->open * REC_RESERVE_BYTES;
}

static void tell(struct recorder *r, int64_t bytes)
{
	uint8_t state = bytes < r->conf.space_floor_bytes ? WIRE_SPACE_LOW : WIRE_SPACE_OK;
	int64_t now = loop_now_us(r->loop);
	if (state == r->space_state && now - r->space_said_us < SPACE_SAY_US)
		return;
	if (!rec_peer_space(r, state, bytes > 0 ? (uint64_t)bytes : 0))
		return; /* the next look tries again */
	r->space_state = state;
	r->space_said_us = now;
}

static void look(void *ctx)
{
	struct recorder *r = ctx;
	tell(r, left(r));
	loop_timer_set(r->loop, &r->space_timer, SPACE_LOOK_US);
}

void rec_space_init(struct recorder *r)
{
	r->space_timer = (struct loop_timer){ .fire = look, .ctx = r };
	loop_timer_set(r->loop, &r->space_timer, 0);
}

int rec_space_take(struct recorder *r, struct err *err)
{
	int64_t bytes = left(r) - REC_RESERVE_BYTES;
	tell(r, bytes);
	if (bytes < r->conf.space_floor_bytes)
		return fault(err, -ENOSPC, "no space left for recordings: ask an administrator", "%lld bytes left, floor %lld",
			(long long)bytes, (long long)r->conf.space_floor_bytes);
	return 0;
}
