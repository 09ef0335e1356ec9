#include "tests/unit/core/unit.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "recorder/reader/format.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { S = 1000 * 1000 };
#define BEGUN 1763823600000000ULL

/* What the index makes of frames. */
struct rig {
	struct reader_out out;
	void *state;
};

static void rig_init(struct rig *g)
{
	reader_out_init(&g->out, memfd_create("index", MFD_CLOEXEC), -1);
	assert_int_equal(reader_format_begin(&reader_index, &g->out, 0, &g->state), 0);
}

static void feed_bytes(struct rig *g, uint64_t after_us, uint8_t type, struct span body)
{
	assert_int_equal(reader_index.frame(g->state, &(struct frame){ BEGUN + after_us, type, 7, body }), 0);
}

static void feed(struct rig *g, uint64_t after_us, uint8_t type, const char *text)
{
	feed_bytes(g, after_us, type, span_str(text));
}

/* Its text; owned by the caller. */
static char *text_of(struct rig *g)
{
	enum { MOST = 4 << 20 };
	char *text = calloc(1, MOST);
	assert_non_null(text);
	assert_int_equal(reader_index.end(g->state), 0);
	assert_true(pread(g->out.fd, text, MOST - 1, 0) > 0);
	reader_format_done(&reader_index, g->state);
	(void)close(g->out.fd);
	reader_out_done(&g->out);
	return text;
}

static json_t *index_of(struct rig *g)
{
	char *text = text_of(g);
	json_t *doc = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(doc);
	return doc;
}

static json_int_t number(const json_t *doc, const char *key)
{
	return json_integer_value(json_object_get(doc, key));
}

static void each_kind_of_frame_has_its_marker(void **state)
{
	(void)state;
	struct rig g;
	rig_init(&g);
	feed_bytes(&g, 0, FRAME_SIZE, span_of("\x50\0\0\0\x18\0\0\0", 8));
	feed(&g, 1000, FRAME_OPEN, "{\"kind\":\"shell\"}");
	feed(&g, 2000, FRAME_OPEN, "{\"kind\":\"exec\",\"command\":\"uptime\"}");
	feed(&g, 3000, FRAME_NOTE, "{\"kind\":\"locked\",\"text\":\"by boss\"}");
	feed(&g, 4000, FRAME_OUT, "12345");
	feed(&g, 5000, FRAME_FINISH, "{\"reason\":\"closed\"}");
	char *text = text_of(&g);
	assert_string_equal(text,
		"{\"begun_us\":1763823600000000,\"ms\":5,\"ended\":true,\"step_ms\":1000,\"activity\":[5],\"left_out\":0,\"markers\":[\n"
		"{\"ms\":0,\"kind\":\"size\",\"channel\":7,\"text\":\"80x24\"},\n"
		"{\"ms\":1,\"kind\":\"channel\",\"channel\":7,\"text\":\"shell \"},\n"
		"{\"ms\":2,\"kind\":\"command\",\"channel\":7,\"text\":\"uptime\"},\n"
		"{\"ms\":3,\"kind\":\"note\",\"channel\":7,\"text\":\"locked by boss\"},\n"
		"{\"ms\":5,\"kind\":\"end\",\"channel\":7,\"text\":\"closed\"}]}\n");
	free(text);
}

static void steps_double_as_a_recording_grows_and_no_byte_is_lost(void **state)
{
	(void)state;
	struct rig g;
	json_int_t sum = 0;
	size_t i;
	json_t *one;
	rig_init(&g);
	for (unsigned n = 0; n < 3000; n++)
		feed(&g, (uint64_t)n * S, n % 2 ? FRAME_IN : FRAME_OUT, "ab");
	json_t *doc = index_of(&g);
	assert_int_equal(number(doc, "step_ms"), 8000); /* 512 steps of 4 s are 2048 s */
	assert_int_equal(json_array_size(json_object_get(doc, "activity")), 375);
	json_array_foreach(json_object_get(doc, "activity"), i, one)
	{
		assert_int_equal(json_integer_value(one), 16);
		sum += json_integer_value(one);
	}
	assert_int_equal(sum, 6000);
	assert_false(json_is_true(json_object_get(doc, "ended")));
	json_decref(doc);
}

static void a_clock_that_was_put_back_or_far_ahead_does_no_harm(void **state)
{
	(void)state;
	struct rig g;
	rig_init(&g);
	feed(&g, 5 * S, FRAME_OUT, "a");
	feed(&g, 0, FRAME_OUT, "b");
	feed(&g, 6 * S, FRAME_OUT, "c");
	json_t *doc = index_of(&g);
	assert_int_equal(number(doc, "ms"), 1000);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(doc, "activity"), 0)), 2);
	json_decref(doc);
	rig_init(&g);
	feed(&g, 0, FRAME_OUT, "a");
	feed(&g, UINT64_MAX - BEGUN, FRAME_OUT, "b");
	feed(&g, 0, FRAME_NOTE, "{}");
	doc = index_of(&g);
	assert_true(json_array_size(json_object_get(doc, "activity")) <= 512);
	json_decref(doc);
}

static void markers_end_at_their_number_and_the_rest_is_counted(void **state)
{
	(void)state;
	struct rig g;
	rig_init(&g);
	for (unsigned n = 0; n < 5010; n++)
		feed(&g, n, FRAME_NOTE, "{\"kind\":\"k\",\"text\":\"t\"}");
	json_t *doc = index_of(&g);
	assert_int_equal(json_array_size(json_object_get(doc, "markers")), 5000);
	assert_int_equal(number(doc, "left_out"), 10);
	json_decref(doc);
}

static void a_long_text_is_cut_between_two_characters(void **state)
{
	(void)state;
	struct rig g;
	char gates[601] = "", command[700];
	for (size_t n = 0; n < 200; n++)
		memcpy(gates + 3 * n, "\xe9\x97\xa8", 3);
	(void)snprintf(command, sizeof command, "{\"kind\":\"exec\",\"command\":\"x%s\"}", gates);
	rig_init(&g);
	feed(&g, 0, FRAME_OPEN, command);
	json_t *doc = index_of(&g);
	const char *text = json_string_value(json_object_get(json_array_get(json_object_get(doc, "markers"), 0), "text"));
	assert_int_equal(strlen(text), 298); /* one and 99 of three bytes: the next would be in two parts */
	json_decref(doc);
}

static void what_is_no_json_is_a_marker_without_words(void **state)
{
	(void)state;
	struct rig g;
	rig_init(&g);
	feed(&g, 0, FRAME_OPEN, "{");
	feed_bytes(&g, 0, FRAME_SIZE, span_of("\1\0", 2)); /* cut: none at all */
	feed(&g, 0, FRAME_FILE, "[]");
	json_t *doc = index_of(&g);
	assert_int_equal(json_array_size(json_object_get(doc, "markers")), 1);
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_frame_has_its_marker),
		cmocka_unit_test(steps_double_as_a_recording_grows_and_no_byte_is_lost),
		cmocka_unit_test(a_clock_that_was_put_back_or_far_ahead_does_no_harm),
		cmocka_unit_test(markers_end_at_their_number_and_the_rest_is_counted),
		cmocka_unit_test(a_long_text_is_cut_between_two_characters),
		cmocka_unit_test(what_is_no_json_is_a_marker_without_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
