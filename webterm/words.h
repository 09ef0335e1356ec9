#ifndef WEB_WORDS_H
#define WEB_WORDS_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * words - our own sentences inside an answer of the database, in the reader's language.
 *
 * The database speaks English (policy/say/say.h).  In the rows of a collection the columns `about`, `say` and `hindrance` are what we say of
 * a row, such as what a setting is for: they are turned here.  What a person wrote into a column of that name is in no table of ours and stays.
 *
 * Shape:   {"rows": [{"about": "..."}, ...], ...}
 * Output:  out has the answer to send; it is empty when the answer can go as it came.
 */
void web_words_turn(struct span json, bool zh, struct buf *out);
#endif
