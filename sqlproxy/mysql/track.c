#include "sqlproxy/mysql/track.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>

enum { VARIABLE = 0, SCHEMA = 1 };

static void keep(struct mysql_track *t, struct span value, bool *has, char *ret, size_t max)
{
	if (value.n > max || (value.n > 0 && memchr(value.p, 0, value.n))) {
		t->lost = true;
		return;
	}
	if (value.n > 0)
		memcpy(ret, value.p, value.n);
	ret[value.n] = '\0';
	*has = true;
}

static void variables(struct mysql_track *t, struct rd *r)
{
	while (!r->bad && r->n > 0) {
		struct span name = mysql_wire_text(r), value = mysql_wire_text(r);
		if (r->bad)
			return;
		if (span_is(name, "sql_mode"))
			keep(t, value, &t->has_mode, t->mode, MYSQL_TRACK_VALUE);
		else if (span_is(name, "character_set_client"))
			keep(t, value, &t->has_charset, t->charset, sizeof t->charset - 1);
	}
}

int mysql_track_read(struct mysql_track *t, struct span information)
{
	struct rd r = rd_of(information);
	while (!r.bad && r.n > 0) {
		uint8_t type = rd_u8(&r);
		struct rd entry = rd_of(mysql_wire_text(&r));
		if (r.bad)
			break;
		if (type == VARIABLE) {
			variables(t, &entry);
		} else if (type == SCHEMA) {
			struct span name = mysql_wire_text(&entry);
			if (!entry.bad)
				keep(t, name, &t->has_database, t->database, MYSQL_TRACK_NAME);
		}
		r.bad |= entry.bad;
	}
	return r.bad ? -EPROTO : 0;
}
