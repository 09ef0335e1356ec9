#include "gateway/core/charset.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/json.h"
#include "gateway/core/log.h"
#include "gateway/core/msg.h"
#include "gateway/ssh/link.h"
#include "gateway/ssh/pty.h"
#include "gateway/ssh/request.h"
#include "gateway/term/screen.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An escaped byte takes six: 6 * (8000 + 8 * (128 + 100)) and the rest stay below FRAME_BODY_MAX. */
enum { REFUSED_STATUS = 254, COMMAND_SHOWN_MAX = 8000, ENV_SHOWN = 8, ENV_SHOWN_MAX = 100 };

static void record(struct gw_ssh_link *l, uint8_t type, uint32_t number, struct buf *b)
{
	struct err err = { 0 };
	if (gw_tap_frame(l->gw, type, number, buf_span(b), &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "ssh.record", &err);
		gw_ssh_end_say(l, GW_SSH_SAY_NO_RECORDING, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_NO_RECORDING));
	}
}

void gw_ssh_start_record(struct gw_ssh_channel *c, uint8_t type, struct buf *b)
{
	record(c->link, type, c->number, b);
}

void gw_ssh_start_note_of(struct gw_ssh_link *l, uint32_t number, const char *kind, const char *text)
{
	if (!l->granted)
		return;
	struct buf b;
	struct json j;
	buf_init(&b, 8192);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "kind", span_str(kind));
	json_str(&j, "text", span_str(text));
	json_end(&j);
	record(l, FRAME_NOTE, number, &b);
	buf_done(&b);
}

void gw_ssh_start_note(struct gw_ssh_channel *c, const char *kind, const char *text)
{
	gw_ssh_start_note_of(c->link, c->number, kind, text);
}

void gw_ssh_start_refuse(struct gw_ssh_channel *c, const char *line)
{
	gw_ssh_start_note(c, "refused", line);
	gw_ssh_channel_say(c, GW_SSH_SAY_REFUSED, line);
	c->has_exit = gw_ssh_channel_is_session(c);
	*c->exit_signal = '\0';
	c->exit_status = REFUSED_STATUS;
	c->in.dropped = true;
	c->out.ended = c->err.ended = true;
	if (!c->front_open)
		c->front_closed = c->front_close_sent = true;
	c->phase = GW_SSH_CH_CLOSING;
}

static void refuse(struct gw_ssh_channel *c, enum gw_ssh_say what, const char *arg)
{
	struct buf b;
	buf_init(&b, 1024);
	gw_ssh_say_put(&b, c->link->lang, what, arg);
	gw_ssh_start_refuse(c, buf_str(&b));
	buf_done(&b);
}

/* A start request is there: to which target, and may it be that kind at all? */
static void begin(struct gw_ssh_channel *c)
{
	struct gw_ssh_link *l = c->link;
	struct err err = { 0 };
	struct span command = span_str(c->command);
	c->feature = c->start == GW_SSH_START_SHELL            ? WIRE_FEATURE_SHELL
		     : c->start == GW_SSH_START_LOCAL          ? WIRE_FEATURE_FORWARD
		     : c->start == GW_SSH_START_EXEC && c->pty ? WIRE_FEATURE_EXEC /* a terminal changes bytes */
		     : c->start == GW_SSH_START_EXEC           ? gw_ssh_request_exec(command, &c->moves)
							       : gw_ssh_request_subsystem(command);
	if (c->start == GW_SSH_START_SUBSYSTEM)
		c->moves.protocol = WIRE_FILE_SFTP; /* the only one */
	c->in.frame = c->pty ? FRAME_KEYS : FRAME_IN;
	if (c->feature == 0)
		refuse(c, GW_SSH_SAY_SUBSYSTEM, c->command);
	else if (l->back != GW_SSH_BACK_NONE)
		c->phase = GW_SSH_CH_WAIT;
	else if (*l->who.target == '\0' && c->pty && c->start == GW_SSH_START_SHELL && !l->menu)
		gw_ssh_choose_open(c);
	else if (*l->who.target == '\0')
		refuse(c, GW_SSH_SAY_NEEDS_TARGET, NULL);
	else if (gw_ssh_back_choose(l, l->who.target, l->who.account, &err) < 0)
		gw_ssh_start_refuse(c, err.say);
	else
		c->phase = GW_SSH_CH_WAIT;
}

/* First the start, then what the client lends to it: one question at a time. */
static void ask(struct gw_ssh_channel *c)
{
	struct gw_ssh_link *l = c->link;
	struct err err = { 0 };
	if (l->back != GW_SSH_BACK_UP || l->locked)
		return;
	c->asking = c->asking ? c->asking : c->feature;
	struct span text = c->asking == c->feature ? span_str(c->command) : (struct span){ 0 };
	int r = gw_session_open(l->gw, c->number, c->asking, text, &err);
	if (r == 0)
		c->phase = GW_SSH_CH_ASKED;
	else if (r != -EAGAIN)
		gw_ssh_start_refuse(c, err.say);
}

static void record_open(struct gw_ssh_channel *c)
{
	static const char *const kinds[] = { "", "shell", "exec", "subsystem", "forward", "reverse", "agent", "x11" };
	struct span command = span_str(c->command);
	bool cut = command.n > COMMAND_SHOWN_MAX; /* the audit has all of it */
	struct buf b, shown_command;
	struct json j;
	command.n = cut ? COMMAND_SHOWN_MAX : command.n;
	buf_init(&shown_command, COMMAND_SHOWN_MAX * 3 + 3);
	charset_to_utf8(c->link->grant.charset, command, &shown_command);
	buf_init(&b, MSG_BODY_MAX);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "kind", span_str(kinds[c->start]));
	json_str(&j, "command", buf_span(&shown_command));
	if (cut)
		json_bool(&j, "command_cut", true);
	if (c->moves.protocol)
		json_str(&j, "files", span_str(wire_file_protocol_name((uint8_t)c->moves.protocol)));
	json_bool(&j, "pty", c->pty);
	if (c->lends & WIRE_FEATURE_AGENT)
		json_bool(&j, "agent", true);
	if (c->lends & WIRE_FEATURE_X11)
		json_bool(&j, "x11", true);
	if (c->pty) {
		json_str(&j, "term", span_str(c->term));
		json_num(&j, "columns", c->columns);
		json_num(&j, "rows", c->rows);
	}
	json_obj(&j, "env");
	size_t shown = 0;
	for (size_t i = 0; i < c->env_n; i++) {
		struct span name = span_str(c->env[i].name), value = span_str(c->env[i].value);
		bool passes = gw_ssh_request_env(c->link->grant.env_allow, name);
		if (passes && value.n <= ENV_SHOWN_MAX && shown++ < ENV_SHOWN)
			json_str(&j, c->env[i].name, value);
	}
	json_end(&j);
	json_end(&j);
	c->opened = true;
	gw_ssh_start_record(c, FRAME_OPEN, &b);
	buf_done(&shown_command);
	buf_done(&b);
}

/* The broker said yes: recording of this channel begins, and a channel to the target. */
static void opened(struct gw_ssh_channel *c)
{
	struct gw_ssh_link *l = c->link;
	struct err err = { 0 };
	int r = 0;
	record_open(c);
	if (c->pty) {
		r = term_screen_new(c->columns, c->rows, &c->screen, &err);
		if (r == 0)
			term_screen_charset(c->screen, l->grant.charset);
		c->out.screen = c->screen;
		c->drawn_us = clock_mono_us();
	} else if (!gw_ssh_channel_is_session(c)) {
		r = gw_ssh_local_record(c, &err);
	} else if (l->grant.stream_max > 0 && gw_ssh_files_reads(c)) {
		r = gw_ssh_flow_limit(&c->err, l->grant.stream_max, &err);
	} else if (l->grant.stream_max > 0) {
		r = gw_ssh_flow_limit(&c->in, l->grant.stream_max, &err);
		r = r < 0 ? r : gw_ssh_flow_limit(&c->out, l->grant.stream_max, &err);
		r = r < 0 ? r : gw_ssh_flow_limit(&c->err, l->grant.stream_max, &err);
	}
	r = r < 0 ? r : gw_ssh_files_start(c, &err);
	if (r < 0) {
		log_err(LOG_LEVEL_ERROR, "ssh.channel", &err);
		refuse(c, GW_SSH_SAY_INTERNAL, NULL);
		return;
	}
	if (!c->back) {
		ssh_channel back = ssh_channel_new(l->target.ssh);
		if (!back)
			abort();
		gw_ssh_channel_attach_back(c, back);
	}
	c->phase = GW_SSH_CH_OPENING;
}

void gw_ssh_start_opened(struct gw_ssh_link *l, uint32_t channel, uint32_t request, int code, const char *say)
{
	struct gw_ssh_channel *c = l->channels;
	while (c && c->number != channel)
		c = c->next;
	if (l->over || gw_ssh_reverse_answered(l, channel, code) || !c || c->phase != GW_SSH_CH_ASKED || request != c->asking)
		return;
	if (request != c->feature) {
		gw_ssh_lend_answered(c, request, code, say);
	} else if (code < 0) {
		gw_ssh_start_refuse(c, say);
		return;
	}
	c->asking = gw_ssh_lend_next(c);
	if (c->asking)
		c->phase = GW_SSH_CH_WAIT;
	else
		opened(c);
}

/* Nothing to request there: it runs, also for a client that has closed with its last bytes under way. */
static void step_opening_other(struct gw_ssh_channel *c)
{
	int r = c->start == GW_SSH_START_LOCAL ? gw_ssh_local_open(c) : gw_ssh_remote_open(c);
	if (r != SSH_OK)
		return;
	c->front_open = c->back_open = true;
	c->phase = GW_SSH_CH_RUN;
}

static void step_opening(struct gw_ssh_channel *c)
{
	if (!gw_ssh_channel_is_session(c)) {
		step_opening_other(c);
		return;
	}
	int r = ssh_channel_open_session(c->back);
	if (r == SSH_AGAIN)
		return;
	if (r != SSH_OK) {
		refuse(c, GW_SSH_SAY_TARGET_REFUSED, NULL);
		return;
	}
	c->back_open = true;
	c->phase = c->front_closed ? GW_SSH_CH_CLOSING : GW_SSH_CH_REQUESTS;
}

/* The requests in front of the start: a terminal, the variables, what the client lends. */
static size_t requests_before(const struct gw_ssh_channel *c)
{
	return 1 + c->env_n + 2;
}

static int send_start(struct gw_ssh_channel *c)
{
	switch (c->start) {
	case GW_SSH_START_SHELL:
		return ssh_channel_request_shell(c->back);
	case GW_SSH_START_EXEC:
		return ssh_channel_request_exec(c->back, c->command);
	case GW_SSH_START_SUBSYSTEM:
		return ssh_channel_request_subsystem(c->back, c->command);
	default:
		return SSH_ERROR;
	}
}

/* One request at a time, and libssh waits for each answer. */
static int send_request(struct gw_ssh_channel *c)
{
	if (c->step == 0) {
		c->resized = false;
		const struct gw_ssh_pty pty = {
			.term = c->term, .columns = c->columns, .rows = c->rows, .charset = c->link->grant.charset
		};
		return c->pty ? gw_ssh_pty_request(c->back, &pty) : SSH_OK;
	}
	if (c->step <= c->env_n) {
		const struct gw_ssh_env *e = &c->env[c->step - 1];
		if (!gw_ssh_request_env(c->link->grant.env_allow, span_str(e->name)))
			return SSH_OK;
		return ssh_channel_request_env(c->back, e->name, e->value);
	}
	if (c->step < requests_before(c))
		return gw_ssh_lend_request(c, c->step == c->env_n + 1 ? WIRE_FEATURE_AGENT : WIRE_FEATURE_X11);
	return send_start(c);
}

static void step_requests(struct gw_ssh_channel *c)
{
	while (c->phase == GW_SSH_CH_REQUESTS) {
		int r = send_request(c);
		if (r == SSH_AGAIN)
			return;
		bool start = c->step++ == requests_before(c);
		/* A refused terminal or variable is the target's business, as with plain ssh. */
		if (start && r == SSH_OK)
			c->phase = GW_SSH_CH_RUN;
		else if (start && !c->back_closed)
			refuse(c, GW_SSH_SAY_TARGET_REFUSED, NULL);
		else if (start)
			c->phase = GW_SSH_CH_RUN;
	}
}

void gw_ssh_start_step(struct gw_ssh_channel *c)
{
	if (c->front_closed && c->phase != GW_SSH_CH_OPENING && c->phase < GW_SSH_CH_RUN) {
		if (c->phase == GW_SSH_CH_MENU)
			gw_ssh_choose_close(c->link);
		c->in.dropped = true;
		c->phase = GW_SSH_CH_CLOSING;
	}
	/* A request makes frames that always fit: it waits for room all the same, or one could flood the recorder. */
	bool room = !c->link->granted || gw_tap_room(c->link->gw) > 0;
	if (c->phase == GW_SSH_CH_COLLECT && c->start != GW_SSH_START_NONE && room)
		begin(c);
	if (c->phase == GW_SSH_CH_MENU)
		gw_ssh_choose_step(c);
	if (c->phase == GW_SSH_CH_WAIT)
		ask(c);
	if (c->phase == GW_SSH_CH_OPENING)
		step_opening(c);
	if (c->phase == GW_SSH_CH_REQUESTS)
		step_requests(c);
}
