#include "gateway/core/utf8.h"
#include "gateway/term/filter.h"
#include "gateway/term/safe.h"
#include <string.h>

enum { LINE_CHARACTERS = 16 * 1024 };

struct pass {
	struct term_plain *t;
	struct buf *out;
};

void term_plain_init(struct term_plain *t)
{
	*t = (struct term_plain){ 0 };
	buf_init(&t->line, LINE_CHARACTERS * sizeof(uint32_t));
}

void term_plain_done(struct term_plain *t)
{
	buf_done(&t->line);
}

static uint32_t *characters(struct term_plain *t)
{
	return (uint32_t *)(void *)t->line.data;
}

static void give_line(struct term_plain *t, struct buf *out)
{
	size_t n = t->line.len / sizeof(uint32_t);
	for (size_t i = 0; i < n; i++) {
		uint8_t bytes[4];
		buf_put(out, bytes, utf8_put(characters(t)[i], bytes));
	}
	buf_clear(&t->line);
	t->column = 0;
}

static void character(void *ctx, uint32_t c)
{
	struct pass *p = ctx;
	struct term_plain *t = p->t;
	if (t->column == LINE_CHARACTERS)
		give_line(t, p->out);
	if (t->column < t->line.len / sizeof c)
		characters(t)[t->column] = c;
	else
		buf_put(&t->line, &c, sizeof c);
	t->column++;
}

static void text(void *ctx, struct span run)
{
	for (size_t i = 0; i < run.n; i++)
		character(ctx, run.p[i]);
}

/* BS removes what stands before the cursor when that is the line's end; inside the line it only moves. */
static void backspace(struct term_plain *t)
{
	if (t->column == 0)
		return;
	t->column--;
	if (t->line.len == (t->column + 1) * sizeof(uint32_t))
		t->line.len -= sizeof(uint32_t);
}

static void control(void *ctx, uint8_t c)
{
	struct pass *p = ctx;
	if (c == '\n') {
		give_line(p->t, p->out);
		buf_put(p->out, "\n", 1);
	} else if (c == '\r') {
		p->t->column = 0;
	} else if (c == '\b') {
		backspace(p->t);
	} else {
		character(ctx, c);
	}
}

static void escape(void *ctx, uint8_t final)
{
	if (final == 'D' || final == 'E')
		control(ctx, '\n');
}

/* CSI K: what a line editor sends when the rest of its line is gone. */
static void csi(void *ctx, struct span sequence)
{
	struct pass *p = ctx;
	if (span_is(sequence, "K") || span_is(sequence, "0K"))
		p->t->line.len = p->t->column * sizeof(uint32_t);
}

void term_plain_feed(struct term_plain *t, struct span in, struct buf *out)
{
	static const struct term_filter filter = { text, character, control, escape, csi };
	struct pass pass = { t, out };
	term_filter_feed(&t->safe, in, &filter, &pass);
}

void term_plain_end(struct term_plain *t, struct buf *out)
{
	give_line(t, out);
}
