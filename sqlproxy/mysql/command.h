#ifndef MYSQL_COMMAND_H
#define MYSQL_COMMAND_H
#include "gateway/core/json.h"
#include "sqlproxy/mysql/param.h"
struct err;
/*
 * command - what a client's commands hold: the text of a query behind its attributes, the values of an execution.
 *
 * Source:  MySQL "Client/Server Protocol": COM_QUERY, COM_STMT_EXECUTE, Query Attributes.
 * Limits:  MYSQL_COMMAND_PARAMS values (what the two bytes of COM_STMT_PREPARE's answer hold).
 * Errors:  -EPROTO: malformed, or a value of no type: nothing of it may be passed on, since nobody knows what a server would read.
 * Owns:    nothing but what is told; spans point into the payload.  Trust: input hostile.
 */
enum { MYSQL_COMMAND_PARAMS = 65535, MYSQL_COMMAND_EXECUTE_HEAD = 10 };

/* payload: with the command's byte.  attributes: both sides have MYSQL_CAP_QUERY_ATTRIBUTES. */
int mysql_command_query(struct span payload, bool attributes, struct span *ret_text, struct err *err);

/* What is known of a prepared statement's values. */
struct mysql_command_bind {
	uint16_t params;                 /* as the server said */
	const struct mysql_param_type *types; /* of the last execution that named them, or NULL */
	const uint8_t *sent;             /* a byte each: 1 = came as long data; or NULL */
};
struct mysql_command_execute {
	uint32_t statement;
	uint8_t flags;
};
/* For where the statement is. */
int mysql_command_execute_head(struct span payload, struct mysql_command_execute *ret, struct err *err);
/* The whole: types as named (room for bind->params of them; may be NULL), and the values as an array of `values` (may be NULL). */
int mysql_command_execute(struct span payload, bool attributes, const struct mysql_command_bind *bind, struct mysql_param_type *ret_types,
	bool *ret_named, struct json *values, struct err *err);
#endif
