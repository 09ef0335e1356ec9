/*
 * Both directions of a file transfer, in pieces: a byte that says which side and how many, then those.  The first byte of the
 * input chooses protocol and rights.  Something always moves or waits, and every file that begins is told to its end, once.
 */
#include "gateway/xfer/command.h"
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 4096 };

struct fuzz {
	struct xfer_config config;
	uint32_t number;
	uint8_t seen[NUMBERS]; /* 1 begun, 2 ended */
	struct buf waits[2];
	bool lost;
};

static void on_event(void *ctx, const struct xfer_event *e)
{
	struct fuzz *f = ctx;
	bool transfer = e->op == WIRE_FILE_UPLOAD || e->op == WIRE_FILE_DOWNLOAD;
	if (e->number == 0 || e->number > f->number || !e->why || (e->state == WIRE_FILE_BEGUN && !transfer))
		abort();
	if (e->number >= NUMBERS)
		return;
	uint8_t *seen = &f->seen[e->number];
	if (*seen == 2 || (e->state == WIRE_FILE_BEGUN && *seen != 0))
		abort();
	*seen = e->state == WIRE_FILE_BEGUN ? 1 : 2;
}

static void go(struct fuzz *f, struct xfer *x, enum xfer_side side)
{
	struct buf *w = &f->waits[side];
	while (w->len > 0 && !f->lost) {
		struct xfer_cut cut;
		struct xfer_piece piece = { .n = w->len };
		bool keeps = xfer_keeps(x, side, w->len, &piece);
		if (keeps && (piece.n == 0 || piece.n > w->len || piece.number == 0 || f->seen[piece.number % NUMBERS] == 2))
			abort();
		size_t n = keeps ? piece.n : w->len;
		xfer_feed(x, side, w->data, n, &cut);
		if (keeps && (cut.fate != XFER_PASS || !cut.bulk || cut.n != n))
			abort(); /* all that was kept passes */
		if (cut.fate == XFER_HOLD)
			break;
		f->lost = cut.fate == XFER_LOST;
		if (f->lost && !*cut.why)
			abort();
		if (!f->lost && (cut.n == 0 || cut.n > w->len))
			abort();
		buf_drop(w, f->lost ? w->len : cut.n);
	}
	if (side == XFER_DOWN && xfer_answer(x).n > 0)
		xfer_answered(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const commands[] = { "scp -t /x", "scp -r -f /srv/www" };
	struct xfer_command command;
	struct fuzz f = { 0 };
	if (n == 0)
		return 0;
	uint8_t how = *data++;
	n--;
	xfer_command_parse(span_str(commands[how & 1]), &command);
	f.config = (struct xfer_config){ .protocol = how & 2 ? WIRE_FILE_SCP : WIRE_FILE_SFTP, .command = &command,
		.upload = how & 4, .download = how & 8,
		.keep = { how & 16, how & 16 }, .keep_max = 64, .number = &f.number, .event = on_event, .ctx = &f };
	struct xfer *x = xfer_new(&f.config);
	buf_init(&f.waits[0], 1 << 22);
	buf_init(&f.waits[1], 1 << 22);
	while (n > 0) {
		enum xfer_side side = *data & 0x80 ? XFER_DOWN : XFER_UP;
		size_t piece = (size_t)(*data & 0x7f) + 1;
		data++, n--;
		piece = piece < n ? piece : n;
		buf_put(&f.waits[side], data, piece);
		data += piece;
		n -= piece;
		go(&f, x, side);
		go(&f, x, side == XFER_UP ? XFER_DOWN : XFER_UP);
	}
	(void)xfer_free(x);
	for (uint32_t i = 1; i <= f.number && i < NUMBERS; i++)
		if (f.seen[i] != 2)
			abort(); /* every number is told to its end */
	buf_done(&f.waits[0]);
	buf_done(&f.waits[1]);
	xfer_command_done(&command);
	return 0;
}
