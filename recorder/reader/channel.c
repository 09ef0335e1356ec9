#include "recorder/reader/channel.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/told.h"
#include <jansson.h>
#include <stdlib.h>

static void json_scope(json_t **j)
{
	json_decref(*j);
}

struct reader_channel *reader_channel_of(struct reader_channels *c, uint32_t number)
{
	struct reader_channel *ch = c->first;
	while (ch && ch->number != number)
		ch = ch->next;
	if (ch || c->n == READER_CHANNELS_MAX || !(ch = calloc(1, sizeof *ch)))
		return ch;
	ch->number = number;
	ch->columns = 80;
	ch->rows = 24;
	ch->next = c->first;
	c->first = ch;
	c->n++;
	return ch;
}

static void drop(struct reader_channels *c, struct reader_channel **at)
{
	struct reader_channel *ch = *at;
	*at = ch->next;
	ch->screen = term_screen_free(ch->screen);
	if (ch->has_plain) {
		term_plain_done(&ch->out);
		term_plain_done(&ch->err);
	}
	free(ch);
	c->n--;
}

void reader_channel_drop(struct reader_channels *c, uint32_t number)
{
	for (struct reader_channel **at = &c->first; *at; at = &(*at)->next)
		if ((*at)->number == number) {
			drop(c, at);
			return;
		}
}

void reader_channels_done(struct reader_channels *c)
{
	while (c->first)
		drop(c, &c->first);
}

static uint32_t clamp(json_int_t v, uint32_t max, uint32_t fallback)
{
	return v < 1 ? fallback : v > max ? max : (uint32_t)v;
}

static void learn_open(struct reader_channel *ch, struct span text)
{
	scoped(json_scope) json_t *doc = json_loadb((const char *)text.p, text.n, 0, NULL);
	ch->terminal = json_is_true(json_object_get(doc, "pty"));
	ch->hidden = evidence_told_hides(text);
	ch->columns = clamp(json_integer_value(json_object_get(doc, "columns")), TERM_COLUMNS_MAX, ch->columns);
	ch->rows = clamp(json_integer_value(json_object_get(doc, "rows")), TERM_ROWS_MAX, ch->rows);
}

struct reader_channel *reader_channel_learn(struct reader_channels *c, const struct frame *f)
{
	struct reader_channel *ch = reader_channel_of(c, f->channel);
	struct rd r = rd_of(f->body);
	if (!ch)
		return NULL;
	if (f->type == FRAME_OPEN) {
		learn_open(ch, f->body);
	} else if (f->type == FRAME_NOTE && evidence_told_stream(f->body)) {
		ch->hidden = false;
	} else if (f->type == FRAME_SIZE || f->type == FRAME_SCREEN) {
		ch->terminal = true;
		ch->columns = clamp(rd_u32le(&r), TERM_COLUMNS_MAX, ch->columns);
		ch->rows = clamp(rd_u32le(&r), TERM_ROWS_MAX, ch->rows);
	}
	return ch;
}
