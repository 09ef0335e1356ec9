#ifndef WEB_BROKER_H
#define WEB_BROKER_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "webterm/cookie.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct web;
struct web_broker;
/*
 * broker - yanmen-web's pair with the broker: visits, commands and terminals; every answer finds its question.
 *
 * Order:   answers come in any order; each question gets exactly one call of `done`, at the latest when the broker is lost.
 * Limits:  an answer of 16 MiB; 4 MiB waiting to be sent.
 * Errors:  -EPIPE from an asking function: the broker is away, and `done` is not called.
 * Owns:    copies; a descriptor given stays the caller's.
 */
struct web_reply {
	int64_t code;       /* of ask: the CLI's exit code; of terminal: 0 or a negative errno; of both: WEB_BROKER_LOST */
	struct span json, say;
	struct id id;       /* of terminal */
	int fd;             /* of terminal; taken with take_fd */
};
enum { WEB_BROKER_LOST = -1000 };
typedef void web_broker_done(void *ctx, struct web_reply *reply);

struct web_broker_ask {
	const struct web_token *token;
	const char *address, *name;
	bool zh;
	uint32_t count; /* of args */
	struct span args;
};
struct web_broker_terminal {
	const struct web_token *token;
	const char *address;
	uint16_t port;
	bool zh;
	struct id id; /* zero: a new one */
	const char *target, *account;
};
struct web_broker *web_broker_new(struct web *web);
struct web_broker *web_broker_free(struct web_broker *b);
int web_broker_open(struct web_broker *b, int sock, struct err *err); /* in place of an older one; takes sock */
bool web_broker_is_there(const struct web_broker *b);
int web_broker_ask(struct web_broker *b, const struct web_broker_ask *a, int fd, web_broker_done *done, void *ctx);
int web_broker_terminal(struct web_broker *b, const struct web_broker_terminal *t, web_broker_done *done, void *ctx);
struct wire_visit;
int web_broker_visit(struct web_broker *b, const struct wire_visit *m, int fd);
void web_broker_leave(struct web_broker *b, const struct id *id);
#endif
