#include "gateway/core/json.h"
#include "webterm/term/term.h"

static void send_json(struct web_term *t, uint8_t type, struct buf *b)
{
	web_term_desk_send(&t->desk, &(struct web_term_frame){ .type = type, .body = buf_span(b) });
}

void web_term_state_tell(struct web_term *t)
{
	static const char *const names[] = { "connecting", "online", "ended" };
	static const char *const pastes[] = { "allow", "ask", "deny" };
	static const char *const layers[] = { "L0", "L1", "L3" };
	struct buf b;
	struct json j;
	buf_init(&b, WEB_FRAME_MAX / 2);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "state", span_str(names[t->state]));
	json_str(&j, "target", span_str(t->target));
	json_str(&j, "account", span_str(t->account));
	json_str(&j, "paste", span_str(pastes[t->paste]));
	json_num(&j, "paste_max", t->paste_max);
	json_bool(&j, "copy", !t->no_copy);
	json_str(&j, "layer", span_str(layers[t->layer]));
	if (t->state == WEB_TERM_ENDED) {
		json_str(&j, "say", span_str(t->say));
		if (t->shell.has_exit && *t->shell.signal)
			json_str(&j, "signal", span_str(t->shell.signal));
		else if (t->shell.has_exit)
			json_num(&j, "exit", t->shell.exit);
	}
	json_end(&j);
	send_json(t, WEB_FRAME_STATE, &b);
	buf_done(&b);
}

void web_term_state_notice(struct web_term *t, const char *kind, const char *say)
{
	struct buf b;
	struct json j;
	buf_init(&b, 2048);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "kind", span_str(kind));
	json_str(&j, "say", span_str(say));
	json_end(&j);
	send_json(t, WEB_FRAME_NOTICE, &b);
	buf_done(&b);
}
