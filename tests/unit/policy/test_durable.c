#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "gateway/core/loop.h"
#include "policy/keep/durable.h"
#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>

/* The disk is the test's: a sync is done when the test says so. */
static sem_t begun, go_on;
static int verdict; /* read by the thread behind go_on */

static int slow(int fd)
{
	if (fd == 0)
		return 0; /* one of the two is enough to wait for */
	(void)sem_post(&begun);
	while (sem_wait(&go_on) < 0)
		;
	errno = -verdict;
	return verdict < 0 ? -1 : 0;
}

struct desk {
	struct loop *loop;
	struct pol_durable *d;
};

static int open_desk(void **state)
{
	struct desk *k = calloc(1, sizeof *k);

	assert_non_null(k);
	assert_int_equal(sem_init(&begun, 0, 0), 0);
	assert_int_equal(sem_init(&go_on, 0, 0), 0);
	verdict = 0;
	assert_int_equal(loop_new(&k->loop, NULL), 0);
	assert_int_equal(pol_durable_new(&k->d, k->loop, (const int[]){ 0, 1 }, slow, NULL), 0);
	*state = k;
	return 0;
}

static int close_desk(void **state)
{
	struct desk *k = *state;

	for (int i = 0; i < 8; i++)
		(void)sem_post(&go_on);
	pol_durable_free(k->d);
	loop_free(k->loop);
	free(k);
	return 0;
}

static void note(void *ctx, int code)
{
	*(int *)ctx = code == 0 ? 1 : code;
}

static void finish(struct desk *k, const int *called)
{
	(void)sem_post(&go_on);
	for (int i = 0; i < 200 && *called == 0; i++)
		loop_turn(k->loop, 50 * 1000);
}

static void nothing_written_is_durable_at_once(void **state)
{
	struct desk *k = *state;
	int called = 0;

	pol_durable_wait(k->d, note, &called);
	assert_int_equal(called, 1);
}

static void who_waits_is_called_when_the_disk_has_it_and_not_before(void **state)
{
	struct desk *k = *state;
	int called = 0;

	pol_durable_wrote(k->d);
	pol_durable_wait(k->d, note, &called);
	assert_int_equal(sem_wait(&begun), 0);
	loop_turn(k->loop, 0);
	assert_int_equal(called, 0);
	finish(k, &called);
	assert_int_equal(called, 1);
	called = 0;
	pol_durable_wait(k->d, note, &called);
	assert_int_equal(called, 1); /* it stays so */
}

/* What is written while a sync is under way is not part of it: the next one has it, once for all that came. */
static void a_record_behind_the_sync_waits_for_the_next(void **state)
{
	struct desk *k = *state;
	int first = 0, second = 0, third = 0;

	pol_durable_wrote(k->d);
	pol_durable_wait(k->d, note, &first);
	assert_int_equal(sem_wait(&begun), 0);
	pol_durable_wrote(k->d);
	pol_durable_wait(k->d, note, &second);
	pol_durable_wrote(k->d);
	pol_durable_wait(k->d, note, &third);
	finish(k, &first);
	assert_int_equal(first, 1);
	assert_int_equal(second, 0);
	assert_int_equal(sem_wait(&begun), 0);
	finish(k, &third);
	assert_int_equal(second, 1);
	assert_int_equal(third, 1);
	assert_int_equal(sem_trywait(&begun), -1); /* two syncs for three records */
}

static void a_disk_that_fails_is_told_and_tried_again(void **state)
{
	struct desk *k = *state;
	int called = 0;

	verdict = -EIO;
	pol_durable_wrote(k->d);
	pol_durable_wait(k->d, note, &called);
	assert_int_equal(sem_wait(&begun), 0);
	finish(k, &called);
	assert_int_equal(called, -EIO);
	verdict = 0;
	called = 0;
	pol_durable_wrote(k->d);
	pol_durable_wait(k->d, note, &called);
	assert_int_equal(sem_wait(&begun), 0);
	finish(k, &called);
	assert_int_equal(called, 1);
}

static void who_has_gone_is_not_called(void **state)
{
	struct desk *k = *state;
	int gone = 0, called = 0;

	pol_durable_wrote(k->d);
	pol_durable_wait(k->d, note, &gone);
	pol_durable_wait(k->d, note, &called);
	pol_durable_drop(k->d, &gone);
	assert_int_equal(sem_wait(&begun), 0);
	finish(k, &called);
	assert_int_equal(called, 1);
	assert_int_equal(gone, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_written_is_durable_at_once),
		CASE(who_waits_is_called_when_the_disk_has_it_and_not_before),
		CASE(a_record_behind_the_sync_waits_for_the_next),
		CASE(a_disk_that_fails_is_told_and_tried_again),
		CASE(who_has_gone_is_not_called),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
