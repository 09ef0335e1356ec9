#ifndef EXPORT_SYSLOG_H
#define EXPORT_SYSLOG_H
#include "export/row.h"
/*
 * syslog - a row as one syslog message in a stream.
 *
 * Source:  RFC 5424 section 6; octet counting: RFC 6587 section 3.4.1, RFC 5425 section 4.3.
 * Shape:   LEN SP <PRI>1 TIME HOSTNAME yanmen - KIND [yanmen@PEN seq="1" uid=... hash=...] BOM body.  docs/OPERATIONS.md,
 *          "SIEM", has the fields.  Facility 13, log audit.
 * Limits:  a message has EXPORT_SYSLOG_MAX bytes at most (receivers should take 8192, RFC 5425 section 4.3.1): the body is
 *          cut at a character, and the parameter `cut` then says how many bytes it had; a parameter's value is cut at 255
 *          bytes (its escapes not counted) and ends in U+2026 then.
 * Trust:   every text of a row is hostile.
 */
enum { EXPORT_SYSLOG_MAX = 8192, EXPORT_SYSLOG_FRAME = EXPORT_SYSLOG_MAX + 8 };
struct export_syslog_origin {
	char hostname[256]; /* as gethostname says; "-" is written where that is no name */
	int64_t enterprise;
};
void export_syslog_put(struct buf *out, const struct export_syslog_origin *origin, const struct export_row *row);
#endif
