#include "sqlproxy/tds/packet.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include <assert.h>
#include <errno.h>

int tds_packet_head(const uint8_t head[static TDS_PACKET_HEAD], struct tds_packet *ret, struct err *err)
{
	struct rd r = rd_of(span_of(head, TDS_PACKET_HEAD));
	uint8_t type = rd_u8(&r), status = rd_u8(&r);
	size_t length = rd_be(&r, 2);
	if (length < TDS_PACKET_HEAD || length > TDS_PACKET_MAX)
		return fault(
			err, -EPROTO, "the database server's answer is malformed", "TDS packet of %zu bytes", length);
	*ret = (struct tds_packet){ .type = type, .last = status & TDS_STATUS_LAST, .n = length - TDS_PACKET_HEAD };
	return 0;
}

void tds_packet_put_sized(struct buf *out, enum tds_packet_type type, struct span message, size_t size)
{
	assert(size >= TDS_PACKET_LEAST && size <= TDS_PACKET_MAX);
	uint8_t id = 1;
	do {
		size_t most = size - TDS_PACKET_HEAD, n = message.n < most ? message.n : most;
		wr_le(out, type, 1);
		wr_le(out, n == message.n ? TDS_STATUS_LAST : 0, 1);
		wr_be(out, n + TDS_PACKET_HEAD, 2);
		wr_be(out, 0, 2);
		wr_le(out, id++, 1);
		wr_le(out, 0, 1);
		buf_put(out, message.p, n);
		message = span_of(message.p + n, message.n - n);
	} while (message.n > 0);
}

void tds_packet_put(struct buf *out, enum tds_packet_type type, struct span message)
{
	tds_packet_put_sized(out, type, message, TDS_PACKET_SIZE);
}
