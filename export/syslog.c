#include "export/syslog.h"
#include "export/kinds.h"
#include "export/text.h"
#include "gateway/core/utf8.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FACILITY = 13, VALUE_MAX = 255, MSGID_MAX = 32, HOSTNAME_MAX = 255, CUT_ROOM = 32 };

/* PRINTUSASCII, or "-" for nothing. */
static void header_put(struct buf *out, struct span s, size_t most)
{
	if (s.n == 0)
		buf_put(out, "-", 1);
	for (size_t i = 0; i < s.n && i < most; i++)
		buf_put(out, s.p[i] > 0x20 && s.p[i] < 0x7f ? (const void *)&s.p[i] : "?", 1);
}

static void value_put(struct buf *out, struct span s)
{
	size_t left = VALUE_MAX;
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		struct span as = n == 0 || utf8_is_control(c) ? span_str("\xef\xbf\xbd") : span_of(s.p, n);
		if (as.n > left) {
			buf_put(out, "\xe2\x80\xa6", 3);
			return;
		}
		if (c == '"' || c == '\\' || c == ']')
			buf_put(out, "\\", 1);
		buf_put_span(out, as);
		left -= as.n;
		n += n == 0;
		s = span_of(s.p + n, s.n - n);
	}
}

static void param_put(struct buf *out, const char *name, struct span value)
{
	if (value.n == 0)
		return;
	buf_printf(out, " %s=\"", name);
	value_put(out, value);
	buf_put(out, "\"", 1);
}

/* Without its closing bracket: there may be one more parameter. */
static void data_put(
	struct buf *out, const struct export_syslog_origin *origin, const struct export_row *row, bool failed)
{
	buf_printf(out, " [yanmen@%" PRId64 " seq=\"%" PRId64 "\"", origin->enterprise, row->seq);
	param_put(out, "uid", row->uid);
	param_put(out, "event", row->kind);
	param_put(out, "outcome", span_str(failed ? "failure" : "success"));
	param_put(out, "actor", row->actor);
	param_put(out, "user", row->user);
	param_put(out, "target", row->target);
	param_put(out, "account", row->account);
	param_put(out, "session", row->session);
	param_put(out, "ip", row->ip);
	param_put(out, "hash", row->hash);
}

static bool is_time(struct span at)
{
	return at.n == 27 && at.p[10] == 'T' && at.p[26] == 'Z';
}

void export_syslog_put(struct buf *out, const struct export_syslog_origin *origin, const struct export_row *row)
{
	struct export_kinds_rating rating = export_kinds_rate(row);
	struct buf head, body;
	buf_init(&head, EXPORT_SYSLOG_MAX);
	buf_init(&body, EXPORT_SYSLOG_MAX);
	buf_printf(&head, "<%u>1 ", FACILITY * 8 + rating.severity);
	header_put(&head, is_time(row->at) ? row->at : span_str(""), SIZE_MAX);
	buf_put(&head, " ", 1);
	header_put(&head, span_str(origin->hostname), HOSTNAME_MAX);
	buf_put(&head, " yanmen - ", 10);
	header_put(&head, row->kind, MSGID_MAX);
	data_put(&head, origin, row, rating.failed);
	size_t room = EXPORT_SYSLOG_MAX - head.len - strlen("] \xef\xbb\xbf");
	if (export_text_put(&body, row->body, room) < row->body.n) {
		buf_clear(&body);
		(void)export_text_put(&body, row->body, room - CUT_ROOM);
		buf_printf(&head, " cut=\"%zu\"", row->body.n);
	}
	buf_put(&head, "] \xef\xbb\xbf", 5);
	buf_printf(out, "%zu ", head.len + body.len);
	buf_put_span(out, buf_span(&head));
	buf_put_span(out, buf_span(&body));
	buf_done(&head);
	buf_done(&body);
}
