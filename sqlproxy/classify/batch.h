#ifndef CLASSIFY_BATCH_H
#define CLASSIFY_BATCH_H
#include "sqlproxy/classify/classify.h"
/*
 * batch - how a reader of one dialect fills its answer, and how two readings become one.
 *
 * Use:     start; open a statement, add to it, close it; ...; finish.  What is added between belongs to the statement that is open.
 * Names:   begin, its characters with a dot between the parts, then table or column; each is kept once a statement.  A character that nobody can
 *          tell (U+FFFD) or a dot inside a part makes the tables unknown: a rule over tables must not be led astray by them.
 * Limits:  those of classify.h; a statement too many makes the last one UNPARSED, a name too many makes the tables unknown.
 * Owns:    nothing; spans of names point into the batch itself: a batch is never copied but by classify_batch_union.
 */
void classify_batch_start(struct classify_batch *b, const struct classify_mode *mode);
void classify_batch_open(struct classify_batch *b, size_t at);
void classify_batch_close(struct classify_batch *b, size_t end); /* a statement without a class is UNPARSED */
void classify_batch_finish(struct classify_batch *b); /* EMPTY, MULTI, the sums */

void classify_batch_classes(struct classify_batch *b, uint64_t classes);
void classify_batch_flags(struct classify_batch *b, uint64_t flags);
void classify_batch_unknown_tables(struct classify_batch *b);

void classify_batch_name(struct classify_batch *b); /* begins one; what was begun before and not kept is dropped */
void classify_batch_name_dot(struct classify_batch *b); /* the next part */
void classify_batch_name_char(struct classify_batch *b, uint32_t c);
void classify_batch_table(struct classify_batch *b); /* the name that was begun is one */
void classify_batch_column(struct classify_batch *b);

/* ret = both, classes and names of each statement together; another number of statements: each of them has everything, and UNPARSED.
 * The fingerprint is a's.  ret is neither of them. */
void classify_batch_union(struct classify_batch *ret, const struct classify_batch *a, const struct classify_batch *b);

/* The readers; each fills everything but the fingerprint. */
void classify_mysql(const struct classify_mode *mode, struct span sql, struct classify_batch *ret);
void classify_tsql(const struct classify_mode *mode, struct span sql, struct classify_batch *ret);
#endif
