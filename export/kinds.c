#include "export/kinds.h"
#include "gateway/core/scope.h"
#include <string.h>

enum { CRITICAL = 2, ERROR, WARNING, NOTICE, INFO };

/* The first row that fits counts.  A kind, the beginning of kinds ("session.") or their end (".refused"); "" fits all. */
static const struct {
	const char *kind;
	unsigned severity, when_failed;
	bool failed; /* its name says so */
} table[] = {
	{ "space.over", CRITICAL, CRITICAL, true },
	{ "space.low", CRITICAL, CRITICAL, true },
	{ "space.warn", WARNING, WARNING, false },
	{ "space.ok", NOTICE, NOTICE, false },
	{ "siem.away", ERROR, ERROR, true },
	{ "worker.broken", ERROR, ERROR, true },
	{ "process.restarted", WARNING, WARNING, false },
	{ "recording.state", INFO, ERROR, false },
	{ ".refused", WARNING, WARNING, true },
	{ ".denied", WARNING, WARNING, true },
	{ "login.", INFO, WARNING, false },
	{ "session.", INFO, WARNING, false },
	{ "channel.", INFO, WARNING, false },
	{ "file.", INFO, WARNING, false },
	{ "forward.", INFO, WARNING, false },
	{ "factor.passed", INFO, WARNING, false },
	{ "recording.indexed", INFO, WARNING, false },
	{ "audit.searched", INFO, WARNING, false },
	{ "", NOTICE, WARNING, false }, /* what people change and look at */
};

static bool fits(struct span kind, const char *pattern)
{
	size_t n = strlen(pattern);
	if (n > kind.n)
		return false;
	if (n > 0 && pattern[0] == '.')
		return memcmp(kind.p + kind.n - n, pattern, n) == 0;
	return n == 0 || (memcmp(kind.p, pattern, n) == 0 && (n == kind.n || pattern[n - 1] == '.'));
}

struct export_kinds_rating export_kinds_rate(const struct export_row *row)
{
	size_t i = 0;
	while (!fits(row->kind, table[i].kind))
		i++;
	bool failed = row->failed || table[i].failed;
	return (struct export_kinds_rating){ failed ? table[i].when_failed : table[i].severity, failed };
}

const char *export_kinds_severity(unsigned severity)
{
	static const char *const names[] = { [CRITICAL] = "critical", [ERROR] = "error", [WARNING] = "warning",
		[NOTICE] = "notice", [INFO] = "information" };
	return severity < COUNT_OF(names) && names[severity] ? names[severity] : "?";
}
