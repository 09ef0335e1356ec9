#include "webterm/term/shell.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/wire.h"
#include "gateway/term/screen.h"
#include "webterm/term/say.h"
#include "webterm/term/term.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	TAKE = 64 * 1024,
	PEER_MAX = 4 * 1024 * 1024,
	PIECE = WEB_FRAME_MAX - 64, /* of output; what the detector of ZMODEM held may come on top */
	WRITE_MAX = 32 * 1024,
	ROUNDS = 16,            /* then the other side has its turn */
	TAKEN_MIN = 16 * 1024,
	NOTICE_US = 3 * 1000 * 1000,
};

void web_term_shell_init(struct web_term_shell *s)
{
	buf_init(&s->out, 2 * PEER_MAX);
	buf_init(&s->in, WEB_FRAME_HELD_MAX + WEB_FRAME_MAX);
	buf_init(&s->text, 4 * PIECE);
	buf_init(&s->clean, 4 * PIECE);
}

void web_term_shell_done(struct web_term_shell *s)
{
	if (s->channel) {
		ssh_remove_channel_callbacks(s->channel, &s->callbacks);
		ssh_channel_free(s->channel);
	}
	s->channel = NULL;
	buf_done(&s->out);
	buf_done(&s->in);
	buf_done(&s->text);
	buf_done(&s->clean);
}

/* ---- what libssh calls; it may do so from inside any of its functions, so that nothing else changes here ---- */

static int on_data(ssh_session session, ssh_channel channel, void *p, uint32_t n, int is_err, void *ctx)
{
	(void)session;
	(void)channel;
	(void)is_err;
	struct web_term_shell *s = ctx;
	s->broken |= n > PEER_MAX;
	s->more = s->out.len - s->out_at >= TAKE;
	if (s->more || s->broken)
		return 0;
	buf_put(&s->out, p, n);
	return (int)n;
}

static void rescue(struct web_term_shell *s)
{
	if (!s->more)
		return;
	s->more = false;
	int n = ssh_channel_poll(s->channel, 0);
	uint8_t *room = n > 0 ? buf_room(&s->out, (size_t)n) : NULL;
	n = room ? ssh_channel_read_nonblocking(s->channel, room, (uint32_t)n, 0) : 0;
	if (n > 0)
		buf_grew(&s->out, (size_t)n);
}

static void on_close(ssh_session session, ssh_channel channel, void *ctx)
{
	(void)session;
	(void)channel;
	struct web_term_shell *s = ctx;
	rescue(s);
	s->closed = true;
}

static void on_exit_status(ssh_session session, ssh_channel channel, int status, void *ctx)
{
	(void)session;
	(void)channel;
	struct web_term_shell *s = ctx;
	s->has_exit = true;
	s->exit = status;
}

static void on_exit_signal(
	ssh_session session, ssh_channel channel, const char *name, int core, const char *message, const char *lang, void *ctx)
{
	(void)session;
	(void)channel;
	(void)core;
	(void)message;
	(void)lang;
	struct web_term_shell *s = ctx;
	s->has_exit = true;
	(void)snprintf(s->signal, sizeof s->signal, "%s", name ? name : "?");
}

/* ---- opening ---- */

static int ask_pty(struct web_term *t)
{
	struct web_term_shell *s = &t->shell;
	if (s->columns == 0)
		term_screen_size(t->view.screen, &s->columns, &s->rows); /* once: libssh sends at the first call */
#ifdef WEB_TERM_PTY_HAS_MODES
	/* Always with modes: without any, libssh 0.11 asks the terminal that it has itself, by a call that our sandbox forbids. */
	static const uint8_t modes[] = { 42, 0, 0, 0, 1, 0 }; /* IUTF8 on, end: RFC 8160 */
	return ssh_channel_request_pty_size_modes(
		s->channel, "xterm-256color", (int)s->columns, (int)s->rows, modes, sizeof modes);
#else
	return ssh_channel_request_pty_size(s->channel, "xterm-256color", (int)s->columns, (int)s->rows);
#endif
}

static void show_banner(struct web_term *t)
{
	char *banner = ssh_get_issue_banner(t->client.ssh);
	for (const char *p = banner; p && *p; p++) {
		if (*p == '\n')
			buf_put(&t->shell.out, "\r", 1);
		buf_put(&t->shell.out, p, 1);
	}
	if (banner && *banner)
		buf_put(&t->shell.out, "\r\n", 2);
	ssh_string_free_char(banner);
}

static int create(struct web_term *t, struct err *err)
{
	struct web_term_shell *s = &t->shell;
	s->channel = ssh_channel_new(t->client.ssh);
	if (!s->channel)
		return fault(err, -ENOMEM, "internal error", "ssh_channel_new");
	s->callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = s,
		.channel_data_function = on_data,
		.channel_close_function = on_close,
		.channel_exit_status_function = on_exit_status,
		.channel_exit_signal_function = on_exit_signal,
	};
	ssh_callbacks_init(&s->callbacks);
	(void)ssh_set_channel_callbacks(s->channel, &s->callbacks);
	s->charset.charset = t->charset;
	show_banner(t);
	return SSH_OK;
}

static int ask_env(struct web_term_shell *s, const char *name, const char *value)
{
	int r = ssh_channel_request_env(s->channel, name, value);
	return r == SSH_AGAIN ? r : SSH_OK; /* it may be left out */
}

/* One step; SSH_AGAIN while it waits for an answer. */
static int start_step(struct web_term *t, struct err *err)
{
	struct web_term_shell *s = &t->shell;
	switch (s->phase) {
	case WEB_TERM_SHELL_NONE:
		return t->view.greeted ? create(t, err) : SSH_AGAIN;
	case WEB_TERM_SHELL_OPEN:
		return ssh_channel_open_session(s->channel);
	case WEB_TERM_SHELL_LANG:
		/* Every glibc of today has this one; another may be missing there, and then 8-bit characters could not be typed. */
		return ask_env(s, "LANG", "C.UTF-8");
	case WEB_TERM_SHELL_WORDS:
		return ask_env(s, "YANMEN_LANG", t->zh ? "zh" : "en"); /* the worker's own words; the target does not get it */
	case WEB_TERM_SHELL_PTY:
		return ask_pty(t);
	case WEB_TERM_SHELL_START:
		return ssh_channel_request_shell(s->channel);
	case WEB_TERM_SHELL_RUN:
		return SSH_AGAIN;
	}
	return SSH_ERROR;
}

static int start(struct web_term *t, struct err *err)
{
	while (t->shell.phase < WEB_TERM_SHELL_RUN) {
		int r = start_step(t, err);
		if (r == SSH_AGAIN)
			return 0;
		if (r != SSH_OK)
			return r < -1 ? r : fault(err, -EPROTO, "the gateway refused a terminal", "phase %d: %s", (int)t->shell.phase,
				ssh_get_error(t->client.ssh));
		t->shell.phase++;
	}
	return 0;
}

/* ---- input ---- */

static bool may_tell(struct web_term_shell *s, int which)
{
	int64_t now = clock_mono_us();
	if (s->noticed_us[which] > 0 && now - s->noticed_us[which] < NOTICE_US)
		return false;
	s->noticed_us[which] = now;
	return true;
}

static bool forbids(const struct web_term *t, size_t bytes)
{
	return t->paste == WIRE_PASTE_DENY || (t->paste_max && bytes > t->paste_max);
}

static void tell_refused(struct web_term *t)
{
	enum web_term_say what = t->paste == WIRE_PASTE_DENY ? WEB_TERM_SAY_PASTE : WEB_TERM_SAY_PASTE_MAX;
	if (may_tell(&t->shell, 2))
		web_term_state_notice(t, "paste", web_term_say(t->zh, what));
}

void web_term_shell_paste(struct web_term *t, uint32_t bytes)
{
	t->shell.pasting = bytes;
	t->shell.refusing = forbids(t, bytes);
	if (t->shell.refusing)
		tell_refused(t);
}

/* What of it the grant lets through. */
static struct span permitted(struct web_term *t, struct span typed)
{
	static const char brackets[] = "\033[200~";
	struct web_term_shell *s = &t->shell;
	size_t told = typed.n < s->pasting ? typed.n : s->pasting, from = told > 0 && s->refusing ? told : 0;
	struct span rest = span_of(typed.p + told, typed.n - told);
	s->pasting -= told;
	if (rest.n > 0 && forbids(t, rest.n) &&
		(rest.n > WEB_FRAME_TYPED || memmem(rest.p, rest.n, brackets, sizeof brackets - 1))) {
		tell_refused(t);
		return span_of(typed.p + from, told - from);
	}
	return span_of(typed.p + from, typed.n - from);
}

void web_term_shell_input(struct web_term *t, struct span typed)
{
	struct web_term_shell *s = &t->shell;
	if (typed.n == 0 || t->state == WEB_TERM_ENDED)
		return;
	s->given += typed.n;
	typed = permitted(t, typed);
	if (typed.n == 0)
		return;
	if (memchr(typed.p, 3, typed.n))
		web_term_view_interrupt(&t->view);
	if (s->in.len - s->in_at + typed.n > WEB_FRAME_HELD_MAX) {
		if (may_tell(s, 1))
			web_term_state_notice(t, "input", web_term_say(t->zh, WEB_TERM_SAY_INPUT));
		return;
	}
	if (s->in_at > 0) {
		buf_drop(&s->in, s->in_at);
		s->in_at = 0;
	}
	if (t->charset == CHARSET_UTF8)
		buf_put_span(&s->in, typed);
	else
		charset_from_utf8(t->charset, typed, &s->in);
}

static void tell_taken(struct web_term *t)
{
	struct web_term_shell *s = &t->shell;
	size_t waits = s->in.len - s->in_at;
	size_t taken = waits == 0 ? s->given : t->charset == CHARSET_UTF8 && s->given > waits ? s->given - waits : 0;
	if (taken < TAKEN_MIN)
		return;
	s->given -= taken;
	web_term_desk_send(&t->desk, &(struct web_term_frame){ .type = WEB_FRAME_TAKEN, .bytes = (uint32_t)taken });
}

static int pump_in(struct web_term *t, bool *moved)
{
	struct web_term_shell *s = &t->shell;
	while (s->in_at < s->in.len && web_term_client_takes(&t->client)) {
		size_t n = s->in.len - s->in_at, window = ssh_channel_window_size(s->channel);
		n = n < WRITE_MAX ? n : WRITE_MAX;
		n = n < window ? n : window;
		int w = n > 0 ? web_term_client_write(&t->client, s->channel, span_of(s->in.data + s->in_at, n)) : 0;
		if (w < 0)
			return w;
		if (w == 0)
			break;
		s->in_at += (size_t)w;
		*moved = true;
	}
	if (s->in_at == s->in.len) {
		if (s->in.size > TAKE)
			buf_done(&s->in); /* a paste does not stay */
		else
			buf_clear(&s->in);
		s->in_at = 0;
	}
	tell_taken(t);
	return 0;
}

static void send_size(struct web_term *t)
{
	struct web_term_shell *s = &t->shell;
	uint32_t columns, rows;
	term_screen_size(t->view.screen, &columns, &rows);
	if (columns == s->columns && rows == s->rows)
		return;
	s->columns = columns;
	s->rows = rows;
	(void)ssh_channel_change_pty_size(s->channel, (int)columns, (int)rows);
}

/* ---- output ---- */

bool web_term_shell_is_shown(const struct web_term_shell *s)
{
	return s->out_at == s->out.len && !s->more;
}

static void on_zmodem(struct web_term *t)
{
	buf_put(&t->shell.in, web_term_zmodem_cancel, sizeof web_term_zmodem_cancel - 1);
	if (may_tell(&t->shell, 0))
		web_term_state_notice(t, "zmodem", web_term_say(t->zh, WEB_TERM_SAY_ZMODEM));
}

static void show(struct web_term *t, struct span bytes)
{
	struct web_term_shell *s = &t->shell;
	buf_clear(&s->text);
	buf_clear(&s->clean);
	if (s->charset.charset != CHARSET_UTF8) {
		charset_decode(&s->charset, bytes, &s->text);
		bytes = buf_span(&s->text);
	}
	bool met = web_term_zmodem_feed(&s->zmodem, bytes, &s->clean);
	web_term_view_show(&t->view, &t->desk, buf_span(&s->clean));
	if (met)
		on_zmodem(t);
}

static void reset_when_read(struct web_term_shell *s)
{
	if (s->out_at < s->out.len)
		return;
	if (s->out.size > 4 * TAKE)
		buf_done(&s->out); /* memory of one backlog does not stay */
	else
		buf_clear(&s->out);
	s->out_at = 0;
}

static void pump_out(struct web_term *t, bool *moved)
{
	struct web_term_shell *s = &t->shell;
	size_t most = t->charset == CHARSET_UTF8 ? PIECE : PIECE / 3 - 8;
	for (int i = 0; i < ROUNDS; i++) {
		reset_when_read(s);
		if (s->out.len == 0 && !s->closed)
			rescue(s);
		size_t n = s->out.len - s->out_at;
		if (n == 0 || !web_term_view_takes(&t->view, &t->desk))
			return;
		n = n < most ? n : most;
		show(t, span_of(s->out.data + s->out_at, n));
		s->out_at += n;
		*moved = true;
	}
	reset_when_read(s);
}

int web_term_shell_step(struct web_term *t, bool *moved, struct err *err)
{
	struct web_term_shell *s = &t->shell;
	int r = start(t, err);
	if (r < 0)
		return r;
	if (s->broken)
		return fault(err, -EPROTO, "internal error", "the worker ignored its window");
	if (s->phase == WEB_TERM_SHELL_RUN && !s->closed && web_term_client_is_up(&t->client)) {
		send_size(t);
		if (pump_in(t, moved) < 0)
			s->in_at = s->in.len; /* the channel is closing: what it says of that comes */
	}
	if (t->state == WEB_TERM_CONNECTING && s->phase == WEB_TERM_SHELL_RUN && !web_term_shell_is_shown(s)) {
		t->state = WEB_TERM_ONLINE;
		web_term_state_tell(t);
	}
	pump_out(t, moved);
	*moved |= web_term_view_turn(&t->view, &t->desk, web_term_shell_is_shown(s));
	return 0;
}
