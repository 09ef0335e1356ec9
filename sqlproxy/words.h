#ifndef SQL_WORDS_H
#define SQL_WORDS_H
#include "gateway/core/buf.h"
/*
 * words - a database server's error text, made fit for a person and a log.
 *
 * Characters that move, hide or reorder become spaces, bytes that are no UTF-8 become '?', the end is cut at a
 * character.  Trust: input hostile.
 */
enum { SQL_WORDS_MAX = 128 };
void sql_words_safe(struct span words, char ret[static SQL_WORDS_MAX + 1]);
#endif
