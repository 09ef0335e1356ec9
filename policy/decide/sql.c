#include "policy/decide/sql.h"
#include "gateway/core/scope.h"
#include <string.h>

enum { NAME_MAX_BYTES = 1024, PARTS_MAX = 4 /* server.database.schema.table */ };

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

/* ---- names ---- */

/* Behind its nth dot from the end; all of it where there are fewer. */
static struct span last_parts(struct span name, unsigned dots)
{
	size_t at = name.n;

	while (at > 0 && (name.p[at - 1] != '.' || dots-- > 0))
		at--;
	return span_of(at > 0 ? name.p + at : name.p, name.n - at);
}

/* Of a.b (T-SQL: a.b.c) the a: which database it names itself; empty = none. */
static struct span database_of(const struct looking *l, struct span table)
{
	struct span rest = last_parts(table, span_is(l->fact->dialect, "tsql"));

	return rest.n == table.n ? (struct span){ 0 } : last_parts(span_of(table.p, table.n - rest.n - 1), 0);
}

/* What the name leaves open: the schema of T-SQL, and the database where nobody knows which is the current one. */
static bool is_open(const struct looking *l, struct span table)
{
	bool has_schema = last_parts(table, 0).n < table.n;

	if (span_is(l->fact->dialect, "tsql") && !has_schema)
		return true;
	return l->fact->database.n == 0 && database_of(l, table).n == 0;
}

/* The last part of the pattern by the last part of the name: what refuses does not care for what is open. */
static bool open_fits(struct looking *l, struct span word, struct span table)
{
	struct span one;
	bool begun = false;

	while (decide_glob_next(&word, &begun, &one))
		if (decide_glob_fits_one(&(struct decide_glob){ last_parts(one, 0), true }, last_parts(table, 0), l->steps) != DECIDE_NO)
			return true;
	return false;
}

/* As it is called in full, in the current database. */
static bool full_fits(struct looking *l, struct span word, struct span table)
{
	char name[NAME_MAX_BYTES];
	struct span database = l->fact->database;

	if (database.n == 0 || database_of(l, table).n > 0)
		return false;
	if (database.n + 1 + table.n > sizeof name)
		return !l->passes;
	memcpy(name, database.p, database.n);
	name[database.n] = '.';
	if (table.n > 0)
		memcpy(name + database.n + 1, table.p, table.n);
	return glob(l, word, span_of(name, database.n + 1 + table.n), true);
}

/* What lets pass: the name as written, its last part, or in full.  What refuses: also from any of its parts on, and by what is open. */
static bool word_fits(struct looking *l, struct span word, struct span table)
{
	if (glob(l, word, table, true) || glob(l, word, last_parts(table, 0), true) || full_fits(l, word, table))
		return true;
	if (l->passes)
		return false;
	for (unsigned dots = 1; last_parts(table, dots).n < table.n; dots++)
		if (dots == PARTS_MAX || glob(l, word, last_parts(table, dots), true)) /* no server knows a name of so many parts */
			return true;
	return is_open(l, table) && open_fits(l, word, table);
}

static bool table_fits(struct looking *l, struct span table)
{
	struct span rest = l->rule->tables;

	if (*l->steps <= table.n) {
		*l->steps = 0;
		return !l->passes;
	}
	*l->steps -= table.n + 1;
	while (rest.n > 0) {
		size_t n = 0;
		while (n < rest.n && rest.p[n] != ' ')
			n++;
		struct span word = span_of(rest.p, n);
		rest = span_of(rest.p + n + (n < rest.n), rest.n - n - (n < rest.n));
		if (n > 0 && word_fits(l, word, table))
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

/* The current database, and those that its tables name. */
static bool database_fits(struct looking *l, const struct decide_sql_statement *s)
{
	struct span current = l->fact->database;
	bool named = false, others = true; /* any of the tables' fits; all of them do */
	size_t here = s->n == 0;           /* what happens in the current one */

	if (l->rule->database.n == 0)
		return true;
	if (!s->tables_known)
		return !l->passes;
	for (size_t i = 0; i < s->n; i++) {
		struct span own = database_of(l, s->tables[i]);
		bool fits = own.n > 0 && glob(l, l->rule->database, own, true);
		here += own.n == 0;
		named = named || fits;
		others = others && (own.n == 0 || fits);
	}
	bool fits = current.n == 0 ? !l->passes : glob(l, l->rule->database, current, true);
	return l->passes ? others && (here == 0 || fits) : named || fits;
}

static uint64_t classes_of(const struct decide_sql_statement *s)
{
	return s->classes ? s->classes : DECIDE_SQL_CLASS(UNPARSED);
}

/* What takes nothing more away, whatever it is said of. */
static uint64_t harmless(void)
{
	return DECIDE_SQL_FLAG(MULTI) | DECIDE_SQL_FLAG(TEMP) | DECIDE_SQL_FLAG(FUNC);
}

static bool what_fits(const struct looking *l, const struct decide_sql_statement *s)
{
	const struct decide_sql_rule *r = l->rule;
	uint64_t classes = classes_of(s);

	if ((r->without & s->flags) || (r->classes && !(r->classes & classes)) || (r->flags && !(r->flags & s->flags)))
		return false;
	if (l->passes && (classes & DECIDE_SQL_CLASS(UNPARSED)) && !(r->classes & DECIDE_SQL_CLASS(UNPARSED)))
		return false; /* nobody knows what it is */
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
	       glob(l, r->program, f->program, false);
}

static bool fits(struct looking *l, const struct decide_sql_statement *s)
{
	return what_fits(l, s) && amount_fits(l, s) && who_fits(l) && database_fits(l, s) && tables_fit(l, s);
}

void decide_sql_judge(const struct decide_sql_ask *ask, const struct decide_sql_fact *f, struct decide_sql_verdict *ret)
{
	static const uint64_t moves = DECIDE_SQL_CLASS(USE) | DECIDE_SQL_CLASS(CALL) | DECIDE_SQL_CLASS(EXECUTE) | DECIDE_SQL_CLASS(UNPARSED);
	size_t steps = DECIDE_SQL_STEPS;
	struct decide_sql_fact here = *f;

	*ret = (struct decide_sql_verdict){ .action = DECIDE_SQL_ALLOW };
	for (size_t i = 0; i < f->n; i++) {
		struct decide_sql_verdict one = { .action = ask->otherwise, .statement = i };
		for (size_t k = 0; k < ask->n; k++) {
			struct looking l = { &ask->rules[k], &here, ask->rules[k].action <= DECIDE_SQL_ALERT, &steps };
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
		if (classes_of(&f->statements[i]) & moves)
			here.database = (struct span){ 0 }; /* what comes behind it happens in another one */
	}
}
