#include "tools/yanmen/show.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/lines.h"
#include "recorder/evidence/told.h"
#include "tools/yanmen/say.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { OUT_MAX = 1 << 20, OUT_FLUSH = 1 << 16 };

static void json_scope(json_t **j)
{
	json_decref(*j);
}

void cli_show_init(struct cli_show *s, const struct cli *cli)
{
	*s = (struct cli_show){ .cli = cli };
	evidence_text_init(&s->text);
	buf_init(&s->out, OUT_MAX);
}

void cli_show_done(struct cli_show *s)
{
	cli_show_flush(s);
	evidence_text_done(&s->text);
	buf_done(&s->out);
}

void cli_show_flush(struct cli_show *s)
{
	(void)fwrite(s->out.data, 1, s->out.len, stdout);
	(void)fflush(stdout);
	buf_clear(&s->out);
}

void cli_show_again(struct cli_show *s)
{
	memset(s->channels, 0, sizeof s->channels);
	s->any = false;
	buf_printf(&s->out, "\033[0m\033[r\033[2J\033[H");
}

static json_t *parse(struct span text)
{
	return text.n > 0 ? json_loadb((const char *)text.p, text.n, 0, NULL) : NULL;
}

static const char *member(const json_t *doc, const char *key)
{
	const char *text = json_string_value(json_object_get(doc, key));

	return text ? text : "";
}

static void clean(struct cli_show *s, const char *text)
{
	cli_say_clean(span_str(text), &s->out);
}

/* A line of our own between the session's: dim, so that nobody takes it for output. */
static void line_begin(struct cli_show *s)
{
	buf_printf(&s->out, "%s\033[0;2m── ", s->any ? "\r\n" : "");
}

static void line_end(struct cli_show *s)
{
	buf_printf(&s->out, " ──\033[0m\r\n");
}

void cli_show_header(struct cli_show *s, struct span json, const char *hint)
{
	scoped(json_scope) json_t *doc = parse(json);

	if (s->told || s->cli->json || !doc)
		return;
	s->told = true;
	line_begin(s);
	clean(s, member(doc, "session"));
	buf_printf(&s->out, "  ");
	clean(s, member(doc, "user"));
	buf_printf(&s->out, " → ");
	clean(s, member(doc, "account"));
	buf_printf(&s->out, "@");
	clean(s, member(doc, "target"));
	if (hint)
		buf_printf(&s->out, "  (%s)", hint);
	line_end(s);
	cli_show_flush(s);
}

static struct cli_show_channel *channel_of(struct cli_show *s, uint32_t id)
{
	struct cli_show_channel *unused = NULL;

	for (size_t i = 0; i < CLI_SHOW_CHANNELS; i++) {
		if (s->channels[i].used && s->channels[i].id == id)
			return &s->channels[i];
		if (!s->channels[i].used && !unused)
			unused = &s->channels[i];
	}
	if (unused)
		*unused = (struct cli_show_channel){ .id = id, .used = true };
	return unused; /* NULL: more channels than anyone can follow */
}

static void switch_to(struct cli_show *s, uint32_t id)
{
	if (s->any && s->current != id) {
		line_begin(s);
		buf_printf(&s->out, "%s %u", cli_say_text(s->cli, "channel", "通道"), id);
		line_end(s);
	}
	s->any = true;
	s->current = id;
}

static void show_text(struct cli_show *s, uint32_t id, struct span text)
{
	struct cli_show_channel *c = channel_of(s, id);

	if (!c || c->hidden)
		return;
	switch_to(s, id);
	term_safe_feed(&c->safe, text, &s->out);
}

static void show_screen(struct cli_show *s, const struct frame *f)
{
	struct rd r = rd_of(f->body);
	struct cli_show_channel *c = channel_of(s, f->channel);

	(void)rd_u32le(&r);
	(void)rd_u32le(&r);
	if (r.bad || !c)
		return;
	switch_to(s, f->channel);
	c->safe = (struct term_safe){ 0 }; /* a key-frame begins anew */
	buf_printf(&s->out, "\033[0m\033[r\033[2J\033[H");
	term_safe_feed(&c->safe, span_of(r.p, r.n), &s->out);
}

/* Bytes of file transfers are not for eyes. */
static void show_open(struct cli_show *s, const struct frame *f)
{
	scoped(json_scope) json_t *doc = parse(f->body);
	struct cli_show_channel *c = channel_of(s, f->channel);
	const char *kind = member(doc, "kind"), *command = member(doc, "command");

	if (!c)
		return;
	*c = (struct cli_show_channel){ .id = f->channel, .used = true };
	c->hidden = evidence_told_hides(f->body);
	if (strcmp(kind, "shell") == 0 || strcmp(kind, "menu") == 0)
		return;
	line_begin(s);
	clean(s, kind);
	buf_printf(&s->out, " ");
	clean(s, command);
	line_end(s);
	s->any = true;
	s->current = f->channel;
}

static void show_note(struct cli_show *s, const struct frame *f)
{
	scoped(json_scope) json_t *doc = parse(f->body);

	line_begin(s);
	clean(s, f->type == FRAME_FINISH ? cli_say_text(s->cli, "session ended", "会话结束") : member(doc, "kind"));
	buf_printf(&s->out, ": ");
	clean(s, member(doc, f->type == FRAME_FINISH ? "reason" : "text"));
	line_end(s);
	s->any = false;
}

static void show_told(struct cli_show *s, const struct frame *f)
{
	line_begin(s);
	if (f->type == FRAME_STATEMENT)
		evidence_told_statement(f->body, &s->out);
	else if (f->type == FRAME_OUTCOME)
		evidence_told_outcome(f->body, &s->out);
	else
		evidence_told_file(f->body, true, &s->out);
	line_end(s);
	s->any = false;
}

/* A file transfer that turned out to be none shows its bytes from there. */
static void unhide(struct cli_show *s, const struct frame *f)
{
	struct cli_show_channel *c = evidence_told_stream(f->body) ? channel_of(s, f->channel) : NULL;

	if (c)
		c->hidden = false;
}

static void show_person(struct cli_show *s, const struct frame *f)
{
	switch (f->type) {
	case FRAME_META:
		cli_show_header(s, f->body, s->hint);
		break;
	case FRAME_OPEN:
		show_open(s, f);
		break;
	case FRAME_OUT:
	case FRAME_ERR:
		show_text(s, f->channel, f->body);
		break;
	case FRAME_SCREEN:
		show_screen(s, f);
		break;
	case FRAME_CLOSE: {
		struct cli_show_channel *c = channel_of(s, f->channel);
		if (c)
			c->used = false;
		break;
	}
	case FRAME_FILE:
	case FRAME_STATEMENT:
	case FRAME_OUTCOME:
		show_told(s, f);
		break;
	case FRAME_NOTE:
		unhide(s, f);
		show_note(s, f);
		break;
	case FRAME_FINISH:
		show_note(s, f);
		break;
	default:
		break;
	}
}

void cli_show_frame(struct cli_show *s, const struct frame *f)
{
	if (s->cli->json) {
		evidence_lines_put(&s->text, f, &s->out);
	} else {
		struct frame shown = evidence_text_of(&s->text, f);
		show_person(s, &shown);
	}
	if (s->out.len > OUT_FLUSH || s->out.failed)
		cli_show_flush(s);
}
