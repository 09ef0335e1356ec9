#include "tests/unit/recorder/rig.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct span none;
struct watcher {
	int sock;
	uint64_t seq;
	unsigned n;
	uint8_t types[4096];
	bool over;
	struct buf text; /* bodies of OUT and SCREEN */
};

static void watch_paced(struct rig *g, const struct id *id, uint32_t pace_ms, struct watcher *w)
{
	int sv[2];
	unsigned before = g->watched_n;
	*w = (struct watcher){ 0 };
	buf_init(&w->text, 16 << 20);
	assert_int_equal(msg_pair(sv), 0);
	w->sock = sv[0];
	assert_int_equal(wire_watch_send(g->broker, &(struct wire_watch){ .ticket = 9, .id = *id, .pace_ms = pace_ms }, sv[1]), 0);
	(void)close(sv[1]);
	RIG_UNTIL(g, g->watched_n > before);
	assert_int_equal(g->watched.ticket, 9);
}

static void watch(struct rig *g, const struct id *id, struct watcher *w)
{
	watch_paced(g, id, 0, w);
}

static void watcher_done(struct watcher *w)
{
	scope_close(&w->sock);
	buf_done(&w->text);
}

static void look(struct watcher *w)
{
	struct wire_frames m;
	struct frame f;
	struct span body;
	int type, n;
	while ((type = rig_hear(w->sock, &body)) == WIRE_T_frames) {
		assert_int_equal(wire_frames_get(body, &m, NULL), 0);
		assert_true(m.seq == w->seq + 1);
		w->seq = m.seq;
		for (struct span in = m.frames; in.n > 0; in = span_of(in.p + n, in.n - (size_t)n)) {
			assert_true((n = frame_get(in, &f, NULL)) > 0);
			assert_int_not_equal(f.type, FRAME_KEYS);
			assert_int_not_equal(f.type, FRAME_CONTENT);
			assert_true(w->n < sizeof w->types);
			w->types[w->n++] = f.type;
			if (f.type == FRAME_OUT || f.type == FRAME_SCREEN)
				buf_put_span(&w->text, f.body);
		}
	}
	w->over |= type == RIG_WORKER_SEES_EOF;
}

static bool asked_for_screen(int worker)
{
	struct span body;
	bool asked = false;
	for (int type; (type = rig_hear(worker, &body)) > 0;)
		asked |= type == WIRE_T_keyframe;
	return asked;
}

static void turns(struct rig *g, int n)
{
	while (n-- > 0)
		rig_turn(g);
}

static const uint8_t screen[] = { 80, 0, 0, 0, 24, 0, 0, 0, 's', 'c', 'r' };

static void a_watcher_sees_from_the_key_frame_on_and_never_keys_or_contents(void **state)
{
	struct rig *g = *state;
	struct id id;
	scoped(watcher_done) struct watcher w;
	static const uint8_t want[] = { FRAME_META, FRAME_OPEN, FRAME_SIZE, FRAME_SCREEN, FRAME_OUT, FRAME_OUT, FRAME_CLOSE, FRAME_FINISH };
	int worker = rig_begin(g, &id, none);
	rig_frame(worker, 1, FRAME_OPEN, 1, span_str("{\"kind\":\"shell\"}"));
	rig_frame(worker, 2, FRAME_OUT, 1, span_str("long ago"));
	rig_frame(worker, 3, FRAME_SIZE, 1, span_of(screen, 8));
	rig_frame(worker, 4, FRAME_OPEN, 2, span_str("{}"));
	rig_frame(worker, 5, FRAME_CLOSE, 2, none);
	turns(g, 3);
	watch(g, &id, &w);
	turns(g, 2);
	assert_true(asked_for_screen(worker));
	rig_frame(worker, 6, FRAME_OUT, 1, span_str("too early"));
	rig_frame(worker, 7, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	rig_frame(worker, 8, FRAME_OUT, 1, span_str("live"));
	rig_frame(worker, 9, FRAME_KEYS, 1, span_str("secret"));
	scoped(buf_done) struct buf mixed;
	buf_init(&mixed, 4096);
	frame_put(&mixed, &(struct frame){ .type = FRAME_KEYS, .channel = 1, .body = span_str("secret") });
	frame_put(&mixed, &(struct frame){ .type = FRAME_OUT, .channel = 1, .body = span_str("more") });
	(void)wire_frames_send(worker, &(struct wire_frames){ .seq = 10, .frames = buf_span(&mixed) }, -1);
	rig_frame(worker, 11, FRAME_CONTENT, 1, span_of("\1\0\0\0\0\0\0\0\0\0\0\0secret", 18));
	rig_frame(worker, 12, FRAME_CLOSE, 1, none);
	rig_frame(worker, 13, FRAME_FINISH, 0, span_str("{}"));
	RIG_UNTIL(g, (look(&w), w.over));
	(void)close(worker);
	assert_true(w.over);
	assert_int_equal(w.n, sizeof want);
	assert_memory_equal(w.types, want, sizeof want);
	assert_null(memmem(w.text.data, w.text.len, "early", 5));
	assert_non_null(memmem(w.text.data, w.text.len, "live", 4));
	RIG_UNTIL(g, !g->r.recs);
}

static void a_session_without_a_terminal_is_shown_after_a_moment(void **state)
{
	struct rig *g = *state;
	struct id id;
	scoped(watcher_done) struct watcher w;
	int worker = rig_begin(g, &id, none);
	watch(g, &id, &w);
	turns(g, 40); /* 0.8 s: no key-frame came */
	rig_frame(worker, 1, FRAME_OUT, 1, span_str("plain"));
	turns(g, 5);
	look(&w);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.types[1], FRAME_OUT);
	(void)close(worker);
}

static void a_paced_watcher_gets_what_is_little_together(void **state)
{
	struct rig *g = *state;
	struct id id;
	scoped(watcher_done) struct watcher w;
	int worker = rig_begin(g, &id, none);
	rig_frame(worker, 1, FRAME_OPEN, 1, span_str("{}"));
	watch_paced(g, &id, 60 * 1000, &w);
	rig_frame(worker, 2, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	RIG_UNTIL(g, (look(&w), w.n == 3)); /* META, OPEN, SCREEN: at once */
	rig_frame(worker, 3, FRAME_OUT, 1, span_str("one "));
	rig_frame(worker, 4, FRAME_KEYS, 1, span_str("secret"));
	rig_frame(worker, 5, FRAME_OUT, 1, span_str("two"));
	RIG_UNTIL(g, rec_find(&g->r, &id)->seen_seq == 5);
	look(&w);
	assert_int_equal(w.n, 3); /* its time has not come */
	uint64_t before = w.seq;
	rig_frame(worker, 6, FRAME_FINISH, 0, span_str("{}"));
	RIG_UNTIL(g, (look(&w), w.over));
	static const uint8_t want[] = { FRAME_META, FRAME_OPEN, FRAME_SCREEN, FRAME_OUT, FRAME_OUT, FRAME_FINISH };
	assert_int_equal(w.n, sizeof want);
	assert_memory_equal(w.types, want, sizeof want);
	assert_true(w.seq == before + 1); /* in one message */
	assert_non_null(memmem(w.text.data, w.text.len, "one two", 7));
	(void)close(worker);
	RIG_UNTIL(g, !g->r.recs);
}

static void a_paced_watcher_gets_a_key_frame_in_place_of_a_flood(void **state)
{
	struct rig *g = *state;
	static uint8_t noise[4 * 1024];
	struct id id;
	scoped(watcher_done) struct watcher w;
	uint64_t seq = 0;
	int worker = rig_begin(g, &id, none);
	rig_frame(worker, ++seq, FRAME_OPEN, 1, span_str("{}"));
	watch_paced(g, &id, 200, &w);
	rig_frame(worker, ++seq, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	RIG_UNTIL(g, (look(&w), w.n == 3));
	(void)asked_for_screen(worker);
	for (int i = 0; i < 40; i++)
		rig_frame(worker, ++seq, FRAME_OUT, 1, span_of(noise, sizeof noise));
	rig_frame(worker, ++seq, FRAME_OPEN, 2, span_str("{}"));
	RIG_UNTIL(g, asked_for_screen(worker));
	rig_frame(worker, ++seq, FRAME_OUT, 1, span_str("before"));
	rig_frame(worker, ++seq, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	RIG_UNTIL(g, (look(&w), w.n > 0 && w.types[w.n - 1] == FRAME_SCREEN && w.n > 3));
	static const uint8_t want[] = { FRAME_META, FRAME_OPEN, FRAME_SCREEN, FRAME_OPEN, FRAME_SCREEN };
	assert_int_equal(w.n, sizeof want); /* the new channel is told of, nothing of the flood is */
	assert_memory_equal(w.types, want, sizeof want);
	rig_frame(worker, ++seq, FRAME_OUT, 1, span_str("after"));
	RIG_UNTIL(g, (look(&w), memmem(w.text.data, w.text.len, "after", 5)));
	assert_null(memmem(w.text.data, w.text.len, "before", 6));
	(void)close(worker);
}

static void a_pace_that_is_none_is_refused(void **state)
{
	struct rig *g = *state;
	struct id id;
	scoped(watcher_done) struct watcher w;
	int worker = rig_begin(g, &id, none);
	watch_paced(g, &id, 99, &w);
	assert_int_equal(g->watched.code, -EINVAL);
	RIG_UNTIL(g, (look(&w), w.over));
	(void)close(worker);
}

static void a_slow_watcher_is_skipped_and_joins_anew(void **state)
{
	struct rig *g = *state;
	static uint8_t noise[16 * 1024];
	struct id id;
	struct span body;
	scoped(watcher_done) struct watcher w;
	uint64_t seq = 0;
	int worker = rig_begin(g, &id, none), type = 0;
	rig_frame(worker, ++seq, FRAME_OPEN, 1, span_str("{}"));
	watch(g, &id, &w);
	rig_frame(worker, ++seq, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	for (int i = 0; i < 300; i++) { /* 4.8 MB, and the watcher does not look */
		rig_frame(worker, ++seq, FRAME_OUT, 1, span_of(noise, sizeof noise));
		rig_turn(g);
		while ((type = rig_hear(worker, &body)) > 0)
			;
		assert_int_equal(type, 0); /* the session goes on */
	}
	RIG_UNTIL(g, rec_find(&g->r, &id)->seen_seq == seq);
	look(&w);
	assert_true(w.n > 5 && w.n < 250);
	unsigned before = w.n;
	RIG_UNTIL(g, asked_for_screen(worker));
	rig_frame(worker, ++seq, FRAME_OUT, 1, span_str("not yet"));
	rig_frame(worker, ++seq, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	rig_frame(worker, ++seq, FRAME_OUT, 1, span_str("again"));
	turns(g, 5);
	look(&w);
	static const uint8_t want[] = { FRAME_OPEN, FRAME_SCREEN, FRAME_OUT };
	assert_int_equal(w.n, before + sizeof want);
	assert_memory_equal(w.types + before, want, sizeof want);
	(void)close(worker);
}

static void one_that_was_skipped_still_sees_the_last_frame(void **state)
{
	struct rig *g = *state;
	static uint8_t noise[16 * 1024];
	struct id id;
	scoped(watcher_done) struct watcher w;
	uint64_t seq = 0;
	int worker = rig_begin(g, &id, none);
	watch(g, &id, &w);
	rig_frame(worker, ++seq, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	for (int i = 0; i < 100; i++) {
		rig_frame(worker, ++seq, FRAME_OUT, 1, span_of(noise, sizeof noise));
		rig_turn(g);
		(void)asked_for_screen(worker);
	}
	rig_frame(worker, ++seq, FRAME_FINISH, 0, span_str("{\"reason\":\"x\"}"));
	RIG_UNTIL(g, g->answer_n == 1); /* sealed: nobody waits for a watcher */
	RIG_UNTIL(g, (look(&w), w.over));
	assert_int_equal(w.types[w.n - 1], FRAME_FINISH);
	RIG_UNTIL(g, !g->r.recs);
	(void)close(worker);
}

static void one_that_never_reads_holds_nothing(void **state)
{
	struct rig *g = *state;
	static uint8_t noise[16 * 1024];
	struct id id;
	scoped(watcher_done) struct watcher w;
	uint64_t seq = 0;
	int worker = rig_begin(g, &id, none);
	watch(g, &id, &w);
	rig_frame(worker, ++seq, FRAME_SCREEN, 1, span_of(screen, sizeof screen));
	for (int i = 0; i < 100; i++) {
		rig_frame(worker, ++seq, FRAME_OUT, 1, span_of(noise, sizeof noise));
		rig_turn(g);
		(void)asked_for_screen(worker);
	}
	rig_frame(worker, ++seq, FRAME_FINISH, 0, span_str("{}"));
	RIG_UNTIL(g, g->answer_n == 1 && !g->r.recs);
	(void)close(worker);
}

static void whoever_is_not_online_is_not_watched(void **state)
{
	struct rig *g = *state;
	struct id id;
	scoped(watcher_done) struct watcher w;
	id_new(&id);
	watch(g, &id, &w);
	assert_int_equal(g->watched.code, -ENOENT);
	look(&w);
	assert_true(w.over);
}

static void a_watcher_that_speaks_or_leaves_is_dropped(void **state)
{
	struct rig *g = *state;
	struct id id;
	struct watcher w[2];
	int worker = rig_begin(g, &id, none);
	watch(g, &id, &w[0]);
	watch(g, &id, &w[1]);
	assert_int_equal(wire_stop_send(w[0].sock, &(struct wire_stop){ 0 }, -1), 0);
	scope_close(&w[1].sock);
	turns(g, 5);
	look(&w[0]);
	assert_true(w[0].over);
	rig_frame(worker, 1, FRAME_OUT, 1, span_str("goes on"));
	turns(g, 5);
	assert_int_equal(rec_find(&g->r, &id)->seen_seq, 1);
	watcher_done(&w[0]);
	watcher_done(&w[1]);
	(void)close(worker);
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
		RIGGED(a_watcher_sees_from_the_key_frame_on_and_never_keys_or_contents),
		RIGGED(a_session_without_a_terminal_is_shown_after_a_moment),
		RIGGED(a_paced_watcher_gets_what_is_little_together),
		RIGGED(a_paced_watcher_gets_a_key_frame_in_place_of_a_flood),
		RIGGED(a_pace_that_is_none_is_refused),
		RIGGED(a_slow_watcher_is_skipped_and_joins_anew),
		RIGGED(one_that_was_skipped_still_sees_the_last_frame),
		RIGGED(one_that_never_reads_holds_nothing),
		RIGGED(whoever_is_not_online_is_not_watched),
		RIGGED(a_watcher_that_speaks_or_leaves_is_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
