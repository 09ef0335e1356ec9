#ifndef GW_MYSQL_MYSQL_H
#define GW_MYSQL_MYSQL_H
#include "gateway/proto.h"
/* mysql - the worker of MySQL's and MariaDB's protocol: gateway/proto.h, filled. */
extern const struct gw_proto gw_mysql_proto;
#endif
