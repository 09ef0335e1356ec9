#include "gateway/xfer/command.h"
#include "gateway/xfer/inside.h"
#include <stdlib.h>
#include <string.h>

/*
 * One half sends lines (C a file, D and E a folder, T times) and data, the other answers each with a zero byte or with 1 or 2
 * and a line.  The sender waits for the answer; a line that came without waiting is held here until it is there.
 */
enum { LINE_MAX_BYTES = 8192, FOLDER_MAX = 4096, END_OF_FILE = 1 };

static char *copy_of(const char *p, size_t n)
{
	char *copy = strndup(p, n);
	if (!copy)
		abort();
	return copy;
}

/* The length of the line that p begins with, its end included; 0 when it is not all here. */
static size_t line_of(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	size_t most = n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES;
	const uint8_t *end = memchr(p, '\n', most);
	if (end)
		return (size_t)(end - p) + 1;
	if (n >= LINE_MAX_BYTES)
		xfer_lose(x, ret, "an scp line without an end");
	else
		xfer_hold(ret, false);
	return 0;
}

static enum wire_file_op transfer(const struct xfer *x)
{
	return x->config.command->side == XFER_UP ? WIRE_FILE_UPLOAD : WIRE_FILE_DOWNLOAD;
}

/* ---- what the receiver says ---- */

static void begin(struct xfer *x)
{
	struct xfer_scp *s = &x->scp;
	s->open = true;
	s->failed = false;
	s->number = xfer_tell_number(x);
	xfer_sum_init(&s->sum, &x->pool);
	xfer_tell_begun(x, x->config.command->side, s->number, s->path);
	s->trailer = s->left == 0;
	if (!s->trailer)
		x->stream[x->config.command->side].mode = XFER_IN_DATA;
}

static void finish(struct xfer *x, const char *why)
{
	struct xfer_scp *s = &x->scp;
	struct xfer_event e = { .number = s->number, .path = span_str(s->path), .why = why,
		.state = why || s->failed ? WIRE_FILE_PARTIAL : WIRE_FILE_COMPLETE };
	if (!why && s->failed)
		e.why = "one side reported an error";
	s->open = false;
	xfer_tell_ended(x, x->config.command->side, &e, &s->sum);
	xfer_sum_done(&s->sum);
}

static void enter(struct xfer_scp *s)
{
	struct buf b;
	buf_init(&b, FOLDER_MAX + LINE_MAX_BYTES);
	buf_printf(&b, "%s%s/", s->folder ? s->folder : "", s->name);
	free(s->folder);
	s->folder = copy_of(buf_str(&b), b.len);
	buf_done(&b);
}

static void leave(struct xfer_scp *s)
{
	size_t n = strlen(s->folder) - 1;
	while (n > 0 && s->folder[n - 1] != '/')
		n--;
	s->folder[n] = '\0';
}

static void answered(struct xfer *x, bool ok)
{
	struct xfer_scp *s = &x->scp;
	uint8_t to = s->pending;
	s->pending = 0;
	if (to == 'C' && ok)
		begin(x);
	else if (to == 'C')
		xfer_tell_op(x, &(struct xfer_op_of){ .op = transfer(x), .path = span_str(s->path) }, WIRE_FILE_FAILED, "");
	else if (to == 'D' && ok)
		enter(s);
	else if (to == 'E')
		leave(s);
	else if (to == END_OF_FILE) {
		s->failed |= !ok;
		finish(x, NULL);
	} else if (to == 0 && s->open)
		s->failed |= !ok; /* an error in the middle of the data */
}

static void receiver(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	struct xfer_scp *s = &x->scp;
	bool ok = p[0] == 0;
	if (p[0] > 2 || (ok && s->greeted && s->pending == 0)) {
		xfer_lose(x, ret, "no scp answer");
		return;
	}
	size_t line = ok ? 1 : line_of(x, p, n, ret);
	if (line == 0)
		return;
	xfer_pass(ret, line, false);
	if (s->greeted)
		answered(x, ok);
	s->greeted = true;
}

/* ---- what the sender says ---- */

static bool digits(const char **at, int base, uint64_t *ret)
{
	const char *p = *at;
	uint64_t v = 0;
	for (; *p >= '0' && *p < '0' + base; p++) {
		if (v > UINT64_MAX / 20)
			return false;
		v = v * (unsigned)base + (unsigned)(*p - '0');
	}
	bool any = p > *at && *p == ' ';
	*at = p + 1;
	*ret = v;
	return any;
}

/* "0644 1234 name", and name is one part of a path. */
static bool parse_entry(const char *line, uint64_t *ret_size, const char **ret_name)
{
	uint64_t mode;
	if (!digits(&line, 8, &mode) || !digits(&line, 10, ret_size) || *ret_size > INT64_MAX)
		return false;
	*ret_name = line;
	return *line && !strchr(line, '/') && strcmp(line, ".") != 0 && strcmp(line, "..") != 0;
}

static bool take_entry(struct xfer *x, const char *line)
{
	struct xfer_scp *s = &x->scp;
	const char *name, *folder = s->folder ? s->folder : "";
	if (!parse_entry(line + 1, &s->left, &name) || strlen(folder) > FOLDER_MAX)
		return false;
	struct buf path;
	buf_init(&path, 64 * 1024);
	xfer_command_path(x->config.command, folder, span_str(name), &path);
	free(s->path);
	free(s->name);
	s->path = copy_of(buf_str(&path), path.len);
	s->name = copy_of(name, strlen(name));
	buf_done(&path);
	return true;
}

static bool take_line(struct xfer *x, const char *line, size_t n)
{
	struct xfer_scp *s = &x->scp;
	if (strlen(line) != n)
		return false;
	if (line[0] == 'T')
		return strspn(line + 1, "0123456789 -") == n - 1;
	if (line[0] == 'E')
		return n == 1 && s->folder && *s->folder;
	return (line[0] == 'C' || line[0] == 'D') && take_entry(x, line);
}

static void say_line(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	struct xfer_scp *s = &x->scp;
	if (s->pending != 0 || !s->greeted) {
		xfer_hold(ret, true);
		return;
	}
	size_t line = line_of(x, p, n, ret);
	if (line == 0)
		return;
	if (p[0] > 2) {
		char *text = copy_of((const char *)p, line - 1);
		bool good = take_line(x, text, line - 1);
		free(text);
		if (!good) {
			xfer_lose(x, ret, "no scp line");
			return;
		}
		s->pending = p[0];
	}
	xfer_pass(ret, line, false);
}

static void say_trailer(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	struct xfer_scp *s = &x->scp;
	size_t line = p[0] == 0 ? 1 : 0;
	if (p[0] > 2) {
		xfer_lose(x, ret, "no end of a file by scp");
		return;
	}
	if (line == 0 && (line = line_of(x, p, n, ret)) == 0)
		return;
	s->failed |= p[0] != 0;
	s->trailer = false;
	s->pending = END_OF_FILE;
	xfer_pass(ret, line, false);
}

static void sender(struct xfer *x, struct xfer_stream *stream, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	struct xfer_scp *s = &x->scp;
	if (stream->mode == XFER_IN_DATA) {
		n = n < s->left ? n : (size_t)s->left;
		xfer_sum_put(&s->sum, s->sum.next, span_of(p, n));
		s->left -= n;
		s->trailer = s->left == 0;
		if (s->trailer)
			stream->mode = XFER_AT_HEAD;
		xfer_pass(ret, n, true);
	} else if (s->trailer) {
		say_trailer(x, p, n, ret);
	} else {
		say_line(x, p, n, ret);
	}
}

void xfer_scp_feed(struct xfer *x, enum xfer_side side, const uint8_t *p, size_t n, struct xfer_cut *ret)
{
	if (side == x->config.command->side)
		sender(x, &x->stream[side], p, n, ret);
	else
		receiver(x, p, n, ret);
}

void xfer_scp_end(struct xfer *x, const char *why)
{
	struct xfer_scp *s = &x->scp;
	if (s->open)
		finish(x, why);
	free(s->path);
	free(s->name);
	free(s->folder);
	*s = (struct xfer_scp){ 0 };
}
