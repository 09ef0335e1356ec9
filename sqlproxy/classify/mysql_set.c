#include "sqlproxy/classify/mysql_read.h"

struct target { /* of one assignment */
	struct span name;
	bool global; /* for the whole server */
	bool user;   /* @a, or a routine's own */
};

static struct span inner(const struct classify_token *t)
{
	return t->kind == CLASSIFY_TOKEN_NAME ? span_of(t->text.p + 1, t->text.n - 2) : t->text;
}

static bool scope(struct classify_mysql_reader *r, struct target *ret)
{
	switch (r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : W_NO_WORD) {
	case W_GLOBAL:
	case W_PERSIST:
	case W_PERSIST_ONLY:
		ret->global = r->set_global = true;
		break;
	case W_SESSION:
	case W_LOCAL:
		r->set_global = false;
		break;
	default:
		return false;
	}
	classify_mysql_next(r);
	return true;
}

static bool scope_name(struct span text, struct target *ret)
{
	if (classify_mysql_text_is(text, "GLOBAL") || classify_mysql_text_is(text, "PERSIST") || classify_mysql_text_is(text, "PERSIST_ONLY"))
		ret->global = true;
	else if (!classify_mysql_text_is(text, "SESSION") && !classify_mysql_text_is(text, "LOCAL"))
		return false;
	return true;
}

/* @a, @@a, @@global.a, a, global a, keycache.key_buffer_size */
static void target(struct classify_mysql_reader *r, struct target *ret)
{
	bool variable = r->t.kind == CLASSIFY_TOKEN_VARIABLE;

	if (variable) {
		bool system = r->t.text.n > 2 && r->t.text.p[1] == '@';
		ret->user = !system;
		ret->name = span_of(r->t.text.p + 1 + system, r->t.text.n - 1 - system);
		if (system && ret->name.p[0] == '`' && ret->name.n > 2)
			ret->name = span_of(ret->name.p + 1, ret->name.n - 2);
		classify_mysql_next(r);
		if (system)
			(void)scope_name(ret->name, ret);
	} else {
		(void)scope(r, ret);
	}
	while (!variable || classify_mysql_at(r, '.')) {
		if (variable)
			classify_mysql_next(r);
		if (r->t.kind != CLASSIFY_TOKEN_WORD && r->t.kind != CLASSIFY_TOKEN_NAME)
			return;
		ret->name = inner(&r->t);
		classify_mysql_next(r);
		variable = true;
	}
}

static void unknown_mode(struct classify_mysql_reader *r)
{
	r->b->after.unknown = CLASSIFY_MODES;
}

static bool constant(const struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	return next.kind == CLASSIFY_TOKEN_END || next.kind == CLASSIFY_TOKEN_SEPARATOR || (next.kind == CLASSIFY_TOKEN_SIGN && next.sign == ',') ||
	       next.word == W_FOR || next.word == W_COLLATE;
}

static bool plain(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\\' || text.p[i] >= 0x80)
			return false;
	return true;
}

/* The value stands here. */
static void sql_mode(struct classify_mysql_reader *r)
{
	struct classify_mode mode = r->b->after;

	CLASSIFY_FLAG(r, LEXMODE);
	if ((r->t.kind == CLASSIFY_TOKEN_STRING || r->t.kind == CLASSIFY_TOKEN_NAME) && constant(r) && (r->t.text.p[0] == '\'' || r->t.text.p[0] == '"') &&
		plain(r->t.text)) {
		classify_mode_words(&mode, span_of(r->t.text.p + 1, r->t.text.n - 2));
		r->b->after = mode;
	} else if (r->t.kind == CLASSIFY_TOKEN_WORD && constant(r) && !classify_mysql_is(r, W_DEFAULT)) {
		classify_mode_words(&mode, r->t.text);
		r->b->after = mode;
	} else {
		unknown_mode(r);
	}
}

static void charset(struct classify_mysql_reader *r)
{
	struct span name = r->t.text;

	CLASSIFY_FLAG(r, LEXMODE);
	if (r->t.kind == CLASSIFY_TOKEN_STRING && name.n >= 2)
		name = span_of(name.p + 1, name.n - 2);
	bool known = (r->t.kind == CLASSIFY_TOKEN_STRING || r->t.kind == CLASSIFY_TOKEN_WORD) && constant(r);
	r->b->after.charset = known ? classify_charset_of(name) : CLASSIFY_CHARSET_UNKNOWN;
}

static bool names(struct span name, const char *const *list)
{
	for (; *list; list++)
		if (classify_mysql_text_is(name, *list))
			return true;
	return false;
}

/* What this variable means beyond itself; the value stands here. */
static void meaning(struct classify_mysql_reader *r, const struct target *t)
{
	static const char *const files[] = { "GENERAL_LOG_FILE", "SLOW_QUERY_LOG_FILE", "SERVER_AUDIT_FILE_PATH", "AUDIT_LOG_FILE", NULL };
	static const char *const code[] = { "INIT_CONNECT", "INIT_SLAVE", "INIT_REPLICA", "WSREP_NOTIFY_CMD", "WSREP_SST_METHOD", NULL };

	bool mode = classify_mysql_text_is(t->name, "SQL_MODE") || classify_mysql_text_is(t->name, "CHARACTER_SET_CLIENT");

	if (t->user)
		return;
	if (t->global || r->set_global)
		CLASSIFY_FLAG(r, SET_GLOBAL);
	if (mode && r->set_global && !t->global) { /* SET GLOBAL a = 1, sql_mode = '': of the session, or not */
		CLASSIFY_FLAG(r, LEXMODE);
		classify_mysql_lose_mode(r);
		return;
	}
	if (names(t->name, files))
		CLASSIFY_FLAG(r, FILE_WRITE);
	else if (names(t->name, code))
		CLASSIFY_FLAG(r, CODE);
	else if (classify_mysql_text_is(t->name, "SQL_MODE") && !t->global)
		sql_mode(r);
	else if (classify_mysql_text_is(t->name, "CHARACTER_SET_CLIENT") && !t->global)
		charset(r);
	else if (mode)
		CLASSIFY_FLAG(r, LEXMODE);
}

static void value(struct classify_mysql_reader *r)
{
	classify_mysql_scan(r, &(struct classify_mysql_scan){ .stop = { W_FOR }, .comma = true });
}

static void assignment(struct classify_mysql_reader *r)
{
	struct target t = { .name = span_of("", 0) };

	if (classify_mysql_is(r, W_TRANSACTION)) { /* SET [SESSION] TRANSACTION ISOLATION LEVEL ... */
		CLASSIFY_CLASS(r, TCL);
		classify_mysql_skip(r);
		return;
	}
	target(r, &t);
	if (classify_mysql_text_is(t.name, "TRANSACTION") && !classify_mysql_at(r, '=')) {
		CLASSIFY_CLASS(r, TCL);
		if (t.global)
			CLASSIFY_FLAG(r, SET_GLOBAL);
		classify_mysql_skip(r);
		return;
	}
	bool assigns = classify_mysql_at(r, '=') || (r->t.kind == CLASSIFY_TOKEN_SIGN && r->t.sign == ':');
	if (!assigns) {
		classify_mysql_unparsed(r);
		classify_mysql_skip(r);
		return;
	}
	classify_mysql_next(r);
	meaning(r, &t);
	value(r);
}

/* SET NAMES, SET CHARACTER SET: true when it was one, and is taken. */
static bool set_names(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);
	bool two = classify_mysql_is(r, W_CHARACTER) || (classify_mysql_is(r, W_CHAR) && next.word == W_SET);

	if (!two && !((classify_mysql_is(r, W_NAMES) || classify_mysql_is(r, W_CHARSET)) && next.sign != '=' && next.sign != ':'))
		return false;
	classify_mysql_next(r);
	if (two)
		(void)classify_mysql_take(r, W_SET);
	charset(r);
	value(r);
	return true;
}

static bool set_grant(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);
	bool assigns = next.sign == '=' || next.sign == ':';

	if (classify_mysql_is(r, W_PASSWORD)) { /* others may follow: SET PASSWORD = 'x', sql_mode = '' */
		CLASSIFY_CLASS(r, GRANT);
		while (!classify_mysql_ends(r) && !classify_mysql_at(r, '='))
			classify_mysql_next(r);
		value(r);
		return true;
	} else if (classify_mysql_is(r, W_ROLE) && !assigns) {
		CLASSIFY_CLASS(r, GRANT);
		CLASSIFY_FLAG(r, IMPERSONATE);
	} else if (classify_mysql_is(r, W_DEFAULT) && next.word == W_ROLE) {
		CLASSIFY_CLASS(r, GRANT);
	} else if (classify_mysql_is(r, W_RESOURCE) && next.word == W_GROUP) {
		CLASSIFY_CLASS(r, ADMIN);
	} else if (classify_mysql_is(r, W_SESSION) && classify_mysql_text_is(next.text, "AUTHORIZATION")) {
		CLASSIFY_FLAG(r, IMPERSONATE);
	} else {
		return false;
	}
	classify_mysql_skip(r);
	return true;
}

/* SET STATEMENT a = 1, b = 2 FOR SELECT ...: the text is read as before, and the mode is what it was afterwards. */
static void set_statement(struct classify_mysql_reader *r)
{
	struct classify_mode before = r->b->after;

	classify_mysql_next(r);
	assignment(r);
	while (classify_mysql_at(r, ',')) {
		classify_mysql_next(r);
		assignment(r);
	}
	r->b->after = before;
	if (classify_mysql_take(r, W_FOR))
		classify_mysql_statement(r);
	else
		classify_mysql_unparsed(r);
}

void classify_mysql_set(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, SET);
	r->set_global = false;
	classify_mysql_next(r);
	struct classify_token next = classify_mysql_peek(r);
	if (classify_mysql_is(r, W_STATEMENT) && next.sign != '=') {
		set_statement(r);
		return;
	}
	for (;;) {
		if (!set_grant(r) && !set_names(r))
			assignment(r);
		if (!classify_mysql_at(r, ','))
			break;
		classify_mysql_next(r);
	}
}
