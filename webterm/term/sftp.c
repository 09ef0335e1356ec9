#include "webterm/term/sftp.h"
#include "gateway/core/scope.h"
#include <errno.h>

enum { LENGTH = 4, HEAD = 5, VERSION = 3, EXTENDED_MAX = 64 };

/* What stands behind type and id: p path or handle, t the other path, f flags, n no attributes, m the mode, o offset, l length, d data. */
static const char *const shapes[] = {
	[SFTP_OPEN] = "pfn", [SFTP_CLOSE] = "p", [SFTP_READ] = "pol", [SFTP_WRITE] = "pod", [SFTP_LSTAT] = "p",
	[SFTP_FSTAT] = "p", [SFTP_SETSTAT] = "pm", [SFTP_OPENDIR] = "p", [SFTP_READDIR] = "p", [SFTP_REMOVE] = "p",
	[SFTP_MKDIR] = "pn", [SFTP_RMDIR] = "p", [SFTP_REALPATH] = "p", [SFTP_STAT] = "p", [SFTP_RENAME] = "pt",
	[SFTP_READLINK] = "p",
};

void web_term_sftp_hello(struct buf *b)
{
	wr_be(b, HEAD, LENGTH);
	wr_be(b, SFTP_INIT, 1);
	wr_be(b, VERSION, 4);
}

static void put_part(struct buf *b, char part, const struct web_term_sftp_ask *q)
{
	switch (part) {
	case 'p':
		wr_str32be(b, q->path);
		break;
	case 't':
		wr_str32be(b, q->to);
		break;
	case 'f':
		wr_be(b, q->flags, 4);
		break;
	case 'n':
		wr_be(b, 0, 4);
		break;
	case 'm':
		wr_be(b, SFTP_ATTR_MODE, 4);
		wr_be(b, q->mode, 4);
		break;
	case 'o':
		wr_be(b, q->at, 8);
		break;
	case 'l':
		wr_be(b, q->len, 4);
		break;
	default:
		wr_str32be(b, q->data);
	}
}

void web_term_sftp_put(struct buf *b, const struct web_term_sftp_ask *q)
{
	size_t start = b->len;
	wr_be(b, 0, LENGTH);
	wr_be(b, q->type, 1);
	wr_be(b, q->id, 4);
	for (const char *part = shapes[q->type]; *part; part++)
		put_part(b, *part, q);
	if (b->failed)
		return;
	size_t n = b->len - start - LENGTH;
	for (size_t i = LENGTH; i-- > 0; n >>= 8)
		b->data[start + i] = (uint8_t)n;
}

static void get_attributes(struct rd *r, struct web_term_sftp_attributes *ret)
{
	struct web_term_sftp_attributes a = { .flags = rd_u32be(r) };
	if (a.flags & SFTP_ATTR_SIZE)
		a.size = rd_u64be(r);
	if (a.flags & SFTP_ATTR_OWNER) {
		a.uid = rd_u32be(r);
		a.gid = rd_u32be(r);
	}
	if (a.flags & SFTP_ATTR_MODE)
		a.mode = rd_u32be(r);
	if (a.flags & SFTP_ATTR_TIME) {
		(void)rd_u32be(r);
		a.mtime = rd_u32be(r);
	}
	uint32_t n = a.flags & SFTP_ATTR_EXTENDED ? rd_u32be(r) : 0;
	if (n > EXTENDED_MAX)
		r->bad = true;
	for (uint32_t i = 0; i < n && !r->bad; i++) {
		(void)rd_str32be(r);
		(void)rd_str32be(r);
	}
	*ret = a;
}

bool web_term_sftp_name(struct rd *names, struct span *ret_name, struct web_term_sftp_attributes *ret)
{
	*ret_name = rd_str32be(names);
	(void)rd_str32be(names); /* as `ls -l` has it */
	get_attributes(names, ret);
	return !names->bad;
}

int web_term_sftp_get(struct span in, struct web_term_sftp_answer *ret)
{
	struct rd r = rd_of(in);
	uint32_t n = rd_u32be(&r);
	if (!r.bad && (n < HEAD || n > WEB_TERM_SFTP_MAX))
		return -EPROTO;
	if (r.bad || r.n < n)
		return 0;
	r.n = n;
	struct web_term_sftp_answer a = { .type = rd_u8(&r), .id = rd_u32be(&r) };
	switch (a.type) {
	case SFTP_VERSION: /* and extensions, which nobody here needs */
		break;
	case SFTP_STATUS:
		a.status = rd_u32be(&r);
		if (r.n > 0) /* some leave the words out */
			a.text = rd_str32be(&r);
		break;
	case SFTP_HANDLE:
	case SFTP_DATA:
		a.text = rd_str32be(&r);
		break;
	case SFTP_ATTRS:
		get_attributes(&r, &a.attributes);
		break;
	case SFTP_NAME:
		a.count = rd_u32be(&r);
		a.names = r;
		break;
	default:
		return -EPROTO;
	}
	if (r.bad)
		return -EPROTO;
	*ret = a;
	return (int)(LENGTH + n);
}
