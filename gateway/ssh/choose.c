#include "gateway/core/charset.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/ssh/link.h"
#include "gateway/ssh/menu.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MENU_OUT_MAX = 64 * 1024 };

static void leave(struct gw_ssh_channel *c, uint32_t status)
{
	gw_ssh_choose_close(c->link);
	c->has_exit = true;
	c->exit_status = status;
	c->out.ended = c->err.ended = true;
	c->phase = GW_SSH_CH_CLOSING;
}

static void show(struct gw_ssh_channel *c)
{
	struct buf *out = &c->own.data;
	c->own.to_err = false;
	/* A screen that the client has not read yet is not followed by another one. */
	if (c->own.dropped || out->len - c->own.at > MENU_OUT_MAX)
		c->link->menu->dirty = false;
	else
		gw_ssh_menu_draw(c->link->menu, out);
}

static bool fetch(struct gw_ssh_channel *c)
{
	struct gw_ssh_menu *m = c->link->menu;
	struct err err = { 0 };
	struct buf rows;
	uint32_t count = 0, total = 0;
	buf_init(&rows, 64 * 1024);
	int r = gw_session_targets(c->link->gw, m->filter, m->offset, &count, &total, &rows, &err);
	bool good = r == 0 && gw_ssh_menu_filled(m, count, total, buf_span(&rows));
	buf_done(&rows);
	if (good)
		return true;
	log_err(LOG_LEVEL_WARN, "ssh.menu", &err);
	if (r == -EAGAIN) {
		gw_ssh_menu_failed(m, err.say);
		return true;
	}
	gw_ssh_choose_close(c->link);
	gw_ssh_start_refuse(c, r < 0 ? err.say : gw_ssh_say(c->link->lang, GW_SSH_SAY_INTERNAL));
	return false;
}

static void pick(struct gw_ssh_channel *c)
{
	struct gw_ssh_link *l = c->link;
	struct gw_ssh_menu *m = l->menu;
	struct gw_ssh_menu_row row = *gw_ssh_menu_picked(m);
	struct err err = { 0 };
	struct buf line;
	if (gw_ssh_back_choose(l, row.target, row.account, &err) < 0) {
		(void)snprintf(m->message, sizeof m->message, "%s", err.say);
		m->dirty = true;
		return;
	}
	gw_ssh_choose_close(l);
	buf_put_span(&c->own.data, span_str("\033[H\033[2J"));
	buf_init(&line, 1024);
	gw_ssh_say_put(&line, l->lang, GW_SSH_SAY_CONNECTING, row.target);
	charset_from_utf8(l->grant.charset, buf_span(&line), &c->own.data);
	buf_done(&line);
	buf_put_span(&c->own.data, span_str("\r\n"));
	c->resized = false;
	c->phase = GW_SSH_CH_WAIT;
}

void gw_ssh_choose_open(struct gw_ssh_channel *c)
{
	struct gw_ssh_link *l = c->link;
	l->menu = calloc(1, sizeof *l->menu);
	if (!l->menu)
		abort();
	gw_ssh_menu_init(l->menu, l->lang, c->columns, c->rows);
	c->phase = GW_SSH_CH_MENU;
}

void gw_ssh_choose_step(struct gw_ssh_channel *c)
{
	struct gw_ssh_menu *m = c->link->menu;
	if (c->resized) {
		c->resized = false;
		gw_ssh_menu_resize(m, c->columns, c->rows);
	}
	struct span in = gw_ssh_flow_take(&c->in);
	if (in.n > 0)
		c->link->input_us = clock_mono_us();
	while (c->phase == GW_SSH_CH_MENU) {
		enum gw_ssh_menu_act act = gw_ssh_menu_feed(m, &in);
		if (act == GW_SSH_MENU_FETCH && !fetch(c))
			return;
		else if (act == GW_SSH_MENU_PICK)
			pick(c);
		else if (act == GW_SSH_MENU_LEAVE)
			leave(c, 0);
		else if (act == GW_SSH_MENU_DRAW)
			show(c);
		else if (act == GW_SSH_MENU_NONE)
			break;
	}
	if (c->phase == GW_SSH_CH_MENU && c->in.ended)
		leave(c, 0);
}

void gw_ssh_choose_close(struct gw_ssh_link *l)
{
	free(l->menu);
	l->menu = NULL;
}
