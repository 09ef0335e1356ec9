#include "tests/unit/gateway/rig.h"

static const int64_t SECOND = 1000000;

static void begin(struct rig *r)
{
	rig_open(r);
	clock_fake(100 * SECOND);
	msg_sndbuf(r->s->fd[GW_RECORDER], 4 << 20);
	gw_tap_begin(r->s);
}

static int out(struct rig *r, size_t n)
{
	static const uint8_t bytes[GW_TAP_CREDIT];
	return gw_tap_frame(r->s, FRAME_OUT, 1, span_of(bytes, n), NULL);
}

static struct wire_frames sent(struct rig *r)
{
	struct wire_frames m;
	assert_int_equal(wire_frames_get(rig_take(r->peer[GW_RECORDER], WIRE_T_frames), &m, NULL), 0);
	return m;
}

static void credit(struct rig *r, uint32_t bytes)
{
	assert_int_equal(wire_credit_send(r->peer[GW_RECORDER], &(struct wire_credit){ .bytes = bytes }, -1), 0);
	assert_int_equal(gw_session_pump(r->s, NULL), 0);
}

static int durable(struct rig *r, uint64_t seq)
{
	assert_int_equal(wire_durable_send(r->peer[GW_RECORDER], &(struct wire_durable){ .seq = seq }, -1), 0);
	return gw_session_pump(r->s, NULL);
}

static void a_frame_is_one_message_that_others_can_read(void **state)
{
	(void)state;
	struct rig r;
	struct frame f;
	begin(&r);
	assert_int_equal(gw_tap_frame(r.s, FRAME_KEYS, 3, span_str("ls\r"), NULL), 0);
	assert_int_equal(gw_tap_frame(r.s, FRAME_OUT, 3, span_str("file\r\n"), NULL), 0);
	struct wire_frames m = sent(&r);
	assert_int_equal(m.seq, 1);
	assert_int_equal(frame_get(m.frames, &f, NULL), (int)m.frames.n);
	assert_true(f.type == FRAME_KEYS && f.channel == 3 && span_is(f.body, "ls\r"));
	assert_int_equal(f.time_us, 100 * SECOND);
	m = sent(&r);
	assert_int_equal(m.seq, 2);
	assert_int_equal(gw_tap_bytes_in(r.s), 3);
	assert_int_equal(gw_tap_bytes_out(r.s), 6);
	rig_close(&r);
}

static void nothing_is_recorded_outside_of_a_recording(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	assert_int_equal(gw_tap_room(r.s), 0);
	assert_int_equal(gw_tap_frame(r.s, FRAME_OUT, 1, span_str("x"), NULL), -EPERM);
	rig_nothing(r.peer[GW_RECORDER]);
	rig_close(&r);
}

static void a_long_body_is_cut_and_loses_no_byte(void **state)
{
	(void)state;
	struct rig r;
	struct frame f;
	size_t total = 0;
	begin(&r);
	assert_int_equal(out(&r, 150000), 0);
	for (uint64_t seq = 1; total < 150000; seq++) {
		struct wire_frames m = sent(&r);
		assert_int_equal(m.seq, seq);
		assert_int_equal(frame_get(m.frames, &f, NULL), (int)m.frames.n);
		assert_true(f.body.n <= FRAME_BODY_MAX);
		total += f.body.n;
	}
	assert_int_equal(total, 150000);
	rig_nothing(r.peer[GW_RECORDER]);
	assert_int_equal(gw_tap_frame(r.s, FRAME_SCREEN, 1, span_of(r.s->in, FRAME_BODY_MAX + 1), NULL), -EMSGSIZE);
	rig_close(&r);
}

static void without_credit_input_is_held_until_it_comes_back(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	size_t room = gw_tap_room(r.s);
	assert_true(room > 200 * 1024 && room < GW_TAP_CREDIT);
	assert_int_equal(out(&r, room + 1), -EAGAIN);
	assert_int_equal(out(&r, room), 0);
	assert_int_equal(gw_tap_room(r.s), 0);
	assert_int_equal(out(&r, 1), -EAGAIN);
	assert_int_equal(gw_tap_frame(r.s, FRAME_CLOSE, 1, (struct span){ 0 }, NULL), 0); /* always fits */
	assert_int_equal(r.flows, 0);
	credit(&r, 128 * 1024);
	assert_int_equal(r.flows, 1);
	assert_true(gw_tap_room(r.s) > 120 * 1024);
	credit(&r, UINT32_MAX); /* a recorder that gives too much changes nothing */
	assert_int_equal(r.flows, 1);
	assert_int_equal(gw_tap_room(r.s), room);
	rig_close(&r);
}

/* They cannot be cut: each begins with its place. */
static void contents_are_one_frame_and_wait_for_credit(void **state)
{
	(void)state;
	struct rig r;
	struct frame f;
	begin(&r);
	assert_int_equal(gw_tap_frame(r.s, FRAME_CONTENT, 1, span_of(r.s->in, FRAME_BODY_MAX + 1), NULL), -EMSGSIZE);
	rig_nothing(r.peer[GW_RECORDER]);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(gw_tap_frame(r.s, FRAME_CONTENT, 1, span_of(r.s->in, FRAME_BODY_MAX), NULL), 0);
		struct wire_frames m = sent(&r);
		assert_int_equal(frame_get(m.frames, &f, NULL), FRAME_HEAD + FRAME_BODY_MAX);
	}
	assert_true(gw_tap_room(r.s) < FRAME_BODY_MAX);
	assert_int_equal(gw_tap_frame(r.s, FRAME_CONTENT, 1, span_of(r.s->in, FRAME_BODY_MAX), NULL), -EAGAIN);
	assert_int_equal(gw_tap_bytes_in(r.s) + gw_tap_bytes_out(r.s), 0);
	rig_close(&r);
}

static void an_old_watermark_holds_the_input_and_a_new_one_frees_it(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	assert_int_equal(out(&r, 10), 0); /* 1, at 0 s */
	clock_advance(1500000);
	assert_int_equal(out(&r, 10), 0); /* 2, at 1.5 s */
	clock_advance(499999);
	assert_true(gw_tap_room(r.s) > 0);
	clock_advance(1);
	assert_int_equal(gw_tap_room(r.s), 0); /* 1 is two seconds old */
	assert_int_equal(out(&r, 1), -EAGAIN);
	assert_int_equal(durable(&r, 1), 0);
	assert_int_equal(r.flows, 1);
	assert_true(gw_tap_room(r.s) > 0);
	clock_advance(1500000);
	assert_int_equal(gw_tap_room(r.s), 0); /* now 2 is */
	assert_int_equal(durable(&r, 2), 0);
	clock_advance(3600 * SECOND);
	assert_true(gw_tap_room(r.s) > 0); /* an idle session is never held */
	rig_close(&r);
}

static void many_frames_keep_the_age_of_the_oldest(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	for (int i = 0; i < 4 * GW_TAP_STAMPS; i++) { /* a frame each 7 ms: 1.8 s, slices of 50 ms and more */
		assert_int_equal(out(&r, 1), 0);
		clock_advance(7000);
	}
	assert_true(gw_tap_room(r.s) > 0);
	clock_advance(300000);
	assert_int_equal(gw_tap_room(r.s), 0);
	assert_int_equal(durable(&r, 3 * GW_TAP_STAMPS), 0);
	assert_true(gw_tap_room(r.s) > 0);
	clock_advance(SECOND); /* frames after that mark were sent less than two seconds ago still */
	assert_true(gw_tap_room(r.s) > 0);
	clock_advance(SECOND);
	assert_int_equal(gw_tap_room(r.s), 0);
	rig_close(&r);
}

static void a_recorder_that_is_silent_for_ten_seconds_ends_the_session(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	assert_int_equal(out(&r, 10), 0);
	assert_true(gw_session_due_us(r.s) == 112 * SECOND);
	clock_advance(12 * SECOND);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_false(gw_tap_is_lost(r.s));
	assert_int_equal(r.ends, 0);
	clock_advance(1);
	assert_true(gw_tap_is_lost(r.s));
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.ends, 1);
	assert_non_null(strstr(r.end_reason, "Recording"));
	rig_close(&r);
}

static void a_failed_recording_ends_the_session_with_its_line(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	struct wire_unrecorded m = { .code = -ENOSPC, .say = span_str("the disk is full") };
	assert_int_equal(wire_unrecorded_send(r.peer[GW_RECORDER], &m, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.ends, 1);
	assert_string_equal(r.end_reason, "the disk is full");
	rig_close(&r);
}

static void a_watermark_of_the_future_or_the_past_is_nonsense(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	assert_int_equal(out(&r, 10), 0);
	assert_int_equal(durable(&r, 2), -EBADMSG);
	rig_close(&r);
	begin(&r);
	assert_int_equal(out(&r, 10), 0);
	assert_int_equal(durable(&r, 1), 0);
	assert_int_equal(durable(&r, 0), -EBADMSG);
	rig_close(&r);
}

static void a_full_socket_refuses_data_and_flows_again_when_the_recorder_reads(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	gw_tap_begin(r.s);
	msg_sndbuf(r.s->fd[GW_RECORDER], 4096); /* a few small messages */
	unsigned taken = 0;
	while (out(&r, 1) == 0)
		assert_true(++taken < 1000);
	assert_true(taken > 0);
	assert_int_equal(gw_tap_room(r.s), 0);
	assert_int_equal(gw_tap_bytes_out(r.s), taken); /* what was refused was not counted */
	for (unsigned i = 1; i <= taken; i++)
		assert_int_equal(sent(&r).seq, i);
	rig_nothing(r.peer[GW_RECORDER]);
	assert_int_equal(durable(&r, taken), 0);
	assert_int_equal(r.flows, 1);
	assert_int_equal(out(&r, 1), 0);
	rig_close(&r);
}

static void a_watcher_asks_for_the_screen(void **state)
{
	(void)state;
	struct rig r;
	begin(&r);
	assert_int_equal(wire_keyframe_send(r.peer[GW_RECORDER], &(struct wire_keyframe){ 0 }, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.screens, 1);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_one_message_that_others_can_read),
		cmocka_unit_test(nothing_is_recorded_outside_of_a_recording),
		cmocka_unit_test(a_long_body_is_cut_and_loses_no_byte),
		cmocka_unit_test(without_credit_input_is_held_until_it_comes_back),
		cmocka_unit_test(contents_are_one_frame_and_wait_for_credit),
		cmocka_unit_test(an_old_watermark_holds_the_input_and_a_new_one_frees_it),
		cmocka_unit_test(many_frames_keep_the_age_of_the_oldest),
		cmocka_unit_test(a_recorder_that_is_silent_for_ten_seconds_ends_the_session),
		cmocka_unit_test(a_failed_recording_ends_the_session_with_its_line),
		cmocka_unit_test(a_watermark_of_the_future_or_the_past_is_nonsense),
		cmocka_unit_test(a_full_socket_refuses_data_and_flows_again_when_the_recorder_reads),
		cmocka_unit_test(a_watcher_asks_for_the_screen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
