#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>

/* Room is a promise that what one step of a protocol tells fits behind it: each message is below 16 KiB, and a channel that
 * ends tells of XFER_FILES at most, twice each. */
enum { HOLD = 64 * 1024, MOST = 16 << 20 };

static const char full[] = "The gateway cannot write its audit. 网关暂时无法写入审计。";

void gw_ledger_init(struct gw_session *s)
{
	buf_init(&s->ledger.told, MOST);
}

void gw_ledger_done(struct gw_session *s)
{
	buf_done(&s->ledger.told);
}

bool gw_ledger_room(const struct gw_session *s)
{
	return s->ledger.told.len < HOLD;
}

void gw_ledger_tell(struct gw_session *s, struct wire_file *m)
{
	struct gw_ledger *l = &s->ledger;
	scoped(buf_done) struct buf body;
	m->seq = ++l->seq;
	buf_init(&body, MSG_BODY_MAX);
	wire_file_put(&body, m);
	wr_str32le(&l->told, buf_span(&body));
	if (body.failed || l->told.failed)
		gw_pump_end(s, span_str(full));
	gw_ledger_pending(s);
}

void gw_ledger_pending(struct gw_session *s)
{
	struct gw_ledger *l = &s->ledger;
	while (l->sent < l->told.len) {
		struct rd r = rd_of(span_of(l->told.data + l->sent, l->told.len - l->sent));
		struct span body = rd_str32le(&r);
		if (gw_link_send(s, GW_BROKER, WIRE_T_file, body) < 0)
			return;
		l->sent += 4 + body.n;
	}
}

void gw_ledger_again(struct gw_session *s)
{
	s->ledger.sent = 0;
}

bool gw_ledger_is_sent(const struct gw_session *s)
{
	return s->ledger.sent == s->ledger.told.len;
}

int gw_ledger_answered(struct gw_session *s, uint64_t seq)
{
	struct gw_ledger *l = &s->ledger;
	size_t done = 0;
	for (; l->answered < seq && done < l->sent; l->answered++) {
		struct rd r = rd_of(span_of(l->told.data + done, l->sent - done));
		done += 4 + rd_str32le(&r).n;
	}
	if (l->answered != seq)
		return -EBADMSG;
	buf_drop(&l->told, done);
	l->sent -= done;
	s->notes |= GW_NOTE_FLOW;
	return 0;
}
