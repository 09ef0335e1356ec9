#ifndef EXPORT_KINDS_H
#define EXPORT_KINDS_H
#include "export/row.h"
/*
 * kinds - how grave an event is, and whether something failed.  The one table of it.
 *
 * Source:  RFC 5424 section 6.2.1, table 2: 2 critical, 3 error, 4 warning, 5 notice, 6 information.
 */
struct export_kinds_rating {
	unsigned severity;
	bool failed;
};
struct export_kinds_rating export_kinds_rate(const struct export_row *row);
const char *export_kinds_severity(unsigned severity); /* "warning" */
#endif
