#include "sqlproxy/tds/stream.h"
#include "gateway/core/err.h"
#include <errno.h>
#include <string.h>

enum { TYPES = 32, SMP = 0x53 };

int tds_frame_get(struct span in, uint32_t types, struct tds_frame *ret, struct err *err)
{
	if (in.n < 1)
		return 0;
	uint8_t type = in.p[0];
	if (type >= TYPES || !(types & 1U << type)) /* before its length is believed */
		return fault(err, -EPROTO, "the peer does not speak TDS as it was agreed on", type == SMP ? "MARS, type %02x" : "packet of type %02x", type);
	if (in.n < TDS_PACKET_HEAD)
		return 0;
	struct tds_packet p;
	int r = tds_packet_head(in.p, &p, err);
	if (r < 0)
		return r;
	size_t n = TDS_PACKET_HEAD + p.n;
	if (in.n < n)
		return 0;
	*ret = (struct tds_frame){ .type = type, .status = in.p[1], .bytes = span_of(in.p, n), .body = span_of(in.p + TDS_PACKET_HEAD, p.n) };
	return 1;
}

void tds_message_init(struct tds_message *m, size_t max)
{
	*m = (struct tds_message){ .max = max };
	buf_init(&m->wire, max);
	buf_init(&m->body, max);
}

void tds_message_done(struct tds_message *m)
{
	buf_done(&m->wire);
	buf_done(&m->body);
}

void tds_message_clear(struct tds_message *m)
{
	buf_clear(&m->wire);
	buf_clear(&m->body);
	m->packets = 0;
	m->over = false;
}

static void let_go(struct tds_message *m)
{
	size_t max = m->max;
	tds_message_done(m);
	buf_init(&m->wire, max);
	buf_init(&m->body, max);
	m->over = true;
}

static void keep(struct tds_message *m, const struct tds_frame *f)
{
	if (m->packets == 1) /* it is no longer alone */
		buf_put(&m->body, m->wire.data + TDS_PACKET_HEAD, m->wire.len - TDS_PACKET_HEAD);
	if (m->packets > 0)
		buf_put_span(&m->body, f->body);
	buf_put_span(&m->wire, f->bytes);
}

int tds_message_add(struct tds_message *m, const struct tds_frame *f, struct err *err)
{
	if (m->packets == 0) {
		m->type = f->type;
		m->status = f->status;
	} else if (f->type != m->type) {
		return fault(err, -EPROTO, "the peer does not speak TDS as it was agreed on", "type %02x inside a message of type %02x", f->type, m->type);
	}
	if (!m->over && f->bytes.n > m->max - m->wire.len)
		let_go(m);
	if (!m->over)
		keep(m, f);
	m->packets++;
	if (!(f->status & TDS_STATUS_LAST))
		return 0;
	m->status |= f->status & TDS_STATUS_IGNORE;
	return 1;
}

struct span tds_message_wire(const struct tds_message *m)
{
	return buf_span(&m->wire);
}

struct span tds_message_body(const struct tds_message *m)
{
	if (m->packets > 1 || m->wire.len < TDS_PACKET_HEAD)
		return buf_span(&m->body);
	return span_of(m->wire.data + TDS_PACKET_HEAD, m->wire.len - TDS_PACKET_HEAD);
}
