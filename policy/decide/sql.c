#include "policy/decide/sql.h"
#include "gateway/core/scope.h"

#define NAME(name) #name,
static const char *const class_names[] = { DECIDE_SQL_CLASS_LIST(NAME) };
static const char *const flag_names[] = { DECIDE_SQL_FLAG_LIST(NAME) };
static const char *const action_names[DECIDE_SQL_ACTIONS] = { "allow", "alert", "approve", "deny" };

static size_t find(const char *const *names, size_t n, struct span name)
{
	size_t i = 0;

	while (i < n && !span_is(name, names[i]))
		i++;
	return i;
}

const char *decide_sql_action_name(enum decide_sql_action a)
{
	return (size_t)a < COUNT_OF(action_names) ? action_names[a] : "?";
}

bool decide_sql_action(struct span name, enum decide_sql_action *ret)
{
	size_t i = find(action_names, COUNT_OF(action_names), name);

	if (i < COUNT_OF(action_names))
		*ret = (enum decide_sql_action)i;
	return i < COUNT_OF(action_names);
}

uint64_t decide_sql_class(struct span name)
{
	size_t i = find(class_names, COUNT_OF(class_names), name);

	return i < COUNT_OF(class_names) ? UINT64_C(1) << i : 0;
}

uint64_t decide_sql_flag(struct span name)
{
	size_t i = find(flag_names, COUNT_OF(flag_names), name);

	return i < COUNT_OF(flag_names) ? UINT64_C(1) << i : 0;
}

const char *decide_sql_class_name(size_t bit)
{
	return bit < COUNT_OF(class_names) ? class_names[bit] : NULL;
}

const char *decide_sql_flag_name(size_t bit)
{
	return bit < COUNT_OF(flag_names) ? flag_names[bit] : NULL;
}

/* ---- one rule, one statement ---- */

struct looking {
	const struct decide_sql_rule *rule;
	const struct decide_sql_fact *fact;
	bool passes; /* the rule lets pass: everything has to fit */
	size_t *steps; /* of the whole judgement */
};

static bool glob(struct looking *l, struct span pattern, struct span text, bool fold)
{
	if (pattern.n == 0)
		return true;
	enum decide_fit fit = decide_glob_fits(&(struct decide_glob){ pattern, fold }, text, l->steps);
	return fit == DECIDE_YES || (fit == DECIDE_MAYBE && !l->passes);
}

/* schema.table, or the name alone, by one of the words. */
static bool table_fits(struct looking *l, struct span table)
{
	struct span rest = l->rule->tables;
	size_t dot = 0;

	if (*l->steps <= table.n) {
		*l->steps = 0;
		return !l->passes;
	}
	*l->steps -= table.n + 1;
	for (size_t i = 0; i < table.n; i++)
		dot = table.p[i] == '.' ? i + 1 : dot;
	while (rest.n > 0) {
		size_t n = 0;
		while (n < rest.n && rest.p[n] != ' ')
			n++;
		struct span word = span_of(rest.p, n);
		rest = span_of(rest.p + n + (n < rest.n), rest.n - n - (n < rest.n));
		if (n > 0 && (glob(l, word, table, true) || glob(l, word, span_of(table.p + dot, table.n - dot), true)))
			return true;
	}
	return false;
}

static bool tables_fit(struct looking *l, const struct decide_sql_statement *s)
{
	bool any = false, all = true;

	if (l->rule->tables.n == 0)
		return true;
	if (!s->tables_known)
		return !l->passes;
	for (size_t i = 0; i < s->n; i++) {
		bool fits = table_fits(l, s->tables[i]);
		any = any || fits;
		all = all && fits;
	}
	return l->passes ? all && any : any;
}

static uint64_t classes_of(const struct decide_sql_statement *s)
{
	return s->classes ? s->classes : decide_sql_class(span_str("UNPARSED"));
}

/* What takes nothing more away, whatever it is said of. */
static uint64_t harmless(void)
{
	return decide_sql_flag(span_str("MULTI")) | decide_sql_flag(span_str("TEMP")) | decide_sql_flag(span_str("FUNC"));
}

static bool what_fits(const struct looking *l, const struct decide_sql_statement *s)
{
	const struct decide_sql_rule *r = l->rule;
	uint64_t classes = classes_of(s);

	if ((r->without & s->flags) || (r->classes && !(r->classes & classes)) || (r->flags && !(r->flags & s->flags)))
		return false;
	if (!l->passes || (!r->classes && !r->flags))
		return true;
	return (!r->classes || !(classes & ~r->classes)) && !(s->flags & ~(r->flags | harmless()));
}

static bool amount_fits(const struct looking *l, const struct decide_sql_statement *s)
{
	const struct decide_sql_rule *r = l->rule;

	if (r->statements > 0 && l->fact->n <= (size_t)r->statements)
		return false;
	return r->rows <= 0 || (s->rows < 0 ? !l->passes : s->rows > r->rows);
}

static bool who_fits(struct looking *l)
{
	const struct decide_sql_rule *r = l->rule;
	const struct decide_sql_fact *f = l->fact;

	if (r->hours && !decide_hours_has(r->hours, f->now_us))
		return false;
	if (r->from.n > 0) {
		int in = decide_net_has(r->from, &f->source);
		if (in == 0 || (in < 0 && l->passes))
			return false;
	}
	return glob(l, r->user, f->user, false) && glob(l, r->role, f->role, false) && glob(l, r->dialect, f->dialect, false) &&
	       glob(l, r->database, f->database, true) && glob(l, r->program, f->program, false);
}

static bool fits(struct looking *l, const struct decide_sql_statement *s)
{
	return what_fits(l, s) && amount_fits(l, s) && who_fits(l) && tables_fit(l, s);
}

void decide_sql_judge(const struct decide_sql_ask *ask, const struct decide_sql_fact *f, struct decide_sql_verdict *ret)
{
	size_t steps = DECIDE_SQL_STEPS;

	*ret = (struct decide_sql_verdict){ .action = DECIDE_SQL_ALLOW };
	for (size_t i = 0; i < f->n; i++) {
		struct decide_sql_verdict one = { .action = ask->otherwise, .statement = i };
		for (size_t k = 0; k < ask->n; k++) {
			struct looking l = { &ask->rules[k], f, ask->rules[k].action <= DECIDE_SQL_ALERT, &steps };
			if (fits(&l, &f->statements[i])) {
				one.action = ask->rules[k].action;
				one.rule = ask->rules[k].id;
				break;
			}
		}
		if (one.action == DECIDE_SQL_APPROVE && !ask->approval)
			one.action = DECIDE_SQL_DENY;
		if (i == 0 || one.action > ret->action)
			*ret = one;
	}
}
