#ifndef GATEWAY_SSH_MENU_H
#define GATEWAY_SSH_MENU_H
#include "gateway/core/buf.h"
#include "gateway/ssh/say.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * menu - the list of targets on a terminal: keys in, a screen out.  Pure: asks nobody, draws into a buffer.
 *
 * Keys:    text searches (a line of digits is a number of the list; a leading / makes digits a search), Enter opens,
 *          arrows and Ctrl-P/N move, PgUp/PgDn page, Backspace and Ctrl-U edit, Esc Esc, Ctrl-C, Ctrl-D and q on an empty
 *          line leave.  Sequences may be cut anywhere.
 * Limits:  a line of 60 bytes, 50 rows a page.
 * Use:     feed until it returns NONE with nothing left; FETCH: fill rows for menu->filter from menu->offset, call
 *          gw_ssh_menu_filled, feed the rest; DRAW after all is fed.
 * Trust:   input hostile; rows come from the broker, control characters in them are not drawn.
 */
enum { GW_SSH_MENU_ROWS = 50, GW_SSH_MENU_LINE = 60 };

struct gw_ssh_menu_row {
	char target[256], account[65], cluster[65], address[96];
};

enum gw_ssh_menu_act { GW_SSH_MENU_NONE, GW_SSH_MENU_DRAW, GW_SSH_MENU_FETCH, GW_SSH_MENU_PICK, GW_SSH_MENU_LEAVE };

struct gw_ssh_menu {
	enum gw_ssh_lang lang;
	uint32_t columns, rows; /* of the terminal */
	char line[GW_SSH_MENU_LINE + 1], filter[GW_SSH_MENU_LINE + 1];
	size_t line_n;
	uint32_t total, offset, n, at; /* matches, first row shown, rows shown, selected of them */
	bool stale, dirty;             /* the rows, the screen */
	bool failed;                   /* the rows could not be fetched: the next key tries again */
	char message[320];             /* one line from outside, gone at the next key */
	uint8_t escape;                /* state of the sequence parser */
	uint8_t parameter;
	struct gw_ssh_menu_row row[GW_SSH_MENU_ROWS];
};

void gw_ssh_menu_init(struct gw_ssh_menu *m, enum gw_ssh_lang lang, uint32_t columns, uint32_t rows);
void gw_ssh_menu_resize(struct gw_ssh_menu *m, uint32_t columns, uint32_t rows);
uint32_t gw_ssh_menu_page(const struct gw_ssh_menu *m); /* rows that fit */
/* Takes bytes from *in until it must ask; what it did not take stays in *in. */
enum gw_ssh_menu_act gw_ssh_menu_feed(struct gw_ssh_menu *m, struct span *in);
/* rows: the shape of wire.h's targets_answer, `count` of them.  false when they are not well-formed. */
bool gw_ssh_menu_filled(struct gw_ssh_menu *m, uint32_t count, uint32_t total, struct span rows);
/* There are no rows just now; the line says why. */
void gw_ssh_menu_failed(struct gw_ssh_menu *m, const char *say);
void gw_ssh_menu_draw(struct gw_ssh_menu *m, struct buf *out);
const struct gw_ssh_menu_row *gw_ssh_menu_picked(const struct gw_ssh_menu *m);
/* Puts s into exactly `width` cells: cut, or filled with blanks. */
void gw_ssh_menu_cells(struct buf *out, const char *s, uint32_t width);
#endif
