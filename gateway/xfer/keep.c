#include "gateway/xfer/inside.h"

/* The data that comes next on that side, of an open file; NULL: something else comes next. */
static struct xfer_sum *next_data(struct xfer *x, enum xfer_side side, struct xfer_piece *ret)
{
	const struct xfer_stream *s = &x->stream[side];
	if (x->lost || s->mode != XFER_IN_DATA)
		return NULL;
	if (x->config.protocol == WIRE_FILE_SCP) {
		*ret = (struct xfer_piece){ .number = x->scp.number, .at = x->scp.sum.next, .n = x->scp.left };
		return &x->scp.sum;
	}
	struct xfer_file *f = &x->files[s->file];
	struct xfer_sum *sum = &f->sum[side];
	bool behind = side == XFER_UP && f->append && sum->bytes > 0; /* as xfer_file_data takes it */
	xfer_file_begin(x, f, side);
	*ret = (struct xfer_piece){ .number = f->number[side], .at = behind ? sum->next : s->at, .n = s->left };
	return sum;
}

bool xfer_keeps(struct xfer *x, enum xfer_side side, size_t n, struct xfer_piece *ret)
{
	struct xfer_sum *sum = x->config.keep[side] && n > 0 ? next_data(x, side, ret) : NULL;
	if (!sum || sum->unkept)
		return false;
	if (n < ret->n)
		ret->n = n;
	/* One byte too many, and no more of this file is kept. */
	sum->unkept = ret->n > x->config.keep_max || sum->bytes > x->config.keep_max - ret->n ||
		      ret->at > (uint64_t)INT64_MAX - ret->n;
	return !sum->unkept;
}
