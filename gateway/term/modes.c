#include "gateway/core/scope.h"
#include "gateway/term/state.h"

/* xterm's private modes of keyboard, mouse, focus and paste: bit n of `keyboard` is modes[n]. */
static const uint16_t modes[] = { TERM_CURSOR_KEYS, TERM_KEYPAD, 9, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 2004 };

void term_state_keyboard(struct term_screen *t, uint32_t mode, bool on)
{
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (modes[i] == mode)
			t->keyboard = on ? t->keyboard | UINT32_C(1) << i : t->keyboard & ~(UINT32_C(1) << i);
}

/* Those that are off come first: the mouse modes exclude each other, and the last one said counts. */
void term_screen_modes(const struct term_screen *t, struct buf *out)
{
	for (int on = 0; on < 2; on++)
		for (size_t i = 0; i < COUNT_OF(modes); i++)
			if ((t->keyboard >> i & 1) == (unsigned)on)
				buf_printf(out, "\x1b[?%u%c", modes[i], on ? 'h' : 'l');
}
