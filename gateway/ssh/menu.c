#include "gateway/ssh/menu.h"
#include "gateway/core/rd.h"
#include "gateway/core/utf8.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ESC_NONE, ESC_SEEN, ESC_CSI };
enum {
	KEY_CTRL_C = 3,
	KEY_CTRL_D = 4,
	KEY_BS = 8,
	KEY_LF = 10,
	KEY_CR = 13,
	KEY_CTRL_N = 14,
	KEY_CTRL_P = 16,
	KEY_CTRL_U = 21,
	KEY_ESC = 27,
	KEY_DEL = 127
};

void gw_ssh_menu_init(struct gw_ssh_menu *m, enum gw_ssh_lang lang, uint32_t columns, uint32_t rows)
{
	*m = (struct gw_ssh_menu){ .lang = lang, .stale = true, .dirty = true };
	gw_ssh_menu_resize(m, columns, rows);
}

uint32_t gw_ssh_menu_page(const struct gw_ssh_menu *m)
{
	uint32_t page = m->rows > 6 ? m->rows - 5 : 1; /* title, keys, search line, message, and a free last line */
	return page < GW_SSH_MENU_ROWS ? page : GW_SSH_MENU_ROWS;
}

void gw_ssh_menu_resize(struct gw_ssh_menu *m, uint32_t columns, uint32_t rows)
{
	uint32_t selected = m->offset + m->at;
	m->columns = columns;
	m->rows = rows;
	uint32_t page = gw_ssh_menu_page(m);
	m->offset = selected / page * page;
	m->at = selected - m->offset;
	m->stale = m->dirty = true;
}

static bool is_number(const struct gw_ssh_menu *m)
{
	return m->line_n > 0 && m->line_n < 9 && strspn(m->line, "0123456789") == m->line_n;
}

/* A character whose last bytes are still to come does not search. */
static int whole_characters(const char *s)
{
	struct span rest = span_str(s);
	uint32_t c;
	for (size_t n; (n = utf8_get(rest, &c)) > 0; rest.n -= n)
		rest.p += n;
	return (int)(strlen(s) - rest.n);
}

static void line_changed(struct gw_ssh_menu *m)
{
	m->dirty = true;
	if (is_number(m))
		return;
	char filter[sizeof m->filter];
	const char *text = m->line + (*m->line == '/');
	(void)snprintf(filter, sizeof filter, "%.*s", whole_characters(text), text);
	if (strcmp(filter, m->filter) == 0)
		return;
	memcpy(m->filter, filter, sizeof filter);
	m->offset = m->at = 0;
	m->stale = true;
}

static void erase(struct gw_ssh_menu *m)
{
	while (m->line_n > 0 && ((uint8_t)m->line[m->line_n - 1] & 0xc0) == 0x80)
		m->line_n--;
	if (m->line_n > 0)
		m->line_n--;
	m->line[m->line_n] = '\0';
	line_changed(m);
}

static void move_by(struct gw_ssh_menu *m, int64_t by)
{
	if (m->total == 0)
		return;
	uint32_t page = gw_ssh_menu_page(m);
	int64_t to = (int64_t)m->offset + m->at + by;
	to = to < 0 ? 0 : to >= m->total ? (int64_t)m->total - 1 : to;
	uint32_t offset = (uint32_t)to / page * page;
	m->stale |= offset != m->offset;
	m->offset = offset;
	m->at = (uint32_t)to - offset;
	m->dirty = true;
}

static void sequence(struct gw_ssh_menu *m, uint8_t final)
{
	int64_t page = gw_ssh_menu_page(m);
	if (final == 'A')
		move_by(m, -1);
	else if (final == 'B')
		move_by(m, 1);
	else if (final == 'C' || (final == '~' && m->parameter == 6))
		move_by(m, page);
	else if (final == 'D' || (final == '~' && m->parameter == 5))
		move_by(m, -page);
	else if (final == 'H' || (final == '~' && m->parameter == 1))
		move_by(m, -(int64_t)m->total);
	else if (final == 'F' || (final == '~' && m->parameter == 4))
		move_by(m, m->total);
}

/* true when the byte belonged to an escape sequence */
static bool escaped(struct gw_ssh_menu *m, uint8_t b, enum gw_ssh_menu_act *act)
{
	switch (m->escape) {
	case ESC_SEEN:
		m->escape = b == '[' || b == 'O' ? ESC_CSI : ESC_NONE;
		m->parameter = 0;
		if (b == KEY_ESC)
			*act = GW_SSH_MENU_LEAVE;
		return true;
	case ESC_CSI:
		if (b >= '0' && b <= '9') {
			m->parameter = (uint8_t)(m->parameter * 10 + (b - '0'));
		} else if (b >= 0x40) {
			m->escape = ESC_NONE;
			sequence(m, b);
		} else if (b < 0x20) {
			m->escape = ESC_NONE;
		}
		return true;
	default:
		if (b != KEY_ESC)
			return false;
		m->escape = ESC_SEEN;
		return true;
	}
}

/* Enter: the number that was typed, or the selected row.  FETCH: look at that page first, then press again. */
static enum gw_ssh_menu_act enter(struct gw_ssh_menu *m)
{
	if (is_number(m)) {
		uint32_t n = (uint32_t)strtoul(m->line, NULL, 10);
		m->dirty = true;
		if (n == 0 || n > m->total)
			return GW_SSH_MENU_NONE;
		uint32_t before = m->offset;
		m->offset = (n - 1) / gw_ssh_menu_page(m) * gw_ssh_menu_page(m);
		m->at = n - 1 - m->offset;
		if (m->offset != before) {
			m->stale = true;
			return GW_SSH_MENU_FETCH;
		}
	}
	return m->at < m->n ? GW_SSH_MENU_PICK : GW_SSH_MENU_NONE;
}

static enum gw_ssh_menu_act key(struct gw_ssh_menu *m, uint8_t b)
{
	switch (b) {
	case KEY_CTRL_C:
	case KEY_CTRL_D:
		return GW_SSH_MENU_LEAVE;
	case KEY_BS:
	case KEY_DEL:
		erase(m);
		return GW_SSH_MENU_NONE;
	case KEY_CTRL_U:
		m->line_n = 0;
		*m->line = '\0';
		line_changed(m);
		return GW_SSH_MENU_NONE;
	case KEY_CTRL_N:
		move_by(m, 1);
		return GW_SSH_MENU_NONE;
	case KEY_CTRL_P:
		move_by(m, -1);
		return GW_SSH_MENU_NONE;
	default:
		break;
	}
	if (b == 'q' && m->line_n == 0)
		return GW_SSH_MENU_LEAVE;
	if (b >= 0x20 && m->line_n < GW_SSH_MENU_LINE) {
		m->line[m->line_n++] = (char)b;
		m->line[m->line_n] = '\0';
		line_changed(m);
	}
	return GW_SSH_MENU_NONE;
}

/* There were no rows: this key asks again, and counts as ever; but Enter opens nothing that was not seen. */
static bool retried(struct gw_ssh_menu *m, bool is_enter)
{
	if (!m->failed)
		return false;
	m->failed = false;
	m->stale = m->dirty = true;
	*m->message = '\0';
	return is_enter;
}

enum gw_ssh_menu_act gw_ssh_menu_feed(struct gw_ssh_menu *m, struct span *in)
{
	enum gw_ssh_menu_act act = GW_SSH_MENU_NONE;
	while (in->n > 0 && act == GW_SSH_MENU_NONE) {
		uint8_t b = *in->p;
		bool is_enter = m->escape == ESC_NONE && (b == KEY_CR || b == KEY_LF);
		bool eaten = retried(m, is_enter);
		if (is_enter && !eaten && m->stale)
			return GW_SSH_MENU_FETCH;
		if (is_enter)
			act = eaten ? GW_SSH_MENU_NONE : enter(m);
		else if (!escaped(m, b, &act))
			act = key(m, b);
		if (act == GW_SSH_MENU_FETCH)
			return act;
		if (*m->message) {
			*m->message = '\0';
			m->dirty = true;
		}
		in->p++;
		in->n--;
	}
	if (act == GW_SSH_MENU_NONE && m->stale)
		return GW_SSH_MENU_FETCH;
	return act == GW_SSH_MENU_NONE && m->dirty ? GW_SSH_MENU_DRAW : act;
}

static void text_of(struct rd *r, char *ret, size_t size)
{
	struct span s = rd_str32le(r);
	r->bad |= s.n >= size;
	if (r->bad)
		return;
	if (s.n > 0)
		memcpy(ret, s.p, s.n);
	ret[s.n] = '\0';
}

bool gw_ssh_menu_filled(struct gw_ssh_menu *m, uint32_t count, uint32_t total, struct span rows)
{
	struct rd r = rd_of(rows);
	uint32_t page = gw_ssh_menu_page(m);
	m->n = 0;
	m->total = total;
	m->stale = false;
	m->dirty = true;
	for (uint32_t i = 0; i < count && m->n < page && !r.bad; i++) {
		struct gw_ssh_menu_row *row = &m->row[m->n];
		text_of(&r, row->target, sizeof row->target);
		text_of(&r, row->account, sizeof row->account);
		text_of(&r, row->cluster, sizeof row->cluster);
		text_of(&r, row->address, sizeof row->address);
		m->n += !r.bad;
	}
	if (m->at >= m->n)
		m->at = m->n > 0 ? m->n - 1 : 0;
	return !r.bad;
}

void gw_ssh_menu_failed(struct gw_ssh_menu *m, const char *say)
{
	m->n = m->total = m->at = m->offset = 0;
	m->stale = false;
	m->failed = m->dirty = true;
	(void)snprintf(m->message, sizeof m->message, "%s", say);
}

const struct gw_ssh_menu_row *gw_ssh_menu_picked(const struct gw_ssh_menu *m)
{
	return &m->row[m->at];
}
