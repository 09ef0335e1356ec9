#include "gateway/term/safe.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "gateway/term/filter.h"
#include <string.h>

/* Cursor, erase, insert, delete, scroll, repeat, tabulate, region, look. */
static const char finals[] = "@ABCDEFGHIJKLMPSTXZ`abdefmrsu";
static const uint16_t shown_modes[] = { 6, 7, 25, 47, 1047, 1048, 1049 };
enum { INSERT_MODE = 4, DIGITS_MAX = 5 };

static void text(void *out, struct span run)
{
	buf_put_span(out, run);
}

static void character(void *out, uint32_t c)
{
	uint8_t bytes[4];
	buf_put(out, bytes, utf8_put(c, bytes));
}

static void control(void *out, uint8_t c)
{
	buf_put(out, &c, 1);
}

static void escape(void *out, uint8_t final)
{
	if (strchr("78DEM", final) && final)
		buf_put(out, (const uint8_t[]){ 0x1b, final }, 2);
}

/* Digits in groups of at most five, between `;` (and `:`). */
static bool parameters_are_plain(struct span s, bool colons)
{
	size_t digits = 0;
	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		digits = digit ? digits + 1 : 0;
		if (digits > DIGITS_MAX || (!digit && s.p[i] != ';' && !(colons && s.p[i] == ':')))
			return false;
	}
	return true;
}

static bool is_shown(bool private, uint32_t mode)
{
	if (!private)
		return mode == INSERT_MODE;
	for (size_t i = 0; i < COUNT_OF(shown_modes); i++)
		if (shown_modes[i] == mode)
			return true;
	return false;
}

/* One sequence a mode that may be shown: an application sets several at once. */
static void modes(struct buf *out, struct span list, bool private, uint8_t final)
{
	uint32_t mode = 0;
	if (!parameters_are_plain(list, false))
		return;
	for (size_t i = 0; i <= list.n; i++) {
		if (i < list.n && list.p[i] != ';') {
			mode = mode * 10 + (list.p[i] - (uint32_t)'0');
			continue;
		}
		if (is_shown(private, mode))
			buf_printf(out, "\x1b[%s%u%c", private ? "?" : "", mode, final);
		mode = 0;
	}
}

static void csi(void *ctx, struct span sequence)
{
	struct buf *out = ctx;
	uint8_t final = sequence.p[sequence.n - 1];
	struct span list = { sequence.p, sequence.n - 1 };
	if (final == 'h' || final == 'l') {
		bool private = list.n > 0 && list.p[0] == '?';
		modes(out, private ? span_of(list.p + 1, list.n - 1) : list, private, final);
	} else if (strchr(finals, final) && parameters_are_plain(list, final == 'm')) {
		buf_put(out, "\x1b[", 2);
		buf_put_span(out, sequence);
	}
}

void term_safe_feed(struct term_safe *t, struct span in, struct buf *out)
{
	static const struct term_filter filter = { text, character, control, escape, csi };
	term_filter_feed(t, in, &filter, out);
}
