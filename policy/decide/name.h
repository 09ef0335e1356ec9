#ifndef DECIDE_NAME_H
#define DECIDE_NAME_H
#include "gateway/core/buf.h"
#include <stdbool.h>
struct err;
/*
 * name - login names and the names in them.
 *
 * Source:  docs/ARCHITECTURE.md, "Login names"; the database checks the same (schema/0001_tables.sql).
 * Shape:   user | user#target | user#account#target.  The leftmost of # % @ is the separator of the whole name;
 *          no part holds any of the three.
 * Limits:  user [a-z_][a-z0-9._-]*, at most 64 bytes; account at most 64, target at most 255 bytes of UTF-8 without
 *          blanks, controls and invisible characters.
 * Errors:  -EPROTO, `say` names the form expected and repeats nothing of the input.
 * Trust:   input hostile.  Owns: nothing, allocates nothing.
 */
enum { DECIDE_NAME_USER_MAX = 64, DECIDE_NAME_ACCOUNT_MAX = 64, DECIDE_NAME_TARGET_MAX = 255 };
struct decide_name {
	char user[DECIDE_NAME_USER_MAX + 1];
	char account[DECIDE_NAME_ACCOUNT_MAX + 1]; /* "" = not named */
	char target[DECIDE_NAME_TARGET_MAX + 1];   /* "" = not named */
};
int decide_name_parse(struct span login, struct decide_name *ret, struct err *err);
bool decide_name_is_user(struct span s);
bool decide_name_is_account(struct span s);
bool decide_name_is_target(struct span s);
#endif
