#include "sqlproxy/mysql/worker/link.h"
#include <stdio.h>

/*
 * A server that tells of its session is believed, and so is the status flag that comes with each answer.  Otherwise the classifier's word for where the
 * statements led; and where they failed half-way, nobody knows which of both it is: every reading is made.
 */
static void doubt(struct classify_mode *m, const struct classify_mode *other)
{
	m->unknown |= (uint8_t)((m->set ^ other->set) | other->unknown);
	if (m->charset != other->charset)
		m->charset = CLASSIFY_CHARSET_UNKNOWN;
}

static void by_track(struct gw_mysql_link *l, const struct mysql_track *t)
{
	if (t->has_mode) {
		l->mode.set = l->mode.unknown = 0;
		classify_mode_words(&l->mode, span_str(t->mode));
	}
	if (t->has_charset)
		l->mode.charset = classify_charset_of(span_str(t->charset));
	if (t->lost) {
		l->mode.unknown = CLASSIFY_MODES;
		l->mode.charset = CLASSIFY_CHARSET_UNKNOWN;
		l->database[0] = '\0';
	}
	if (t->has_database)
		(void)snprintf(l->database, sizeof l->database, "%s", t->database);
}

void gw_mysql_mode_after(struct gw_mysql_link *l)
{
	const struct mysql_result *r = &l->result;
	const struct gw_mysql_statement *s = &l->now;
	if (s->dynamic) /* it may have told the server to be silent */
		l->tracks = false;
	if (!l->tracks && s->told) {
		if (r->failed)
			doubt(&l->mode, &s->after);
		else
			l->mode.set = s->after.set, l->mode.unknown = s->after.unknown, l->mode.charset = s->after.charset;
		if (s->uses)
			l->database[0] = '\0';
	}
	by_track(l, &r->track);
	if (r->has_status) {
		bool on = r->status & MYSQL_STATUS_NO_BACKSLASH_ESCAPES;
		l->mode.set = (uint8_t)((l->mode.set & ~CLASSIFY_NO_BACKSLASH_ESCAPES) | (on ? CLASSIFY_NO_BACKSLASH_ESCAPES : 0));
		l->mode.unknown &= (uint8_t)~CLASSIFY_NO_BACKSLASH_ESCAPES;
	}
}
