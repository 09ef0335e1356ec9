#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/xfer/inside.h"
#include "gateway/xfer/sftp.h"

enum { ANSWER_FULL = 32 * 1024, WRITE_HEAD_MAX = SFTP_HEAD + 4 + 256 + 8 + 4 };

/* One packet of the client that is here as a whole. */
struct request {
	uint8_t type;
	uint32_t id;
	struct rd r; /* behind the id */
	size_t n;    /* of the packet */
};

/* ---- what we answer ourselves ---- */

static void answer(struct xfer *x, uint32_t id, enum sftp_status status, const char *text)
{
	struct buf body;
	buf_init(&body, 512);
	wr_be(&body, SFTP_STATUS, 1);
	wr_be(&body, id, 4);
	wr_be(&body, (uint64_t)status, 4);
	wr_str32be(&body, span_str(text));
	wr_str32be(&body, span_str(""));
	wr_str32be(&x->answer, buf_span(&body));
	buf_done(&body);
}

static const char *refusal(const struct xfer *x, bool up)
{
	if (up && !x->config.upload)
		return "Yanmen: upload is not allowed here. / 雁门：此处不允许上传。";
	return "Yanmen: download is not allowed here. / 雁门：此处不允许下载。";
}

static void drop(struct xfer_cut *ret, size_t n)
{
	*ret = (struct xfer_cut){ .fate = XFER_DROP, .n = n };
}

static void refuse(struct xfer *x, const struct request *q, const struct xfer_op_of *op, struct xfer_cut *ret)
{
	answer(x, q->id, SFTP_PERMISSION_DENIED, refusal(x, op->op != WIRE_FILE_DOWNLOAD));
	xfer_tell_op(x, op, WIRE_FILE_REFUSED, "");
	drop(ret, q->n);
}

/* ---- requests that pass ---- */

static struct xfer_asked *ask(struct xfer *x, const struct request *q, enum xfer_asked_kind kind, struct xfer_cut *ret)
{
	struct xfer_asked *a = xfer_asked_add(&x->asked, q->id, kind);
	if (a)
		xfer_pass(ret, q->n, kind == XFER_ASKED_READ);
	else
		xfer_lose(x, ret, "an SFTP request with the number of another one");
	return a;
}

static void ask_op(struct xfer *x, const struct request *q, const struct xfer_op_of *op, struct xfer_cut *ret)
{
	if (!x->config.upload) {
		refuse(x, q, op, ret);
		return;
	}
	struct xfer_asked *a = ask(x, q, XFER_ASKED_OP, ret);
	if (!a)
		return;
	a->op = (uint8_t)op->op;
	xfer_asked_paths(&x->asked, a, op->path, op->to);
}

static void open_file(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	struct span path = rd_str32be(&q->r);
	uint32_t flags = rd_u32be(&q->r);
	bool up = flags & ~(uint32_t)SFTP_OPEN_READ, down = flags & SFTP_OPEN_READ || !up;
	if (q->r.bad || path.n > XFER_PATH_MAX) {
		xfer_lose(x, ret, "a malformed SFTP open");
		return;
	}
	struct xfer_op_of op = { .op = up && (!x->config.upload || !down) ? WIRE_FILE_UPLOAD : WIRE_FILE_DOWNLOAD, .path = path };
	if ((up && !x->config.upload) || (down && !x->config.download)) {
		refuse(x, q, &op, ret);
		return;
	}
	struct xfer_asked *a = ask(x, q, XFER_ASKED_OPEN, ret);
	if (!a)
		return;
	a->len = flags;
	xfer_asked_paths(&x->asked, a, path, (struct span){ 0 });
}

static void on_handle(struct xfer *x, struct request *q, enum xfer_asked_kind kind, struct xfer_cut *ret)
{
	struct xfer_file *f = xfer_file_find(x, rd_str32be(&q->r));
	if (q->r.bad) {
		xfer_lose(x, ret, "a malformed SFTP request");
		return;
	}
	struct xfer_asked *a = ask(x, q, f ? kind : XFER_ASKED_OTHER, ret); /* without f: a folder */
	if (!a || !f)
		return;
	a->file = (uint16_t)(f - x->files);
	f->pending += kind == XFER_ASKED_FSTAT;
	f->closing |= kind == XFER_ASKED_CLOSE;
}

static void set_attributes(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	const struct xfer_file *f = xfer_file_find(x, rd_str32be(&q->r));
	if (q->r.bad)
		xfer_lose(x, ret, "a malformed SFTP request");
	else
		ask_op(x, q, &(struct xfer_op_of){ .op = WIRE_FILE_SETSTAT, .path = span_str(f ? f->path : "?") }, ret);
}

static void read_file(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	struct xfer_file *f = xfer_file_find(x, rd_str32be(&q->r));
	uint64_t at = rd_u64be(&q->r);
	uint32_t len = rd_u32be(&q->r);
	if (!rd_done(&q->r) || !f) {
		xfer_lose(x, ret, f ? "a malformed SFTP read" : "an SFTP read of a file that is not open");
		return;
	}
	if (!x->config.download) {
		answer(x, q->id, SFTP_PERMISSION_DENIED, refusal(x, false));
		drop(ret, q->n);
		return;
	}
	struct xfer_asked *a = ask(x, q, XFER_ASKED_READ, ret);
	if (!a)
		return;
	a->file = (uint16_t)(f - x->files);
	a->at = at;
	a->len = len;
	f->pending++;
}

/* ---- extensions ---- */

static void copy_data(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	const struct xfer_file *from = xfer_file_find(x, rd_str32be(&q->r));
	(void)rd_u64be(&q->r);
	(void)rd_u64be(&q->r);
	struct xfer_file *to = xfer_file_find(x, rd_str32be(&q->r));
	(void)rd_u64be(&q->r);
	if (!rd_done(&q->r) || !from || !to) {
		xfer_lose(x, ret, "a malformed SFTP copy-data");
		return;
	}
	struct xfer_op_of op = { .op = WIRE_FILE_COPY, .path = span_str(from->path), .to = span_str(to->path) };
	if (x->config.upload)
		xfer_sum_unseen(&to->sum[XFER_UP]);
	ask_op(x, q, &op, ret);
}

static void extended(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	static const char *const harmless[] = { "fsync@openssh.com", "statvfs@openssh.com", "fstatvfs@openssh.com",
		"limits@openssh.com", "expand-path@openssh.com", "home-directory", "users-groups-by-id@openssh.com" };
	static const struct {
		const char *name;
		enum wire_file_op op;
		int paths;
	} changes[] = { { "posix-rename@openssh.com", WIRE_FILE_RENAME, 2 }, { "hardlink@openssh.com", WIRE_FILE_HARDLINK, 2 },
		{ "lsetstat@openssh.com", WIRE_FILE_SETSTAT, 1 } };
	struct span name = rd_str32be(&q->r);
	if (span_is(name, "copy-data")) {
		copy_data(x, q, ret);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		if (!span_is(name, changes[i].name))
			continue;
		struct xfer_op_of op = { .op = changes[i].op, .path = rd_str32be(&q->r) };
		if (changes[i].paths > 1)
			op.to = rd_str32be(&q->r);
		if (q->r.bad)
			xfer_lose(x, ret, "a malformed SFTP extension");
		else
			ask_op(x, q, &op, ret);
		return;
	}
	bool known = x->config.upload && x->config.download; /* no rule: whatever it is, it may */
	for (size_t i = 0; i < COUNT_OF(harmless); i++)
		known |= span_is(name, harmless[i]);
	if (known) {
		(void)ask(x, q, XFER_ASKED_OTHER, ret);
		return;
	}
	answer(x, q->id, SFTP_OP_UNSUPPORTED, "Yanmen: this extension is not known here. / 雁门：不支持此扩展。");
	drop(ret, q->n);
}

/* ---- one request ---- */

static void change(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	static const enum wire_file_op ops[] = {
		[SFTP_SETSTAT] = WIRE_FILE_SETSTAT, [SFTP_REMOVE] = WIRE_FILE_REMOVE, [SFTP_MKDIR] = WIRE_FILE_MKDIR,
		[SFTP_RMDIR] = WIRE_FILE_RMDIR, [SFTP_RENAME] = WIRE_FILE_RENAME, [SFTP_SYMLINK] = WIRE_FILE_SYMLINK,
	};
	struct xfer_op_of op = { .op = ops[q->type], .path = rd_str32be(&q->r) };
	if (q->type == SFTP_RENAME || q->type == SFTP_SYMLINK)
		op.to = rd_str32be(&q->r);
	if (q->r.bad || op.path.n > XFER_PATH_MAX || op.to.n > XFER_PATH_MAX)
		xfer_lose(x, ret, "a malformed SFTP request");
	else
		ask_op(x, q, &op, ret);
}

static void stat_path(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	struct span path = rd_str32be(&q->r);
	if (q->r.bad || path.n > XFER_PATH_MAX) {
		xfer_lose(x, ret, "a malformed SFTP request");
		return;
	}
	struct xfer_asked *a = ask(x, q, XFER_ASKED_STAT, ret);
	if (a)
		xfer_asked_paths(&x->asked, a, path, (struct span){ 0 });
}

static void request(struct xfer *x, struct request *q, struct xfer_cut *ret)
{
	switch (q->type) {
	case SFTP_OPEN:
		open_file(x, q, ret);
		break;
	case SFTP_READ:
		read_file(x, q, ret);
		break;
	case SFTP_CLOSE:
		on_handle(x, q, XFER_ASKED_CLOSE, ret);
		break;
	case SFTP_FSTAT:
		on_handle(x, q, XFER_ASKED_FSTAT, ret);
		break;
	case SFTP_FSETSTAT:
		set_attributes(x, q, ret);
		break;
	case SFTP_SETSTAT:
	case SFTP_REMOVE:
	case SFTP_MKDIR:
	case SFTP_RMDIR:
	case SFTP_RENAME:
	case SFTP_SYMLINK:
		change(x, q, ret);
		break;
	case SFTP_LSTAT:
	case SFTP_STAT:
		stat_path(x, q, ret);
		break;
	case SFTP_OPENDIR:
	case SFTP_READDIR:
	case SFTP_REALPATH:
	case SFTP_READLINK:
		(void)ask(x, q, XFER_ASKED_OTHER, ret);
		break;
	case SFTP_EXTENDED:
		extended(x, q, ret);
		break;
	default:
		xfer_lose(x, ret, "an SFTP request that version 3 has not");
	}
}

/* ---- writes: their data is never collected ---- */

static void write_file(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	size_t packet = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	size_t most = packet + 4 < WRITE_HEAD_MAX ? packet + 4 : WRITE_HEAD_MAX;
	struct rd r = rd_of(span_of(p, n < most ? n : most));
	size_t begun = r.n;
	(void)rd_u32be(&r);
	(void)rd_u8(&r);
	uint32_t id = rd_u32be(&r);
	struct xfer_file *f = xfer_file_find(x, rd_str32be(&r));
	uint64_t at = rd_u64be(&r);
	uint32_t data = rd_u32be(&r);
	if (r.bad && n < most) {
		xfer_hold(ret, false);
		return;
	}
	size_t head = begun - r.n;
	if (r.bad || !f || head + data != packet + 4) {
		xfer_lose(x, ret, r.bad || f ? "a malformed SFTP write" : "an SFTP write to a file that is not open");
		return;
	}
	struct xfer_stream *s = &x->stream[XFER_UP];
	s->left = data;
	if (!x->config.upload) {
		answer(x, id, SFTP_PERMISSION_DENIED, refusal(x, true));
		s->mode = data > 0 ? XFER_IN_REFUSED : XFER_AT_HEAD;
		drop(ret, head);
		return;
	}
	struct xfer_asked *a = xfer_asked_add(&x->asked, id, XFER_ASKED_WRITE);
	if (!a) {
		xfer_lose(x, ret, "an SFTP request with the number of another one");
		return;
	}
	s->file = a->file = (uint16_t)(f - x->files);
	s->at = at;
	s->mode = data > 0 ? XFER_IN_DATA : XFER_AT_HEAD;
	f->pending++;
	xfer_pass(ret, head, true);
}

static void go_on(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	struct xfer_stream *s = &x->stream[XFER_UP];
	n = n < s->left ? n : (size_t)s->left;
	if (s->mode == XFER_IN_DATA) {
		xfer_file_data(x, &x->files[s->file], XFER_UP, s->at, span_of(p, n));
		xfer_pass(ret, n, true);
	} else {
		drop(ret, n);
	}
	s->at += n;
	s->left -= n;
	if (s->left == 0)
		s->mode = XFER_AT_HEAD;
}

static void greet(struct xfer *x, uint8_t *p, uint32_t len, struct xfer_cut *ret)
{
	if (p[4] != SFTP_INIT || len < 5) {
		xfer_lose(x, ret, "no SFTP greeting");
		return;
	}
	x->greeted[XFER_UP] = true;
	if (p[5] || p[6] || p[7] || p[8] > 3) {
		p[5] = p[6] = p[7] = 0;
		p[8] = 3;
	}
	xfer_pass(ret, (size_t)len + 4, false);
}

void xfer_up_feed(struct xfer *x, uint8_t *p, size_t n, struct xfer_cut *ret)
{
	if (x->stream[XFER_UP].mode != XFER_AT_HEAD) {
		go_on(x, p, n, ret);
		return;
	}
	if (n < SFTP_HEAD) {
		xfer_hold(ret, false);
		return;
	}
	struct request q = { .r = rd_of(span_of(p, n)) };
	uint32_t len = rd_u32be(&q.r);
	q.type = rd_u8(&q.r);
	q.id = rd_u32be(&q.r);
	q.n = (size_t)len + 4;
	bool writes = q.type == SFTP_WRITE && x->greeted[XFER_UP];
	if (len < SFTP_HEAD - 4 || len > (writes ? SFTP_PACKET_MAX : SFTP_CONTROL_MAX)) {
		xfer_lose(x, ret, "an SFTP packet of impossible length");
	} else if (!xfer_asked_room(&x->asked) || x->answer.len > ANSWER_FULL) {
		xfer_hold(ret, true);
	} else if (writes) {
		write_file(x, p, n, ret);
	} else if (n < q.n) {
		xfer_hold(ret, false);
	} else if (!x->greeted[XFER_UP]) {
		greet(x, p, len, ret);
	} else {
		q.r.n = len - (SFTP_HEAD - 4);
		request(x, &q, ret);
	}
}
