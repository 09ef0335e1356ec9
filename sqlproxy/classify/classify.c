#include "sqlproxy/classify/classify.h"
#include "sqlproxy/classify/batch.h"
#include "sqlproxy/classify/normal.h"

void classify(const struct classify_mode *mode, struct span sql, struct classify_batch *ret)
{
	if (mode->dialect == CLASSIFY_TSQL)
		classify_tsql(mode, sql, ret);
	else
		classify_mysql(mode, sql, ret);
	classify_normal_digest(mode, sql, ret->fingerprint);
}
