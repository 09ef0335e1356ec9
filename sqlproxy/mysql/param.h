#ifndef MYSQL_PARAM_H
#define MYSQL_PARAM_H
#include "gateway/core/buf.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include <stdbool.h>
/*
 * param - a value in MySQL's binary protocol: of a prepared statement, or of a query's attributes.
 *
 * Source:  MySQL "Client/Server Protocol": Binary Protocol Value; column types.
 * Errors:  -EPROTO: a type that no client binds, or cut.
 * Owns:    nothing; spans point into the input.  Trust: input hostile.
 */
struct mysql_param_type {
	uint8_t type;
	bool is_unsigned;
};
/* Takes one value off. */
int mysql_param_read(struct rd *r, struct mysql_param_type type, struct span *ret);
/* As an element of an array: numbers as numbers (of 64 bits as texts), moments as texts, bytes as text cut at MYSQL_PARAM_SHOWN. */
enum { MYSQL_PARAM_SHOWN = 256 };
void mysql_param_json(struct json *j, struct mysql_param_type type, struct span value);
#endif
