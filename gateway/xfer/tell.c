#include "gateway/xfer/inside.h"

uint32_t xfer_tell_number(struct xfer *x)
{
	return ++*x->config.number;
}

static void tell(struct xfer *x, struct xfer_event *e)
{
	e->protocol = x->config.protocol;
	e->why = e->why ? e->why : "";
	x->config.event(x->config.ctx, e);
}

void xfer_tell_op(struct xfer *x, const struct xfer_op_of *op, enum wire_file_state state, const char *why)
{
	struct xfer_event e = { .number = xfer_tell_number(x), .op = op->op, .state = state, .path = op->path, .to = op->to,
		.why = why };
	tell(x, &e);
}

static enum wire_file_op transfer(enum xfer_side side)
{
	return side == XFER_UP ? WIRE_FILE_UPLOAD : WIRE_FILE_DOWNLOAD;
}

void xfer_tell_begun(struct xfer *x, enum xfer_side side, uint32_t number, const char *path)
{
	struct xfer_event e = { .number = number, .op = transfer(side), .state = WIRE_FILE_BEGUN, .path = span_str(path) };
	tell(x, &e);
}

void xfer_tell_ended(struct xfer *x, enum xfer_side side, const struct xfer_event *what, struct xfer_sum *sum)
{
	struct xfer_event e = *what;
	e.op = transfer(side);
	e.hashed = xfer_sum_end(sum, e.sha256);
	e.size = sum->bytes;
	e.from = sum->from;
	e.ranges = sum->ranges;
	e.kept = x->config.keep[side] && !sum->unkept;
	if (!e.hashed && !e.why)
		e.why = "written or read out of order: the hash is not known";
	tell(x, &e);
}
