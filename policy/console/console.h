#ifndef POL_CONSOLE_H
#define POL_CONSOLE_H
#include "gateway/core/permit.h"
#include "gateway/core/link.h"
#include <stdbool.h>
#include <stdint.h>
struct id;
struct pol_broker;
struct pol_opening;
struct pol_request;
struct pol_terminal;
struct pol_visit;
/*
 * console - the link to yanmen-web: logins of browsers (visit.h), commands (request.h), terminals (opening.h, terminal.h).
 *
 * Source:  docs/ARCHITECTURE.md, "The console"; docs/decisions/0015-web-terminal-is-an-ssh-client.md.
 * Trust:   yanmen-web says which token a browser gave and from where that came, and nothing else counts: who somebody is and
 *          what he may do is looked up by the token's hash, each time.  A message that its table does not have cuts the link.
 * Ends:    when yanmen-web goes away, what it had asked for is cancelled; terminals stay for the next one.
 *          A console session that ends (signed out, ended by somebody, its user disabled) takes its terminals with it: the
 *          database tells (NOTIFY yanmen_console).
 * Owns:    its parts.
 */
enum { POL_CONSOLE_QUEUE = 64 << 20, POL_CONSOLE_TOKEN = 32 };

struct pol_console {
	struct pol_broker *b;
	struct link web;
	struct permit permit;
	struct pol_visit *visits;
	uint64_t last_visit;
	struct pol_request *requests;
	struct pol_opening *openings;
	struct pol_terminal *terminals;
	bool looking, again; /* for console sessions that have ended */
};
struct pol_console *pol_console_new(struct pol_broker *b);
struct pol_console *pol_console_free(struct pol_console *c);
void pol_console_listen(struct pol_console *c);
void pol_console_look(struct pol_console *c); /* which console sessions have ended? */
/* The parent's `peer`: takes fd.  A new one replaces the old one. */
void pol_console_open(struct pol_console *c, int fd);
#endif
