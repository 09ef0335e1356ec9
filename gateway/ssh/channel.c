#include "gateway/core/charset.h"
#include "gateway/core/clock.h"
#include "gateway/core/frame.h"
#include "gateway/ssh/link.h"
#include "gateway/ssh/request.h"
#include "gateway/term/screen.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the client sends ---- */

static int on_front_data(ssh_session s, ssh_channel ch, void *p, uint32_t n, int is_err, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	size_t taken = n;
	/* No client sends stderr; it would not reach anybody. */
	if (!is_err && !gw_ssh_flow_arrived(&c->in, p, n, &taken))
		gw_ssh_end_quietly(c->link, "the client ignored its window");
	return (int)taken;
}

static void on_front_eof(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	c->in.ended = true;
}

static void on_front_close(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	gw_ssh_flow_rescue(&c->in);
	c->in.ended = c->front_closed = true;
	c->out.dropped = c->err.dropped = c->own.dropped = true;
}

static uint32_t clamp(int v, uint32_t max)
{
	return v < 1 ? 1 : (uint32_t)v > max ? max : (uint32_t)v;
}

static int on_pty(ssh_session s, ssh_channel ch, const char *term, int columns, int rows, int x, int y, void *ctx)
{
	(void)s;
	(void)ch;
	(void)x;
	(void)y;
	struct gw_ssh_channel *c = ctx;
	if (c->phase != GW_SSH_CH_COLLECT || c->start != GW_SSH_START_NONE || c->pty)
		return 1;
	c->pty = true;
	(void)snprintf(c->term, sizeof c->term, "%s", term && *term ? term : "xterm");
	c->columns = columns > 0 ? clamp(columns, TERM_COLUMNS_MAX) : 80;
	c->rows = rows > 0 ? clamp(rows, TERM_ROWS_MAX) : 24;
	return 0;
}

static int on_resize(ssh_session s, ssh_channel ch, int columns, int rows, int x, int y, void *ctx)
{
	(void)s;
	(void)ch;
	(void)x;
	(void)y;
	struct gw_ssh_channel *c = ctx;
	if (!c->pty || columns <= 0 || rows <= 0)
		return 1;
	c->columns = clamp(columns, TERM_COLUMNS_MAX);
	c->rows = clamp(rows, TERM_ROWS_MAX);
	c->resized = true;
	return 0;
}

static int on_env(ssh_session s, ssh_channel ch, const char *name, const char *value, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	struct gw_ssh_link *l = c->link;
	if (!name || !value || strlen(name) + strlen(value) > GW_SSH_ENV_BYTES || c->start != GW_SSH_START_NONE)
		return 1;
	if (strcmp(name, "YANMEN_LANG") == 0) { /* a browser's terminal: the person's language, for us alone */
		l->lang = gw_ssh_say_lang(span_str(value));
		return 1;
	}
	if (strcmp(name, "LC_ALL") == 0 || (strcmp(name, "LANG") == 0 && l->lang == GW_SSH_EN))
		l->lang = gw_ssh_say_lang(span_str(value));
	/* Before the grant nobody knows what will pass; after it, the answer is true. */
	if (!gw_ssh_request_env(l->granted ? l->grant.env_allow : "*", span_str(name)) || c->env_n == GW_SSH_ENV)
		return 1;
	struct gw_ssh_env *e = &c->env[c->env_n];
	e->name = strdup(name);
	e->value = strdup(value);
	if (!e->name || !e->value)
		abort();
	c->env_n++;
	return 0;
}

static int begin(struct gw_ssh_channel *c, enum gw_ssh_start start, const char *command)
{
	if (c->phase != GW_SSH_CH_COLLECT || c->start != GW_SSH_START_NONE || c->link->over)
		return 1;
	if (command && strlen(command) > GW_SSH_COMMAND_BYTES)
		return 1;
	c->command = strdup(command ? command : "");
	if (!c->command)
		abort();
	c->start = start;
	return 0;
}

static int on_shell(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s;
	(void)ch;
	return begin(ctx, GW_SSH_START_SHELL, NULL);
}

static int on_exec(ssh_session s, ssh_channel ch, const char *command, void *ctx)
{
	(void)s;
	(void)ch;
	return begin(ctx, GW_SSH_START_EXEC, command);
}

static int on_subsystem(ssh_session s, ssh_channel ch, const char *name, void *ctx)
{
	(void)s;
	(void)ch;
	return begin(ctx, GW_SSH_START_SUBSYSTEM, name);
}

static void on_signal(ssh_session s, ssh_channel ch, const char *name, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	if (!name || strlen(name) > 31 || c->signals_n == GW_SSH_SIGNALS)
		return;
	char *copy = strdup(name);
	if (copy)
		c->signals[c->signals_n++] = copy;
}

/* ---- what the target sends ---- */

static int on_back_data(ssh_session s, ssh_channel ch, void *p, uint32_t n, int is_err, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	size_t taken = 0;
	if (!gw_ssh_flow_arrived(is_err ? &c->err : &c->out, p, n, &taken))
		gw_ssh_end_say(c->link, GW_SSH_SAY_TARGET_BROKEN, "the target ignored its window");
	return (int)taken;
}

static void on_back_eof(ssh_session s, ssh_channel ch, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	c->out.ended = c->err.ended = true;
}

/* The last moment to take what libssh holds: the target may break the connection right behind this. */
static void on_back_close(ssh_session s, ssh_channel ch, void *ctx)
{
	on_back_eof(s, ch, ctx);
	struct gw_ssh_channel *c = ctx;
	gw_ssh_flow_rescue(&c->out);
	gw_ssh_flow_rescue(&c->err);
	c->back_closed = true;
}

static void on_exit_status(ssh_session s, ssh_channel ch, int status, void *ctx)
{
	(void)s;
	(void)ch;
	struct gw_ssh_channel *c = ctx;
	if (c->has_exit || c->link->over) /* what the target says of its own end is no word on ours */
		return;
	c->has_exit = true;
	c->exit_status = (uint32_t)status;
}

static void on_exit_signal(
	ssh_session s, ssh_channel ch, const char *name, int core, const char *message, const char *lang, void *ctx)
{
	(void)s;
	(void)ch;
	(void)message;
	(void)lang;
	struct gw_ssh_channel *c = ctx;
	if (c->has_exit || c->link->over || !name || !*name)
		return;
	c->has_exit = true;
	c->exit_core = core != 0;
	(void)snprintf(c->exit_signal, sizeof c->exit_signal, "%s", name);
}

/* ---- life ---- */

struct gw_ssh_channel *gw_ssh_channel_of(struct gw_ssh_link *l, ssh_channel front)
{
	struct gw_ssh_channel **last = &l->channels;
	while (*last)
		last = &(*last)->next;
	struct gw_ssh_channel *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->link = l;
	c->front = front;
	c->number = ++l->last_number;
	c->front_open = true;
	gw_ssh_flow_init(&c->in, FRAME_IN, c->number);
	gw_ssh_flow_init(&c->out, FRAME_OUT, c->number);
	gw_ssh_flow_init(&c->err, FRAME_ERR, c->number);
	gw_ssh_flow_init(&c->own, 0, c->number);
	c->in.from = c->out.to = c->err.to = c->own.to = front;
	c->err.to_err = c->err.from_err = 1;
	c->front_cb = (struct ssh_channel_callbacks_struct){
		.userdata = c,
		.channel_data_function = on_front_data,
		.channel_eof_function = on_front_eof,
		.channel_close_function = on_front_close,
		.channel_signal_function = on_signal,
		.channel_pty_request_function = on_pty,
		.channel_pty_window_change_function = on_resize,
		.channel_shell_request_function = on_shell,
		.channel_exec_request_function = on_exec,
		.channel_env_request_function = on_env,
		.channel_subsystem_request_function = on_subsystem,
		.channel_auth_agent_req_function = gw_ssh_lend_agent,
		/* libssh says yes for it: where no is known already, there is none. */
		.channel_x11_req_function = l->granted && !(l->grant.features & WIRE_FEATURE_X11) ? NULL : gw_ssh_lend_x11,
	};
	ssh_callbacks_init(&c->front_cb);
	(void)ssh_set_channel_callbacks(front, &c->front_cb);
	*last = c;
	return c;
}

bool gw_ssh_channel_is_session(const struct gw_ssh_channel *c)
{
	return c->start < GW_SSH_START_LOCAL;
}

size_t gw_ssh_channel_count(const struct gw_ssh_link *l, bool session)
{
	size_t n = 0;
	for (const struct gw_ssh_channel *c = l->channels; c; c = c->next)
		n += gw_ssh_channel_is_session(c) == session;
	return n;
}

ssh_channel gw_ssh_channel_new(struct gw_ssh_link *l)
{
	ssh_channel front = gw_ssh_channel_count(l, true) < GW_SSH_CHANNELS ? ssh_channel_new(l->client.ssh) : NULL;
	return front ? gw_ssh_channel_of(l, front)->front : NULL;
}

void gw_ssh_channel_attach_back(struct gw_ssh_channel *c, ssh_channel back)
{
	c->back = back;
	c->back_cb = (struct ssh_channel_callbacks_struct){
		.userdata = c,
		.channel_data_function = on_back_data,
		.channel_eof_function = on_back_eof,
		.channel_close_function = on_back_close,
		.channel_exit_status_function = on_exit_status,
		.channel_exit_signal_function = on_exit_signal,
	};
	ssh_callbacks_init(&c->back_cb);
	(void)ssh_set_channel_callbacks(c->back, &c->back_cb);
	c->in.to = c->out.from = c->err.from = c->back;
}

void gw_ssh_channel_free(struct gw_ssh_channel *c)
{
	struct gw_ssh_channel **at = &c->link->channels;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (c->front) {
		ssh_remove_channel_callbacks(c->front, &c->front_cb);
		ssh_channel_free(c->front);
	}
	if (c->back) {
		ssh_remove_channel_callbacks(c->back, &c->back_cb);
		ssh_channel_free(c->back);
	}
	c->xfer = xfer_free(c->xfer);
	xfer_command_done(&c->moves);
	gw_ssh_flow_done(&c->in);
	gw_ssh_flow_done(&c->out);
	gw_ssh_flow_done(&c->err);
	gw_ssh_flow_done(&c->own);
	for (size_t i = 0; i < c->env_n; i++) {
		free(c->env[i].name);
		free(c->env[i].value);
	}
	for (size_t i = 0; i < c->signals_n; i++)
		free(c->signals[i]);
	c->screen = term_screen_free(c->screen);
	gw_ssh_lend_free(c);
	free(c->command);
	free(c->to_host);
	free(c->from_host);
	free(c);
}

void gw_ssh_channel_line(struct gw_ssh_channel *c, const char *line)
{
	struct gw_ssh_flow *own = &c->own;
	bool screen = gw_ssh_channel_is_session(c); /* or a program that did not ask for words */
	if (!screen || own->dropped || own->data.len - own->at > GW_SSH_FLOW_TAKE)
		return;
	own->to_err = !c->pty;
	buf_put_span(&own->data, span_str(c->pty ? "\r\n" : ""));
	charset_from_utf8(c->link->grant.charset, span_str(line), &own->data);
	buf_put_span(&own->data, span_str(c->pty ? "\r\n" : "\n"));
}

void gw_ssh_channel_say(struct gw_ssh_channel *c, enum gw_ssh_say what, const char *arg)
{
	struct buf b;
	buf_init(&b, 1024);
	gw_ssh_say_put(&b, c->link->lang, what, arg);
	gw_ssh_channel_line(c, buf_str(&b));
	buf_done(&b);
}
