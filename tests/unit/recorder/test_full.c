#include "tests/unit/recorder/rig.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* A real file system that is really full: a tmpfs of our own in a mount namespace of our own. */
static struct span none;
static char place[] = "/tmp/rec-full-XXXXXX";
static bool mounted;

static int fill(struct rig *g)
{
	static uint8_t block[4096];
	int fd = openat(g->dir, "ballast", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0)
		;
	return fd;
}

static void output(int worker, uint64_t seq)
{
	static uint8_t noise[20000];
	randombytes_buf(noise, sizeof noise); /* does not shrink */
	rig_frame(worker, seq, FRAME_OUT, 1, span_of(noise, sizeof noise));
}

static bool unrecorded(int worker, uint64_t *durable, char say[256])
{
	struct span body;
	struct wire_unrecorded u;
	struct wire_durable d;
	for (int type; (type = rig_hear(worker, &body)) > 0;) {
		if (type == WIRE_T_durable && wire_durable_get(body, &d, NULL) == 0)
			*durable = d.seq;
		if (type != WIRE_T_unrecorded || wire_unrecorded_get(body, &u, NULL) < 0)
			continue;
		(void)snprintf(say, 256, "%.*s", (int)u.say.n, (const char *)u.say.p);
		return true;
	}
	return false;
}

static void a_full_disk_holds_then_ends_the_session_and_loses_nothing_acknowledged(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct evidence_verdict v;
	scoped(buf_done) struct buf b;
	struct frame f;
	uint64_t durable = 0, seq = 0, kept = 0;
	char say[256] = "";
	if (!mounted)
		skip();
	int worker = rig_begin(g, &id, none);
	for (int i = 0; i < 5; i++) {
		output(worker, ++seq);
		RIG_UNTIL(g, !unrecorded(worker, &durable, say) && durable == seq);
	}
	int ballast = fill(g);
	int64_t began = clock_mono_us();
	for (int i = 0; i < 8; i++)
		output(worker, ++seq);
	RIG_UNTIL(g, unrecorded(worker, &durable, say));
	int64_t held = clock_mono_us() - began;
	assert_true(held > 6 * REC_SECOND && held < 10 * REC_SECOND);
	assert_non_null(strstr(say, "full"));
	RIG_UNTIL(g, g->answer_n == 1);
	assert_int_equal(g->answer.state, WIRE_RECORDING_FAILED);
	assert_non_null(strstr(g->reason, "full"));
	rig_verify(g, &id, &v); /* the end and its signature fitted */
	assert_int_equal(v.state, EVIDENCE_STATE_CRASHED);
	buf_init(&b, 4 << 20);
	rig_decode(g, &id, &b);
	int n;
	for (struct span in = buf_span(&b); (n = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + n, in.n - (size_t)n))
		kept += f.type == FRAME_OUT;
	assert_true(kept >= durable);
	(void)close(ballast);
	(void)close(worker);
}

static void a_disk_that_is_full_for_a_moment_costs_nothing(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct evidence_verdict v;
	uint64_t durable = 0, seq = 0;
	char say[256] = "";
	if (!mounted)
		skip();
	int worker = rig_begin(g, &id, none);
	int ballast = fill(g);
	for (int i = 0; i < 8; i++)
		output(worker, ++seq);
	for (int i = 0; i < 200; i++) { /* 4 s */
		rig_turn(g);
		assert_false(unrecorded(worker, &durable, say));
	}
	assert_true(durable < seq);
	assert_int_equal(ftruncate(ballast, 0), 0);
	RIG_UNTIL(g, !unrecorded(worker, &durable, say) && durable == seq);
	rig_frame(worker, ++seq, FRAME_FINISH, 0, span_str("{}"));
	RIG_UNTIL(g, g->answer_n == 1);
	assert_int_equal(g->answer.state, WIRE_RECORDING_CLOSED);
	rig_verify(g, &id, &v);
	(void)close(ballast);
	(void)close(worker);
}

static void nothing_begins_on_a_full_disk(void **state)
{
	struct rig *g = *state;
	struct id id;
	uint64_t number = 0;
	if (!mounted)
		skip();
	int ballast = fill(g), worker = rig_worker(g, &number);
	id_new(&id);
	rig_ask_begin(g, number, &id, none);
	RIG_UNTIL(g, g->begun_n == 1);
	assert_int_equal(g->begun.code, -ENOSPC);
	assert_int_equal(rig_file(g, &id), -1);
	assert_false(rig_is_marked_open(g, &id));
	(void)close(ballast);
	(void)close(worker);
}

static int setup(void **state)
{
	static struct rig rig;
	rig_open(&rig, mounted ? place : NULL);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_close(*state);
	return 0;
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	static const struct CMUnitTest tests[] = {
		RIGGED(a_full_disk_holds_then_ends_the_session_and_loses_nothing_acknowledged),
		RIGGED(a_disk_that_is_full_for_a_moment_costs_nothing),
		RIGGED(nothing_begins_on_a_full_disk),
	};
	if (!mkdtemp(place))
		return 1;
	mounted = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		  mount("rec-full", place, "tmpfs", 0, "size=8m,mode=700") == 0;
	if (!mounted)
		print_message("skipped: a full disk is mounted: run as root that may (not in a container without it)\n");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (mounted)
		(void)umount2(place, MNT_DETACH);
	(void)rmdir(place);
	return failed;
}
