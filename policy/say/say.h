#ifndef SAY_SAY_H
#define SAY_SAY_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stddef.h>
/*
 * say - what the gateway says to a person, in Chinese.
 *
 * The broker, the database and the libraries speak English: one text, one place, the same in a log and in JSON.  Whoever
 * shows it to a person (the CLI; the console) turns it here, by texts*.c.  tools/check.py holds that table against the
 * sources: a text without a row, and a row without a text, are faults.
 *
 * Shape:   {} in an English text stands for any words, the shortest that fit; {} in the Chinese one for the same, in their
 *          order, or {1} to {4} by number.
 * Limits:  4 words, a text of at most 1 KiB.
 * Trust:   the words are whatever a person typed: they are passed on, never read as a pattern.
 */
struct say_text {
	const char *en, *zh;
};
/* texts.c, texts_<what>.c; each ends with { 0 } */
extern const struct say_text say_texts[], say_texts_clouds[], say_texts_credentials[], say_texts_databases[],
	say_texts_documents[], say_texts_login[], say_texts_notify[], say_texts_people[], say_texts_requests[],
	say_texts_rules[], say_texts_sql[];
extern const struct say_text *const say_tables[];               /* all of them, in the order in which they are looked at; NULL */

/* True: the Chinese stands in out.  False: no row has this text; out is as it was. */
bool say_zh(struct span en, struct buf *out);

/* One row against one text: for tests. */
bool say_match(const struct say_text *row, struct span en, struct buf *out);
#endif
