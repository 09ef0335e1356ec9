#ifndef NOTE_H
#define NOTE_H
/* note - a message for tests: every text empty but those that a test sets. */
#include "tests/unit/core/unit.h" // IWYU pragma: keep
#include "notify/job.h"
#include <string.h>

static inline void note_init(struct notify_job *j, const char *kind, const char *lang)
{
	static char none[] = "";
	memset(j, 0, sizeof *j);
	for (int i = 0; i < NOTIFY_COLUMNS; i++)
		j->text[i] = none;
	j->text[NOTIFY_KIND] = (char *)(uintptr_t)kind;
	j->text[NOTIFY_LANG] = (char *)(uintptr_t)lang;
}
static inline void note_set(struct notify_job *j, enum notify_column c, const char *text)
{
	j->text[c] = (char *)(uintptr_t)text;
}
#endif
