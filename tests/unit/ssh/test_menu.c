#include "gateway/core/rd.h"
#include "gateway/ssh/menu.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

/* The broker's part: n targets web001, web002, ..., those whose name holds the filter. */
struct rig {
	struct gw_ssh_menu m;
	unsigned n, fetches;
};

static void fill(struct rig *r)
{
	struct buf rows;
	uint32_t count = 0, total = 0;
	buf_init(&rows, 64 * 1024);
	for (unsigned i = 1; i <= r->n; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "web%03u", i);
		if (!strstr(name, r->m.filter))
			continue;
		if (total++ < r->m.offset || count == 20)
			continue;
		count++;
		wr_str32le(&rows, span_str(name));
		wr_str32le(&rows, span_str("cyadmin"));
		wr_str32le(&rows, span_str("生产集群"));
		wr_str32le(&rows, span_str("10.0.0.1:22"));
	}
	assert_true(gw_ssh_menu_filled(&r->m, count, total, buf_span(&rows)));
	r->fetches++;
	buf_done(&rows);
}

/* Feeds as the worker does; returns the act that the menu cannot do itself, or DRAW/NONE. */
static enum gw_ssh_menu_act press(struct rig *r, const char *keys)
{
	struct span in = span_str(keys);
	for (;;) {
		enum gw_ssh_menu_act act = gw_ssh_menu_feed(&r->m, &in);
		if (act != GW_SSH_MENU_FETCH)
			return act;
		fill(r);
	}
}

static struct rig rig(unsigned n, uint32_t columns, uint32_t rows)
{
	struct rig r = { .n = n };
	gw_ssh_menu_init(&r.m, GW_SSH_EN, columns, rows);
	assert_int_equal(press(&r, ""), GW_SSH_MENU_DRAW);
	return r;
}

static const char *picked(struct rig *r)
{
	return gw_ssh_menu_picked(&r->m)->target;
}

static void enter_opens_the_first_row(void **state)
{
	(void)state;
	struct rig r = rig(5, 80, 24);
	assert_int_equal(press(&r, "\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web001");
}

static void arrows_move_and_stop_at_the_ends(void **state)
{
	(void)state;
	struct rig r = rig(3, 80, 24);
	assert_int_equal(press(&r, "\033[A\033[A\033OB\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web002");
	assert_int_equal(press(&r, "\033[B\033[B\033[B\033[B\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web003");
}

static void moving_beyond_the_page_fetches_the_next_one(void **state)
{
	(void)state;
	struct rig r = rig(100, 80, 24);
	assert_int_equal(r.m.n, 19);
	for (int i = 0; i < 19; i++)
		(void)press(&r, "\033[B");
	assert_int_equal(r.m.offset, 19);
	assert_int_equal(press(&r, "\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web020");
	(void)press(&r, "\033[6~\033[6~\033[5~");
	assert_int_equal(press(&r, "\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web039");
}

static void a_number_opens_its_row_on_any_page(void **state)
{
	(void)state;
	struct rig r = rig(100, 80, 24);
	assert_int_equal(press(&r, "77\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web077");
}

static void a_number_that_is_not_there_opens_nothing(void **state)
{
	(void)state;
	struct rig r = rig(3, 80, 24);
	assert_int_equal(press(&r, "0\r"), GW_SSH_MENU_DRAW);
	assert_int_equal(press(&r, "\02599999999\r"), GW_SSH_MENU_DRAW);
	assert_int_equal(press(&r, "\0254\r"), GW_SSH_MENU_DRAW);
}

static void typing_searches_and_enter_opens_what_was_found(void **state)
{
	(void)state;
	struct rig r = rig(100, 80, 24);
	unsigned before = r.fetches;
	assert_int_equal(press(&r, "b05"), GW_SSH_MENU_DRAW);
	assert_int_equal(r.fetches, before + 1); /* once for all that was typed */
	assert_int_equal(r.m.total, 10);
	assert_int_equal(press(&r, "5\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web055");
}

static void typed_and_entered_at_once_opens_what_the_search_finds(void **state)
{
	(void)state;
	struct rig r = rig(100, 80, 24);
	assert_int_equal(press(&r, "web042\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web042");
}

static void a_slash_makes_digits_a_search(void **state)
{
	(void)state;
	struct rig r = rig(100, 80, 24);
	assert_int_equal(press(&r, "/99\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web099");
}

static void nothing_found_opens_nothing(void **state)
{
	(void)state;
	struct rig r = rig(100, 80, 24);
	assert_int_equal(press(&r, "nothing\r"), GW_SSH_MENU_DRAW);
	assert_int_equal(r.m.total, 0);
	assert_int_equal(press(&r, "\033[B\033[6~\033[F\r"), GW_SSH_MENU_DRAW);
}

static void backspace_takes_a_whole_character(void **state)
{
	(void)state;
	struct rig r = rig(5, 80, 24);
	(void)press(&r, "w\xe4\xb8\xad");
	assert_string_equal(r.m.filter, "w\xe4\xb8\xad");
	(void)press(&r, "\177");
	assert_string_equal(r.m.line, "w");
	(void)press(&r, "\b\b\b");
	assert_string_equal(r.m.line, "");
	assert_int_equal(r.m.total, 5);
}

static void half_a_character_does_not_search(void **state)
{
	(void)state;
	struct rig r = rig(5, 80, 24);
	(void)press(&r, "w\xe4\xb8");
	assert_string_equal(r.m.filter, "w");
	(void)press(&r, "\xad");
	assert_string_equal(r.m.filter, "w\xe4\xb8\xad");
}

static void leaving_has_many_keys(void **state)
{
	static const char *const keys[] = { "q", "\003", "\004", "\033\033", "abc\003", "abc\025q" };
	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct rig r = rig(5, 80, 24);
		assert_int_equal(press(&r, keys[i]), GW_SSH_MENU_LEAVE);
	}
	struct rig r = rig(5, 80, 24);
	assert_int_equal(press(&r, "webq"), GW_SSH_MENU_DRAW);
}

static void sequences_may_be_cut_anywhere(void **state)
{
	(void)state;
	struct rig r = rig(5, 80, 24);
	(void)press(&r, "\033");
	(void)press(&r, "[");
	(void)press(&r, "B");
	(void)press(&r, "\033[1;5");
	assert_int_equal(press(&r, "B\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web003");
}

static void a_long_line_stays_within_its_limit(void **state)
{
	(void)state;
	struct rig r = rig(5, 80, 24);
	for (int i = 0; i < 500; i++)
		(void)press(&r, "x");
	assert_int_equal(strlen(r.m.line), GW_SSH_MENU_LINE);
}

static void a_resize_keeps_the_selected_row(void **state)
{
	(void)state;
	struct rig r = rig(100, 80, 24);
	(void)press(&r, "\033[6~\033[B");
	gw_ssh_menu_resize(&r.m, 60, 10);
	assert_int_equal(press(&r, "\r"), GW_SSH_MENU_PICK);
	assert_string_equal(picked(&r), "web021");
}

static void malformed_rows_are_refused(void **state)
{
	(void)state;
	struct gw_ssh_menu m;
	gw_ssh_menu_init(&m, GW_SSH_EN, 80, 24);
	assert_false(gw_ssh_menu_filled(&m, 1, 1, span_of("\xff\xff\xff\xff", 4)));
	assert_false(gw_ssh_menu_filled(&m, 2, 2, span_of("\1\0\0\0a\0\0\0\0\0\0\0\0\0\0\0\0", 17)));
	assert_int_equal(m.n, 1);
}

static void every_screen_fits_its_terminal(void **state)
{
	static const uint32_t sizes[][2] = { { 80, 24 }, { 40, 10 }, { 20, 7 }, { 10, 3 }, { 1, 1 }, { 512, 256 } };
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct rig r = rig(200, sizes[i][0], sizes[i][1]);
		struct buf out;
		buf_init(&out, 256 * 1024);
		gw_ssh_menu_draw(&r.m, &out);
		size_t lines = 0;
		for (const char *at = strstr(buf_str(&out), "\r\n"); at; at = strstr(at + 2, "\r\n"))
			lines++;
		assert_false(out.failed);
		if (sizes[i][1] > 2)
			assert_in_range(lines, 1, sizes[i][1] - 1);
		buf_done(&out);
	}
}

static void wide_characters_take_two_cells(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 256);
	gw_ssh_menu_cells(&out, "中文a", 6);
	assert_string_equal(buf_str(&out), "中文a ");
	buf_clear(&out);
	gw_ssh_menu_cells(&out, "中文a", 3);
	assert_string_equal(buf_str(&out), "中 ");
	buf_clear(&out);
	gw_ssh_menu_cells(&out, "a\033[2Jb\xff", 8);
	assert_string_equal(buf_str(&out), "a?[2Jb? ");
	buf_done(&out);
}

/* As press, while the rows cannot be had. */
static enum gw_ssh_menu_act press_in_vain(struct rig *r, const char *keys)
{
	struct span in = span_str(keys);
	for (;;) {
		enum gw_ssh_menu_act act = gw_ssh_menu_feed(&r->m, &in);
		if (act != GW_SSH_MENU_FETCH)
			return act;
		gw_ssh_menu_failed(&r->m, "away just now");
		assert_true(++r->fetches < 20);
	}
}

static void rows_that_cannot_be_had_are_told_and_tried_again(void **state)
{
	(void)state;
	struct buf out;
	struct rig r = { .n = 3 };
	gw_ssh_menu_init(&r.m, GW_SSH_EN, 80, 24);
	assert_int_equal(press_in_vain(&r, ""), GW_SSH_MENU_DRAW);
	buf_init(&out, 65536);
	gw_ssh_menu_draw(&r.m, &out);
	assert_non_null(strstr(buf_str(&out), "away just now"));
	assert_null(strstr(buf_str(&out), gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_MENU_NONE)));
	buf_done(&out);
	assert_int_equal(press_in_vain(&r, "\r"), GW_SSH_MENU_DRAW);
	assert_int_equal(press_in_vain(&r, "web\r\x1b[A\r"), GW_SSH_MENU_DRAW);
	assert_int_equal(press_in_vain(&r, "q"), GW_SSH_MENU_DRAW); /* into the search line */
	assert_int_equal(press_in_vain(&r, "\x15"), GW_SSH_MENU_DRAW);
	assert_int_equal(press(&r, "\r"), GW_SSH_MENU_DRAW); /* there again: Enter opens nothing that was not seen */
	assert_int_equal(r.m.n, 3);
	assert_int_equal(*r.m.message, 0);
	assert_int_equal(press(&r, "\r"), GW_SSH_MENU_PICK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enter_opens_the_first_row),
		cmocka_unit_test(arrows_move_and_stop_at_the_ends),
		cmocka_unit_test(moving_beyond_the_page_fetches_the_next_one),
		cmocka_unit_test(a_number_opens_its_row_on_any_page),
		cmocka_unit_test(a_number_that_is_not_there_opens_nothing),
		cmocka_unit_test(typing_searches_and_enter_opens_what_was_found),
		cmocka_unit_test(typed_and_entered_at_once_opens_what_the_search_finds),
		cmocka_unit_test(a_slash_makes_digits_a_search),
		cmocka_unit_test(nothing_found_opens_nothing),
		cmocka_unit_test(backspace_takes_a_whole_character),
		cmocka_unit_test(half_a_character_does_not_search),
		cmocka_unit_test(leaving_has_many_keys),
		cmocka_unit_test(sequences_may_be_cut_anywhere),
		cmocka_unit_test(a_long_line_stays_within_its_limit),
		cmocka_unit_test(a_resize_keeps_the_selected_row),
		cmocka_unit_test(malformed_rows_are_refused),
		cmocka_unit_test(every_screen_fits_its_terminal),
		cmocka_unit_test(wide_characters_take_two_cells),
		cmocka_unit_test(rows_that_cannot_be_had_are_told_and_tried_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
