#include "tests/unit/yanmen/capture.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/show.h"

struct desk {
	struct cli cli;
	struct cli_show show;
	struct capture capture;
};

static void begin(struct desk *d, bool json)
{
	d->cli = (struct cli){ .json = json };
	capture_begin(&d->capture);
	cli_show_init(&d->show, &d->cli);
}

static const char *end(struct desk *d)
{
	cli_show_done(&d->show);
	return capture_end(&d->capture);
}

static void put(struct desk *d, uint8_t type, uint32_t channel, struct span body)
{
	cli_show_frame(&d->show, &(struct frame){ .time_us = 1000, .type = type, .channel = channel, .body = body });
}

static void shows_output_and_hides_what_was_typed(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, false);
	put(&d, FRAME_OPEN, 1, span_str("{\"kind\":\"shell\"}"));
	put(&d, FRAME_OUT, 1, span_str("$ "));
	put(&d, FRAME_KEYS, 1, span_str("secret"));
	put(&d, FRAME_IN, 1, span_str("secret"));
	put(&d, FRAME_OUT, 1, span_str("ls\r\n"));
	put(&d, FRAME_ERR, 1, span_str("oops\r\n"));
	assert_string_equal(end(&d), "$ ls\r\noops\r\n");
}

static void makes_a_hostile_target_harmless(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, false);
	put(&d, FRAME_OUT, 1,
		span_str("a\033]0;title\007\033]52;c;ZXZpbA==\033\\\033[6n\033P+q\033\\b\033[31mred\033[0m"));
	put(&d, FRAME_NOTE, 1, span_str("{\"kind\":\"locked\",\"text\":\"\\u001b]0;x\\u0007\"}"));
	const char *text = end(&d);
	assert_null(strstr(text, "\033]"));
	assert_null(strstr(text, "title"));
	assert_null(strstr(text, "\033P"));
	assert_null(strstr(text, "[6n"));
	assert_null(strchr(text, '\a'));
	assert_non_null(strstr(text, "\033[31mred"));
}

static void a_sequence_cut_between_frames_stays_one(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, false);
	put(&d, FRAME_OUT, 1, span_str("a\033]0;ti"));
	put(&d, FRAME_OUT, 1, span_str("tle\007b"));
	assert_string_equal(end(&d), "ab");
}

static void tells_when_the_channel_changes_and_hides_transfers(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, false);
	put(&d, FRAME_OUT, 1, span_str("one"));
	put(&d, FRAME_OPEN, 2, span_str("{\"kind\":\"subsystem\",\"command\":\"sftp\",\"files\":\"sftp\"}"));
	put(&d, FRAME_OUT, 2, span_str("\1\2\3binary"));
	put(&d, FRAME_OUT, 1, span_str("two"));
	const char *text = end(&d);
	assert_non_null(strstr(text, "one"));
	assert_non_null(strstr(text, "subsystem sftp"));
	assert_null(strstr(text, "binary"));
	assert_non_null(strstr(text, "channel 1"));
	assert_non_null(strstr(text, "two"));
}

static void tells_of_files_and_shows_what_turned_out_to_be_no_transfer(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, false);
	put(&d, FRAME_OPEN, 2, span_str("{\"kind\":\"subsystem\",\"command\":\"sftp\",\"files\":\"sftp\"}"));
	put(&d, FRAME_FILE, 2,
		span_str("{\"op\":\"rename\",\"state\":\"complete\",\"path\":\"/a\\u001b[2J\",\"to\":\"/b\"}"));
	put(&d, FRAME_NOTE, 2, span_str("{\"kind\":\"stream\",\"text\":\"no SFTP\"}"));
	put(&d, FRAME_OUT, 2, span_str("seen"));
	const char *text = end(&d);
	assert_non_null(strstr(text, "rename complete /a?[2J -> /b"));
	assert_non_null(strstr(text, "seen"));
}

static void draws_a_key_frame_on_a_cleared_screen(void **state)
{
	struct desk d;
	scoped(buf_done) struct buf body = { 0 };

	(void)state;
	buf_init(&body, 256);
	wr_le(&body, 80, 4);
	wr_le(&body, 24, 4);
	buf_put(&body, "hello", 5);
	begin(&d, false);
	put(&d, FRAME_SCREEN, 1, buf_span(&body));
	put(&d, FRAME_SCREEN, 1, span_of(body.data, 7)); /* cut: nothing */
	assert_string_equal(end(&d), "\033[0m\033[r\033[2J\033[Hhello");
}

static void begins_with_who_and_ends_with_why(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, false);
	put(&d, FRAME_META, 0,
		span_str("{\"session\":\"s1\",\"user\":\"alice\",\"account\":\"cyadmin\",\"target\":\"web01\"}"));
	put(&d, FRAME_META, 0, span_str("{\"session\":\"s2\"}"));
	put(&d, FRAME_FINISH, 0, span_str("{\"reason\":\"logout\"}"));
	const char *text = end(&d);
	assert_non_null(strstr(text, "s1  alice → cyadmin@web01"));
	assert_null(strstr(text, "s2"));
	assert_non_null(strstr(text, "session ended: logout"));
}

static void writes_json_lines_for_machines(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, true);
	put(&d, FRAME_OUT, 3, span_str("a\033[0m"));
	put(&d, FRAME_OUT, 3, span_of("\xff", 1));
	assert_string_equal(end(&d), "{\"time_us\":1000,\"type\":\"out\",\"channel\":3,\"text\":\"a\\u001b[0m\"}\n"
				     "{\"time_us\":1000,\"type\":\"out\",\"channel\":3,\"base64\":\"/w==\"}\n");
}

static void survives_more_channels_than_it_can_follow(void **state)
{
	struct desk d;

	(void)state;
	begin(&d, false);
	for (uint32_t channel = 1; channel <= CLI_SHOW_CHANNELS + 5; channel++)
		put(&d, FRAME_OUT, channel, span_str("x"));
	put(&d, FRAME_CLOSE, 1, (struct span){ 0 });
	put(&d, FRAME_OUT, 1000, span_str("again"));
	assert_non_null(strstr(end(&d), "again"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(shows_output_and_hides_what_was_typed),
		CASE(makes_a_hostile_target_harmless),
		CASE(a_sequence_cut_between_frames_stays_one),
		CASE(tells_when_the_channel_changes_and_hides_transfers),
		CASE(tells_of_files_and_shows_what_turned_out_to_be_no_transfer),
		CASE(draws_a_key_frame_on_a_cleared_screen),
		CASE(begins_with_who_and_ends_with_why),
		CASE(writes_json_lines_for_machines),
		CASE(survives_more_channels_than_it_can_follow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
