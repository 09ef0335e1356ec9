#include "sqlproxy/classify/mysql_read.h"

static void rest(struct classify_mysql_reader *r, bool columns)
{
	classify_mysql_scan(r, &(struct classify_mysql_scan){ .columns = columns });
}

/* ---- UPDATE, DELETE: a WHERE of their own? ---- */

static void changes(struct classify_mysql_reader *r, const struct classify_mysql_scan *how)
{
	r->where = false;
	r->judge = true;
	r->ctes = 0; /* what is changed is a table, whatever a WITH before calls so */
	classify_mysql_scan(r, how);
	r->judge = false;
	if (!r->where)
		CLASSIFY_FLAG(r, NO_WHERE);
}

static void update(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, UPDATE);
	classify_mysql_next(r);
	changes(r, &(struct classify_mysql_scan){ .want = CLASSIFY_MYSQL_REFS, .columns = true });
}

static void delete(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, DELETE);
	classify_mysql_next(r);
	while (classify_mysql_is(r, W_LOW_PRIORITY) || classify_mysql_is(r, W_IGNORE) || classify_mysql_is(r, W_QUICK) || classify_mysql_is(r, W_HISTORY)) {
		struct classify_token next = classify_mysql_peek(r);
		if ((r->t.word == W_QUICK || r->t.word == W_HISTORY) && next.kind != CLASSIFY_TOKEN_WORD && next.kind != CLASSIFY_TOKEN_NAME)
			break; /* a table of this name */
		if ((r->t.word == W_QUICK || r->t.word == W_HISTORY) && next.word == W_FROM)
			classify_mysql_table(r); /* may be one, too */
		else
			classify_mysql_next(r);
	}
	(void)classify_mysql_take(r, W_FROM);
	changes(r, &(struct classify_mysql_scan){ .want = CLASSIFY_MYSQL_REFS, .columns = true, .using_refs = true });
}

/* INSERT, REPLACE */
static void insert(struct classify_mysql_reader *r)
{
	if (classify_mysql_is(r, W_INSERT))
		CLASSIFY_CLASS(r, INSERT);
	else
		CLASSIFY_CLASS(r, REPLACE);
	classify_mysql_next(r);
	while (classify_mysql_is(r, W_LOW_PRIORITY) || classify_mysql_is(r, W_DELAYED) || classify_mysql_is(r, W_HIGH_PRIORITY) || classify_mysql_is(r, W_IGNORE))
		classify_mysql_next(r);
	(void)classify_mysql_take(r, W_INTO);
	r->ctes = 0;
	classify_mysql_table(r);
	if (classify_mysql_take(r, W_PARTITION) && classify_mysql_at(r, '('))
		classify_mysql_skip_parens(r);
	rest(r, true);
}

/* LOAD DATA|XML [LOCAL] INFILE 'f' [REPLACE|IGNORE] INTO TABLE t ... SET a = f() */
static void load(struct classify_mysql_reader *r)
{
	classify_mysql_next(r);
	if (classify_mysql_is(r, W_INDEX)) { /* LOAD INDEX INTO CACHE t */
		CLASSIFY_CLASS(r, ADMIN);
		while (!classify_mysql_ends(r) && !classify_mysql_take(r, W_CACHE))
			classify_mysql_next(r);
		classify_mysql_tables(r);
		classify_mysql_skip(r);
		return;
	}
	bool table = false;
	CLASSIFY_CLASS(r, INSERT);
	CLASSIFY_FLAG(r, FILE_READ);
	CLASSIFY_FLAG(r, BULK);
	for (; !classify_mysql_ends(r) && !table; classify_mysql_next(r)) {
		table = classify_mysql_is(r, W_TABLE);
		if (classify_mysql_is(r, W_LOCAL))
			CLASSIFY_FLAG(r, LOCAL_FILE);
		else if (classify_mysql_is(r, W_REPLACE))
			CLASSIFY_CLASS(r, REPLACE);
		else if (classify_mysql_is(r, W_FROM)) /* S3, a URL */
			CLASSIFY_FLAG(r, REMOTE);
	}
	classify_mysql_table(r);
	rest(r, true);
}

/* WITH a AS (...) SELECT, UPDATE or DELETE */
static void with(struct classify_mysql_reader *r)
{
	static const uint16_t changing[] = { W_UPDATE, W_DELETE };
	static const struct classify_mysql_scan to_change = { .stop = { W_UPDATE, W_DELETE }, .columns = true };

	classify_mysql_scan(r, &to_change);
	if (classify_mysql_is(r, changing[0]))
		update(r);
	else if (classify_mysql_is(r, changing[1]))
		delete(r);
}

static void handler(struct classify_mysql_reader *r)
{
	CLASSIFY_CLASS(r, SELECT);
	CLASSIFY_CLASS(r, HANDLER);
	classify_mysql_next(r);
	classify_mysql_table(r);
	rest(r, false);
}

static void call(struct classify_mysql_reader *r)
{
	unsigned parts;
	bool star;

	CLASSIFY_CLASS(r, CALL);
	classify_mysql_next(r);
	(void)classify_mysql_name(r, &parts, &star);
	classify_batch_name(r->b);
	rest(r, true);
}

static bool query(struct classify_mysql_reader *r)
{
	if (r->t.kind == CLASSIFY_TOKEN_SIGN && r->t.sign == '(') {
		rest(r, true);
		return true;
	}
	switch (r->t.kind == CLASSIFY_TOKEN_WORD ? r->t.word : W_NO_WORD) {
	case W_VALUES:
		CLASSIFY_CLASS(r, SELECT);
		rest(r, true);
		return true;
	case W_SELECT:
	case W_TABLE:
		rest(r, true);
		return true;
	case W_WITH:
		with(r);
		return true;
	case W_INSERT:
	case W_REPLACE:
		insert(r);
		return true;
	case W_UPDATE:
		update(r);
		return true;
	case W_DELETE:
		delete(r);
		return true;
	case W_LOAD:
		load(r);
		return true;
	case W_HANDLER:
		handler(r);
		return true;
	case W_CALL:
		call(r);
		return true;
	case W_DO:
		CLASSIFY_CLASS(r, CALL);
		classify_mysql_next(r);
		rest(r, true);
		return true;
	default:
		return false;
	}
}

/* ---- transactions, texts that run, blocks ---- */

static bool transaction(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);

	switch (r->t.word) {
	case W_BEGIN:
		classify_mysql_next(r);
		(void)classify_mysql_take(r, W_WORK);
		if (!classify_mysql_ends(r))
			classify_mysql_unparsed(r);
		break;
	case W_START:
		if (next.word != W_TRANSACTION)
			return false;
		break;
	case W_COMMIT:
	case W_ROLLBACK:
	case W_SAVEPOINT:
	case W_XA:
		break;
	case W_RELEASE:
		if (next.word != W_SAVEPOINT)
			return false;
		break;
	default:
		return false;
	}
	CLASSIFY_CLASS(r, TCL);
	classify_mysql_skip(r);
	return true;
}

/* What MariaDB runs outside of routines, too. */
static bool block(struct classify_mysql_reader *r)
{
	struct classify_token next = classify_mysql_peek(r);
	bool oracle = r->lex.set & CLASSIFY_ORACLE, maria = r->lex.dialect == CLASSIFY_MARIADB;
	bool begin = classify_mysql_is(r, W_BEGIN) && (next.word == W_NOT || (oracle && next.kind != CLASSIFY_TOKEN_END && next.word != W_WORK &&
									       next.kind != CLASSIFY_TOKEN_SEPARATOR));
	bool declare = oracle && classify_mysql_is(r, W_DECLARE);

	if (!begin && !declare && (classify_mysql_is(r, W_BEGIN) || !classify_mysql_block_word(r)))
		return false;
	CLASSIFY_CLASS(r, BLOCK);
	if (!maria)
		classify_mysql_unparsed(r);
	if (declare)
		classify_mysql_next(r);
	uint64_t before = r->b->statement[r->b->n - 1].flags & DECIDE_SQL_FLAG(LEXMODE);
	r->b->statement[r->b->n - 1].flags &= ~DECIDE_SQL_FLAG(LEXMODE);
	classify_mysql_block(r, declare);
	if (r->b->statement[r->b->n - 1].flags & DECIDE_SQL_FLAG(LEXMODE))
		classify_mysql_lose_mode(r); /* a branch may have set it, or not */
	r->b->statement[r->b->n - 1].flags |= before;
	return true;
}

static bool dynamic(struct classify_mysql_reader *r)
{
	struct classify_token next;

	switch (r->t.word) {
	case W_PREPARE:
		classify_mysql_prepare(r);
		return true;
	case W_EXECUTE:
		classify_mysql_execute(r);
		return true;
	case W_DROP:
		next = classify_mysql_peek(r);
		if (next.word != W_PREPARE)
			return false;
		__attribute__((fallthrough));
	case W_DEALLOCATE:
		CLASSIFY_CLASS(r, DEALLOCATE);
		classify_mysql_skip(r);
		return true;
	case W_SET:
		classify_mysql_set(r);
		return true;
	default:
		return false;
	}
}

void classify_mysql_statement(struct classify_mysql_reader *r)
{
	r->ctes = 0;
	r->recursive = r->judge = false;
	if (r->nest++ == CLASSIFY_MYSQL_NEST) {
		classify_mysql_unparsed(r);
		classify_mysql_skip(r);
	} else if (!query(r) && (r->t.kind != CLASSIFY_TOKEN_WORD || (!block(r) && !transaction(r) && !dynamic(r) && !classify_mysql_ddl(r) &&
									   !classify_mysql_admin(r)))) {
		classify_mysql_unparsed(r);
		classify_mysql_skip(r);
	}
	r->nest--;
	if (!classify_mysql_ends(r)) {
		classify_mysql_unparsed(r);
		classify_mysql_skip(r);
	}
}
