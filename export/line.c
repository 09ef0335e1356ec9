#include "export/line.h"
#include "export/kinds.h"
#include "export/text.h"
#include "gateway/core/json.h"

static void some(struct json *j, const char *key, struct span value)
{
	if (value.n > 0)
		json_str(j, key, value);
}

void export_line_put(struct buf *out, const struct export_row *row)
{
	struct export_kinds_rating rating = export_kinds_rate(row);
	struct json j;
	json_open(&j, out);
	json_obj(&j, NULL);
	json_num(&j, "seq", row->seq);
	some(&j, "uid", row->uid);
	some(&j, "time", row->at);
	some(&j, "event", row->kind);
	json_str(&j, "severity", span_str(export_kinds_severity(rating.severity)));
	json_str(&j, "outcome", span_str(rating.failed ? "failure" : "success"));
	some(&j, "actor", row->actor);
	some(&j, "user", row->user);
	some(&j, "target", row->target);
	some(&j, "account", row->account);
	some(&j, "session", row->session);
	some(&j, "ip", row->ip);
	struct buf body;
	buf_init(&body, EXPORT_LINE_MAX);
	(void)export_text_put(&body, row->body, SIZE_MAX);
	json_raw(&j, "body", body.len > 0 ? buf_span(&body) : span_str("{}"));
	buf_done(&body);
	some(&j, "hash", row->hash);
	json_end(&j);
	buf_put(out, "\n", 1);
}
