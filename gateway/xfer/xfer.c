#include "gateway/xfer/xfer.h"
#include "gateway/xfer/inside.h"
#include <stdlib.h>

enum { ANSWER_MAX = 64 * 1024 };

struct xfer *xfer_new(const struct xfer_config *config)
{
	struct xfer *x = calloc(1, sizeof *x);
	if (!x)
		abort();
	x->config = *config;
	buf_init(&x->answer, ANSWER_MAX);
	return x;
}

struct xfer *xfer_free(struct xfer *x)
{
	if (!x)
		return NULL;
	xfer_end(x, "the channel ended");
	xfer_asked_done(&x->asked);
	xfer_file_forget(x);
	buf_done(&x->answer);
	free(x);
	return NULL;
}

void xfer_end(struct xfer *x, const char *why)
{
	if (x->lost)
		return;
	x->lost = true;
	while (x->files_n > 0)
		xfer_file_settle(x, &x->files[x->files_n - 1], why);
	xfer_scp_end(x, why);
}

void xfer_pass(struct xfer_cut *ret, size_t n, bool bulk)
{
	*ret = (struct xfer_cut){ .fate = XFER_PASS, .n = n, .bulk = bulk };
}

void xfer_hold(struct xfer_cut *ret, bool wait)
{
	*ret = (struct xfer_cut){ .fate = XFER_HOLD, .wait = wait };
}

void xfer_lost(struct xfer *x, const char *why)
{
	bool free_of_rules = x->config.upload && x->config.download;
	if (x->lost)
		return;
	xfer_end(x, "the channel could not be read any more");
	xfer_tell_op(x, &(struct xfer_op_of){ .op = WIRE_FILE_UNREADABLE }, free_of_rules ? WIRE_FILE_FAILED : WIRE_FILE_REFUSED,
		why);
}

void xfer_lose(struct xfer *x, struct xfer_cut *ret, const char *why)
{
	*ret = (struct xfer_cut){ .fate = XFER_LOST, .why = why };
	xfer_lost(x, why);
}

void xfer_feed(struct xfer *x, enum xfer_side side, uint8_t *p, size_t n, struct xfer_cut *ret)
{
	if (x->lost)
		*ret = (struct xfer_cut){ .fate = XFER_LOST, .why = "" };
	else if (n == 0)
		xfer_hold(ret, true);
	else if (x->config.protocol == WIRE_FILE_SCP)
		xfer_scp_feed(x, side, p, n, ret);
	else if (side == XFER_UP)
		xfer_up_feed(x, p, n, ret);
	else
		xfer_down_feed(x, p, n, ret);
}

struct span xfer_answer(const struct xfer *x)
{
	bool between = x->stream[XFER_DOWN].mode == XFER_AT_HEAD && x->greeted[XFER_DOWN];
	return between && !x->lost ? buf_span(&x->answer) : (struct span){ 0 };
}

void xfer_answered(struct xfer *x)
{
	buf_clear(&x->answer);
}
