#include "gateway/core/frame.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <errno.h>

static const char *const names[FRAME_TYPES] = {
	[FRAME_META] = "meta",     [FRAME_OPEN] = "open",     [FRAME_IN] = "in",     [FRAME_KEYS] = "keys",
	[FRAME_OUT] = "out",       [FRAME_ERR] = "err",       [FRAME_SIZE] = "size", [FRAME_SCREEN] = "screen",
	[FRAME_DIGEST] = "digest", [FRAME_EXIT] = "exit",     [FRAME_CLOSE] = "close", [FRAME_NOTE] = "note",
	[FRAME_FINISH] = "finish", [FRAME_FILE] = "file",   [FRAME_CONTENT] = "content",
	[FRAME_STATEMENT] = "statement", [FRAME_OUTCOME] = "outcome",
};

int frame_get(struct span in, struct frame *ret, struct err *err)
{
	struct rd r = rd_of(in);
	struct frame f = { .time_us = rd_u64le(&r) };
	f.type = rd_u8(&r);
	f.channel = rd_u32le(&r);
	uint32_t length = rd_u32le(&r);
	if (r.bad)
		return -EAGAIN;
	if (f.type == 0 || f.type >= FRAME_TYPES)
		return fault(err, -EPROTO, "malformed frame", "frame of unknown type %u", f.type);
	if (length > FRAME_BODY_MAX)
		return fault(err, -EMSGSIZE, "malformed frame", "%s frame of %u bytes", names[f.type], length);
	f.body = rd_bytes(&r, length);
	if (r.bad)
		return -EAGAIN;
	*ret = f;
	return (int)(FRAME_HEAD + length);
}

void frame_put(struct buf *b, const struct frame *f)
{
	if (f->body.n > FRAME_BODY_MAX) {
		b->failed = true;
		return;
	}
	wr_le(b, f->time_us, 8);
	wr_le(b, f->type, 1);
	wr_le(b, f->channel, 4);
	wr_str32le(b, f->body);
}

const char *frame_type_name(uint8_t type)
{
	return type < COUNT_OF(names) && names[type] ? names[type] : "?";
}
