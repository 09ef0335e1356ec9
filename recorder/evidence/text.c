#include "recorder/evidence/text.h"
#include "gateway/core/scope.h"
#include <jansson.h>

enum { TEXT_MAX = 3 * FRAME_BODY_MAX + 16 };

static void json_scope(json_t **j)
{
	json_decref(*j);
}

void evidence_text_init(struct evidence_text *t)
{
	*t = (struct evidence_text){ 0 };
	buf_init(&t->text, TEXT_MAX);
}

void evidence_text_done(struct evidence_text *t)
{
	buf_done(&t->text);
}

/* Also in the middle: a watcher who was skipped joins anew. */
static void learn(struct evidence_text *t, struct span meta)
{
	scoped(json_scope) json_t *doc = json_loadb((const char *)meta.p, meta.n, 0, NULL);
	const char *name = json_string_value(json_object_get(doc, "charset"));
	int charset = name ? charset_of(span_str(name)) : CHARSET_UTF8;

	t->charset = charset < 0 ? CHARSET_UTF8 : (uint8_t)charset;
	for (size_t i = 0; i < EVIDENCE_TEXT_CHANNELS; i++)
		t->channels[i].used = false;
}

static struct evidence_text_channel *channel_of(struct evidence_text *t, uint32_t number)
{
	struct evidence_text_channel *unused = NULL;

	for (size_t i = 0; i < EVIDENCE_TEXT_CHANNELS; i++) {
		struct evidence_text_channel *c = &t->channels[i];
		if (c->used && c->number == number)
			return c;
		if (!c->used && !unused)
			unused = c;
	}
	if (unused)
		*unused = (struct evidence_text_channel){ .used = true,
			.number = number,
			.in = { .charset = t->charset },
			.out = { .charset = t->charset },
			.err = { .charset = t->charset } };
	return unused;
}

static void forget(struct evidence_text *t, uint32_t number)
{
	struct evidence_text_channel *c = channel_of(t, number);

	if (c)
		c->used = false;
}

static struct span converted(struct evidence_text *t, const struct frame *f)
{
	struct evidence_text_channel *c = channel_of(t, f->channel);

	buf_clear(&t->text);
	if (!c)
		charset_to_utf8(t->charset, f->body, &t->text);
	else
		charset_decode(f->type == FRAME_IN ? &c->in : f->type == FRAME_ERR ? &c->err : &c->out, f->body, &t->text);
	return buf_span(&t->text);
}

struct frame evidence_text_of(struct evidence_text *t, const struct frame *f)
{
	struct frame shown = *f;

	if (f->type == FRAME_META)
		learn(t, f->body);
	if (t->charset == CHARSET_UTF8)
		return shown;
	if (f->type == FRAME_IN || f->type == FRAME_OUT || f->type == FRAME_ERR)
		shown.body = converted(t, f);
	else if (f->type == FRAME_CLOSE)
		forget(t, f->channel);
	return shown;
}
