#ifndef POL_PARENT_H
#define POL_PARENT_H
#include "gateway/core/wire.h"
#include "policy/ask.h"
struct err;
struct pol_broker;
/*
 * parent - what the parent tells the broker (peers, workers, stop), and what the broker wants from it: a probe, a reader.
 *
 * Ends:    the loop stops with 1 when the parent is gone, with 0 after `stop`, once the spool is empty and the audit is
 *          sealed and signed, or after POL_PARENT_STOP_US.
 */
enum { POL_PARENT_STOP_US = 2500 * 1000 }; /* the parent's own patience is 3 s */
int pol_parent_open(struct pol_broker *b, int fd, struct err *err); /* takes fd */
int pol_parent_hello(struct pol_broker *b);
/* A process: a probe, a reader, or a worker for the client fd (borrowed; else -1).  The ticket is filled in here.  ask->done
 * gets reply->worker, freshly attached. */
void pol_parent_want(struct pol_broker *b, struct wire_want *m, int fd, const struct pol_ask *ask);
/* A terminal at that socket (borrowed).  Nobody tells when it is there; when there can be none the socket's other end is
 * closed. */
void pol_parent_want_term(struct pol_broker *b, int sock);
struct wire_rekey;
/* A new master key; the answer comes when the vault runs with it. */
void pol_parent_rekey(struct pol_broker *b, struct wire_rekey *m, const struct pol_ask *ask);
#endif
