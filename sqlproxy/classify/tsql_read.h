#ifndef CLASSIFY_TSQL_READ_H
#define CLASSIFY_TSQL_READ_H
#include "policy/decide/sql.h"
#include "sqlproxy/classify/batch.h"
#include "sqlproxy/classify/tsql_lex.h"
#include "sqlproxy/classify/tsql_where.h"
/*
 * tsql_read - the reader of T-SQL: what its parts share.
 *
 * Idea:    statements have no separators.  A statement has a head, read by the file of its kind, and a body: everything up to the next reserved word
 *          at no parentheses that begins a statement (tsql_start.c) and is not known to stand for something else there.  The body's reader
 *          (tsql_body.c) knows clauses, not grammar: tables behind FROM, JOIN, INTO; columns and functions elsewhere.  A batch that does not
 *          compile runs nothing of it, so a reading may be wrong where no server could read on, and only there.
 * Folded:  bodies of routines and constant SQL: their statements add to the statement that has them.
 * Files:   tsql.c readings and tokens; tsql_read.c tokens, names, statements; tsql_start.c, tsql_body.c, tsql_where.c as said; tsql_statement.c which head;
 *          tsql_change.c SELECT to MERGE; tsql_define.c CREATE to GRANT; tsql_call.c EXEC; tsql_proc.c procedures and functions by name.
 * Owns:    nothing, allocates nothing.  Recursion: CLASSIFY_DYNAMIC_DEEP readers.
 */
#define CLASS(name) DECIDE_SQL_CLASS(name)
#define FLAG(name) DECIDE_SQL_FLAG(name)
enum { TSQL_CTES = 32 };
enum tsql_kind { /* what matters to the body */
	TSQL_KIND_OTHER,
	TSQL_KIND_SELECT,
	TSQL_KIND_INSERT,
	TSQL_KIND_UPDATE,
	TSQL_KIND_DELETE,
	TSQL_KIND_MERGE,
	TSQL_KIND_CTE,  /* WITH c AS (...): what it is comes later */
	TSQL_KIND_TEST, /* IF, WHILE: up to the statement */
	TSQL_KIND_VALUE, /* PRINT, RETURN, SET: expressions */
	TSQL_KIND_CURSOR, /* DECLARE, SET @c = CURSOR FOR */
	TSQL_KIND_DEFINE, /* CREATE, ALTER, DROP */
	TSQL_KIND_CALL,
};
struct tsql_frame { /* within parentheses */
	bool query, inner; /* it has a SELECT, UPDATE, ... whose FROM tells tables; is within one */
	bool from, want; /* in a list of tables; one comes next */
	bool change, where; /* it is an UPDATE or DELETE within a FROM; it has a WHERE */
	bool target; /* ... whose table comes next */
	bool remote; /* of OPENQUERY and the like: strings may be SQL */
	bool top, plain, takes_word; /* TOP (1); hints and options: no columns; the next name is a word: DATEADD(day, ...) */
	uint8_t run; /* names and literals in a row, without an operator */
	uint16_t cases;
	struct classify_tsql_where cond;
};
struct tsql_statement {
	enum tsql_kind kind;
	bool rows;    /* INSERT: its source was met; UPDATE and ALTER: SET */
	bool fresh;   /* ALTER: the name stands before us */
	bool table;   /* CREATE, ALTER TABLE: foreign keys */
	bool ranges;  /* ALTER PARTITION FUNCTION: MERGE RANGE */
	bool output;  /* OUTPUT was met: INTO names a table to insert into */
	bool need_where, where;
	bool waits;   /* the target may be an alias of FROM */
	bool aliased, alias_temp;
	struct classify_token target;
	struct classify_token cte[TSQL_CTES];
	size_t ctes;
	size_t depth;
	struct tsql_frame frame[CLASSIFY_DEEP];
};
struct tsql_sum { /* of a statement of the batch */
	unsigned statements, changes, temps; /* TEMP when all that is changed is temporary */
};
struct tsql {
	struct classify_tsql_lex lex;
	struct classify_token t, ahead, before; /* the current one, the next, the last */
	bool doubt_ahead;
	size_t end; /* bytes of the input that are behind us, of tokens */
	const uint8_t *base;
	struct classify_batch *batch;
	struct tsql_sum *sum;
	struct tsql_statement s;
	bool folded;  /* no statements of its own */
	bool open;    /* a statement is */
	bool bare;    /* ... but only IF x so far */
	bool control; /* BEGIN, ELSE: of the next statement */
	bool spoilt;  /* the next statement is UNPARSED */
	size_t at;    /* where that began */
	unsigned blocks;
	uint8_t lexmode; /* enum tsql_lexmode: by SET QUOTED_IDENTIFIER */
	bool follow; /* this reading follows such a SET */
};
enum tsql_lexmode { TSQL_LEXMODE_SAME, TSQL_LEXMODE_ON, TSQL_LEXMODE_OFF, TSQL_LEXMODE_UNKNOWN };

/* Tokens. */
void classify_tsql_next(struct tsql *r);
bool classify_tsql_is(const struct classify_token *t, uint16_t word);
bool classify_tsql_sign(const struct classify_token *t, char sign);
bool classify_tsql_same(const struct tsql *r, const struct classify_token *a, const struct classify_token *b); /* names, without regard to case */
bool classify_tsql_named(const struct classify_token *t); /* a NAME, or a word that is not reserved */
bool classify_tsql_accept(struct tsql *r, uint16_t word); /* goes on when it stands there */

/* Statements. */
void classify_tsql_open(struct tsql *r, enum tsql_kind kind, uint64_t classes);
void classify_tsql_end(struct tsql *r); /* what can be told about the one that is open when it ends */
void classify_tsql_done(struct tsql *r); /* it ends, and what comes is another */
void classify_tsql_unparsed(struct tsql *r);
void classify_tsql_unknown(struct tsql *r); /* text that is computed: DYNAMIC, and nobody knows the tables */
void classify_tsql_add(struct tsql *r, uint64_t classes, uint64_t flags);
void classify_tsql_read(struct tsql *r); /* all of it */
void classify_tsql_statement(struct tsql *r); /* the head that stands there, and its body */

/* Names: [[[server.]database.]schema.]name, parts may be empty.  Reads it; the last part, how many there are, whether another server's. */
struct tsql_name {
	struct classify_token last, first;
	unsigned parts;
	bool remote, sys; /* a first part that is not empty of four; sys.x or INFORMATION_SCHEMA.x */
	struct span text;
};
bool classify_tsql_name(struct tsql *r, struct tsql_name *ret);
void classify_tsql_table(struct tsql *r, const struct tsql_name *name); /* just read; unless it is a CTE's */
void classify_tsql_column(struct tsql *r, const struct tsql_name *name);
void classify_tsql_table_later(struct tsql *r, const struct classify_token *name); /* of one part, read before */
void classify_tsql_changed(struct tsql *r, const struct classify_token *name);
bool classify_tsql_temporary(const struct tsql *r, const struct classify_token *name); /* #t, ##t, @t */
/* Reads a name (or @t) and takes it for a table that is changed. */
bool classify_tsql_target(struct tsql *r);
bool classify_tsql_is_cte(const struct tsql *r, const struct classify_token *name);

/* Bodies. */
bool classify_tsql_starts(struct tsql *r); /* the reserved word, at no parentheses, begins another statement */
bool classify_tsql_starter(uint16_t word);
bool classify_tsql_step(struct tsql *r);   /* one token of it; false when it ends before this one */
void classify_tsql_body(struct tsql *r);
struct tsql_frame *classify_tsql_frame(struct tsql *r);

/* Heads, at their first word. */
void classify_tsql_select(struct tsql *r);
void classify_tsql_change(struct tsql *r); /* INSERT, UPDATE, DELETE, MERGE; behind WITH as well */
void classify_tsql_cte(struct tsql *r);
void classify_tsql_truncate(struct tsql *r);
void classify_tsql_texts(struct tsql *r); /* READTEXT, WRITETEXT, UPDATETEXT */
void classify_tsql_bulk(struct tsql *r);
void classify_tsql_create(struct tsql *r);
void classify_tsql_alter(struct tsql *r);
void classify_tsql_drop(struct tsql *r);
void classify_tsql_grant(struct tsql *r);
void classify_tsql_exec(struct tsql *r); /* within INSERT as well: opens no statement */
void classify_tsql_call(struct tsql *r); /* at the procedure's name */
/* A STRING that is run (or, with `maybe`, that may be: only when it begins like a statement). */
void classify_tsql_nested(struct tsql *r, const struct classify_token *string, bool maybe);
#endif
