#include "policy/decide/command.h"
#include "gateway/core/scope.h"
#include <string.h>

static const char *const action_names[DECIDE_COMMAND_ACTIONS] = {
	[DECIDE_COMMAND_ALLOW] = "allow",
	[DECIDE_COMMAND_ALERT] = "alert",
	[DECIDE_COMMAND_ASK] = "ask",
	[DECIDE_COMMAND_DENY] = "deny",
};

const char *decide_command_name(enum decide_command_action a)
{
	return (size_t)a < COUNT_OF(action_names) ? action_names[a] : "?";
}

bool decide_command_action(struct span name, enum decide_command_action *ret)
{
	for (size_t i = 0; i < COUNT_OF(action_names); i++)
		if (span_is(name, action_names[i])) {
			*ret = (enum decide_command_action)i;
			return true;
		}
	return false;
}

static struct span base_of(struct span path)
{
	const uint8_t *slash = path.n > 0 ? memrchr(path.p, '/', path.n) : NULL;

	return slash ? span_of(slash + 1, path.n - (size_t)(slash + 1 - path.p)) : path;
}

static enum decide_fit either(enum decide_fit a, enum decide_fit b)
{
	return a > b ? a : b;
}

static enum decide_fit glob(struct span pattern, struct span text, size_t *steps)
{
	return decide_glob_fits(&(struct decide_glob){ .pattern = pattern }, text, steps);
}

static enum decide_fit program_fits(const struct decide_command_rule *r, const struct decide_command_fact *f, size_t *steps)
{
	enum decide_fit fit = DECIDE_NO;

	if (r->program.n == 0 || span_is(r->program, "*"))
		return DECIDE_YES;
	if (f->path.n > 0)
		fit = glob(r->program, base_of(f->path), steps);
	if (f->n == 0)
		return either(fit, f->path.n > 0 ? DECIDE_NO : DECIDE_MAYBE);
	struct span called = f->argv[0].text;
	if (called.n > 1 && called.p[0] == '-') /* a login shell */
		called = span_of(called.p + 1, called.n - 1);
	return either(fit, f->argv[0].opaque ? DECIDE_MAYBE : glob(r->program, base_of(called), steps));
}

/* ---- paths ---- */

struct normal {
	uint8_t path[DECIDE_COMMAND_PATH];
	size_t n;
};

static bool normal_add(struct normal *to, struct span path)
{
	for (size_t at = 0; at < path.n;) {
		const uint8_t *slash = memchr(path.p + at, '/', path.n - at);
		struct span part = span_of(path.p + at, slash ? (size_t)(slash - path.p) - at : path.n - at);

		at += part.n + 1;
		if (part.n == 0 || span_is(part, "."))
			continue;
		if (span_is(part, "..")) {
			while (to->n > 0 && to->path[--to->n] != '/')
				;
			continue;
		}
		if (to->n + 1 + part.n > sizeof to->path)
			return false;
		to->path[to->n++] = '/';
		memcpy(to->path + to->n, part.p, part.n);
		to->n += part.n;
	}
	return true;
}

/* What it costs; false when that is more than is left. */
static bool spend(size_t *steps, size_t n)
{
	bool enough = *steps >= n;

	*steps = enough ? *steps - n : 0;
	return enough;
}

/* The argument as the absolute path that it means: NO, there is none; MAYBE, it is not known. */
static enum decide_fit normal_of(struct normal *to, struct span arg, struct span directory, size_t *steps)
{
	bool absolute = arg.n > 0 && arg.p[0] == '/';

	to->n = 0;
	if (arg.n == 0 || arg.p[0] == '-' || (!absolute && directory.n == 0))
		return DECIDE_NO;
	if (!spend(steps, arg.n + (absolute ? 0 : directory.n)) || (!absolute && !normal_add(to, directory)) || !normal_add(to, arg))
		return DECIDE_MAYBE;
	if (to->n == 0)
		to->path[to->n++] = '/';
	return DECIDE_YES;
}

/* ---- arguments ---- */

static bool is_option(struct span p)
{
	return p.n == 2 && p.p[0] == '-' && ((p.p[1] | 32) >= 'a' ? (p.p[1] | 32) <= 'z' : p.p[1] >= '0' && p.p[1] <= '9');
}

/* An argument, and the path that it means once somebody asked for it. */
struct argument {
	const struct decide_command_word *word;
	struct normal normal;
	enum decide_fit has_normal;
	bool asked;
};

/* One alternative against one argument. */
static enum decide_fit one_fits(struct span p, struct argument *arg, struct span directory, size_t *steps)
{
	const struct decide_glob g = { .pattern = p };
	struct span text = arg->word->text;

	if (span_is(p, "*"))
		return DECIDE_YES;
	if (arg->word->opaque || !spend(steps, 1))
		return DECIDE_MAYBE;
	if (is_option(p)) {
		bool options = text.n > 1 && text.p[0] == '-' && text.p[1] != '-';
		if (options && !spend(steps, text.n))
			return DECIDE_MAYBE;
		return options && memchr(text.p + 1, p.p[1], text.n - 1) != NULL ? DECIDE_YES : DECIDE_NO;
	}
	enum decide_fit fit = decide_glob_fits_one(&g, text, steps);
	if (fit == DECIDE_YES || p.n == 0 || p.p[0] != '/')
		return fit;
	if (!arg->asked)
		arg->has_normal = normal_of(&arg->normal, text, directory, steps);
	arg->asked = true;
	if (arg->has_normal != DECIDE_YES)
		return either(fit, arg->has_normal);
	return either(fit, decide_glob_fits_one(&g, span_of(arg->normal.path, arg->normal.n), steps));
}

/* Is there an argument that fits the word? */
static enum decide_fit word_fits(struct span word, const struct decide_command_fact *f, size_t *steps)
{
	enum decide_fit best = DECIDE_NO;
	struct argument arg;

	for (size_t i = 1; i < f->n && best != DECIDE_YES; i++) {
		struct span rest = word, one;
		bool begun = false;

		arg.word = &f->argv[i];
		arg.asked = false;
		while (best != DECIDE_YES && decide_glob_next(&rest, &begun, &one))
			best = either(best, one_fits(one, &arg, f->directory, steps));
		if (*steps == 0) /* no word behind it can be looked at */
			return either(best, DECIDE_MAYBE);
	}
	return best;
}

static bool next_word(struct span *rest, struct span *ret)
{
	size_t n = 0;

	while (rest->n > 0 && rest->p[0] == ' ')
		*rest = span_of(rest->p + 1, rest->n - 1);
	while (n < rest->n && rest->p[n] != ' ')
		n += rest->p[n] == '\\' && n + 1 < rest->n ? 2 : 1;
	*ret = span_of(rest->p, n);
	if (n > 0) /* an empty text may have no address */
		*rest = span_of(rest->p + n, rest->n - n);
	return n > 0;
}

static enum decide_fit args_fit(const struct decide_command_rule *r, const struct decide_command_fact *f, size_t *steps)
{
	enum decide_fit all = DECIDE_YES;
	struct span rest = r->args, word;

	while (all != DECIDE_NO && next_word(&rest, &word)) {
		bool none = word.n > 1 && word.p[0] == '!';
		enum decide_fit fit = word_fits(none ? span_of(word.p + 1, word.n - 1) : word, f, steps);
		if (none)
			fit = (enum decide_fit)(DECIDE_YES - fit);
		all = fit < all ? fit : all;
	}
	return all;
}

/* ---- rules ---- */

static enum decide_fit name_fits(struct span pattern, struct span name, enum decide_fit unknown, size_t *steps)
{
	return pattern.n == 0 ? DECIDE_YES : name.n == 0 ? unknown : glob(pattern, name, steps);
}

static enum decide_fit rule_fits(const struct decide_command_rule *r, const struct decide_command_fact *f, size_t *steps)
{
	enum decide_fit fit = DECIDE_YES, one;

	if (r->hours && !decide_hours_has(r->hours, f->now_us))
		return DECIDE_NO;
	for (int i = 0; i < 5 && fit != DECIDE_NO; i++) {
		one = i == 0 ? name_fits(r->account, f->account, DECIDE_MAYBE, steps)
		      : i == 1 ? name_fits(r->target, f->target, DECIDE_MAYBE, steps)
		      : i == 2 ? program_fits(r, f, steps)
		      : i == 3 ? name_fits(r->path, f->path, DECIDE_MAYBE, steps) : args_fit(r, f, steps);
		fit = one < fit ? one : fit;
	}
	return fit;
}

enum decide_fit decide_command_fits(const struct decide_command_rule *r, const struct decide_command_fact *f)
{
	size_t steps = DECIDE_COMMAND_STEPS;

	return rule_fits(r, f, &steps);
}

void decide_command_judge(const struct decide_command_ask *ask, const struct decide_command_fact *f, struct decide_command_verdict *ret)
{
	const struct decide_command_rule *sure = NULL, *maybe = NULL;
	size_t steps = DECIDE_COMMAND_STEPS;
	bool mixed = false;

	for (size_t i = 0; i < ask->n && !sure; i++) {
		enum decide_fit fit = rule_fits(&ask->rules[i], f, &steps);
		if (fit == DECIDE_YES)
			sure = &ask->rules[i];
		else if (fit == DECIDE_MAYBE && maybe)
			mixed = mixed || ask->rules[i].action != maybe->action;
		else if (fit == DECIDE_MAYBE)
			maybe = &ask->rules[i];
	}
	*ret = (struct decide_command_verdict){ sure ? sure->action : ask->otherwise, sure ? sure->id : 0, false };
	if (maybe && (mixed || maybe->action != ret->action))
		*ret = (struct decide_command_verdict){ ask->unknown, maybe->id, true };
}
