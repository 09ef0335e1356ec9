#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "webterm/term/files.h"
#include "webterm/term/say.h"
#include "webterm/term/term.h"
#include <stdio.h>

enum {
	REFUSED_EXIT = 254,               /* the worker's, of a terminal that it did not open */
	WORDS_US = 2 * 1000 * 1000,       /* for the worker's disconnect, behind a channel that it closed */
	LEAVE_US = 2 * 1000 * 1000,       /* for the worker, to close what we closed */
	LINGER_US = 60 * 1000 * 1000,     /* for a browser that comes back, to be told why */
};

void web_term_end_ask(struct web_term *t)
{
	if (t->leaving)
		return;
	t->leaving = true;
	t->leaving_us = clock_mono_us();
	if (t->shell.channel && !t->shell.close_sent && web_term_client_is_up(&t->client)) {
		t->shell.close_sent = true;
		(void)ssh_channel_close(t->shell.channel);
	}
}

/* Who had the last word, and what it was. */
static void find_words(struct web_term *t, const struct err *why)
{
	const char *farewell = web_term_client_farewell(&t->client);
	const struct web_term_shell *s = &t->shell;
	bool refused = s->has_exit && s->exit == REFUSED_EXIT && !*s->signal;
	struct span worker = refused || *farewell ? web_term_say_worker(span_of(t->view.tail, t->view.tail_n)) : (struct span){ 0 };
	struct span say = worker.n > 0           ? worker
			  : *farewell            ? span_str(farewell)
			  : *t->say              ? span_str(t->say)
			  : why && *why->say     ? span_str(why->say)
			  : s->has_exit || t->leaving ? (struct span){ 0 }
						 : span_str(web_term_say(t->zh, WEB_TERM_SAY_BROKE));
	char words[sizeof t->say];
	(void)snprintf(words, sizeof words, "%.*s", (int)say.n, say.n > 0 ? (const char *)say.p : "");
	(void)snprintf(t->say, sizeof t->say, "%s", words);
}

static void finish(struct web_term *t, const struct err *why)
{
	find_words(t, why);
	t->files = web_term_files_free(t->files, t);
	t->state = WEB_TERM_ENDED;
	t->ended_us = clock_mono_us();
	web_term_state_tell(t);
	web_term_shell_done(&t->shell);
	if (web_term_client_is_up(&t->client))
		ssh_disconnect(t->client.ssh);
	web_term_client_done(&t->client);
}

void web_term_end_check(struct web_term *t, const struct err *why)
{
	int64_t now = clock_mono_us();
	bool down = t->client.phase == WEB_TERM_CLIENT_DOWN || why;
	struct web_term_shell *s = &t->shell;
	if (t->state == WEB_TERM_ENDED)
		return;
	if (t->desk.gone)
		web_term_end_ask(t);
	if (s->closed && t->closed_us == 0) {
		t->closed_us = now;
		if (!s->close_sent && web_term_client_is_up(&t->client))
			(void)ssh_channel_close(s->channel);
		s->close_sent = true;
	}
	bool left = t->leaving && (s->closed || !s->channel || now - t->leaving_us > LEAVE_US);
	bool closed = s->closed && (s->has_exit || down || now - t->closed_us > WORDS_US);
	bool shown = t->desk.gone || t->leaving || web_term_shell_is_shown(s);
	if ((down || left || closed) && shown)
		finish(t, why);
}

bool web_term_end_is_reached(const struct web_term *t)
{
	if (t->state != WEB_TERM_ENDED)
		return false;
	bool told = web_term_desk_is_free(&t->desk) && (!t->view.away || t->leaving);
	return t->desk.gone || told || clock_mono_us() - t->ended_us > LINGER_US;
}

int64_t web_term_end_due_us(const struct web_term *t)
{
	if (t->state == WEB_TERM_ENDED)
		return t->ended_us + LINGER_US;
	int64_t due = INT64_MAX;
	if (t->leaving)
		due = t->leaving_us + LEAVE_US;
	if (t->closed_us > 0 && t->closed_us + WORDS_US < due)
		due = t->closed_us + WORDS_US;
	return due;
}
