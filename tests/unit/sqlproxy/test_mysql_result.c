#include "tests/unit/core/unit.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/result.h"
#include <errno.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define PACKET(n, seq) n, 0, 0, seq
#define END(seq, status) PACKET(5, seq), 0xfe, 0, 0, status, 0

struct rig {
	struct mysql_result r;
	struct buf out;
};

static int set_up(void **state)
{
	static struct rig rig;
	memset(&rig, 0, sizeof rig);
	buf_init(&rig.out, 1 << 20);
	*state = &rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;
	mysql_result_free(&rig->r);
	buf_done(&rig->out);
	return 0;
}

/* Whole, and byte by byte: the same. */
static int feed(struct rig *rig, enum mysql_result_kind kind, struct span bytes)
{
	struct mysql_result whole = { .deprecate_eof = rig->r.deprecate_eof, .tracks = rig->r.tracks, .strip = rig->r.strip };
	struct buf out;
	struct span in = bytes;
	buf_init(&out, 1 << 20);
	mysql_result_begin(&whole, kind, 1);
	int at_once = mysql_result_feed(&whole, &in, &out, NULL), r = 0;
	buf_clear(&rig->out);
	mysql_result_begin(&rig->r, kind, 1);
	for (size_t i = 0; i < bytes.n && r == 0 && !rig->r.done && !rig->r.infile; i++) {
		struct span one = span_of(bytes.p + i, 1);
		r = mysql_result_feed(&rig->r, &one, &rig->out, NULL);
	}
	assert_int_equal(r, at_once);
	assert_int_equal(whole.done, rig->r.done);
	assert_int_equal(whole.rows, rig->r.rows);
	assert_true(span_eq(buf_span(&out), buf_span(&rig->out)));
	mysql_result_free(&whole);
	buf_done(&out);
	return r;
}

static void an_ok_ends_a_reply(void **state)
{
	struct rig *rig = *state;
	struct span ok = BYTES(PACKET(7, 1), 0, 3, 0, 2, 0, 0, 0);
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, ok), 0);
	assert_true(rig->r.done && !rig->r.failed);
	assert_int_equal(rig->r.affected, 3);
	assert_int_equal(rig->r.status, 2);
	assert_true(span_eq(buf_span(&rig->out), ok));
}

static void an_error_ends_it_and_is_known(void **state)
{
	struct rig *rig = *state;
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(11, 1), 0xff, 0x7a, 4, '#', '4', '2', 'S', '0', '2', 'n', 'o')), 0);
	assert_true(rig->r.done && rig->r.failed);
	assert_int_equal(rig->r.code, 1146);
	assert_string_equal(rig->r.state, "42S02");
	assert_string_equal(rig->r.words, "no");
}

static void rows_pass_until_their_eof(void **state)
{
	struct rig *rig = *state;
	struct span set = BYTES(PACKET(1, 1), 1, PACKET(3, 2), 'd', 'e', 'f', END(3, 2), PACKET(2, 4), 1, 'a', PACKET(1, 5), 0xfb, END(6, 2));
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, set), 0);
	assert_true(rig->r.done);
	assert_int_equal(rig->r.rows, 2);
	assert_true(span_eq(buf_span(&rig->out), set));
}

static void without_eofs_an_ok_ends_the_rows(void **state)
{
	struct rig *rig = *state;
	rig->r.deprecate_eof = true;
	struct span set = BYTES(PACKET(1, 1), 1, PACKET(3, 2), 'd', 'e', 'f', PACKET(2, 3), 1, 'a', PACKET(7, 4), 0xfe, 0, 0, 2, 0, 0, 0);
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, set), 0);
	assert_true(rig->r.done);
	assert_int_equal(rig->r.rows, 1);
}

static void a_long_row_that_begins_like_an_eof_is_a_row(void **state)
{
	struct rig *rig = *state;
	struct span set = BYTES(PACKET(1, 1), 1, PACKET(3, 2), 'd', 'e', 'f', END(3, 2), PACKET(9, 4), 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, END(5, 2));
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, set), 0);
	assert_int_equal(rig->r.rows, 1);
}

static void more_results_go_on(void **state)
{
	struct rig *rig = *state;
	struct span set = BYTES(PACKET(7, 1), 0, 2, 0, 0x0a, 0, 0, 0, PACKET(1, 2), 1, PACKET(1, 3), 'd', END(4, 0x0a), END(5, 0x0a), PACKET(7, 6), 0, 5, 0, 2,
		0, 0, 0);
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, set), 0);
	assert_true(rig->r.done);
	assert_int_equal(rig->r.affected, 7);
}

static void a_cursor_has_no_rows_yet(void **state)
{
	struct rig *rig = *state;
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(1, 1), 1, PACKET(3, 2), 'd', 'e', 'f', END(3, 0x42))), 0);
	assert_true(rig->r.done);
	assert_int_equal(feed(rig, MYSQL_RESULT_FETCH, BYTES(PACKET(2, 1), 0, 0, END(2, 0x82))), 0);
	assert_true(rig->r.done);
	assert_int_equal(rig->r.rows, 1);
}

static void a_preparation_has_parameters_and_columns(void **state)
{
	struct rig *rig = *state;
	struct span both = BYTES(PACKET(12, 1), 0, 9, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, PACKET(1, 2), 'p', PACKET(1, 3), 'p', END(4, 2), PACKET(1, 5), 'c',
		END(6, 2));
	assert_int_equal(feed(rig, MYSQL_RESULT_PREPARE, both), 0);
	assert_true(rig->r.done);
	assert_int_equal(rig->r.statement, 9);
	assert_int_equal(rig->r.params, 2);
	assert_int_equal(feed(rig, MYSQL_RESULT_PREPARE, BYTES(PACKET(12, 1), 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), 0);
	assert_true(rig->r.done);
	rig->r.deprecate_eof = true;
	assert_int_equal(feed(rig, MYSQL_RESULT_PREPARE, BYTES(PACKET(12, 1), 0, 9, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, PACKET(1, 2), 'p', PACKET(1, 3), 'c')), 0);
	assert_true(rig->r.done);
}

static void a_file_is_asked_for_and_then_the_reply_goes_on(void **state)
{
	struct rig *rig = *state;
	struct span ok = BYTES(PACKET(7, 4), 0, 1, 0, 2, 0, 0, 0);
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(6, 1), 0xfb, 'a', '.', 'c', 's', 'v')), 0);
	assert_true(rig->r.infile && !rig->r.done);
	assert_string_equal(rig->r.file, "a.csv");
	mysql_result_resume(&rig->r, 4);
	assert_int_equal(mysql_result_feed(&rig->r, &ok, &rig->out, NULL), 0);
	assert_true(rig->r.done);
}

static void a_server_that_says_more_than_its_reply_is_not_heard(void **state)
{
	struct rig *rig = *state;
	struct span in = BYTES(PACKET(7, 1), 0, 0, 0, 2, 0, 0, 0, PACKET(2, 1), 0xfb, 'x');
	mysql_result_begin(&rig->r, MYSQL_RESULT_ROWS, 1);
	assert_int_equal(mysql_result_feed(&rig->r, &in, &rig->out, NULL), 0);
	assert_true(rig->r.done);
	assert_int_equal(in.n, 6);
}

/* OK with words and state: sql_mode (a system variable), and the schema. */
static const uint8_t tracked[] = { PACKET(41, 1), 0, 1, 0, 0x02, 0x40, 0, 0, 2, 'h', 'i', 30, 0, 21, 8, 's', 'q', 'l', '_', 'm', 'o', 'd', 'e', 11, 'A',
	'N', 'S', 'I', '_', 'Q', 'U', 'O', 'T', 'E', 'S', 1, 5, 4, 's', 'h', 'o', 'p' };

static void what_the_session_tracks_is_read_and_taken_away(void **state)
{
	struct rig *rig = *state;
	rig->r.tracks = rig->r.strip = true;
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, span_of(tracked, sizeof tracked)), 0);
	assert_true(rig->r.done && rig->r.track.has_mode && rig->r.track.has_database);
	assert_string_equal(rig->r.track.mode, "ANSI_QUOTES");
	assert_string_equal(rig->r.track.database, "shop");
	assert_true(span_eq(buf_span(&rig->out), BYTES(PACKET(10, 1), 0, 1, 0, 0x02, 0, 0, 0, 2, 'h', 'i')));
}

static void a_client_that_asked_for_it_keeps_it(void **state)
{
	struct rig *rig = *state;
	rig->r.tracks = true;
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, span_of(tracked, sizeof tracked)), 0);
	assert_true(rig->r.track.has_mode);
	assert_true(span_eq(buf_span(&rig->out), span_of(tracked, sizeof tracked)));
}

static void what_is_malformed_ends_it(void **state)
{
	struct rig *rig = *state;
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(1, 2), 1)), -EPROTO);          /* out of sequence */
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(0, 1))), -EPROTO);             /* empty */
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(2, 1), 0, 1)), -EPROTO);       /* an OK that is cut */
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(2, 1), 0xff, 1)), -EPROTO);    /* an ERR that is cut */
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(2, 1), 1, 1)), -EPROTO);       /* more than a count */
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(PACKET(1, 1), 1, PACKET(1, 2), 'd', PACKET(1, 3), 'r')), -EPROTO); /* no EOF */
	assert_int_equal(feed(rig, MYSQL_RESULT_PREPARE, BYTES(PACKET(1, 1), 1)), -EPROTO);
	assert_int_equal(feed(rig, MYSQL_RESULT_PLAIN, BYTES(PACKET(1, 1), 1)), -EPROTO);
	assert_int_equal(feed(rig, MYSQL_RESULT_ROWS, BYTES(0, 0, 4, 1, 0)), -EMSGSIZE);          /* an OK of 256 KiB */
}

static void words_and_fields_end_where_they_do(void **state)
{
	struct rig *rig = *state;
	assert_int_equal(feed(rig, MYSQL_RESULT_TEXT, BYTES(PACKET(3, 1), 'U', 'p', ':')), 0);
	assert_true(rig->r.done);
	assert_int_equal(feed(rig, MYSQL_RESULT_FIELDS, BYTES(PACKET(1, 1), 'c', PACKET(1, 2), 'c', END(3, 2))), 0);
	assert_true(rig->r.done);
	assert_int_equal(feed(rig, MYSQL_RESULT_PLAIN, BYTES(END(1, 2))), 0);
	assert_true(rig->r.done);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(an_ok_ends_a_reply),
		ROW(an_error_ends_it_and_is_known),
		ROW(rows_pass_until_their_eof),
		ROW(without_eofs_an_ok_ends_the_rows),
		ROW(a_long_row_that_begins_like_an_eof_is_a_row),
		ROW(more_results_go_on),
		ROW(a_cursor_has_no_rows_yet),
		ROW(a_preparation_has_parameters_and_columns),
		ROW(a_file_is_asked_for_and_then_the_reply_goes_on),
		ROW(a_server_that_says_more_than_its_reply_is_not_heard),
		ROW(what_the_session_tracks_is_read_and_taken_away),
		ROW(a_client_that_asked_for_it_keeps_it),
		ROW(what_is_malformed_ends_it),
		ROW(words_and_fields_end_where_they_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
