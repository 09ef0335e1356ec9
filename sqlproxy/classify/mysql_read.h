#ifndef CLASSIFY_MYSQL_READ_H
#define CLASSIFY_MYSQL_READ_H
#include "policy/decide/sql.h"
#include "sqlproxy/classify/batch.h"
#include "sqlproxy/classify/mysql_lex.h"
/*
 * mysql_read - one reading of a batch, statement by statement: what its files share.
 *
 * mysql.c         which readings are made, and their union     mysql_statement.c  which statement is it; queries, INSERT, UPDATE, DELETE
 * mysql_scan.c    expressions, queries, table references       mysql_where.c      is a condition true of every row?
 * mysql_ddl.c     CREATE, ALTER, DROP, ...                     mysql_set.c        SET
 * mysql_admin.c   SHOW, EXPLAIN, GRANT, and what servers do    mysql_block.c      bodies of routines, blocks
 * mysql_dynamic.c PREPARE, EXECUTE
 *
 * Way:     a statement's first words say what it can do at all; what stands behind them is scanned for the few things that add to it.  A statement that
 *          a server would refuse does nothing, so the grammar is not checked: to read on is to over-report.
 * Shape:   a reader stands at a token; functions are entered at their first word and leave at the first token that is not theirs.
 */
enum { CLASSIFY_MYSQL_CTES = 16, CLASSIFY_MYSQL_NEST = 8 };
struct classify_mysql_reader {
	struct classify_mysql_lex lex;
	struct classify_token t;    /* here */
	struct classify_token last; /* before */
	struct classify_batch *b;
	uint8_t dynamic;            /* how deep in texts that are run */
	uint8_t nest;               /* statements in statements: EXPLAIN, SET STATEMENT */
	bool recursive;             /* WITH RECURSIVE */
	uint8_t ctes;
	struct span cte[CLASSIFY_MYSQL_CTES]; /* as written */
	bool where;                 /* the statement's own WHERE was met */
	bool judge;                 /* ... and is to be judged */
	uint8_t lost_set, lost_charset; /* what a mode is taken for that a statement of the batch made unknown */
	bool lost;                  /* one did, and it makes a difference */
	bool set_global;            /* of a SET: GLOBAL stood before, and may count for what follows */
	bool quiet;                 /* only a look ahead: nothing is reported */
};

#define CLASSIFY_CLASS(r, name) classify_batch_classes((r)->b, DECIDE_SQL_CLASS(name))
#define CLASSIFY_FLAG(r, name) classify_batch_flags((r)->b, DECIDE_SQL_FLAG(name))

void classify_mysql_next(struct classify_mysql_reader *r);
struct classify_token classify_mysql_peek(const struct classify_mysql_reader *r);
static inline bool classify_mysql_is(const struct classify_mysql_reader *r, uint16_t word)
{
	return r->t.kind == CLASSIFY_TOKEN_WORD && r->t.word == word;
}
static inline bool classify_mysql_at(const struct classify_mysql_reader *r, uint8_t sign)
{
	return r->t.kind == CLASSIFY_TOKEN_SIGN && r->t.sign == sign && r->t.text.n == 1;
}
bool classify_mysql_take(struct classify_mysql_reader *r, uint16_t word); /* past it, if it stands here */
bool classify_mysql_ends(const struct classify_mysql_reader *r);          /* a separator, the end, or what nobody can read */
bool classify_mysql_named(const struct classify_token *t);                /* may be a name */
bool classify_mysql_text_is(struct span text, const char *word);          /* in whatever letters */
void classify_mysql_unparsed(struct classify_mysql_reader *r);
void classify_mysql_lose_mode(struct classify_mysql_reader *r); /* nobody knows how the server reads on afterwards */
void classify_mysql_skip(struct classify_mysql_reader *r); /* to the statement's end, without a look */
void classify_mysql_skip_parens(struct classify_mysql_reader *r); /* at "(": behind its ")" */

/* A name of several parts, from here; it is begun in the batch, and kept by classify_batch_table or _column.  *ret_parts: how many; *ret_star: ".*" is
 * behind it.  The last part's token is returned. */
struct classify_token classify_mysql_name(struct classify_mysql_reader *r, unsigned *ret_parts, bool *ret_star);
void classify_mysql_table(struct classify_mysql_reader *r);  /* a name from here is a table's */
void classify_mysql_tables(struct classify_mysql_reader *r); /* a, b, c */
uint32_t classify_mysql_take_char(uint8_t charset, struct span *text); /* U+FFFD: nobody can tell which one */

/* What to look for first. */
enum classify_mysql_want { CLASSIFY_MYSQL_EXPRESSION, CLASSIFY_MYSQL_REFS };
struct classify_mysql_scan {
	enum classify_mysql_want want;
	uint16_t stop[2];   /* words that end it, outside parentheses and CASE; 0 = none */
	bool comma;         /* so does a comma */
	bool paren;         /* so does a ")" that nobody opened; else it is UNPARSED */
	bool columns;       /* names are columns */
	bool no_refs;       /* FROM outside parentheses has no tables behind it */
	bool using_refs;    /* USING outside parentheses has */
};
void classify_mysql_scan(struct classify_mysql_reader *r, const struct classify_mysql_scan *how);

bool classify_mysql_always(struct classify_mysql_reader r); /* is the condition from here true of every row?  A copy: it only looks */

void classify_mysql_statement(struct classify_mysql_reader *r); /* to its end */
void classify_mysql_explain(struct classify_mysql_reader *r, bool runs); /* the statement from here, that is explained or also run */
bool classify_mysql_ddl(struct classify_mysql_reader *r);   /* false: it is none, and nothing was taken */
bool classify_mysql_admin(struct classify_mysql_reader *r);
void classify_mysql_set(struct classify_mysql_reader *r);
void classify_mysql_block(struct classify_mysql_reader *r, bool declarations); /* one statement, simple or not; declarations: BEGIN is still to come */
bool classify_mysql_block_word(const struct classify_mysql_reader *r); /* a statement of blocks begins here */
void classify_mysql_prepare(struct classify_mysql_reader *r);
void classify_mysql_execute(struct classify_mysql_reader *r);
/* One reading of a text into the statement that is open. */
void classify_mysql_inner(struct classify_mysql_reader *outer, struct span text);
#endif
