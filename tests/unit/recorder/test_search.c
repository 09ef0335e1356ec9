#include "tests/unit/core/unit.h"
#include "gateway/core/frame.h"
#include "recorder/reader/format.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the search format makes of frames: "time channel type text" lines. */
struct rig {
	struct reader_out out;
	void *state;
	char got[262144];
};

static struct rig *rig_new(void)
{
	struct rig *g = calloc(1, sizeof *g);
	assert_non_null(g);
	reader_out_init(&g->out, memfd_create("lines", MFD_CLOEXEC), -1);
	assert_int_equal(reader_format_begin(&reader_search, &g->out, 0, &g->state), 0);
	return g;
}

static void feed_bytes(struct rig *g, uint64_t at, uint8_t type, uint32_t channel, struct span body)
{
	assert_int_equal(reader_search.frame(g->state, &(struct frame){ at, type, channel, body }), 0);
}

static void feed(struct rig *g, uint64_t at, uint8_t type, uint32_t channel, const char *text)
{
	feed_bytes(g, at, type, channel, span_str(text));
}

static void expect(struct rig *g, const char *wanted)
{
	static uint8_t bytes[262144];
	assert_int_equal(reader_search.end(g->state), 0);
	ssize_t n = pread(g->out.fd, bytes, sizeof bytes, 0);
	assert_true(n >= 0);
	struct span in = span_of(bytes, (size_t)n);
	struct frame f;
	size_t at = 0;
	for (int used; (used = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + used, in.n - (size_t)used))
		at += (size_t)snprintf(g->got + at, sizeof g->got - at, "%llu %u %s %.*s\n", (unsigned long long)f.time_us,
			f.channel, frame_type_name(f.type), (int)f.body.n, (const char *)f.body.p);
	assert_int_equal(in.n, 0);
	assert_string_equal(g->got, wanted);
	reader_format_done(&reader_search, g->state);
	(void)close(g->out.fd);
	reader_out_done(&g->out);
	free(g);
}

static void lines_come_with_the_time_at_which_they_were_finished(void **state)
{
	(void)state;
	struct rig *g = rig_new();
	feed(g, 10, FRAME_OUT, 1, "\033[1;31mroot\033[0m:x:0\r\n数据");
	feed(g, 20, FRAME_OUT, 1, "库 连接\r\n");
	feed(g, 30, FRAME_ERR, 1, "error: 超时\n");
	feed(g, 40, FRAME_OUT, 2, "two\tparts\n");
	feed(g, 50, FRAME_OUT, 1, "unfinished");
	feed(g, 60, FRAME_CLOSE, 1, "");
	expect(g, "10 1 out root:x:0\n20 1 out 数据库 连接\n30 1 err error: 超时\n40 2 out two parts\n60 1 out unfinished\n");
}

static void what_says_nothing_and_what_was_just_said_is_left_out(void **state)
{
	(void)state;
	struct rig *g = rig_new();
	for (int i = 0; i < 1000; i++)
		feed(g, 10, FRAME_OUT, 1, "y\r\n\r\n---\r\n $ \r\n");
	feed(g, 20, FRAME_OUT, 1, "other\r\ny\r\n");
	for (int i = 0; i < 16; i++) {
		char line[32];
		(void)snprintf(line, sizeof line, "number %d\n", i);
		feed(g, 30, FRAME_OUT, 1, line);
	}
	feed(g, 40, FRAME_OUT, 1, "y\n");
	char wanted[1024] = "10 1 out y\n20 1 out other\n";
	for (int i = 0; i < 16; i++)
		(void)snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "30 1 out number %d\n", i);
	(void)snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "40 1 out y\n");
	expect(g, wanted);
}

static void a_long_line_comes_in_pieces_of_whole_characters(void **state)
{
	(void)state;
	struct rig *g = rig_new();
	static char text[8192], wanted[8192];
	size_t at = 0;
	text[at++] = 'x'; /* so that 2048 lies inside a character */
	for (int i = 0; i < 1000; i++, at += 3)
		memcpy(text + at, "\xe6\x97\xa5", 3);
	text[at] = '\n';
	feed(g, 10, FRAME_OUT, 1, text);
	(void)snprintf(wanted, sizeof wanted, "10 1 out %.2047s\n10 1 out %.954s\n", text, text + 2047);
	expect(g, wanted);
}

static void control_bytes_and_broken_characters_do_not_come_through(void **state)
{
	(void)state;
	struct rig *g = rig_new();
	feed_bytes(g, 10, FRAME_OUT, 1, span_of("a\0b\x07\x1b]0;title\x07 c\xff\xc0\xaf d\n", 21));
	feed(g, 20, FRAME_OPEN, 2, "{\"kind\":\"subsystem\",\"command\":\"sftp\",\"files\":\"sftp\"}");
	feed(g, 30, FRAME_OUT, 2, "file contents\n");
	feed(g, 40, FRAME_IN, 1, "typed into a pipe\n");
	assert_int_equal(reader_search.end(g->state), 0);
	uint8_t bytes[512];
	ssize_t n = pread(g->out.fd, bytes, sizeof bytes, 0);
	struct frame f;
	assert_int_equal(frame_get(span_of(bytes, (size_t)n), &f, NULL), n);
	for (size_t i = 0; i < f.body.n; i++)
		assert_true(f.body.p[i] >= 0x20 && f.body.p[i] != 0x7f);
	assert_true(f.body.n > 4 && f.body.p[0] == 'a' && f.body.p[f.body.n - 1] == 'd');
	reader_format_done(&reader_search, g->state);
	(void)close(g->out.fd);
	reader_out_done(&g->out);
	free(g);
}

static void a_file_transfer_has_no_text_until_it_turns_out_to_be_none(void **state)
{
	(void)state;
	struct rig *g = rig_new();
	feed(g, 10, FRAME_OPEN, 1, "{\"kind\":\"exec\",\"command\":\"scp -t x\",\"files\":\"scp\"}");
	feed(g, 20, FRAME_OUT, 1, "bytes of a file\n");
	feed(g, 30, FRAME_NOTE, 1, "{\"kind\":\"stream\"}");
	feed(g, 40, FRAME_OUT, 1, "scp: not found\n");
	expect(g, "40 1 out scp: not found\n");
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(lines_come_with_the_time_at_which_they_were_finished),
		CASE(what_says_nothing_and_what_was_just_said_is_left_out),
		CASE(a_long_line_comes_in_pieces_of_whole_characters),
		CASE(control_bytes_and_broken_characters_do_not_come_through),
		CASE(a_file_transfer_has_no_text_until_it_turns_out_to_be_none),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
