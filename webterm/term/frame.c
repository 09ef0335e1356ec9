#include "webterm/term/frame.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>

enum { SIZE = 1, ID = 2, BYTES = 4, BODY = 8 };

/* What stands behind each type, in this order. */
static const struct {
	uint8_t type, parts;
} kinds[] = {
	{ WEB_FRAME_HELLO, SIZE },
	{ WEB_FRAME_INPUT, BODY },
	{ WEB_FRAME_SIZE, SIZE },
	{ WEB_FRAME_ACK, BYTES },
	{ WEB_FRAME_PASTE, BYTES },
	{ WEB_FRAME_FILE, ID | BODY },
	{ WEB_FRAME_CHUNK, ID | BODY },
	{ WEB_FRAME_CREDIT_GIVEN, ID | BYTES },
	{ WEB_FRAME_END, 0 },
	{ WEB_FRAME_STATE, BODY },
	{ WEB_FRAME_OUTPUT, BODY },
	{ WEB_FRAME_SCREEN, SIZE | BODY },
	{ WEB_FRAME_NOTICE, BODY },
	{ WEB_FRAME_TAKEN, BYTES },
	{ WEB_FRAME_FILED, ID | BODY },
	{ WEB_FRAME_CHUNK_OF, ID | BODY },
	{ WEB_FRAME_CREDIT_TAKEN, ID | BYTES },
};

static int parts_of(uint8_t type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].parts;
	return -EPROTO;
}

int web_term_frame_get(struct span in, struct web_term_frame *ret)
{
	struct rd r = rd_of(in);
	struct web_term_frame f = { .type = rd_u8(&r) };
	int parts = parts_of(f.type);
	if (in.n > WEB_FRAME_MAX)
		return -EMSGSIZE;
	if (parts < 0 || f.type >= WEB_FRAME_STATE)
		return -EPROTO;
	if (parts & SIZE) {
		f.columns = rd_u16le(&r);
		f.rows = rd_u16le(&r);
	}
	if (parts & ID)
		f.id = rd_u32le(&r);
	if (parts & BYTES)
		f.bytes = rd_u32le(&r);
	if (parts & BODY)
		f.body = rd_bytes(&r, r.n);
	if (!rd_done(&r))
		return -EPROTO;
	*ret = f;
	return 0;
}

void web_term_frame_put(struct buf *b, const struct web_term_frame *f)
{
	int parts = parts_of(f->type);
	wr_le(b, f->type, 1);
	if (parts & SIZE) {
		wr_le(b, f->columns, 2);
		wr_le(b, f->rows, 2);
	}
	if (parts & ID)
		wr_le(b, f->id, 4);
	if (parts & BYTES)
		wr_le(b, f->bytes, 4);
	if (parts & BODY)
		buf_put_span(b, f->body);
}
