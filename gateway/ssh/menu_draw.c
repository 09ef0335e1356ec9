#include "gateway/core/utf8.h"
#include "gateway/ssh/menu.h"
#include "gateway/term/width.h"
#include <stdio.h>
#include <string.h>

/* Puts what fits into `width` cells; returns the cells used. */
static uint32_t put_cut(struct buf *out, const char *s, uint32_t width)
{
	struct span in = span_str(s);
	uint32_t used = 0;
	while (in.n > 0) {
		uint32_t c = '?';
		size_t n = utf8_get(in, &c);
		bool good = n > 0 && !utf8_is_control(c);
		uint32_t cells = good ? term_width(c) : 1;
		if (used + cells > width)
			break;
		if (good)
			buf_put(out, in.p, n);
		else
			buf_put(out, "?", 1);
		used += cells;
		n = n == 0 ? 1 : n;
		in.p += n;
		in.n -= n;
	}
	return used;
}

void gw_ssh_menu_cells(struct buf *out, const char *s, uint32_t width)
{
	for (uint32_t used = put_cut(out, s, width); used < width; used++)
		buf_put(out, " ", 1);
}

static void put_line(struct buf *out, const char *sgr, const char *text, uint32_t columns)
{
	buf_printf(out, "\033[%sm", sgr);
	(void)put_cut(out, text, columns);
	buf_put_span(out, span_str("\033[0m\r\n"));
}

static void put_row(struct gw_ssh_menu *m, uint32_t i, struct buf *out)
{
	const struct gw_ssh_menu_row *row = &m->row[i];
	uint32_t width = m->columns > 12 ? m->columns - 8 : 4; /* marker, number */
	uint32_t name = width * 2 / 5, account = width / 5, cluster = width / 5;
	char number[16];
	(void)snprintf(number, sizeof number, "%5u", m->offset + i + 1);
	bool selected = i == m->at;
	buf_put_span(out, span_str(selected ? "\033[7m>" : " "));
	gw_ssh_menu_cells(out, number, 5);
	buf_put(out, " ", 1);
	gw_ssh_menu_cells(out, row->target, name - 1);
	buf_put(out, " ", 1);
	gw_ssh_menu_cells(out, row->account, account - (account > 0));
	buf_put(out, " ", 1);
	if (m->columns >= 60) {
		gw_ssh_menu_cells(out, row->cluster, cluster - 1);
		buf_put(out, " ", 1);
		(void)put_cut(out, row->address, width - name - account - cluster);
	}
	buf_put_span(out, span_str("\033[0m\r\n"));
}

void gw_ssh_menu_draw(struct gw_ssh_menu *m, struct buf *out)
{
	struct buf title;
	char pages[32];
	uint32_t page = gw_ssh_menu_page(m), last = m->total == 0 ? 1 : (m->total + page - 1) / page;
	bool roomy = m->rows > 6;
	buf_init(&title, 512);
	(void)snprintf(pages, sizeof pages, "%u/%u", m->offset / page + 1, last);
	buf_printf(&title, "%s  (%u)  ", gw_ssh_say(m->lang, GW_SSH_SAY_MENU_TITLE), m->total);
	gw_ssh_say_put(&title, m->lang, GW_SSH_SAY_MENU_PAGE, pages);
	buf_put_span(out, span_str("\033[H\033[2J"));
	if (roomy) {
		put_line(out, "1", buf_str(&title), m->columns);
		put_line(out, "2", gw_ssh_say(m->lang, GW_SSH_SAY_MENU_KEYS), m->columns);
	}
	for (uint32_t i = 0; i < m->n; i++)
		put_row(m, i, out);
	if (m->n == 0 && !m->failed)
		put_line(out, "2", gw_ssh_say(m->lang, GW_SSH_SAY_MENU_NONE), m->columns);
	if (*m->message)
		put_line(out, "31", m->message, m->columns);
	uint32_t used = put_cut(out, gw_ssh_say(m->lang, GW_SSH_SAY_MENU_FIND), m->columns / 2);
	(void)put_cut(out, m->line, m->columns > used + 1 ? m->columns - used - 1 : 0);
	buf_done(&title);
	m->dirty = false;
}
