#include "sqlproxy/classify/tsql_where.h"

enum { STEP_NONE, STEP_FIRST, STEP_EQUALS, STEP_LIKE, STEP_SAME, STEP_OTHER };

static uint8_t fold(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static bool same(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	}
	return true;
}

void classify_tsql_where_begin(struct classify_tsql_where *w, bool flat)
{
	*w = (struct classify_tsql_where){ .on = true, .flat = flat };
}

static bool is_all(struct span text) /* '%', N'%%', whatever strings it is in */
{
	bool any = false;
	for (size_t i = 0; i + 2 <= text.n; i += 2) {
		if (text.p[i + 1] || (text.p[i] != '%' && text.p[i] != '\'' && text.p[i] != '"' && fold(text.p[i]) != 'n'))
			return false;
		any |= text.p[i] == '%';
	}
	return any;
}

void classify_tsql_where_operand(struct classify_tsql_where *w, bool varies, struct span text)
{
	w->any = true;
	w->term |= varies;
	if (varies && w->step == STEP_NONE) {
		w->chain = text;
		w->step = STEP_FIRST;
	} else if (varies && w->step == STEP_EQUALS && text.n > 0 && same(w->chain, text)) {
		w->step = STEP_SAME;
	} else if (!varies && w->step == STEP_LIKE && is_all(text)) {
		w->step = STEP_SAME;
	} else {
		w->step = STEP_OTHER;
	}
}

void classify_tsql_where_like(struct classify_tsql_where *w)
{
	w->step = w->step == STEP_FIRST ? STEP_LIKE : STEP_OTHER;
}

void classify_tsql_where_equals(struct classify_tsql_where *w)
{
	w->step = w->step == STEP_FIRST ? STEP_EQUALS : STEP_OTHER;
}

void classify_tsql_where_other(struct classify_tsql_where *w)
{
	w->step = STEP_OTHER;
}

void classify_tsql_where_and(struct classify_tsql_where *w)
{
	w->branch |= w->term && (w->flat || w->step != STEP_SAME);
	w->term = false;
	w->step = STEP_NONE;
}

void classify_tsql_where_or(struct classify_tsql_where *w)
{
	classify_tsql_where_and(w);
	if (w->flat)
		return;
	w->always |= w->any && !w->branch;
	w->any = w->branch = false;
}

bool classify_tsql_where_end(struct classify_tsql_where *w)
{
	classify_tsql_where_or(w);
	w->on = false;
	return w->flat ? !w->branch : w->always;
}
