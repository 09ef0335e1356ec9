#ifndef TERM_STATE_H
#define TERM_STATE_H
#include "gateway/core/charset.h"
#include "gateway/term/decode.h"
#include "gateway/term/grid.h"
/*
 * state - a terminal's state, shared by the files of this folder that make up the screen model: screen.c (bytes),
 * control.c (sequences), draw.c (the way back).  Nobody else sees it.
 *
 * Units:   x, y count cells from 0; x == columns: the last column was written and the next character wraps.
 */
enum { TERM_SEQUENCE_MAX = 256 };
enum { TERM_CURSOR_KEYS = 1, TERM_KEYPAD = 66 }; /* DECCKM, DECNKM */

struct term_cursor {
	uint32_t x, y;
	struct term_cell pen;
	bool origin;
	uint8_t graphic; /* bit 0: G0, bit 1: G1 are the DEC special graphics */
	uint8_t shift;   /* G0 or G1 is in use */
};

enum term_parse {
	TERM_GROUND,
	TERM_ESCAPE,      /* behind ESC and its intermediates */
	TERM_CSI,
	TERM_STRING,      /* DCS, SOS, PM, APC: skipped up to ST */
	TERM_OSC,         /* the same; BEL ends it too */
};

struct term_screen {
	uint32_t columns, rows;
	struct term_grid *main, *alternate, *now; /* main and alternate: NULL before the first output */
	struct term_cursor at, saved[2];          /* saved: of main and alternate */
	uint32_t top, bottom;                     /* scroll region, both included */
	bool autowrap, insert, visible;
	uint32_t last; /* for REP */
	uint32_t keyboard; /* bits of modes.c */
	uint8_t tabs[TERM_COLUMNS_MAX / 8];
	struct term_decode utf8;
	enum term_parse parse;
	uint32_t n; /* bytes of the sequence; over TERM_SEQUENCE_MAX it is skipped */
	uint8_t sequence[TERM_SEQUENCE_MAX];
	struct charset_decoder charset;
	struct buf text; /* of another character set, as UTF-8 */
};

void term_state_reset(struct term_screen *t);
/* modes.c: a private mode that changes nothing on the screen; the keypad by ESC = and ESC >. */
void term_state_keyboard(struct term_screen *t, uint32_t mode, bool on);
void term_state_linefeed(struct term_screen *t);
void term_state_put(struct term_screen *t, uint32_t c);
/* A C0 control, an ESC sequence (all behind ESC), a control sequence (all behind CSI). */
void term_control_c0(struct term_screen *t, uint8_t c);
void term_control_escape(struct term_screen *t, struct span sequence);
void term_control_csi(struct term_screen *t, struct span sequence);
#endif
