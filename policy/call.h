#ifndef POL_CALL_H
#define POL_CALL_H
#include "gateway/core/buf.h"
#include "gateway/core/json.h"
#include "gateway/core/loop.h"
#include "policy/command/commands.h"
#include "policy/pour.h"
#include "policy/query.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
struct pol_broker;
struct wire_command;
/*
 * call - one command on its way: who calls, the arguments as the table allows them, the answer.
 *
 * Order:   pol_call_new -> (steps, each with the call as its ctx) -> pol_call_answer or pol_call_fail, exactly once; both
 *          end the call.  When the caller goes away or the deadline passes, pol_call_cancel drops whatever waits.
 * Owns:    fd, the arguments, `state`.
 * Trust:   arguments are bounded here; what they mean is checked by SQL.
 */
enum pol_exit { POL_EXIT_DONE, POL_EXIT_FAILED, POL_EXIT_USAGE, POL_EXIT_NOT_FOUND, POL_EXIT_NOT_ALLOWED,
	POL_EXIT_SIGN_IN, /* of the console alone: nobody is signed in there (any more) */
};
struct pol_call_value {
	const struct pol_arg *arg;
	char *text;
};
enum { POL_CALL_VALUES_MAX = 4096 };

struct pol_call {
	struct pol_broker *b;
	const struct pol_command *command;
	char caller[400]; /* JSON */
	bool zh;
	struct pol_call_value *values;
	size_t n;
	int fd;
	void *state;
	void (*state_free)(struct pol_call *c);
	struct loop_timer late;
	struct pol_pour pour;
	const char *pour_say;
	void (*poured)(struct pol_call *c);
	/* to the skin: */
	void (*answer)(void *ctx, struct span json, int exit, const char *say);
	void *ctx;
};

struct pol_call_skin { /* who calls, and where the answer goes */
	const char *actor, *role, *address;
	const char *console, *token; /* id of the console session or of the API token he came with; NULL or "" = none */
	void (*answer)(void *ctx, struct span json, int exit, const char *say);
	void *ctx;
};
/* 0, or the exit code with a line in `say`; takes fd in any case. */
int pol_call_new(struct pol_call **ret, struct pol_broker *b, const struct wire_command *m, int fd,
	const struct pol_call_skin *skin, char *say, size_t say_n);
void pol_call_run(struct pol_call *c);
void pol_call_cancel(struct pol_call *c);

const char *pol_call_arg(const struct pol_call *c, const char *key); /* the first value, or NULL */
void *pol_call_state(struct pol_call *c, size_t n, void (*state_free)(struct pol_call *c)); /* zeroed */
/* Writes the arguments as an object that is left open for more keys: a repeated key as an array of strings. */
void pol_call_args_open(const struct pol_call *c, struct json *j, struct buf *out);
/* Calls the command's SQL function with these arguments (NULL: as they came). */
void pol_call_sql(struct pol_call *c, struct buf *args, pg_done *done);
void pol_call_sql_on(struct pol_call *c, struct pol_queries *queries, struct buf *args, pg_done *done);
/* The answer of a function, row 0 column 0, as the command's answer. */
void pol_call_sql_answer(void *ctx, int code, const struct pg_result *res, const struct err *err);

/* Writes to the command's file, then calls `poured`; when that cannot be, the command fails with `say`.  Both live until then. */
void pol_call_pour(struct pol_call *c, struct span bytes, const char *say, void (*poured)(struct pol_call *c));

void pol_call_answer(struct pol_call *c, struct span json);
void pol_call_fail(struct pol_call *c, int code, const char *say);
/* With the words of another process, cut. */
void pol_call_fail_as(struct pol_call *c, int64_t code, struct span say);
#endif
