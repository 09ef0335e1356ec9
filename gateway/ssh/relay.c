#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/ssh/link.h"
#include "gateway/term/screen.h"
#include <errno.h>
#include <stdlib.h>

enum {
	SCREEN_EVERY_US = 30 * 1000 * 1000,
	SCREEN_EVERY_BYTES = 4 * 1024 * 1024,
	ABANDONED_US = 5 * 1000 * 1000, /* for a target that does not read the last input of a channel that is gone */
};

int gw_ssh_relay_screen(struct gw_ssh_channel *c, int64_t now, bool at_once, struct err *err)
{
	if (!c->screen || !c->opened || c->recorded_end)
		return 0;
	uint64_t fresh = c->out.total - c->drawn_at;
	if (!at_once && fresh < SCREEN_EVERY_BYTES && (fresh == 0 || now - c->drawn_us < SCREEN_EVERY_US))
		return 0;
	c->drawn_at = c->out.total;
	c->drawn_us = now;
	struct buf b;
	int r = 0;
	buf_init(&b, FRAME_BODY_MAX);
	term_screen_draw(c->screen, &b);
	if (!b.failed) /* a screen too colourful for one frame: the bytes themselves are recorded anyway */
		r = gw_tap_frame(c->link->gw, FRAME_SCREEN, c->number, buf_span(&b), err);
	buf_done(&b);
	return r;
}

static int send_resize(struct gw_ssh_channel *c, struct err *err)
{
	if (!c->resized || gw_tap_room(c->link->gw) == 0)
		return 0;
	c->resized = false;
	struct buf b;
	buf_init(&b, 8);
	wr_le(&b, c->columns, 4);
	wr_le(&b, c->rows, 4);
	int r = gw_tap_frame(c->link->gw, FRAME_SIZE, c->number, buf_span(&b), err);
	buf_done(&b);
	term_screen_resize(c->screen, c->columns, c->rows);
	(void)ssh_channel_change_pty_size(c->back, (int)c->columns, (int)c->rows);
	return r;
}

static void send_signals(struct gw_ssh_channel *c)
{
	for (size_t i = 0; i < c->signals_n; i++) {
		(void)ssh_channel_request_send_signal(c->back, c->signals[i]);
		free(c->signals[i]);
	}
	c->signals_n = 0;
}

static int move(struct gw_ssh_channel *c, struct gw_ssh_flow *f, bool *moved, struct err *err)
{
	return gw_ssh_local_passes(c, f) ? gw_ssh_flow_pump(f, c->link, moved, err) : 0;
}

static int pump(struct gw_ssh_channel *c, bool *moved, struct err *err)
{
	struct gw_ssh_link *l = c->link;
	bool running = c->phase == GW_SSH_CH_RUN;
	int r = 0;
	if (running && !l->locked && !c->back_closed) {
		send_signals(c);
		r = send_resize(c, err);
		if (r == 0) {
			uint64_t before = c->in.total;
			r = move(c, &c->in, moved, err);
			if (c->in.total != before)
				l->input_us = clock_mono_us();
		}
	} else if (c->in.dropped) {
		r = gw_ssh_flow_pump(&c->in, l, moved, err);
	}
	if (r == 0)
		r = gw_ssh_flow_pump(&c->own, l, moved, err);
	uint64_t before = c->out.total + c->err.total;
	if (r == 0 && running && gw_ssh_flow_is_empty(&c->own))
		r = move(c, &c->out, moved, err);
	if (r == 0 && running && gw_ssh_flow_is_empty(&c->own))
		r = gw_ssh_flow_pump(&c->err, l, moved, err);
	if (r == 0 && running)
		r = gw_ssh_files_check(c, err);
	if (!c->pty && c->out.total + c->err.total != before)
		l->input_us = clock_mono_us();
	return r;
}

int gw_ssh_relay_record_end(struct gw_ssh_channel *c, struct err *err)
{
	if (!c->opened || c->recorded_end)
		return 0;
	c->recorded_end = true;
	gw_ssh_files_end(c);
	struct gw_session *gw = c->link->gw;
	int r = 0;
	if (c->has_exit) {
		struct buf b;
		struct json j;
		buf_init(&b, 256);
		json_open(&j, &b);
		json_obj(&j, NULL);
		if (*c->exit_signal)
			json_str(&j, "signal", span_str(c->exit_signal));
		else
			json_num(&j, "status", c->exit_status);
		json_end(&j);
		r = gw_tap_frame(gw, FRAME_EXIT, c->number, buf_span(&b), err);
		buf_done(&b);
	}
	struct gw_ssh_flow *const flows[] = { &c->in, &c->out, &c->err };
	for (size_t i = 0; i < 3 && r == 0; i++)
		r = gw_ssh_flow_digest(flows[i], c->link, err);
	return r == 0 ? gw_tap_frame(gw, FRAME_CLOSE, c->number, (struct span){ 0 }, err) : r;
}

/* Sends what must follow the last byte to the user: exit status, end of file, close - in this order, each once. */
static int finish_front(struct gw_ssh_channel *c, bool *moved, struct err *err)
{
	bool drained =
		gw_ssh_flow_is_empty(&c->own) &&
		(c->phase == GW_SSH_CH_CLOSING || (gw_ssh_flow_is_empty(&c->out) && gw_ssh_flow_is_empty(&c->err)));
	bool done = c->phase == GW_SSH_CH_CLOSING || c->back_closed;
	if (!drained)
		return 0;
	/* Also to a client that has closed: OpenSSH closes when both directions are at their end, and still waits for it. */
	if (c->has_exit && !c->exit_sent) {
		c->exit_sent = true;
		(void)(*c->exit_signal
				? ssh_channel_request_send_exit_signal(c->front, c->exit_signal, c->exit_core, "", "")
				: ssh_channel_request_send_exit_status(c->front, (int)c->exit_status));
	}
	if (c->out.ended && c->err.ended && !c->front_eof_sent && !c->front_closed)
		c->front_eof_sent = ssh_channel_send_eof(c->front) != SSH_ERROR;
	if (!done)
		return 0;
	int r = gw_ssh_relay_record_end(c, err);
	/* close sends the end of file first, and may have to be called again for the close itself */
	if (!c->front_close_sent) {
		c->front_close_sent = ssh_channel_close(c->front) != SSH_AGAIN;
		*moved = true;
	}
	return r;
}

static void finish_back(struct gw_ssh_channel *c, bool *moved)
{
	if (!c->back_open)
		return;
	bool drained = gw_ssh_flow_is_empty(&c->in) || c->in.dropped;
	if (c->in.ended && drained && !c->in_eof_sent && !c->back_closed && c->phase == GW_SSH_CH_RUN)
		c->in_eof_sent = ssh_channel_send_eof(c->back) != SSH_ERROR;
	bool done = c->back_closed || c->phase == GW_SSH_CH_CLOSING;
	if (c->front_closed && !done) {
		int64_t now = clock_mono_us();
		c->abandoned_us = c->abandoned_us ? c->abandoned_us : now;
		done = drained || now - c->abandoned_us > ABANDONED_US;
	}
	if (done && !c->back_close_sent) {
		c->back_close_sent = ssh_channel_close(c->back) != SSH_AGAIN;
		*moved = true;
	}
}

int gw_ssh_relay_step(struct gw_ssh_channel *c, bool *moved, struct err *err)
{
	int r = pump(c, moved, err);
	if (r < 0 || c->phase < GW_SSH_CH_RUN)
		return r;
	if (c->back_closed || c->phase == GW_SSH_CH_CLOSING)
		c->in.dropped = true;
	if (c->phase == GW_SSH_CH_CLOSING)
		c->out.dropped = c->err.dropped = true;
	finish_back(c, moved);
	return finish_front(c, moved, err);
}

bool gw_ssh_relay_is_over(const struct gw_ssh_channel *c)
{
	bool back = !c->back_open || (c->back_closed && c->back_close_sent);
	return c->phase == GW_SSH_CH_CLOSING || c->phase == GW_SSH_CH_RUN
		       ? c->front_closed && c->front_close_sent && back
		       : false;
}
