#include "policy/decide/sql.h"
#include "sqlproxy/classify/batch.h"
#include "sqlproxy/classify/normal.h"

void classify_mysql(const struct classify_mode *mode, struct span sql, struct classify_batch *ret)
{
	classify_batch_start(ret, mode);
	classify_batch_open(ret, 0);
	classify_batch_close(ret, sql.n);
	classify_batch_finish(ret);
}

void classify_mysql_tokens(const struct classify_mode *mode, struct span sql, classify_take_fn *take, void *to)
{
	(void)mode;
	take(to, &(struct classify_token){ .kind = CLASSIFY_TOKEN_BROKEN, .text = sql });
}
