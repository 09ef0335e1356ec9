#include "webterm/term/view.h"
#include "gateway/core/clock.h"
#include "gateway/core/frame.h"
#include "gateway/term/screen.h"
#include "webterm/term/desk.h"
#include <string.h>

enum {
	COLUMNS = 80, ROWS = 24,
	LIMIT_MIN = 64 * 1024,
	MEASURE_US = 50 * 1000,
	SHOWN_US = 200 * 1000,
	QUIET_US = 30 * 1000,
	INTERRUPT_US = 1000 * 1000, /* output that waits so soon after a Ctrl-C is what it was typed against */
	SKIP_MAX_US = 1000 * 1000,
	SIZE_HEAD = 8, /* of a drawing: columns and rows */
	SCREEN_MAX = WEB_FRAME_MAX - 5,
	OUTPUT_MAX = WEB_FRAME_MAX - 1,
};

/* Leaves the alternate screen and every mode, keeps what scrolled away, clears. */
static const char clear[] = "\x1b[?1049l\x1b[!p\x1b[?6l\x1b[?7h\x1b[?25h\x1b[r\x1b(B\x0f\x1b[m\x1b[H\x1b[2J";

int web_term_view_new(struct web_term_view *v, struct err *err)
{
	*v = (struct web_term_view){ .limit = WEB_FRAME_UNREAD, .away = true };
	return term_screen_new(COLUMNS, ROWS, &v->screen, err);
}

void web_term_view_done(struct web_term_view *v)
{
	v->screen = term_screen_free(v->screen);
}

/* The first piece as SCREEN, the rest as OUTPUT; that counts as unread. */
static void draw(struct web_term_view *v, struct web_term_desk *d)
{
	uint32_t columns, rows;
	struct buf drawn, b;
	buf_init(&drawn, FRAME_BODY_MAX + 1024);
	buf_init(&b, FRAME_BODY_MAX + 1024);
	term_screen_size(v->screen, &columns, &rows);
	term_screen_draw(v->screen, &drawn);
	buf_put(&b, clear, sizeof clear - 1);
	term_screen_modes(v->screen, &b);
	if (!drawn.failed && drawn.len > SIZE_HEAD)
		buf_put(&b, drawn.data + SIZE_HEAD, drawn.len - SIZE_HEAD);
	struct span s = buf_span(&b);
	size_t n = s.n < SCREEN_MAX ? s.n : SCREEN_MAX;
	web_term_desk_send(d, &(struct web_term_frame){ .type = WEB_FRAME_SCREEN,
				      .columns = (uint16_t)columns,
				      .rows = (uint16_t)rows,
				      .body = span_of(s.p, n) });
	v->unread = (uint32_t)(s.n - n);
	for (size_t at = n; at < s.n; at += n) {
		n = s.n - at < OUTPUT_MAX ? s.n - at : OUTPUT_MAX;
		web_term_desk_send(d, &(struct web_term_frame){ .type = WEB_FRAME_OUTPUT, .body = span_of(s.p + at, n) });
	}
	v->away = v->stalled = v->skipping = v->full = false;
	v->blocked_us = 0;
	buf_done(&drawn);
	buf_done(&b);
}

void web_term_view_size(struct web_term_view *v, uint16_t columns, uint16_t rows)
{
	if (columns > 0 && rows > 0)
		term_screen_resize(v->screen, columns, rows);
}

void web_term_view_hello(struct web_term_view *v, struct web_term_desk *d, uint16_t columns, uint16_t rows)
{
	if (columns == 0) {
		v->away = true;
		v->stalled = v->skipping = false;
		v->blocked_us = 0;
		return;
	}
	v->greeted = true;
	v->limit = WEB_FRAME_UNREAD;
	web_term_view_size(v, columns, rows);
	draw(v, d);
}

static void measure(struct web_term_view *v, uint32_t bytes)
{
	int64_t now = clock_mono_us(), passed = now - v->measured_us;
	v->acked += bytes;
	if (passed < MEASURE_US)
		return;
	if (v->full && v->measured_us > 0) {
		int64_t limit = (int64_t)v->acked * SHOWN_US / passed;
		v->limit = limit < LIMIT_MIN ? LIMIT_MIN : limit > WEB_FRAME_UNREAD ? WEB_FRAME_UNREAD : (uint32_t)limit;
	}
	v->measured_us = now;
	v->acked = 0;
	v->full = false;
}

/* One too many does no harm: it may be of output before a SCREEN. */
void web_term_view_ack(struct web_term_view *v, struct web_term_desk *d, uint32_t bytes)
{
	v->unread -= bytes < v->unread ? bytes : v->unread;
	v->blocked_us = 0;
	if (v->stalled)
		draw(v, d);
	else
		measure(v, bytes < WEB_FRAME_UNREAD ? bytes : WEB_FRAME_UNREAD);
}

static bool waits(const struct web_term_view *v, const struct web_term_desk *d)
{
	return v->unread >= v->limit || !web_term_desk_is_free(d);
}

void web_term_view_interrupt(struct web_term_view *v)
{
	v->interrupted_us = clock_mono_us();
}

static void skip(struct web_term_view *v, int64_t now)
{
	v->skipping = true;
	v->blocked_us = 0;
	v->heard_us = now;
	v->skip_us = now + SKIP_MAX_US;
}

bool web_term_view_takes(struct web_term_view *v, const struct web_term_desk *d)
{
	int64_t now = clock_mono_us();
	if (v->away || v->skipping || !waits(v, d))
		return true;
	if (v->interrupted_us > 0 && now - v->interrupted_us < INTERRUPT_US) {
		skip(v, now);
		return true;
	}
	v->full = true;
	if (v->blocked_us == 0)
		v->blocked_us = now;
	return false;
}

static void remember(struct web_term_view *v, struct span s)
{
	size_t n = s.n < sizeof v->tail ? s.n : sizeof v->tail, keep = sizeof v->tail - n;
	keep = keep < v->tail_n ? keep : v->tail_n;
	memmove(v->tail, v->tail + v->tail_n - keep, keep);
	memcpy(v->tail + keep, s.p + s.n - n, n);
	v->tail_n = keep + n;
}

void web_term_view_show(struct web_term_view *v, struct web_term_desk *d, struct span text)
{
	if (text.n == 0)
		return;
	term_screen_feed(v->screen, text);
	remember(v, text);
	if (v->skipping)
		v->heard_us = clock_mono_us();
	if (v->away || v->skipping)
		return;
	v->blocked_us = 0;
	v->unread += (uint32_t)text.n;
	web_term_desk_send(d, &(struct web_term_frame){ .type = WEB_FRAME_OUTPUT, .body = text });
}

bool web_term_view_turn(struct web_term_view *v, struct web_term_desk *d, bool idle)
{
	int64_t now = clock_mono_us();
	if (v->skipping && web_term_desk_is_free(d) && ((idle && now - v->heard_us >= QUIET_US) || now >= v->skip_us))
		draw(v, d);
	bool stalls = v->blocked_us > 0 && now - v->blocked_us >= WEB_FRAME_STALL_MS * 1000;
	if (stalls) {
		v->away = v->stalled = true;
		v->blocked_us = 0;
	}
	return stalls;
}

int64_t web_term_view_due_us(const struct web_term_view *v)
{
	int64_t due = INT64_MAX;
	if (v->blocked_us > 0)
		due = v->blocked_us + WEB_FRAME_STALL_MS * 1000;
	if (v->skipping && v->heard_us + QUIET_US < due)
		due = v->heard_us + QUIET_US;
	return due;
}
