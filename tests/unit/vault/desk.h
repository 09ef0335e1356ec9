#ifndef TESTS_UNIT_VAULT_DESK_H
#define TESTS_UNIT_VAULT_DESK_H
#include "tests/unit/vault/bench.h"
#include "gateway/core/msg.h"
#include "gateway/core/wire.h"
#include "policy/vault/vault.h"
/* desk - the vault in this process; the test is parent, broker, recorder, reader and workers. */
enum { DESK_WORKER = 11, DESK_OTHER = 12, DESK_READER = 13 };
extern const char desk_bound[];
extern const struct id desk_session;

struct desk {
	struct vault *vault;
	struct vault_keys *keys;
	int parent, broker, recorder, worker, other, reader;
	uint8_t body[MSG_BODY_MAX]; /* of the last answer */
	size_t n;
	int fd; /* that came with it */
};
int desk_open(void **state);
int desk_close(void **state);
void desk_pump(struct desk *d);
/* A new socket, wired as that role; worker 0 for a service. */
int desk_wired(struct desk *d, uint8_t role, uint64_t worker);
/* The answer that waits at `sock`; 0 when there is none, -EPIPE when the vault has closed it. */
int desk_answer(struct desk *d, int sock);
#define GET(d, message, m) assert_int_equal(wire_##message##_get(span_of((d)->body, (d)->n), m, NULL), 0)
int desk_memfd(struct span bytes); /* sealed */
/* Returns the code; sealed and public_key get copies. */
int64_t desk_seal(struct desk *d, uint8_t kind, const char *secret, struct buf *sealed, struct buf *public_key);
struct desk_allow {
	uint64_t worker;
	uint8_t kind;
	const char *login;
	struct span sealed;
	const char *bound;
	uint32_t uses;
};
int64_t desk_allow(struct desk *d, const struct desk_allow *a);
int desk_use(struct desk *d, int sock);

#define CASE(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)
#endif
