#include "sqlproxy/classify/mysql_read.h"

/*
 * A condition is judged as far as it can be without data: what compares a thing with itself, what has no column in it and is not plainly false, and what AND,
 * OR and NOT make of these.
 */
enum truth { NO, MAYBE, YES };
/* What stands between two operators of conditions. */
struct term {
	uint64_t hash; /* of its tokens, without parentheses */
	bool data;     /* a column, a variable, a parameter: it depends on something */
	bool any;
	bool number;   /* one number alone */
	uint64_t value;
	size_t tokens;
	enum truth truth; /* of what stood in parentheses, when it is all of the term */
	bool inner;
};
enum operator { NONE, EQUAL, OTHER };
struct level { /* of parentheses: OR over AND over one condition */
	enum truth ors, ands;
	bool not;
	bool between, text; /* BETWEEN waits for its AND; LIKE for its text */
	enum operator op;
	uint8_t sign, sign2;
	struct term left, right;
};
struct judge {
	struct classify_mysql_reader *r;
	struct level level[CLASSIFY_DEEP];
	size_t depth, skipped; /* parentheses of a function or of a query: only their tokens count */
	size_t cases;
};

static enum truth not(enum truth t)
{
	return (enum truth)(YES - t);
}

static struct level *top(struct judge *j)
{
	return &j->level[j->depth];
}

static void begin(struct level *l)
{
	l->op = NONE;
	l->not = l->between = l->text = false;
	l->left = l->right = (struct term){ .truth = MAYBE };
}

static bool is_number(const struct term *t)
{
	return t->number && t->tokens == 1;
}

static enum truth compare(const struct level *l)
{
	uint64_t a = l->left.value, b = l->right.value;

	switch (l->sign) {
	case '=':
		return a == b ? YES : NO;
	case '!':
		return a != b ? YES : NO;
	case '<':
		if (l->sign2 == '>')
			return a != b ? YES : NO;
		return l->sign2 == '=' ? (a <= b ? YES : NO) : (a < b ? YES : NO);
	default:
		return l->sign2 == '=' ? (a >= b ? YES : NO) : (a > b ? YES : NO);
	}
}

static enum truth term_truth(const struct term *t)
{
	if (t->inner && t->tokens == 0)
		return t->truth;
	if (!t->any || t->data)
		return MAYBE;
	return is_number(t) ? (t->value ? YES : NO) : YES; /* a constant, and not plainly false */
}

static enum truth condition(const struct level *l)
{
	enum truth ret;

	if (l->op == NONE) {
		ret = term_truth(&l->left);
	} else if (l->op == EQUAL && l->left.any && l->left.hash == l->right.hash && l->left.tokens == l->right.tokens) {
		bool same = l->sign == '=' || l->sign2 == '=' || l->sign == 'L';
		ret = same && l->sign != '!' ? YES : NO;
	} else if (l->op == EQUAL && is_number(&l->left) && is_number(&l->right) && l->sign != 'L') {
		ret = compare(l);
	} else if (l->text && l->right.tokens == 1 && !l->right.data) {
		ret = YES; /* LIKE '%' */
	} else {
		ret = l->left.data || l->right.data ? MAYBE : YES;
	}
	return l->not ? not(ret) : ret;
}

static void end_condition(struct level *l)
{
	enum truth t = condition(l);

	if (t < l->ands)
		l->ands = t;
	begin(l);
}

static void end_ands(struct level *l)
{
	end_condition(l);
	if (l->ands > l->ors)
		l->ors = l->ands;
	l->ands = YES;
}

static void start(struct level *l)
{
	l->ors = NO;
	l->ands = YES;
	begin(l);
}

/* FNV-1a; letters of words in whatever case. */
static void add(struct term *t, const struct classify_token *token, bool data)
{
	uint64_t h = t->hash ? t->hash : 0xcbf29ce484222325;

	t->hash = h;
	for (size_t i = 0; i < token->text.n; i++) {
		uint8_t c = token->text.p[i];
		t->hash = (t->hash ^ (c >= 'a' && c <= 'z' && token->kind == CLASSIFY_TOKEN_WORD ? c - 32U : c)) * 0x100000001b3;
	}
	t->hash = (t->hash ^ 0x1ff) * 0x100000001b3;
	t->any = true;
	t->data = t->data || data;
	t->number = token->kind == CLASSIFY_TOKEN_NUMBER && token->text.n < 18;
	t->value = 0;
	for (size_t i = 0; i < token->text.n && t->number; i++) {
		t->number = token->text.p[i] >= '0' && token->text.p[i] <= '9';
		t->value = t->value * 10 + token->text.p[i] - '0';
	}
	t->tokens++;
}

static struct term *here(struct level *l)
{
	return l->op == NONE ? &l->left : &l->right;
}

/* A name, unless it is a function's or a word of the grammar. */
static bool is_data(const struct judge *j)
{
	const struct classify_token *t = &j->r->t;

	if (t->kind == CLASSIFY_TOKEN_VARIABLE || t->kind == CLASSIFY_TOKEN_PARAMETER)
		return true;
	if (!classify_mysql_named(t))
		return false;
	struct classify_token next = classify_mysql_peek(j->r);
	return next.kind != CLASSIFY_TOKEN_STRING && !(next.kind == CLASSIFY_TOKEN_SIGN && next.sign == '(');
}

static bool is_operator(struct level *l, const struct classify_token *t)
{
	if (l->op != NONE || !l->left.any)
		return false;
	if (t->kind == CLASSIFY_TOKEN_SIGN && (t->sign == '=' || t->sign == '<' || t->sign == '>' || (t->sign == '!' && t->text.n == 2)) &&
		!(t->text.n == 2 && t->text.p[0] == t->text.p[1])) {
		l->op = EQUAL;
		l->sign = t->sign;
		l->sign2 = t->text.n > 1 ? t->text.p[1] : 0;
		return true;
	}
	if (t->kind != CLASSIFY_TOKEN_WORD)
		return false;
	l->between = t->word == W_BETWEEN;
	if (t->word == W_LIKE || t->word == W_RLIKE || t->word == W_REGEXP) {
		l->op = EQUAL;
		l->sign = 'L';
		l->sign2 = 0;
		return true;
	}
	if (t->word != W_IN && t->word != W_IS && t->word != W_BETWEEN)
		return false;
	l->op = OTHER;
	return true;
}

/* Texts that everything is like. */
static bool matches_all(const struct level *l, const struct classify_token *t)
{
	if (l->sign != 'L' || l->op != EQUAL || t->kind != CLASSIFY_TOKEN_STRING || t->text.n < 3)
		return false;
	for (size_t i = 1; i + 1 < t->text.n; i++)
		if (t->text.p[i] != '%')
			return false;
	return true;
}

static bool ends_condition(const struct judge *j)
{
	const struct classify_token *t = &j->r->t;

	return classify_mysql_ends(j->r) || (t->kind == CLASSIFY_TOKEN_WORD && (t->word == W_ORDER || t->word == W_LIMIT || t->word == W_RETURNING ||
											 t->word == W_GROUP || t->word == W_END));
}

static bool is_or(const struct classify_token *t)
{
	return (t->kind == CLASSIFY_TOKEN_WORD && (t->word == W_OR || t->word == W_XOR)) || (t->kind == CLASSIFY_TOKEN_SIGN && t->text.n == 2 && t->sign == '|');
}

static bool is_and(const struct classify_token *t)
{
	return (t->kind == CLASSIFY_TOKEN_WORD && t->word == W_AND) || (t->kind == CLASSIFY_TOKEN_SIGN && t->text.n == 2 && t->sign == '&');
}

static bool is_not(const struct level *l, const struct classify_token *t)
{
	return l->op == NONE && ((t->kind == CLASSIFY_TOKEN_WORD && t->word == W_NOT) ||
					(t->kind == CLASSIFY_TOKEN_SIGN && t->text.n == 1 && t->sign == '!' && !l->left.any));
}

/* False: deeper than anybody writes by hand; nothing is claimed then. */
static bool open_paren(struct judge *j)
{
	bool call = j->r->last.kind == CLASSIFY_TOKEN_WORD || j->r->last.kind == CLASSIFY_TOKEN_NAME;
	struct classify_token next = classify_mysql_peek(j->r);
	bool logical = !call || j->r->last.word == W_AND || j->r->last.word == W_OR || j->r->last.word == W_NOT || j->r->last.word == W_WHERE ||
		       j->r->last.word == W_XOR || j->r->last.word == W_LIKE;

	if (j->skipped > 0 || !logical || (next.kind == CLASSIFY_TOKEN_WORD && next.word == W_SELECT)) {
		j->skipped++;
		return true;
	}
	if (j->depth + 1 == CLASSIFY_DEEP)
		return false;
	j->depth++;
	start(top(j));
	return true;
}

static void close_paren(struct judge *j)
{
	if (j->skipped > 0) {
		j->skipped--;
		return;
	}
	struct level *l = top(j);
	struct term inner = l->op == NONE && l->ors == NO && l->ands == YES && !l->not ? l->left : (struct term){ .any = true, .inner = true };
	bool alone = !inner.inner;
	enum truth t;
	end_ands(l);
	t = l->ors;
	j->depth--;
	struct term *into = here(top(j));
	if (into->any) { /* part of a longer term */
		into->data = into->data || inner.data || t == MAYBE;
		into->tokens += inner.tokens + 1;
	} else if (alone) {
		*into = inner; /* (id) is id */
		into->truth = t;
	} else {
		*into = inner;
		into->truth = t;
		into->data = t == MAYBE;
	}
}

static void other(struct judge *j)
{
	const struct classify_token *t = &j->r->t;
	struct level *l = top(j);

	if (matches_all(l, t))
		l->text = true;
	add(here(l), t, is_data(j));
}

bool classify_mysql_always(struct classify_mysql_reader r)
{
	struct judge j = { .r = &r };

	r.quiet = true;
	start(top(&j));
	for (; !ends_condition(&j) || (j.depth > 0 && !classify_mysql_ends(&r)) || (j.skipped > 0 && !classify_mysql_ends(&r)) ||
		(j.cases > 0 && !classify_mysql_ends(&r));
		classify_mysql_next(&r)) {
		struct level *l = top(&j);
		bool flat = j.skipped == 0 && j.cases == 0;
		if (classify_mysql_is(&r, W_CASE))
			j.cases++;
		else if (classify_mysql_is(&r, W_END) && j.cases > 0)
			j.cases--;
		if (classify_mysql_at(&r, '(')) {
			if (!open_paren(&j))
				return false;
		} else if (classify_mysql_at(&r, ')')) {
			if (j.depth == 0 && j.skipped == 0)
				break;
			close_paren(&j);
		} else if (flat && is_and(&r.t) && l->between) {
			l->between = false;
		} else if (flat && is_and(&r.t)) {
			end_condition(l);
		} else if (flat && is_or(&r.t)) {
			end_ands(l);
		} else if (flat && is_not(l, &r.t)) {
			l->not = !l->not;
		} else if (!flat || !is_operator(l, &r.t)) {
			other(&j);
		}
	}
	while (j.depth > 0)
		close_paren(&j);
	end_ands(top(&j));
	return top(&j)->ors == YES;
}
