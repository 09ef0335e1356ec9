#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/lines.h"
#include "recorder/evidence/text.h"
#include <string.h>

static struct frame frame_of(uint8_t type, uint32_t channel, const char *body)
{
	return (struct frame){ .time_us = 5, .type = type, .channel = channel, .body = span_str(body) };
}

static void meta(struct evidence_text *t, const char *json)
{
	struct frame f = frame_of(FRAME_META, 0, json);
	struct frame got = evidence_text_of(t, &f);
	assert_true(span_eq(got.body, f.body));
}

static void assert_becomes(struct evidence_text *t, uint8_t type, uint32_t channel, const char *body, const char *utf8)
{
	struct frame f = frame_of(type, channel, body);
	struct frame got = evidence_text_of(t, &f);
	assert_int_equal(got.type, type);
	assert_int_equal(got.channel, channel);
	assert_int_equal(got.body.n, strlen(utf8));
	assert_memory_equal(got.body.p, utf8, got.body.n);
}

static void a_recording_without_a_set_passes_as_it_is(void **state)
{
	(void)state;
	scoped(evidence_text_done) struct evidence_text t;
	evidence_text_init(&t);
	meta(&t, "{\"user\":\"alice\"}");
	assert_becomes(&t, FRAME_OUT, 1, "\xd1\xe3", "\xd1\xe3");
	meta(&t, "{\"charset\":\"no-such\"}");
	assert_becomes(&t, FRAME_OUT, 1, "\xd1\xe3", "\xd1\xe3");
}

static void a_character_is_cut_by_frames_of_several_streams(void **state)
{
	(void)state;
	scoped(evidence_text_done) struct evidence_text t;
	evidence_text_init(&t);
	meta(&t, "{\"charset\":\"gbk\"}");
	assert_becomes(&t, FRAME_OUT, 1, "a\xd1", "a");
	assert_becomes(&t, FRAME_ERR, 1, "\xd6", "");
	assert_becomes(&t, FRAME_OUT, 2, "\xc3", "");
	assert_becomes(&t, FRAME_IN, 1, "\xce", "");
	assert_becomes(&t, FRAME_SCREEN, 1, "雁", "雁");
	assert_becomes(&t, FRAME_OUT, 1, "\xe3" "b", "雁b");
	assert_becomes(&t, FRAME_ERR, 1, "\xd0", "中");
	assert_becomes(&t, FRAME_OUT, 2, "\xc5", "门");
	assert_becomes(&t, FRAME_IN, 1, "\xc4", "文");
}

static void a_channel_that_closed_leaves_nothing_to_the_next_of_its_number(void **state)
{
	(void)state;
	scoped(evidence_text_done) struct evidence_text t;
	evidence_text_init(&t);
	meta(&t, "{\"charset\":\"big5\"}");
	assert_becomes(&t, FRAME_OUT, 1, "\xa4", "");
	assert_becomes(&t, FRAME_CLOSE, 1, "", "");
	assert_becomes(&t, FRAME_OUT, 1, "\xa4\xa4", "中");
}

static void more_channels_than_it_follows_are_still_read(void **state)
{
	(void)state;
	scoped(evidence_text_done) struct evidence_text t;
	evidence_text_init(&t);
	meta(&t, "{\"charset\":\"gb18030\"}");
	for (uint32_t i = 0; i < EVIDENCE_TEXT_CHANNELS + 10; i++)
		assert_becomes(&t, FRAME_OUT, i, "\xd6\xd0", "中");
	assert_becomes(&t, FRAME_CLOSE, EVIDENCE_TEXT_CHANNELS + 5, "", "");
}

static void a_line_has_both_the_text_and_the_bytes(void **state)
{
	(void)state;
	scoped(evidence_text_done) struct evidence_text t;
	scoped(buf_done) struct buf out;
	struct frame first = frame_of(FRAME_META, 0, "{\"charset\":\"gbk\"}"), said = frame_of(FRAME_OUT, 1, "\xd6\xd0");
	evidence_text_init(&t);
	buf_init(&out, 1 << 20);
	evidence_lines_put(&t, &first, &out);
	buf_clear(&out);
	evidence_lines_put(&t, &said, &out);
	assert_string_equal(buf_str(&out),
		"{\"time_us\":5,\"type\":\"out\",\"channel\":1,\"text\":\"中\",\"base64\":\"1tA=\"}\n");
}

static void contents_of_files_are_named_in_a_line_and_cut_ones_are_too(void **state)
{
	(void)state;
	scoped(evidence_text_done) struct evidence_text t;
	scoped(buf_done) struct buf out;
	struct frame f = { .time_us = 5, .type = FRAME_CONTENT, .channel = 1, .body = span_of("\7\0\0\0\0\1\0\0\0\0\0\0secret", 18) };
	evidence_text_init(&t);
	buf_init(&out, 1 << 20);
	evidence_lines_put(&t, &f, &out);
	f.body.n = 5;
	evidence_lines_put(&t, &f, &out);
	assert_string_equal(buf_str(&out), "{\"time_us\":5,\"type\":\"content\",\"channel\":1,\"file\":7,\"offset\":256,\"length\":6}\n"
					   "{\"time_us\":5,\"type\":\"content\",\"channel\":1,\"file\":7,\"offset\":0,\"length\":0}\n");
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(a_recording_without_a_set_passes_as_it_is), CASE(a_character_is_cut_by_frames_of_several_streams),
		CASE(a_channel_that_closed_leaves_nothing_to_the_next_of_its_number),
		CASE(more_channels_than_it_follows_are_still_read), CASE(a_line_has_both_the_text_and_the_bytes),
		CASE(contents_of_files_are_named_in_a_line_and_cut_ones_are_too),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
