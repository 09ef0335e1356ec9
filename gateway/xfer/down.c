#include "gateway/core/rd.h"
#include "gateway/xfer/inside.h"
#include "gateway/xfer/sftp.h"

/* One packet of the target: its head, and all of it where `whole`. */
struct reply {
	uint8_t type;
	struct rd r; /* behind the id */
	size_t n;    /* of the packet */
};

static struct xfer_file *file_of(struct xfer *x, const struct xfer_asked *a)
{
	return &x->files[a->file];
}

static bool is_about_data(const struct xfer_asked *a)
{
	return a->kind == XFER_ASKED_READ || a->kind == XFER_ASKED_WRITE;
}

static bool is_about_file(const struct xfer_asked *a)
{
	return is_about_data(a) || a->kind == XFER_ASKED_CLOSE || a->kind == XFER_ASKED_FSTAT;
}

static void on_status(struct xfer *x, struct reply *p, struct xfer_asked *a, struct xfer_cut *ret)
{
	uint32_t status = rd_u32be(&p->r);
	if (p->r.bad) {
		xfer_lose(x, ret, "a malformed SFTP status");
		return;
	}
	struct xfer_asked was = *a;
	struct xfer_file *f = file_of(x, a);
	xfer_pass(ret, p->n, is_about_data(a) && (status == SFTP_OK || status == SFTP_EOF));
	if (a->kind == XFER_ASKED_OP)
		xfer_tell_op(x, &(struct xfer_op_of){ .op = a->op, .path = span_str(a->path), .to = span_str(a->to) },
			status == SFTP_OK ? WIRE_FILE_COMPLETE : WIRE_FILE_FAILED, "");
	xfer_asked_drop(&x->asked, a);
	if (!is_about_file(&was))
		return;
	if (was.kind == XFER_ASKED_CLOSE)
		f->closed = true;
	else
		f->pending--;
	f->failed |= (was.kind == XFER_ASKED_WRITE || was.kind == XFER_ASKED_CLOSE) && status != SFTP_OK;
	f->ended |= was.kind == XFER_ASKED_READ && status == SFTP_EOF;
	xfer_file_settle(x, f, NULL);
}

static void on_handle(struct xfer *x, struct reply *p, struct xfer_asked *a, struct xfer_cut *ret)
{
	struct span handle = rd_str32be(&p->r);
	if (!rd_done(&p->r) || (a->kind != XFER_ASKED_OPEN && a->kind != XFER_ASKED_OTHER)) {
		xfer_lose(x, ret, "an SFTP handle that nobody asked for");
	} else if (a->kind == XFER_ASKED_OPEN && !xfer_file_open(x, handle, a)) {
		xfer_lose(x, ret, "too many SFTP files open at once");
	} else {
		xfer_asked_drop(&x->asked, a);
		xfer_pass(ret, p->n, false);
	}
}

static void on_attributes(struct xfer *x, struct reply *p, struct xfer_asked *a, struct xfer_cut *ret)
{
	uint32_t flags = rd_u32be(&p->r);
	uint64_t size = flags & SFTP_ATTR_SIZE ? rd_u64be(&p->r) : 0;
	bool path = a->kind == XFER_ASKED_STAT;
	if (p->r.bad || (!path && a->kind != XFER_ASKED_FSTAT && a->kind != XFER_ASKED_OTHER)) {
		xfer_lose(x, ret, "SFTP attributes that nobody asked for");
		return;
	}
	if (path && flags & SFTP_ATTR_SIZE)
		xfer_file_sized(x, xfer_asked_path(&x->asked, a), size);
	struct xfer_file *f = a->kind == XFER_ASKED_FSTAT ? file_of(x, a) : NULL;
	xfer_asked_drop(&x->asked, a);
	xfer_pass(ret, p->n, false);
	if (!f)
		return;
	f->size_known = flags & SFTP_ATTR_SIZE;
	f->known_size = size;
	f->pending--;
	xfer_file_settle(x, f, NULL);
}

/* The head of a read's data; the data itself follows as it comes. */
static void on_data(struct xfer *x, struct reply *p, struct xfer_asked *a, struct xfer_cut *ret)
{
	struct xfer_stream *s = &x->stream[XFER_DOWN];
	uint32_t n = rd_u32be(&p->r);
	if (p->r.bad) {
		xfer_hold(ret, false);
		return;
	}
	if (a->kind != XFER_ASKED_READ || n == 0 || n > a->len || p->n != SFTP_HEAD + 4 + (size_t)n) {
		xfer_lose(x, ret, "SFTP data that nobody asked for");
		return;
	}
	*s = (struct xfer_stream){ .mode = XFER_IN_DATA, .left = n, .at = a->at, .file = a->file };
	if (n < a->len)
		x->files[a->file].short_end = a->at + n;
	xfer_asked_drop(&x->asked, a);
	xfer_pass(ret, SFTP_HEAD + 4, true);
}

static void on_rest(struct xfer *x, struct reply *p, struct xfer_asked *a, struct xfer_cut *ret)
{
	if (a->kind != XFER_ASKED_OTHER && a->kind != XFER_ASKED_OP) {
		xfer_lose(x, ret, "an SFTP answer to another request");
		return;
	}
	xfer_asked_drop(&x->asked, a);
	x->stream[XFER_DOWN] = (struct xfer_stream){ .mode = p->n > SFTP_HEAD ? XFER_IN_REST : XFER_AT_HEAD,
		.left = p->n - SFTP_HEAD };
	xfer_pass(ret, SFTP_HEAD, false);
}

static void reply(struct xfer *x, struct reply *p, uint32_t id, bool whole, struct xfer_cut *ret)
{
	struct xfer_asked *a = xfer_asked_find(&x->asked, id);
	bool looked_into = p->type == SFTP_STATUS || p->type == SFTP_HANDLE || p->type == SFTP_ATTRS;
	if (!a)
		xfer_lose(x, ret, "an SFTP answer to no request");
	else if (looked_into && p->n > SFTP_CONTROL_MAX)
		xfer_lose(x, ret, "an SFTP packet of impossible length");
	else if (looked_into && !whole)
		xfer_hold(ret, false);
	else if (p->type == SFTP_STATUS)
		on_status(x, p, a, ret);
	else if (p->type == SFTP_HANDLE)
		on_handle(x, p, a, ret);
	else if (p->type == SFTP_ATTRS)
		on_attributes(x, p, a, ret);
	else if (p->type == SFTP_DATA)
		on_data(x, p, a, ret);
	else if (p->type == SFTP_NAME || p->type == SFTP_EXTENDED_REPLY)
		on_rest(x, p, a, ret);
	else
		xfer_lose(x, ret, "an SFTP answer that version 3 has not");
}

static void greet(struct xfer *x, const uint8_t *p, size_t n, uint32_t len, struct xfer_cut *ret)
{
	struct rd r = rd_of(span_of(p + 5, 4));
	if (p[4] != SFTP_VERSION || len < 5 || len > SFTP_CONTROL_MAX || rd_u32be(&r) > 3 || !x->greeted[XFER_UP]) {
		xfer_lose(x, ret, "no SFTP greeting of version 3 from the target");
	} else if (n < (size_t)len + 4) {
		xfer_hold(ret, false);
	} else {
		x->greeted[XFER_DOWN] = true;
		xfer_pass(ret, (size_t)len + 4, false);
	}
}

static void go_on(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	struct xfer_stream *s = &x->stream[XFER_DOWN];
	bool data = s->mode == XFER_IN_DATA;
	n = n < s->left ? n : (size_t)s->left;
	s->left -= n;
	if (s->left == 0)
		s->mode = XFER_AT_HEAD;
	xfer_pass(ret, n, data);
	if (!data)
		return;
	struct xfer_file *f = &x->files[s->file];
	xfer_file_data(x, f, XFER_DOWN, s->at, span_of(p, n));
	s->at += n;
	if (s->left == 0) {
		f->pending--;
		xfer_file_settle(x, f, NULL);
	}
}

void xfer_down_feed(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	if (x->stream[XFER_DOWN].mode != XFER_AT_HEAD) {
		go_on(x, p, n, ret);
		return;
	}
	if (n < SFTP_HEAD) {
		xfer_hold(ret, false);
		return;
	}
	struct reply q = { .r = rd_of(span_of(p, n)) };
	uint32_t len = rd_u32be(&q.r);
	q.type = rd_u8(&q.r);
	uint32_t id = rd_u32be(&q.r);
	q.n = (size_t)len + 4;
	bool whole = n >= q.n;
	if (!x->greeted[XFER_DOWN]) {
		greet(x, p, n, len, ret);
	} else if (len < SFTP_HEAD - 4 || len > SFTP_PACKET_MAX) {
		xfer_lose(x, ret, "an SFTP packet of impossible length");
	} else {
		q.r.n = whole ? len - (SFTP_HEAD - 4) : q.r.n;
		reply(x, &q, id, whole, ret);
	}
}
