#include "tests/unit/recorder/rig.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static struct span none;

static void check_signature(const struct rig *g)
{
	struct evidence_sign_claim c = { .id = g->answer.id, .seq = g->answer.seq, .time_us = g->answer.signed_us };
	c.what = g->answer.state == WIRE_RECORDING_CLOSED ? WIRE_SIGN_CLOSE :
		 g->answer.state == WIRE_RECORDING_OPEN	  ? WIRE_SIGN_CHECKPOINT :
							    WIRE_SIGN_CRASHED;
	memcpy(c.hash, g->answer.head.b, 32);
	assert_int_equal(evidence_sign_check(&c, g->answer.signature.b, g->keys.sign_public, NULL), 0);
}

static void records_from_begin_to_the_seal(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct evidence_verdict v;
	scoped(buf_done) struct buf b;
	struct frame f;
	int worker = rig_begin(g, &id, none);
	rig_frame(worker, 1, FRAME_OPEN, 1, span_str("{\"kind\":\"exec\"}"));
	for (uint64_t i = 2; i < 100; i++)
		rig_frame(worker, i, FRAME_OUT, 1, span_str("some output some output some output\n"));
	uint64_t durable = 0;
	for (int i = 0; i < 1000 && durable < 99; i++) {
		struct span body;
		struct wire_durable d;
		rig_turn(g);
		if (rig_hear(worker, &body) == WIRE_T_durable && wire_durable_get(body, &d, NULL) == 0)
			durable = d.seq;
	}
	assert_int_equal(durable, 99);
	assert_true(rig_is_marked_open(g, &id));
	rig_frame(worker, 100, FRAME_FINISH, 0, span_str("{\"reason\":\"logout\"}"));
	RIG_UNTIL(g, g->answer_n == 1);
	(void)close(worker);
	assert_int_equal(g->answer.state, WIRE_RECORDING_CLOSED);
	check_signature(g);
	assert_false(rig_is_marked_open(g, &id));
	rig_verify(g, &id, &v);
	assert_int_equal(v.state, EVIDENCE_STATE_CLOSED);
	assert_true(v.seq == g->answer.seq && v.bytes == g->answer.bytes);
	assert_memory_equal(v.head, g->answer.head.b, 32);
	buf_init(&b, 1 << 20);
	rig_decode(g, &id, &b);
	struct span in = buf_span(&b);
	int frames = 0;
	for (int n; (n = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + n, in.n - (size_t)n))
		assert_int_equal(f.type, frames++ == 0 ? FRAME_META : frames == 2 ? FRAME_OPEN : frames == 101 ? FRAME_FINISH : FRAME_OUT);
	assert_int_equal(frames, 101);
	assert_true(g->r.recs == NULL); /* and nothing is kept */
}

static void a_worker_that_dies_leaves_a_crashed_recording(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct evidence_verdict v;
	scoped(buf_done) struct buf b;
	int worker = rig_begin(g, &id, none);
	rig_frame(worker, 1, FRAME_OUT, 1, span_str("last words"));
	(void)close(worker); /* at once: what lies in the socket counts */
	RIG_UNTIL(g, g->answer_n == 1);
	assert_int_equal(g->answer.state, WIRE_RECORDING_CRASHED);
	check_signature(g);
	rig_verify(g, &id, &v);
	assert_int_equal(v.state, EVIDENCE_STATE_CRASHED);
	buf_init(&b, 1 << 20);
	rig_decode(g, &id, &b);
	assert_non_null(memmem(b.data, b.len, "last words", 10));
}

static void credit_comes_back_and_an_overrun_is_cut_off(void **state)
{
	struct rig *g = *state;
	static uint8_t noise[32 * 1024];
	struct id id;
	struct span body;
	struct wire_credit c;
	size_t sent = 0, back = 0;
	uint64_t seq = 0;
	int worker = rig_begin(g, &id, none), type = 0;
	for (int i = 0; i < 40; i++) {
		rig_frame(worker, ++seq, FRAME_OUT, 1, span_of(noise, sizeof noise));
		sent += sizeof noise + FRAME_HEAD;
		rig_turn(g);
		while ((type = rig_hear(worker, &body)) > 0)
			if (type == WIRE_T_credit && wire_credit_get(body, &c, NULL) == 0) {
				assert_true(c.bytes >= REC_CREDIT_STEP);
				back += c.bytes;
			}
		assert_int_equal(type, 0);
	}
	for (int i = 0; i < 50; i++)
		rig_turn(g);
	while ((type = rig_hear(worker, &body)) > 0)
		if (type == WIRE_T_credit && wire_credit_get(body, &c, NULL) == 0)
			back += c.bytes;
	assert_true(back <= sent && sent - back < REC_CREDIT_STEP + 2 * (sizeof noise + FRAME_HEAD));
	/* All at once, without looking: more than any credit. */
	for (size_t over = 0; over < 2 * (REC_CREDIT + REC_CREDIT_SLACK) / sizeof noise; over++)
		rig_frame(worker, ++seq, FRAME_OUT, 1, span_of(noise, sizeof noise));
	/* The seal threads stand still meanwhile: nothing is written, nothing comes back. */
	struct rec *rec = rec_find(&g->r, &id);
	rec->under_way += REC_CREDIT + REC_CREDIT_SLACK;
	g->r.under_way += REC_CREDIT + REC_CREDIT_SLACK;
	RIG_UNTIL(g, (type = rig_hear(worker, &body)) == RIG_WORKER_SEES_EOF);
	(void)close(worker);
	RIG_UNTIL(g, g->answer_n == 1);
	assert_int_equal(g->answer.state, WIRE_RECORDING_CRASHED);
}

static void nonsense_is_cut_off(void **state)
{
	struct rig *g = *state;
	static const struct {
		uint64_t seq;
		uint8_t type;
		const char *why;
	} cases[] = {
		{ 2, FRAME_OUT, "a gap" },
		{ 0, FRAME_OUT, "an old one" },
		{ 1, FRAME_META, "meta is the recorder's" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct id id;
		struct span body;
		int type = 0, worker = rig_begin(g, &id, none);
		g->answer_n = 0;
		rig_frame(worker, cases[i].seq, cases[i].type, 1, span_str("x"));
		RIG_UNTIL(g, (type = rig_hear(worker, &body)) == RIG_WORKER_SEES_EOF);
		(void)close(worker);
		RIG_UNTIL(g, g->answer_n == 1);
		assert_int_equal(g->answer.state, WIRE_RECORDING_CRASHED);
	}
	struct id id;
	struct span body;
	int type = 0, worker = rig_begin(g, &id, none);
	(void)wire_frames_send(worker, &(struct wire_frames){ .seq = 1, .frames = span_str("half a frame") }, -1);
	RIG_UNTIL(g, (type = rig_hear(worker, &body)) == RIG_WORKER_SEES_EOF);
	(void)close(worker);
}

static void nothing_but_frames_and_only_after_begin(void **state)
{
	struct rig *g = *state;
	struct span body;
	uint64_t number = 0;
	int type = 0, early = rig_worker(g, &number);
	rig_frame(early, 1, FRAME_OUT, 1, span_str("x"));
	RIG_UNTIL(g, (type = rig_hear(early, &body)) == RIG_WORKER_SEES_EOF);
	(void)close(early);
	int other = rig_worker(g, &number);
	(void)wire_begin_send(other, &(struct wire_begin){ .worker = number }, -1);
	RIG_UNTIL(g, (type = rig_hear(other, &body)) == RIG_WORKER_SEES_EOF);
	(void)close(other);
	assert_null(g->r.workers);
}

static void begin_is_refused_with_a_word(void **state)
{
	struct rig *g = *state;
	struct id id, second;
	uint64_t number = 0;
	int worker = rig_worker(g, &number);
	id_new(&id);
	id_new(&second);
	rig_ask_begin(g, 12345, &id, none);
	RIG_UNTIL(g, g->begun_n == 1);
	assert_int_equal(g->begun.code, -ENOENT);
	rig_ask_begin(g, number, &id, none);
	RIG_UNTIL(g, g->begun_n == 2);
	assert_int_equal(g->begun.code, 0);
	rig_ask_begin(g, number, &second, none);
	RIG_UNTIL(g, g->begun_n == 3);
	assert_int_equal(g->begun.code, -EEXIST);
	struct statvfs disk;
	assert_int_equal(fstatvfs(g->dir, &disk), 0);
	g->r.conf.space_floor_bytes = (int64_t)(disk.f_bavail * disk.f_frsize * 2); /* below it, and not far */
	int third = rig_worker(g, &number);
	rig_ask_begin(g, number, &second, none);
	RIG_UNTIL(g, g->begun_n == 4 && g->space.state == WIRE_SPACE_LOW);
	assert_int_equal(g->begun.code, -ENOSPC);
	assert_non_null(strstr(g->say, "space"));
	(void)close(worker);
	(void)close(third);
}

static void keys_lie_on_disk_as_their_length_or_sealed(void **state)
{
	struct rig *g = *state;
	for (int with = 0; with < 2; with++) {
		struct id id;
		struct frame f, keys[2];
		scoped(buf_done) struct buf b;
		int n, found = 0;
		int worker = rig_begin(g, &id, with ? span_of(g->keys.seal_public, 32) : none);
		rig_frame(worker, 1, FRAME_KEYS, 1, span_str("hunter"));
		rig_frame(worker, 2, FRAME_KEYS, 1, span_str("2"));
		rig_frame(worker, 3, FRAME_OUT, 1, span_str("*"));
		rig_frame(worker, 4, FRAME_KEYS, 2, span_str("zzz"));
		g->answer_n = 0;
		rig_frame(worker, 5, FRAME_FINISH, 0, span_str("{}"));
		RIG_UNTIL(g, g->answer_n == 1);
		(void)close(worker);
		buf_init(&b, 1 << 20);
		rig_decode(g, &id, &b);
		assert_null(memmem(b.data, b.len, "hunter", 6));
		for (struct span in = buf_span(&b); (n = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + n, in.n - (size_t)n))
			if (f.type == FRAME_KEYS && found < 2)
				keys[found++] = f;
		assert_int_equal(found, 2); /* in a row on one channel: joined */
		assert_int_equal(keys[0].body.p[0], 7);
		assert_int_equal(keys[0].body.n, with ? 4 + 7 + crypto_box_SEALBYTES : 4);
		assert_int_equal(keys[1].channel, 2);
		if (with) {
			uint8_t plain[7];
			assert_int_equal(crypto_box_seal_open(plain, keys[0].body.p + 4, keys[0].body.n - 4, g->keys.seal_public,
						 g->keys.seal_secret), 0);
			assert_memory_equal(plain, "hunter2", 7);
		}
	}
}

static void time_never_goes_back_nor_ahead(void **state)
{
	struct rig *g = *state;
	struct id id;
	scoped(buf_done) struct buf b, m;
	static const uint64_t times[] = { 0, UINT64_MAX, 5, 1763823600000001 };
	struct frame f;
	uint64_t last = 0;
	int n, worker = rig_begin(g, &id, none);
	buf_init(&m, 4096);
	for (size_t i = 0; i < COUNT_OF(times); i++)
		frame_put(&m, &(struct frame){ .time_us = times[i], .type = FRAME_OUT, .channel = 1, .body = span_str("x") });
	(void)wire_frames_send(worker, &(struct wire_frames){ .seq = 1, .frames = buf_span(&m) }, -1);
	rig_frame(worker, 2, FRAME_FINISH, 0, span_str("{}"));
	RIG_UNTIL(g, g->answer_n == 1);
	(void)close(worker);
	buf_init(&b, 1 << 20);
	rig_decode(g, &id, &b);
	for (struct span in = buf_span(&b); (n = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + n, in.n - (size_t)n)) {
		assert_true(f.time_us >= last && f.time_us <= (uint64_t)clock_wall_us());
		last = f.time_us;
	}
}

static void is_anchored_each_minute_when_there_is_something_new(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct evidence_verdict v;
	int worker = rig_begin(g, &id, none);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		unsigned before = g->answer_n;
		rig_frame(worker, seq, FRAME_OUT, 1, span_str("x"));
		clock_advance(61 * REC_SECOND);
		RIG_UNTIL(g, g->answer_n == before + 1);
		assert_int_equal(g->answer.state, WIRE_RECORDING_OPEN);
		check_signature(g);
	}
	for (int i = 0; i < 20; i++) {
		clock_advance(10 * REC_SECOND);
		rig_turn(g);
	}
	assert_int_equal(g->answer_n, 3); /* nothing new, nothing said */
	rig_frame(worker, 4, FRAME_FINISH, 0, span_str("{}"));
	RIG_UNTIL(g, g->answer_n == 4);
	(void)close(worker);
	rig_verify(g, &id, &v);
	assert_int_equal(v.checkpoints, 4);
}

static void waits_for_a_vault_that_is_away(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct evidence_verdict v;
	int worker = rig_begin(g, &id, none);
	rig_vault(g, false);
	rig_frame(worker, 1, FRAME_FINISH, 0, span_str("{}"));
	for (int i = 0; i < 200; i++)
		rig_turn(g);
	assert_int_equal(g->answer_n, 0);
	rig_vault(g, true);
	RIG_UNTIL(g, g->answer_n == 1);
	(void)close(worker);
	assert_int_equal(g->answer.state, WIRE_RECORDING_CLOSED);
	rig_verify(g, &id, &v);
}

static void tells_a_broker_that_was_away_how_it_ended(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct evidence_verdict v;
	int worker = rig_begin(g, &id, none);
	rig_broker(g, false);
	rig_frame(worker, 1, FRAME_FINISH, 0, span_str("{}"));
	for (int i = 0; i < 200; i++)
		rig_turn(g);
	rig_verify(g, &id, &v); /* sealed already */
	rig_broker(g, true);
	RIG_UNTIL(g, g->answer_n == 1);
	(void)close(worker);
	assert_int_equal(g->answer.state, WIRE_RECORDING_CLOSED);
	RIG_UNTIL(g, !g->r.recs);
}

static void answers_what_became_of_a_recording(void **state)
{
	struct rig *g = *state;
	struct id id, unknown;
	id_new(&unknown);
	assert_int_equal(wire_recording_send(g->broker, &(struct wire_recording){ .id = unknown }, -1), 0);
	RIG_UNTIL(g, g->answer_n == 1);
	assert_int_equal(g->answer.state, WIRE_RECORDING_UNKNOWN);
	int worker = rig_begin(g, &id, none);
	assert_int_equal(wire_recording_send(g->broker, &(struct wire_recording){ .id = id }, -1), 0);
	RIG_UNTIL(g, g->answer_n == 2);
	assert_int_equal(g->answer.state, WIRE_RECORDING_OPEN);
	(void)close(worker);
	RIG_UNTIL(g, g->answer_n == 3);
	struct wire_recording_answer told = g->answer;
	assert_int_equal(wire_recording_send(g->broker, &(struct wire_recording){ .id = id }, -1), 0);
	RIG_UNTIL(g, g->answer_n == 4); /* from the file */
	assert_int_equal(g->answer.state, WIRE_RECORDING_CRASHED);
	assert_true(g->answer.seq == told.seq && g->answer.bytes == told.bytes && g->answer.started_us == told.started_us &&
		    g->answer.ended_us == told.ended_us && g->answer.signed_us == told.signed_us);
	assert_memory_equal(g->answer.head.b, told.head.b, 32);
	assert_memory_equal(g->answer.signature.b, told.signature.b, 64);
}

static void seals_what_an_earlier_one_left_open(void **state)
{
	struct rig *g = *state;
	struct id a, b;
	struct evidence_verdict v;
	scoped(buf_done) struct buf text;
	int one = rig_begin(g, &a, none), two = rig_begin(g, &b, none);
	rig_frame(one, 1, FRAME_OUT, 1, span_str("before the crash"));
	for (int i = 0; i < 40; i++)
		rig_turn(g);
	rig_crash(g);
	(void)close(one);
	(void)close(two);
	assert_true(rig_is_marked_open(g, &a) && rig_is_marked_open(g, &b));
	rig_start(g);
	RIG_UNTIL(g, g->answer_n == 2);
	assert_int_equal(g->answer.state, WIRE_RECORDING_CRASHED);
	check_signature(g);
	rig_verify(g, &a, &v);
	assert_int_equal(v.state, EVIDENCE_STATE_CRASHED);
	rig_verify(g, &b, &v);
	assert_false(rig_is_marked_open(g, &a) || rig_is_marked_open(g, &b));
	buf_init(&text, 1 << 20);
	rig_decode(g, &a, &text);
	assert_non_null(memmem(text.data, text.len, "before the crash", 16));
}

static void a_stop_seals_everything(void **state)
{
	struct rig *g = *state;
	struct id a, b;
	struct evidence_verdict v;
	scoped(buf_done) struct buf text = { 0 };
	int one = rig_begin(g, &a, none), two = rig_begin(g, &b, none);
	/* What was sent just before is not lost. */
	rig_frame(one, 1, FRAME_OUT, 1, span_str("at the last moment"));
	for (uint64_t seq = 2; seq < 40; seq++)
		rig_frame(one, seq, FRAME_OUT, 1, span_str("x"));
	rig_frame(two, 1, FRAME_FINISH, 0, span_str("{}"));
	assert_int_equal(wire_stop_send(g->parent, &(struct wire_stop){ 0 }, -1), 0);
	RIG_UNTIL(g, g->answer_n == 2 && !g->r.recs);
	(void)close(one);
	(void)close(two);
	rig_verify(g, &a, &v);
	assert_int_equal(v.state, EVIDENCE_STATE_CRASHED);
	buf_init(&text, 1 << 20);
	rig_decode(g, &a, &text);
	assert_non_null(memmem(text.data, text.len, "at the last moment", 18));
	assert_int_equal(text.data[text.len - 1], 'x');
	rig_verify(g, &b, &v);
	assert_int_equal(v.state, EVIDENCE_STATE_CLOSED);
}

static int setup(void **state)
{
	static struct rig rig;
	rig_open(&rig, NULL);
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
		RIGGED(records_from_begin_to_the_seal),
		RIGGED(a_worker_that_dies_leaves_a_crashed_recording),
		RIGGED(credit_comes_back_and_an_overrun_is_cut_off),
		RIGGED(nonsense_is_cut_off),
		RIGGED(nothing_but_frames_and_only_after_begin),
		RIGGED(begin_is_refused_with_a_word),
		RIGGED(keys_lie_on_disk_as_their_length_or_sealed),
		RIGGED(time_never_goes_back_nor_ahead),
		RIGGED(is_anchored_each_minute_when_there_is_something_new),
		RIGGED(waits_for_a_vault_that_is_away),
		RIGGED(tells_a_broker_that_was_away_how_it_ended),
		RIGGED(answers_what_became_of_a_recording),
		RIGGED(seals_what_an_earlier_one_left_open),
		RIGGED(a_stop_seals_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
