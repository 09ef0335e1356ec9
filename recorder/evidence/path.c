#include "recorder/evidence/path.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

void evidence_path(const struct id *id, char ret[static EVIDENCE_PATH])
{
	char text[ID_TEXT];
	int64_t ms = 0;
	struct tm tm;
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | id->b[i];
	time_t s = (time_t)(ms / 1000);
	id_text(id, text);
	(void)gmtime_r(&s, &tm); /* 48 bits of milliseconds end in the year 10889 */
	(void)snprintf(ret, EVIDENCE_PATH, "%04d-%02d/%s.ymr", (tm.tm_year + 1900) % 10000, tm.tm_mon % 12 + 1, text);
}

void evidence_path_tombstone(const struct id *id, char ret[static EVIDENCE_PATH])
{
	evidence_path(id, ret);
	ret[strlen(ret) - 1] = 't';
}

void evidence_path_open(const struct id *id, char ret[static EVIDENCE_PATH])
{
	char text[ID_TEXT];
	id_text(id, text);
	(void)snprintf(ret, EVIDENCE_PATH, "%s/%s", EVIDENCE_PATH_OPEN, text);
}
