#ifndef DECIDE_HOURS_H
#define DECIDE_HOURS_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * hours - weekly hours of a grant, as a map of the 10,080 minutes of a week.
 *
 * Shape:   groups with ; between, then a zone or none:  mon-fri 09:00-12:00,13:00-18:00; sat,sun 10:00-12:00 +08:00
 *          group: [days] range, and more behind commas: [days] range.  A range behind a comma without days of its own
 *          has those before it; a group without days means every day.
 *          days: mon..sun in any case, mon-fri, sat,sun; sun-tue goes over the week's end.
 *          range: FROM-TO, H:MM, TO itself not included, up to 24:00; TO before FROM goes over midnight and belongs to
 *          the day on which it begins.
 *          zone: offset to UTC, -12:00 to +14:00, at the end, for all of it; without one the hours are UTC.
 *          An empty text means always.
 * Limits:  text at most 500 bytes.
 * Errors:  -EPROTO with the reason; the database checks the same grammar when a grant is added (schema/0006_access.sql).
 * Owns:    nothing, allocates nothing.
 */
enum { DECIDE_HOURS_TEXT_MAX = 500, DECIDE_HOURS_WEEK = 7 * 24 * 60 };
struct decide_hours {
	uint8_t open[DECIDE_HOURS_WEEK / 8]; /* bit n: minute n since Monday 00:00 UTC */
};
int decide_hours_parse(struct span text, struct decide_hours *ret, struct err *err);
bool decide_hours_has(const struct decide_hours *h, int64_t time_us); /* since 1970 UTC */
/* Seconds until they end, 0 when they are not now, -1 when they never end. */
int64_t decide_hours_left_s(const struct decide_hours *h, int64_t time_us);
#endif
