#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>
#include <poll.h>
#include <string.h>

/*
 * Frames go out one a message, so that a key stroke is never held to be joined with another, and a long body is cut
 * where a message ends.  Three things hold the input: no credit, a watermark older than SYNC_MAX_US, a socket that is
 * full.
 */
enum {
	SYNC_MAX_US = 2 * 1000 * 1000,
	SLICE_US = 50 * 1000, /* how fine the age of unsynced frames is known */
	SPARE = 1024,         /* of the credit, for the heads of frames */
	DATA_WAIT_MS = 100,   /* for a full socket: a recorder that lives empties it in a few milliseconds */
	CONTROL_WAIT_MS = 1000,
};

static const char stalled[] = "Recording has stopped, so this session ends. 录像中断，会话结束。";

void gw_tap_begin(struct gw_session *s)
{
	s->tap.on = true;
}

static bool is_split(uint8_t type)
{
	return type == FRAME_IN || type == FRAME_KEYS || type == FRAME_OUT || type == FRAME_ERR;
}

static bool is_data(uint8_t type)
{
	return is_split(type) || type == FRAME_CONTENT;
}

/* When the input began to be held, or will be if nothing is heard until then; INT64_MAX. */
static int64_t held_since(const struct gw_tap *t)
{
	int64_t since = t->dry_us ? t->dry_us : INT64_MAX;
	if (t->stalled_us && t->stalled_us < since)
		since = t->stalled_us;
	if (t->stamps_n && t->stamps[0].at_us + SYNC_MAX_US < since)
		since = t->stamps[0].at_us + SYNC_MAX_US;
	return since;
}

size_t gw_tap_room(const struct gw_session *s)
{
	const struct gw_tap *t = &s->tap;
	if (!t->on || t->credit <= SPARE || clock_mono_us() >= held_since(t))
		return 0;
	return (size_t)(t->credit - SPARE);
}

int64_t gw_tap_lost_us(const struct gw_session *s)
{
	int64_t since = s->tap.on ? held_since(&s->tap) : INT64_MAX;
	return since == INT64_MAX || s->end_reason[0] ? INT64_MAX : since + GW_TAP_HOLD_MAX_US;
}

bool gw_tap_is_lost(const struct gw_session *s)
{
	int64_t since = s->tap.on ? held_since(&s->tap) : INT64_MAX;
	return since != INT64_MAX && clock_mono_us() - since > GW_TAP_HOLD_MAX_US;
}

uint64_t gw_tap_bytes_in(const struct gw_session *s)
{
	return s->tap.in_bytes;
}

uint64_t gw_tap_bytes_out(const struct gw_session *s)
{
	return s->tap.out_bytes;
}

void gw_tap_count(struct gw_session *s, uint8_t type, uint64_t bytes)
{
	if (type == FRAME_IN || type == FRAME_KEYS)
		s->tap.in_bytes += bytes;
	else if (type == FRAME_OUT || type == FRAME_ERR)
		s->tap.out_bytes += bytes;
}

/* ---- sending ---- */

static void stamp(struct gw_tap *t, int64_t now)
{
	if (t->stamps_n == GW_TAP_STAMPS || (t->stamps_n && now - t->stamps[t->stamps_n - 1].at_us < SLICE_US))
		return; /* joins the youngest slice: its age is the older one's, on the safe side */
	t->stamps[t->stamps_n++] = (struct gw_tap_stamp){ .seq = t->seq, .at_us = now };
}

/* Waits until the recorder has taken something, when its socket is full. */
static int send_out(struct gw_session *s, int wait_ms)
{
	enum { STEP_MS = 5 };
	int64_t due = clock_mono_us() + wait_ms * INT64_C(1000);
	for (;;) {
		int r = s->fd[GW_RECORDER] < 0
				? -EPIPE
				: msg_send_now(s->fd[GW_RECORDER], WIRE_T_frames, buf_span(&s->tap.out), -1);
		if (r != -EAGAIN)
			return r < 0 ? r : 0;
		if (clock_mono_us() >= due)
			return -EAGAIN;
		(void)poll(NULL, 0, STEP_MS);
	}
}

static int send_frame(struct gw_session *s, const struct frame *f, int wait_ms)
{
	struct gw_tap *t = &s->tap;
	/* The body of `frames`, written in place: one copy of the bytes, not two. */
	buf_clear(&t->out);
	wr_le(&t->out, t->seq + 1, 8);
	wr_le(&t->out, FRAME_HEAD + f->body.n, 4);
	frame_put(&t->out, f);
	int r = t->out.failed ? -EMSGSIZE : send_out(s, wait_ms);
	if (r < 0)
		return r;

	int64_t now = clock_mono_us();
	t->seq++;
	stamp(t, now);
	t->credit -= (int64_t)(FRAME_HEAD + f->body.n);
	if (t->credit <= SPARE && !t->dry_us)
		t->dry_us = now;
	return 0;
}

int gw_tap_frame(struct gw_session *s, uint8_t type, uint32_t channel, struct span body, struct err *err)
{
	struct gw_tap *t = &s->tap;
	bool data = is_data(type);
	if (!t->on)
		return fault(err, -EPERM, stalled, "frame %s outside of a recording", frame_type_name(type));
	if (data && body.n > gw_tap_room(s))
		return fault(err, -EAGAIN, "", "no room for %zu bytes", body.n);
	if (!is_split(type) && body.n > FRAME_BODY_MAX)
		return fault(err, -EMSGSIZE, stalled, "frame %s of %zu bytes", frame_type_name(type), body.n);

	struct frame f = { .time_us = (uint64_t)clock_wall_us(), .type = type, .channel = channel };
	bool begun = false;
	do {
		f.body = span_of(body.p, body.n < FRAME_BODY_MAX ? body.n : FRAME_BODY_MAX);
		/* Only as a whole may bytes be refused: once begun, the rest is as a control frame. */
		int r = send_frame(s, &f, data && !begun ? DATA_WAIT_MS : CONTROL_WAIT_MS);
		if (r == -EAGAIN && !t->stalled_us)
			t->stalled_us = clock_mono_us();
		if (r == -EAGAIN && data && !begun)
			return fault(err, -EAGAIN, "", "the recorder's socket is full");
		if (r < 0)
			return fault(
				err, r == -EAGAIN ? -ETIMEDOUT : r, stalled, "frame %s: %d", frame_type_name(type), r);
		begun = true;
		gw_tap_count(s, type, f.body.n);
		body.n -= f.body.n;
		if (body.n)
			body.p += f.body.n;
	} while (body.n);
	return 0;
}

int gw_tap_finish(struct gw_session *s, const char *reason)
{
	scoped(buf_done) struct buf text;
	struct json j;
	buf_init(&text, 4096);
	json_open(&j, &text);
	json_obj(&j, NULL);
	json_str(&j, "reason", span_str(reason));
	json_end(&j);
	int r = gw_tap_frame(s, FRAME_FINISH, 0, buf_span(&text), NULL);
	s->tap.on = false;
	return r;
}

/* ---- what the recorder says ---- */

static void heard(struct gw_session *s, bool held)
{
	if (held && gw_tap_room(s) > 0)
		s->notes |= GW_NOTE_FLOW;
}

int gw_tap_credited(struct gw_session *s, uint32_t bytes)
{
	struct gw_tap *t = &s->tap;
	bool held = gw_tap_room(s) == 0;
	t->credit += bytes;
	if (t->credit > GW_TAP_CREDIT)
		t->credit = GW_TAP_CREDIT;
	if (t->credit > SPARE)
		t->dry_us = 0;
	t->stalled_us = 0;
	heard(s, held);
	return 0;
}

int gw_tap_durable(struct gw_session *s, uint64_t seq)
{
	struct gw_tap *t = &s->tap;
	bool held = gw_tap_room(s) == 0;
	if (seq > t->seq || seq < t->durable)
		return -EBADMSG;
	t->durable = seq;
	t->stalled_us = 0;
	/* Slice i covers the messages from its seq to before the next one's. */
	unsigned done = 0;
	while (done < t->stamps_n && (done + 1 < t->stamps_n ? t->stamps[done + 1].seq - 1 : t->seq) <= seq)
		done++;
	t->stamps_n -= done;
	memmove(t->stamps, t->stamps + done, t->stamps_n * sizeof *t->stamps);
	heard(s, held);
	return 0;
}
