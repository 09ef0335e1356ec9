#include "sqlproxy/mysql/worker/mysql.h"

int main(void)
{
	return gw_worker_main(&gw_mysql_proto);
}
