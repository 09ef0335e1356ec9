#include "gateway/xfer/inside.h"
#include "gateway/xfer/sftp.h"
#include <stdlib.h>
#include <string.h>

struct xfer_file *xfer_file_find(struct xfer *x, struct span handle)
{
	for (struct xfer_file *f = x->files; f < x->files + x->files_n; f++)
		if (f->used && !f->closing && span_eq(span_of(f->handle, f->handle_n), handle))
			return f;
	return NULL;
}

void xfer_file_sized(struct xfer *x, char *path, uint64_t size)
{
	struct xfer_size *s = &x->sizes[x->sizes_at++ % XFER_SIZES];
	free(s->path);
	*s = (struct xfer_size){ .path = path, .size = size };
}

void xfer_file_forget(struct xfer *x)
{
	for (unsigned i = 0; i < XFER_SIZES; i++)
		free(x->sizes[i].path);
}

static void recall_size(struct xfer *x, struct xfer_file *f)
{
	for (unsigned i = 1; i <= XFER_SIZES && !f->size_known; i++) {
		const struct xfer_size *s = &x->sizes[(x->sizes_at - i) % XFER_SIZES];
		f->size_known = s->path && strcmp(s->path, f->path) == 0;
		f->known_size = f->size_known ? s->size : 0;
	}
}

void xfer_file_begin(struct xfer *x, struct xfer_file *f, enum xfer_side side)
{
	if (f->number[side] != 0)
		return;
	f->number[side] = xfer_tell_number(x);
	xfer_tell_begun(x, side, f->number[side], f->path);
}

struct xfer_file *xfer_file_open(struct xfer *x, struct span handle, const struct xfer_asked *asked)
{
	struct xfer_file *f = x->files;
	while (f < x->files + XFER_FILES && f->used)
		f++;
	if (f == x->files + XFER_FILES || handle.n == 0 || handle.n > sizeof f->handle || xfer_file_find(x, handle))
		return NULL;
	if ((size_t)(f - x->files) >= x->files_n)
		x->files_n = (size_t)(f - x->files) + 1;
	*f = (struct xfer_file){ .used = true, .handle_n = handle.n, .path = strdup(asked->path) };
	if (!f->path)
		abort();
	memcpy(f->handle, handle.p, handle.n);
	f->append = asked->len & SFTP_OPEN_APPEND;
	f->reads = asked->len & SFTP_OPEN_READ;
	f->writes = asked->len & SFTP_OPEN_WRITE;
	for (int side = 0; side < 2; side++)
		xfer_sum_init(&f->sum[side], &x->pool);
	recall_size(x, f);
	/* What a file opened for both is for shows when bytes pass. */
	if (f->writes && !f->reads)
		xfer_file_begin(x, f, XFER_UP);
	else if (f->reads && !f->writes)
		xfer_file_begin(x, f, XFER_DOWN);
	return f;
}

void xfer_file_data(struct xfer *x, struct xfer_file *f, enum xfer_side side, uint64_t at, struct span data)
{
	struct xfer_sum *sum = &f->sum[side];
	xfer_file_begin(x, f, side);
	bool append = side == XFER_UP && f->append; /* lands at the end, whatever the offsets say */
	if (append && sum->bytes == 0)
		xfer_sum_begin(sum, at);
	xfer_sum_put(sum, append ? sum->next : at, data);
}

static bool is_whole(const struct xfer_file *f, enum xfer_side side)
{
	const struct xfer_sum *sum = &f->sum[side];
	if (side == XFER_UP)
		return !f->failed;
	return f->ended || (f->size_known && sum->last >= f->known_size) || (f->short_end > 0 && sum->last == f->short_end);
}

static void tell(struct xfer *x, struct xfer_file *f, enum xfer_side side, const char *why)
{
	struct xfer_event e = { .number = f->number[side], .path = span_str(f->path), .why = why };
	bool whole = is_whole(f, side);
	if (side == XFER_DOWN && whole)
		e.why = NULL; /* some clients leave as soon as they have all */
	e.state = e.why || !whole ? WIRE_FILE_PARTIAL : WIRE_FILE_COMPLETE;
	if (!why && !whole)
		e.why = side == XFER_UP ? "the target refused to write some of it" : "closed before its end was seen";
	xfer_tell_ended(x, side, &e, &f->sum[side]);
}

void xfer_file_settle(struct xfer *x, struct xfer_file *f, const char *why)
{
	if (!why && (!f->closed || f->pending > 0))
		return;
	if (f->closing && f->pending == 0)
		why = NULL; /* the client did not wait for the answer to its close: all bytes have been acknowledged */
	if (f->number[XFER_UP] == 0 && f->number[XFER_DOWN] == 0)
		xfer_file_begin(x, f, f->writes ? XFER_UP : XFER_DOWN);
	for (int side = 0; side < 2; side++) {
		if (f->number[side] != 0)
			tell(x, f, (enum xfer_side)side, why);
		xfer_sum_done(&f->sum[side]);
	}
	free(f->path);
	*f = (struct xfer_file){ 0 };
	while (x->files_n > 0 && !x->files[x->files_n - 1].used)
		x->files_n--;
}
