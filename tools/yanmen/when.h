#ifndef TOOLS_YANMEN_WHEN_H
#define TOOLS_YANMEN_WHEN_H
#include <stddef.h>
#include <stdint.h>
/*
 * when - times and durations as people type them.
 *
 * Duration: a number and one of s m h d w, "90" is seconds.  Time: a duration (back from now, or ahead), or RFC 3339
 * (2026-11-30T09:00:00Z, with an offset, or with the time left out: midnight UTC).
 * Errors: -EPROTO.
 */
enum { CLI_WHEN_TEXT = 40 };
int cli_when_seconds(const char *text, int64_t *ret_s);
/* sign -1: "1h" is an hour ago; +1: in an hour.  Writes RFC 3339 in UTC. */
int cli_when_time(const char *text, int sign, int64_t now_us, char ret[static CLI_WHEN_TEXT]);
void cli_when_text(int64_t time_us, char ret[static CLI_WHEN_TEXT]);
/* "2026-11-30 17:00:05", local time; for people */
void cli_when_local(int64_t time_us, char ret[static CLI_WHEN_TEXT]);
#endif
