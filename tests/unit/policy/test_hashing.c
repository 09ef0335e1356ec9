#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/login/hashing.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct rig {
	struct loop *loop;
	struct pol_hashing *h;
	int helper;     /* our end */
	char done[256]; /* one letter an answer, in order */
	int code;
};
struct asker {
	struct rig *rig;
	char letter;
};

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	int sv[2];

	assert_int_equal(loop_new(&r->loop, NULL), 0);
	r->h = pol_hashing_new(r->loop);
	assert_int_equal(msg_pair(sv), 0);
	r->helper = sv[0];
	assert_int_equal(pol_hashing_helper(r->h, sv[1], NULL), 0);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	pol_hashing_free(r->h);
	loop_free(r->loop);
	(void)close(r->helper);
	free(r);
	return 0;
}

static void done(void *ctx, int code, const char *hash)
{
	struct asker *a = ctx;
	size_t n = strlen(a->rig->done);

	(void)hash;
	a->rig->done[n] = a->letter;
	a->rig->code = code;
}

static int add(struct asker *a, const char *source)
{
	struct secret *password = NULL;
	struct pol_hashing_ask ask = {
		.op = WIRE_PWHASH_VERIFY, .hash = "", .password_fd = -1, .source = source, .done = done, .ctx = a
	};

	assert_int_equal(secret_of(span_str("pw"), &password, NULL), 0);
	ask.password = password;
	return pol_hashing_add(a->rig->h, &ask);
}

/* The helper answers the one job that it has. */
static bool answer(struct rig *r, int code)
{
	uint8_t body[MSG_BODY_MAX];
	struct wire_pwhash m;
	uint16_t type = 0;
	int fd = -1;

	int n = msg_recv_now(r->helper, &type, body, sizeof body, &fd, NULL);
	if (n == -EAGAIN)
		return false;
	assert_int_equal(wire_pwhash_get(span_of(body, (size_t)n), &m, NULL), 0);
	assert_true(span_is(m.password, "pw"));
	/* One at a time. */
	assert_int_equal(msg_recv_now(r->helper, &type, body, sizeof body, &fd, NULL), -EAGAIN);
	assert_int_equal(wire_pwhash_answer_send(
				 r->helper, &(struct wire_pwhash_answer){ .ticket = m.ticket, .code = code }, -1),
		0);
	loop_turn(r->loop, 100000);
	return true;
}

static void a_flood_from_one_source_delays_only_that_source(void **state)
{
	struct rig *r = *state;
	struct asker flood = { r, 'f' }, one = { r, '1' }, two = { r, '2' };

	for (int i = 0; i < 20; i++)
		assert_int_equal(add(&flood, "192.0.2.1"), 0);
	assert_int_equal(add(&one, "192.0.2.7"), 0);
	assert_int_equal(add(&two, "192.0.2.8"), 0);
	while (answer(r, -EACCES))
		;
	assert_int_equal(strlen(r->done), 22);
	assert_true(strchr(r->done, '1') - r->done <= 3);
	assert_true(strchr(r->done, '2') - r->done <= 4);
}

static void the_queue_is_bounded_by_source_and_in_all(void **state)
{
	struct rig *r = *state;
	struct asker a = { r, 'a' };
	int n = 0;

	while (add(&a, "192.0.2.1") == 0)
		n++;
	assert_int_equal(n, POL_HASHING_SOURCE_MAX + 1); /* one is at the helper */
	n = 0;
	while (add(&a, "192.0.2.2") == 0)
		n++;
	assert_true(n > 0 && n <= POL_HASHING_MAX - POL_HASHING_SOURCE_MAX);
	assert_int_equal(add(&a, "192.0.2.3"), -EAGAIN);
	pol_hashing_drop(r->h, &a);
}

static void nobody_is_called_who_is_gone(void **state)
{
	struct rig *r = *state;
	struct asker gone = { r, 'g' }, here = { r, 'h' };

	assert_int_equal(add(&gone, "a"), 0); /* at the helper */
	assert_int_equal(add(&gone, "a"), 0); /* waiting */
	assert_int_equal(add(&here, "b"), 0);
	pol_hashing_drop(r->h, &gone);
	while (answer(r, 0))
		;
	assert_string_equal(r->done, "h");
	assert_int_equal(r->code, 0);
}

static void a_lost_helper_gives_its_job_to_the_next_one_once(void **state)
{
	struct rig *r = *state;
	struct asker a = { r, 'a' };
	int sv[2];

	assert_int_equal(add(&a, "a"), 0);
	(void)close(r->helper);
	loop_turn(r->loop, 100000);
	assert_string_equal(r->done, "");
	assert_int_equal(pol_hashing_helpers(r->h), 0);
	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(pol_hashing_helper(r->h, sv[1], NULL), 0);
	(void)close(sv[0]);
	loop_turn(r->loop, 100000);
	loop_turn(r->loop, 100000);
	assert_string_equal(r->done, "a");
	assert_int_equal(r->code, -EPIPE);
	assert_int_equal(msg_pair(sv), 0);
	r->helper = sv[0];
	assert_int_equal(pol_hashing_helper(r->h, sv[1], NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_flood_from_one_source_delays_only_that_source, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_queue_is_bounded_by_source_and_in_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_is_called_who_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lost_helper_gives_its_job_to_the_next_one_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
