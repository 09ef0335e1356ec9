#include "tests/unit/core/unit.h"
#include "webterm/term/view.h"
#include "gateway/core/clock.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "webterm/term/desk.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct web_term_desk desk;
static struct web_term_view view;
static int browser;
static uint8_t body[65536];

static int set_up(void **state)
{
	(void)state;
	int ends[2];
	clock_fake(1000000);
	assert_int_equal(msg_pair(ends), 0);
	browser = ends[0];
	desk = (struct web_term_desk){ 0 };
	web_term_desk_open(&desk, ends[1]);
	return web_term_view_new(&view, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	web_term_view_done(&view);
	web_term_desk_done(&desk);
	scope_close(&browser);
	clock_fake(0);
	return 0;
}

/* The next frame that the browser has, without its message; n = 0: there is none. */
static struct span got(void)
{
	uint16_t type;
	int fd;
	struct wire_term m;
	int n = msg_recv_now(browser, &type, body, sizeof body, &fd, NULL);
	if (n == -EAGAIN)
		return (struct span){ 0 };
	assert_true(n >= 0 && type == WIRE_T_term && wire_term_get(span_of(body, (size_t)n), &m, NULL) == 0);
	assert_true(m.frame.n <= WEB_FRAME_MAX);
	return m.frame;
}

static bool holds(struct span s, const char *text)
{
	return s.n > 0 && memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static void show(const char *text)
{
	web_term_view_show(&view, &desk, span_str(text));
}

/* Output in pieces, as long as the browser takes it. */
static size_t flood(void)
{
	static char piece[32000];
	size_t n = 0;
	memset(piece, 'x', sizeof piece);
	while (web_term_view_takes(&view, &desk) && n < 4U << 20) {
		web_term_view_show(&view, &desk, span_of(piece, sizeof piece));
		n += sizeof piece;
		while (got().n > 0)
			;
		web_term_desk_flush(&desk);
	}
	return n;
}

static void a_browser_that_comes_gets_the_screen_as_it_is(void **state)
{
	(void)state;
	show("before anybody came\r\n\x1b[?1h\x1b[?2004h");
	assert_int_equal(got().n, 0);
	web_term_view_hello(&view, &desk, 100, 30);
	struct span s = got();
	assert_memory_equal(s.p, "\x83\x64\x00\x1e\x00", 5);
	assert_true(holds(s, "before anybody came") && holds(s, "\x1b[?1h") && holds(s, "\x1b[?2004h") && holds(s, "\x1b[?1000l"));
	assert_int_equal(got().n, 0);
	show("and then");
	s = got();
	assert_true(s.n == 9 && s.p[0] == WEB_FRAME_OUTPUT && holds(s, "and then"));
}

static void a_screen_that_is_too_large_for_a_frame_goes_on_as_output(void **state)
{
	(void)state;
	web_term_view_size(&view, 300, 100);
	for (unsigned i = 0; i < 100 * 300; i++) {
		char cell[40];
		(void)snprintf(cell, sizeof cell, "\x1b[38;2;%u;1;2m%c", i % 256, 'a' + i % 26);
		if (i < 1500 || i % 7 == 0)
			show(cell);
	}
	web_term_view_hello(&view, &desk, 300, 100);
	struct span s = got();
	assert_true(s.p[0] == WEB_FRAME_SCREEN && s.n == WEB_FRAME_MAX);
	uint32_t rest = 0;
	while ((s = got()).n > 0) {
		assert_int_equal(s.p[0], WEB_FRAME_OUTPUT);
		rest += (uint32_t)s.n - 1;
	}
	assert_true(rest > 0 && view.unread == rest);
}

static void output_stops_at_the_limit_and_goes_on_with_an_ack(void **state)
{
	(void)state;
	web_term_view_hello(&view, &desk, 80, 24);
	while (got().n > 0)
		;
	size_t n = flood();
	assert_true(n >= WEB_FRAME_UNREAD && n < WEB_FRAME_UNREAD + 32768);
	assert_false(web_term_view_takes(&view, &desk));
	web_term_view_ack(&view, &desk, 64 * 1024);
	assert_true(web_term_view_takes(&view, &desk));
	web_term_view_ack(&view, &desk, UINT32_MAX);
	assert_int_equal(view.unread, 0);
}

static void a_slow_browser_gets_a_smaller_limit_and_a_fast_one_all_of_it(void **state)
{
	(void)state;
	web_term_view_hello(&view, &desk, 80, 24);
	(void)flood();
	for (int i = 0; i < 20; i++) { /* 640 KB/s: 128 KB in a fifth of a second */
		clock_advance(50 * 1000);
		web_term_view_ack(&view, &desk, 32000);
		(void)flood();
	}
	assert_true(view.limit > 100000 && view.limit < 160000);
	for (int i = 0; i < 20; i++) {
		clock_advance(50 * 1000);
		web_term_view_ack(&view, &desk, view.unread);
		(void)flood();
	}
	assert_int_equal(view.limit, WEB_FRAME_UNREAD);
}

static void who_is_away_holds_nothing_up(void **state)
{
	(void)state;
	web_term_view_hello(&view, &desk, 80, 24);
	web_term_view_hello(&view, &desk, 0, 0);
	while (got().n > 0)
		;
	assert_true(flood() >= 4U << 20);
	show("\r\nunseen");
	assert_int_equal(got().n, 0);
	web_term_view_hello(&view, &desk, 80, 24);
	assert_true(holds(got(), "unseen"));
}

static void who_acknowledges_nothing_is_away_until_he_does(void **state)
{
	(void)state;
	web_term_view_hello(&view, &desk, 80, 24);
	(void)flood();
	assert_int_equal(web_term_view_due_us(&view), clock_mono_us() + WEB_FRAME_STALL_MS * 1000);
	clock_advance(WEB_FRAME_STALL_MS * 1000 - 1);
	assert_false(web_term_view_turn(&view, &desk, false));
	assert_false(web_term_view_takes(&view, &desk));
	clock_advance(1);
	assert_true(web_term_view_turn(&view, &desk, false));
	assert_true(flood() >= 4U << 20);
	show("\r\nunseen");
	while (got().n > 0)
		;
	web_term_view_ack(&view, &desk, 1);
	assert_true(holds(got(), "unseen"));
	show("seen");
	assert_true(holds(got(), "seen"));
}

static void ctrl_c_skips_what_waits_and_draws_what_is_left(void **state)
{
	(void)state;
	web_term_view_hello(&view, &desk, 80, 24);
	(void)flood();
	web_term_view_interrupt(&view);
	assert_true(web_term_view_takes(&view, &desk));
	show("\r\n$ ");
	web_term_view_turn(&view, &desk, true);
	assert_int_equal(got().n, 0); /* more may come */
	clock_advance(30 * 1000);
	web_term_view_turn(&view, &desk, false);
	assert_int_equal(got().n, 0);
	web_term_view_turn(&view, &desk, true);
	struct span s = got();
	assert_true(s.p[0] == WEB_FRAME_SCREEN && holds(s, "$ "));
	assert_int_equal(view.unread, 0);
}

static void ctrl_c_without_a_backlog_skips_nothing(void **state)
{
	(void)state;
	web_term_view_hello(&view, &desk, 80, 24);
	web_term_view_interrupt(&view);
	while (got().n > 0)
		;
	show("^C");
	assert_true(holds(got(), "^C"));
	clock_advance(1000 * 1000);
	(void)flood();
	assert_false(web_term_view_takes(&view, &desk));
}

static void a_flood_that_does_not_end_is_drawn_all_the_same(void **state)
{
	(void)state;
	web_term_view_hello(&view, &desk, 80, 24);
	(void)flood();
	web_term_view_interrupt(&view);
	for (int i = 0; i < 100; i++) {
		assert_true(web_term_view_takes(&view, &desk));
		show("y\r\n");
		clock_advance(10 * 1000);
		web_term_view_turn(&view, &desk, false);
	}
	assert_int_equal(got().p[0], WEB_FRAME_SCREEN);
}

static void the_end_of_the_output_is_remembered(void **state)
{
	(void)state;
	show("one ");
	show("two");
	assert_true(span_is(span_of(view.tail, view.tail_n), "one two"));
	(void)flood();
	show("three");
	assert_int_equal(view.tail_n, sizeof view.tail);
	assert_memory_equal(view.tail + view.tail_n - 6, "xthree", 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(a_browser_that_comes_gets_the_screen_as_it_is),
		TEST(a_screen_that_is_too_large_for_a_frame_goes_on_as_output), TEST(output_stops_at_the_limit_and_goes_on_with_an_ack),
		TEST(a_slow_browser_gets_a_smaller_limit_and_a_fast_one_all_of_it), TEST(who_is_away_holds_nothing_up),
		TEST(who_acknowledges_nothing_is_away_until_he_does), TEST(ctrl_c_skips_what_waits_and_draws_what_is_left),
		TEST(ctrl_c_without_a_backlog_skips_nothing), TEST(a_flood_that_does_not_end_is_drawn_all_the_same),
		TEST(the_end_of_the_output_is_remembered) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
