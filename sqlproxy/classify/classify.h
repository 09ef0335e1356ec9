#ifndef CLASSIFY_CLASSIFY_H
#define CLASSIFY_CLASSIFY_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * classify - what would a database server do with these bytes?  Statements, their classes and flags, the tables and columns that they
 * touch, and a fingerprint.
 *
 * Source:  docs/SQL.md; the grammar and lexer of MySQL 5.6 to 9, of MariaDB 10.11 and of T-SQL, as their servers behave.
 * Shape:   in: bytes as the client sends them (T-SQL: UTF-16LE), and what is known of how the session's server reads them.
 *          out: fixed room, no memory is taken; spans point into it.
 * Doubt:   what cannot be read is UNPARSED.  Where the mode leaves two readings, both are made and the union is reported; where they do
 *          not even agree on the number of statements, UNPARSED as well.  Classes are over-reported, never under-reported.
 * Limits:  CLASSIFY_STATEMENTS statements, CLASSIFY_NAMES tables and columns of CLASSIFY_NAMES_BYTES together, CLASSIFY_DEEP of nesting.  What
 *          goes beyond is UNPARSED (statements, nesting) or makes tables_known false (names).  Time is linear in the input.
 * Opaque:  routines, views, triggers and synonyms: what they do inside is not seen (CALL, FUNC say that they were named).
 * Owns:    nothing.  Trust: every byte is hostile.
 */
enum { CLASSIFY_STATEMENTS = 256, CLASSIFY_NAMES = 512, CLASSIFY_NAMES_BYTES = 16384, CLASSIFY_DEEP = 64, CLASSIFY_DYNAMIC_DEEP = 4 };
enum { CLASSIFY_FINGERPRINT = 16 };
enum classify_dialect { CLASSIFY_MYSQL, CLASSIFY_MARIADB, CLASSIFY_TSQL, CLASSIFY_DIALECTS };
enum classify_charset { /* as far as they differ for a lexer: where a character ends, and which bytes are blanks */
	CLASSIFY_CHARSET_UTF8, /* utf8, utf8mb3, utf8mb4, ascii, binary: no byte of a longer character is below 0x80 */
	CLASSIFY_CHARSET_SPACED, /* one byte a character, and 0xA0 is a blank: latin1, latin2, cp1250, greek, hebrew, latin5 */
	CLASSIFY_CHARSET_SINGLE, /* one byte a character, and it is not: cp1251, koi8r, ... */
	CLASSIFY_CHARSET_GBK, CLASSIFY_CHARSET_GB18030, CLASSIFY_CHARSET_BIG5, CLASSIFY_CHARSET_SJIS, /* and cp932 */
	CLASSIFY_CHARSET_UJIS, /* and eucjpms: no second byte below 0x80 */
	CLASSIFY_CHARSET_EUCKR,
	CLASSIFY_CHARSET_UNKNOWN, /* every reading is made */
	CLASSIFY_CHARSETS
};
enum { /* of the session's sql_mode; QUOTED_IDENTIFIER of T-SQL */
	CLASSIFY_ANSI_QUOTES = 1 << 0,
	CLASSIFY_NO_BACKSLASH_ESCAPES = 1 << 1,
	CLASSIFY_ORACLE = 1 << 2,
	CLASSIFY_IGNORE_SPACE = 1 << 3,
	CLASSIFY_QUOTED_IDENTIFIER = 1 << 4,
	CLASSIFY_MODES = (1 << 5) - 1,
};
struct classify_mode {
	uint8_t dialect;  /* enum classify_dialect */
	uint8_t charset;  /* enum classify_charset */
	uint8_t set;      /* CLASSIFY_ANSI_QUOTES ... that are on */
	uint8_t unknown;  /* ... of which nobody knows (a computed SET, a routine that may have set it) */
	uint32_t version; /* of the server: major * 10000 + minor * 100 + patch; 0 = not known */
};
/* "ANSI_QUOTES,NO_BACKSLASH_ESCAPES", also ANSI, ORACLE and others that imply some; a word that no server knows: all of them unknown. */
void classify_mode_words(struct classify_mode *mode, struct span words);
/* By MySQL's names; one that is not in the table: CLASSIFY_CHARSET_UNKNOWN. */
uint8_t classify_charset_of(struct span name);
int classify_dialect_of(struct span name); /* "mysql", "mariadb", "tsql"; -ENOENT */

struct classify_statement {
	uint64_t classes, flags;   /* of policy/decide/sql.h; never no class at all */
	uint32_t at, n;            /* where in the input, without blanks and the separator */
	uint16_t table, tables;    /* in batch.name[]: from, and how many */
	uint16_t column, columns;
	bool tables_known;
};
struct classify_batch {
	struct classify_statement statement[CLASSIFY_STATEMENTS];
	size_t n; /* 1 at least: nothing to run is one statement EMPTY */
	uint64_t classes, flags; /* of all of them */
	struct span name[CLASSIFY_NAMES]; /* UTF-8; "t", "db.t", "srv.db.schema.t", unquoted, as written; tables from the front, columns from the back */
	size_t tables, columns;           /* how many stand at the front, at the back */
	uint8_t fingerprint[CLASSIFY_FINGERPRINT]; /* of the batch: words in capital letters, literals as ?, lists of them as one */
	struct classify_mode after; /* the mode when all of it ran; what was computed is unknown */

	/* For batch.c alone. */
	char bytes[CLASSIFY_NAMES_BYTES]; /* of the names */
	size_t used, began;               /* bytes; where the name stands that is being put together */
	bool open, spoiled;               /* a statement is open; this name has no room, or nobody can tell it */
	uint16_t slot[CLASSIFY_NAMES * 2]; /* of a table of hashes: 1 + where in name[]; 0 = empty */
};
void classify(const struct classify_mode *mode, struct span sql, struct classify_batch *ret);

/* The statement for logs, searches and people: UTF-8, what stands where a password does as '***' (IDENTIFIED BY, PASSWORD =, SECRET =, ...), and
 * with a statement that cannot be read every literal of it. */
void classify_masked(const struct classify_mode *mode, struct span sql, struct buf *out);
/* What the fingerprint is taken of. */
void classify_normal(const struct classify_mode *mode, struct span sql, struct buf *out);
#endif
