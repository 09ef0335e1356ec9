#include "webterm/term/zmodem.h"
#include <string.h>

enum { CAN = 0x18, BS = 0x08, STARS = 2, HEAD = 6, REST = 15 };

const char web_term_zmodem_cancel[9] = "\x18\x18\x18\x18\x18\x18\x18\x18";
static const uint8_t head[HEAD] = { '*', '*', CAN, 'B', '0', '0' };

static bool is_next(const struct web_term_zmodem *z, uint8_t c)
{
	return c == head[z->matched] || (z->matched == HEAD - 1 && c == '1');
}

/* What was held back is no header after all. */
static void release(struct web_term_zmodem *z, struct buf *out)
{
	if (z->matched > STARS)
		buf_put(out, head + STARS, (size_t)z->matched - STARS);
	z->matched = 0;
}

/* The end of a header: hex digits, CR, LF, XON; the last two with or without the eighth bit. */
static bool is_rest(struct web_term_zmodem *z, uint8_t c)
{
	bool good = z->rest > 3 ? strchr("0123456789abcdefABCDEF", c) && c : (c & 0x7f) == '\r' || (c & 0x7f) == '\n' || c == 0x11;
	z->rest = good ? (uint8_t)(z->rest - 1) : 0;
	return good;
}

static bool is_cancelling(struct web_term_zmodem *z, uint8_t c)
{
	z->run = z->cancelled && (c == CAN || (c == BS && z->run));
	return z->run;
}

static bool step(struct web_term_zmodem *z, uint8_t c, struct buf *out)
{
	if (z->rest > 0 && is_rest(z, c))
		return false;
	if (!is_next(z, c)) {
		bool stars = z->matched == STARS && c == '*'; /* "***": the last two count */
		if (stars) {
			buf_put(out, &c, 1);
			return false;
		}
		release(z, out);
		if (c != '*') {
			if (!is_cancelling(z, c))
				buf_put(out, &c, 1);
			return false;
		}
	}
	z->matched++;
	z->run = false;
	if (z->matched <= STARS)
		buf_put(out, &c, 1);
	if (z->matched < HEAD)
		return false;
	z->matched = 0;
	z->rest = REST;
	z->cancelled = true;
	buf_put(out, "\r\x1b[K", 4);
	return true;
}

bool web_term_zmodem_feed(struct web_term_zmodem *z, struct span in, struct buf *out)
{
	bool met = false;
	for (size_t i = 0; i < in.n;) {
		/* The fast path: nothing that matters before the next asterisk. */
		if (z->matched == 0 && z->rest == 0 && !z->cancelled) {
			const uint8_t *star = memchr(in.p + i, '*', in.n - i);
			size_t n = star ? (size_t)(star - in.p) - i : in.n - i;
			buf_put(out, in.p + i, n);
			i += n;
			if (i == in.n)
				break;
		}
		met |= step(z, in.p[i++], out);
	}
	return met;
}
