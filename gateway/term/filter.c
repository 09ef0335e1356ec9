#include "gateway/term/filter.h"
#include "gateway/core/utf8.h"

enum { GROUND, ESCAPE, CSI, STRING, OSC, SKIP /* a control sequence that is too long */ };

static void begin(struct term_safe *t, uint8_t state)
{
	t->state = state;
	t->held_n = 0;
}

static bool draws(const struct term_safe *t)
{
	return t->graphic >> t->shift & 1;
}

static void character(struct term_safe *t, uint32_t c, const struct term_filter *f, void *ctx)
{
	if (draws(t))
		c = term_decode_graphic(c);
	if (!utf8_is_control(c))
		f->character(ctx, c);
}

static void control(struct term_safe *t, uint8_t c, const struct term_filter *f, void *ctx)
{
	if (c == '\b' || c == '\t' || c == '\n' || c == '\r')
		f->control(ctx, c);
	else if (c == '\v' || c == '\f')
		f->control(ctx, '\n');
	else if (c == 0x0e || c == 0x0f)
		t->shift = c == 0x0e;
}

static void ground(struct term_safe *t, uint8_t byte, const struct term_filter *f, void *ctx)
{
	uint32_t c = byte;
	if (t->utf8.want == 0 && byte < 0x80) {
		if (byte < 0x20)
			control(t, byte, f, ctx);
		else
			character(t, byte, f, ctx);
		return;
	}
	switch (term_decode(&t->utf8, byte, &c)) {
	case TERM_DECODE_DONE:
		character(t, c, f, ctx);
		break;
	case TERM_DECODE_BROKEN:
		f->character(ctx, 0xfffd);
		ground(t, byte, f, ctx); /* once: nothing is held now */
		break;
	case TERM_DECODE_MORE:
		break;
	}
}

static void end_escape(struct term_safe *t, uint8_t byte, const struct term_filter *f, void *ctx)
{
	t->state = GROUND;
	if (t->held_n == 1 && (t->held[0] == '(' || t->held[0] == ')')) {
		uint8_t bit = t->held[0] == '(' ? 1 : 2;
		t->graphic = (uint8_t)(byte == '0' ? t->graphic | bit : t->graphic & ~bit);
	} else if (t->held_n == 0 && byte == 'c') {
		t->graphic = t->shift = 0;
	} else if (t->held_n == 0) {
		f->escape(ctx, byte);
	}
}

static void escape(struct term_safe *t, uint8_t byte, const struct term_filter *f, void *ctx)
{
	if (byte >= 0x20 && byte < 0x30) {
		if (t->held_n < 2) /* which ones does not matter: nothing longer is known */
			t->held[t->held_n++] = byte;
	} else if (t->held_n > 0 || byte >= 0x80) {
		end_escape(t, byte, f, ctx);
	} else if (byte == '[') {
		begin(t, CSI);
	} else if (byte == ']') {
		begin(t, OSC);
	} else if (byte == 'P' || byte == 'X' || byte == '^' || byte == '_') {
		begin(t, STRING);
	} else {
		end_escape(t, byte, f, ctx);
	}
}

static void csi(struct term_safe *t, uint8_t byte, const struct term_filter *f, void *ctx)
{
	if (byte >= 0x80) {
		begin(t, GROUND);
		ground(t, byte, f, ctx);
		return;
	}
	if (t->held_n == sizeof t->held)
		t->state = SKIP;
	if (t->state == CSI)
		t->held[t->held_n++] = byte;
	if (byte < 0x40)
		return;
	bool whole = t->state == CSI;
	t->state = GROUND;
	if (whole)
		f->csi(ctx, span_of(t->held, t->held_n));
}

/* The same order of precedence as in screen.c: ESC, CAN and SUB end everything, other C0 act inside a sequence. */
static void step(struct term_safe *t, uint8_t byte, const struct term_filter *f, void *ctx)
{
	if (byte == 0x1b) {
		if (t->utf8.want > 0)
			f->character(ctx, 0xfffd);
		t->utf8.want = 0;
		begin(t, ESCAPE);
	} else if (t->state == GROUND) {
		ground(t, byte, f, ctx);
	} else if (byte == 0x18 || byte == 0x1a || (byte == 0x07 && t->state == OSC)) {
		t->state = GROUND;
	} else if (t->state == STRING || t->state == OSC || byte == 0x7f) {
		return;
	} else if (byte < 0x20) {
		control(t, byte, f, ctx);
	} else if (t->state == ESCAPE) {
		escape(t, byte, f, ctx);
	} else {
		csi(t, byte, f, ctx);
	}
}

static bool is_plain(uint8_t c)
{
	return (uint8_t)(c - 0x20) < 0x5f;
}

void term_filter_feed(struct term_safe *t, struct span in, const struct term_filter *f, void *ctx)
{
	for (size_t i = 0; i < in.n;) {
		size_t run = 0;
		if (t->state == GROUND && t->utf8.want == 0 && !draws(t))
			while (i + run < in.n && is_plain(in.p[i + run]))
				run++;
		if (run > 0)
			f->text(ctx, span_of(in.p + i, run));
		else
			step(t, in.p[i], f, ctx);
		i += run > 0 ? run : 1;
	}
}
