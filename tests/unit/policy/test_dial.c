#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "policy/dial/dial.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

struct rig {
	struct loop *loop;
	struct pol_dialler *d;
	int listener;
	uint16_t port;
	int code, fd, calls;
	char say[160];
};

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;

	assert_int_equal(loop_new(&r->loop, NULL), 0);
	assert_int_equal(pol_dialler_new(&r->d, r->loop, NULL), 0);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(r->listener, 8), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&a, &n), 0);
	r->port = ntohs(a.sin_port);
	r->fd = -1;
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	(void)close(r->listener);
	if (r->fd >= 0)
		(void)close(r->fd);
	pol_dialler_free(r->d);
	loop_free(r->loop);
	free(r);
	return 0;
}

static void done(void *ctx, int code, int fd, const struct err *err)
{
	struct rig *r = ctx;

	r->calls++;
	r->code = code;
	r->fd = fd;
	(void)snprintf(r->say, sizeof r->say, "%s", code < 0 ? err->say : "");
}

static void dial(struct rig *r, const char *host, uint16_t port, const char *networks, bool samples)
{
	r->calls = 0;
	pol_dial(r->d, &(struct pol_dial_to){ .host = host, .port = port, .networks = networks, .is_samples = samples },
		done, r);
	assert_int_equal(r->calls, 0);
	while (!r->calls)
		loop_turn(r->loop, 1000000);
}

static void the_samples_may_be_on_loopback(void **state)
{
	struct rig *r = *state;
	int on = 0;
	socklen_t n = sizeof on;

	dial(r, "127.0.0.1", r->port, "127.0.0.0/8", true);
	assert_int_equal(r->code, 0);
	assert_true(fcntl(r->fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(r->fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(getsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
	assert_true(on);
	assert_int_equal(getsockopt(r->fd, SOL_SOCKET, SO_KEEPALIVE, &on, &n), 0);
	assert_true(on);
}

static void a_name_is_resolved_and_its_address_checked(void **state)
{
	struct rig *r = *state;

	dial(r, "localhost", r->port, "127.0.0.0/8", true);
	assert_int_equal(r->code, 0);
	(void)close(r->fd);
	dial(r, "localhost", r->port, "127.0.0.0/8,::1/128", false);
	assert_int_equal(r->code, -EACCES);
}

static void what_lies_outside_is_never_dialled(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "::1", "0.0.0.0", "169.254.1.1", "224.0.0.1",
		"255.255.255.255", "fe80::1", "ff02::1", "::", "::ffff:127.0.0.1", "192.0.2.1" };
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		dial(r, hosts[i], r->port, i == 10 ? "10.0.0.0/8" : "0.0.0.0/0,::/0,127.0.0.0/8", false);
		assert_int_equal(r->code, -EACCES);
		assert_int_equal(r->fd, -1);
		assert_null(strstr(r->say, hosts[i])); /* no address in what a person is told */
	}
	dial(r, "127.0.0.1", r->port, "127.0.0.0/8,nonsense", true);
	assert_int_equal(r->code, -EACCES);
}

static void a_closed_port_refuses(void **state)
{
	struct rig *r = *state;

	(void)close(r->listener);
	dial(r, "127.0.0.1", r->port, "127.0.0.0/8", true);
	assert_int_equal(r->code, -ECONNREFUSED);
	assert_string_equal(r->say, "the target refuses the connection");
	r->listener = -1;
}

static void nobody_is_called_who_has_dropped_it(void **state)
{
	struct rig *r = *state;

	pol_dial(r->d,
		&(struct pol_dial_to){
			.host = "127.0.0.1", .port = r->port, .networks = "127.0.0.0/8", .is_samples = true },
		done, r);
	pol_dial(r->d,
		&(struct pol_dial_to){
			.host = "localhost", .port = r->port, .networks = "127.0.0.0/8", .is_samples = true },
		done, r);
	loop_turn(r->loop, 0);
	pol_dial_drop(r->d, r);
	for (int i = 0; i < 5; i++)
		loop_turn(r->loop, 50000);
	assert_int_equal(r->calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_samples_may_be_on_loopback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_is_resolved_and_its_address_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_lies_outside_is_never_dialled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_closed_port_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_is_called_who_has_dropped_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
