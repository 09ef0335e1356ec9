#ifndef POL_CALLER_H
#define POL_CALLER_H
#include "gateway/core/id.h"
#include "policy/query.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_broker;
/*
 * caller - whose token is it?  Asked of the database each time, by the token's hash: a session that has ended or was idle for too
 * long, and an API token that is over or came from elsewhere, is nobody's (-EKEYEXPIRED).
 *
 * Shape:   a console session's is POL_CONSOLE_TOKEN bytes; an API token is its text, POL_CALLER_API bytes.  pol_caller_ask's answer
 *          has the same columns for both.
 */
enum { POL_CALLER_API = 47 };
struct pol_caller {
	struct id session; /* of the console; zero: he came with an API token */
	char session_text[ID_TEXT], token_text[ID_TEXT]; /* one of them is empty */
	int64_t user_id;
	char user[65], actor[72] /* "user:alice" */, role[65], address[64];
	bool due; /* his password must be changed first */
};
/* done gets what pol_caller_get reads; ctx must pol_query_drop. */
void pol_caller_ask(struct pol_broker *b, struct span token, struct span address, pg_done *done, void *ctx);
int pol_caller_get(const struct pg_result *res, struct pol_caller *ret); /* address is left alone; -EPROTO, -EKEYEXPIRED */
void pol_caller_address(struct span address, struct pol_caller *ret);
/* One line for the person, when a question failed. */
const char *pol_caller_say(int code, const struct err *err);
#endif
