#include "tests/unit/core/unit.h"
#include "gateway/core/service.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { TURN_US = 1000 * 1000 };

struct world {
	struct loop *loop;
	struct service service;
	int parent, kept; /* our end; how often a socket was taken */
	uint8_t role;
};

static int keep(void *ctx, uint8_t role, int fd, struct err *err)
{
	struct world *w = ctx;
	(void)err;
	w->kept += fd >= 0;
	w->role = role;
	close(fd);
	return role == WIRE_VAULT ? 0 : -EBADMSG;
}

static void begin(struct world *w, bool with_peers)
{
	int sv[2];
	*w = (struct world){ 0 };
	assert_int_equal(msg_pair(sv), 0);
	w->parent = fcntl(sv[0], F_DUPFD_CLOEXEC, 100);
	int theirs = fcntl(sv[1], F_DUPFD_CLOEXEC, 100);
	close(sv[0]);
	close(sv[1]);
	assert_int_equal(dup2(theirs, SERVICE_FD), SERVICE_FD);
	close(theirs);
	assert_int_equal(loop_new(&w->loop, NULL), 0); /* its descriptors are later ones */
	w->service = (struct service){ .peer = with_peers ? keep : NULL, .ctx = w };
	assert_int_equal(service_open(&w->service, w->loop, WIRE_NOTIFY, NULL), 0);
}

static void end(struct world *w)
{
	service_done(&w->service);
	close(SERVICE_FD);
	if (w->parent >= 0)
		close(w->parent);
	w->loop = loop_free(w->loop);
}

static int code_of(struct world *w)
{
	int code = -1;
	loop_turn(w->loop, TURN_US);
	return loop_is_stopped(w->loop, &code) ? code : -1;
}

static void it_says_hello_and_ends_well_when_told_to_stop(void **state)
{
	struct world w;
	uint8_t body[1024];
	uint16_t type;
	int fd;
	struct wire_hello hello;
	(void)state;
	begin(&w, false);
	int n = msg_recv(w.parent, &type, body, sizeof body, &fd, NULL);
	assert_int_equal(type, WIRE_T_hello);
	assert_int_equal(wire_hello_get(span_of(body, (size_t)n), &hello, NULL), 0);
	assert_int_equal(hello.role, WIRE_NOTIFY);
	assert_int_equal(wire_stop_send(w.parent, &(struct wire_stop){ 0 }, -1), 0);
	assert_int_equal(code_of(&w), 0);
	end(&w);
}

static void a_parent_that_is_gone_or_talks_nonsense_ends_it(void **state)
{
	struct world w;
	(void)state;
	begin(&w, true);
	close(w.parent);
	w.parent = -1;
	assert_int_equal(code_of(&w), 1);
	end(&w);
	begin(&w, true);
	assert_int_equal(wire_hello_send(w.parent, &(struct wire_hello){ 0 }, -1), 0);
	assert_int_equal(code_of(&w), 1);
	end(&w);
	begin(&w, false); /* it has no peers */
	assert_int_equal(wire_peer_send(w.parent, &(struct wire_peer){ .role = WIRE_VAULT }, w.parent), 0);
	assert_int_equal(code_of(&w), 1);
	end(&w);
}

static void a_peers_socket_is_handed_on(void **state)
{
	struct world w;
	(void)state;
	begin(&w, true);
	assert_int_equal(wire_peer_send(w.parent, &(struct wire_peer){ .role = WIRE_VAULT }, w.parent), 0);
	assert_int_equal(code_of(&w), -1);
	assert_int_equal(w.kept, 1);
	assert_int_equal(w.role, WIRE_VAULT);
	assert_int_equal(wire_peer_send(w.parent, &(struct wire_peer){ .role = WIRE_VAULT }, -1), 0); /* without a socket */
	assert_int_equal(code_of(&w), 1);
	assert_int_equal(w.kept, 1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(it_says_hello_and_ends_well_when_told_to_stop), CASE(a_parent_that_is_gone_or_talks_nonsense_ends_it),
		CASE(a_peers_socket_is_handed_on),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
