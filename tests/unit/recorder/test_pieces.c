#include "tests/unit/core/unit.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "recorder/reader/format.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* SHA-256 of "abcdef" */
#define ABCDEF "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721"

struct said {
	uint8_t type;
	struct span body;
};
#define SAID(type_, bytes) { (type_), { (const uint8_t *)(bytes), sizeof(bytes) - 1 } }

/* Reads the recording as often as the format wants it; how often that was, or what went wrong.  ret_fd: what a stream got. */
static int play(const struct said *frames, size_t n, int *ret_fd)
{
	struct reader_out out;
	void *state = NULL;
	int rc = 1, times = 0;
	*ret_fd = memfd_create("stream", MFD_CLOEXEC);
	reader_out_init(&out, *ret_fd, -1);
	out.is_file = false; /* nothing of a file but its end is used: what comes stays in order */
	out.file = 1;
	assert_int_equal(reader_format_begin(&reader_pieces, &out, 0, &state), 0);
	while (rc == 1) {
		times++;
		for (size_t i = 0; i < n; i++) {
			int wrote = reader_pieces.frame(state, &(struct frame){ .type = frames[i].type, .channel = 1, .body = frames[i].body });
			assert_int_equal(wrote, 0);
		}
		rc = reader_pieces.end(state);
	}
	reader_format_done(&reader_pieces, state);
	reader_out_done(&out);
	return rc < 0 ? rc : times;
}

static void assert_got(int fd, const void *want, size_t n)
{
	char got[64] = "";
	assert_int_equal(pread(fd, got, sizeof got, 0), (ssize_t)n);
	assert_memory_equal(got, want, n);
	(void)close(fd);
}

static void pieces_in_order_are_written_the_second_time(void **state)
{
	static const struct said frames[] = {
		SAID(FRAME_CONTENT, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "abc"),
		SAID(FRAME_CONTENT, "\2\0\0\0" "\0\0\0\0\0\0\0\0" "another"),
		SAID(FRAME_CONTENT, "\1\0\0\0" "\3\0\0\0\0\0\0\0" "def"),
		SAID(FRAME_FILE, "{\"number\":1,\"state\":\"complete\",\"size\":6,\"from\":0,\"sha256\":\"" ABCDEF "\",\"kept\":true}"),
		SAID(FRAME_CONTENT, "\1\0\0\0" "\6\0\0\0\0\0\0\0" "later"),
	};
	int fd = -1;
	(void)state;
	assert_int_equal(play(frames, COUNT_OF(frames), &fd), 2);
	assert_got(fd, "abcdef", 6);
}

static void a_resumed_transfer_has_zeros_in_front(void **state)
{
	static const struct said frames[] = {
		SAID(FRAME_CONTENT, "\1\0\0\0" "\2\0\0\0\0\0\0\0" "abcdef"),
		SAID(FRAME_FILE, "{\"number\":1,\"state\":\"complete\",\"size\":6,\"from\":2,\"sha256\":\"" ABCDEF "\",\"kept\":true}"),
	};
	int fd = -1;
	(void)state;
	assert_int_equal(play(frames, COUNT_OF(frames), &fd), 2);
	assert_got(fd, "\0\0abcdef", 8);
}

static void pieces_out_of_order_are_put_together(void **state)
{
	static const struct said frames[] = {
		SAID(FRAME_CONTENT, "\1\0\0\0" "\3\0\0\0\0\0\0\0" "def"),
		SAID(FRAME_CONTENT, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "abc"),
		SAID(FRAME_FILE, "{\"number\":1,\"state\":\"complete\",\"size\":6,\"from\":0,\"sha256\":\"" ABCDEF "\",\"kept\":true}"),
	};
	int fd = -1;
	(void)state;
	assert_int_equal(play(frames, COUNT_OF(frames), &fd), 2);
	assert_got(fd, "abcdef", 6);
}

static void what_was_written_over_is_as_it_was_last(void **state)
{
	static const struct said frames[] = {
		SAID(FRAME_CONTENT, "\1\0\0\0" "\1\0\0\0\0\0\0\0" "xyz"),
		SAID(FRAME_CONTENT, "\1\0\0\0" "\2\0\0\0\0\0\0\0" "YZ"),
		SAID(FRAME_FILE, "{\"number\":1,\"state\":\"complete\",\"size\":5,\"from\":0,\"kept\":true}"),
	};
	int fd = -1;
	(void)state;
	assert_int_equal(play(frames, COUNT_OF(frames), &fd), 2);
	assert_got(fd, "\0xYZ", 4);
}

static void a_file_of_two_windows_is_put_together_in_three_readings(void **state)
{
	size_t n = READER_WINDOW + 5;
	uint8_t *body = malloc(12 + n), *got = malloc(n);
	char told[120];
	int fd = -1;
	(void)state;
	assert_true(body && got);
	memcpy(body, "\1\0\0\0" "\3\0\0\0\0\0\0\0", 12);
	for (size_t i = 0; i < n; i++)
		body[12 + i] = (uint8_t)(i * 7 >> 3);
	int len = snprintf(told, sizeof told, "{\"number\":1,\"state\":\"complete\",\"size\":%zu,\"from\":0,\"kept\":true}", n + 3);
	const struct said frames[] = { { FRAME_CONTENT, { body, 12 + n } }, SAID(FRAME_CONTENT, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "abc"),
		{ FRAME_FILE, { (const uint8_t *)told, (size_t)len } } };
	assert_int_equal(play(frames, COUNT_OF(frames), &fd), 3);
	assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)(n + 3));
	for (size_t at = 0; at < n;) {
		ssize_t k = pread(fd, got + at, n - at, (off_t)(3 + at));
		assert_true(k > 0);
		at += (size_t)k;
	}
	assert_memory_equal(got, body + 12, n);
	(void)close(fd);
	free(body);
	free(got);
}

static void what_is_not_what_was_told_is_refused_before_the_first_byte(void **state)
{
	static const struct {
		const char *told;
		int rc;
	} cases[] = {
		{ "{\"number\":1,\"state\":\"complete\",\"size\":6,\"from\":0}", -ENODATA },
		{ "{\"number\":1,\"state\":\"partial\",\"size\":6,\"from\":0,\"kept\":true}", -ENODATA },
		{ "{\"number\":1,\"state\":\"begun\"}", -ENODATA },
		{ "{\"number\":1,\"state\":\"complete\",\"size\":7,\"from\":0,\"kept\":true}", -EBADMSG },
		{ "{\"number\":1,\"state\":\"complete\",\"size\":6,\"from\":0,\"sha256\":\"" ABCDEF "\",\"kept\":true}", -EBADMSG },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct said frames[] = { SAID(FRAME_CONTENT, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "abcdeX"),
			{ FRAME_FILE, { (const uint8_t *)cases[i].told, strlen(cases[i].told) } } };
		int fd = -1;
		assert_int_equal(play(frames, COUNT_OF(frames), &fd), cases[i].rc);
		assert_got(fd, "", 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_in_order_are_written_the_second_time),
		cmocka_unit_test(a_resumed_transfer_has_zeros_in_front),
		cmocka_unit_test(pieces_out_of_order_are_put_together),
		cmocka_unit_test(what_was_written_over_is_as_it_was_last),
		cmocka_unit_test(a_file_of_two_windows_is_put_together_in_three_readings),
		cmocka_unit_test(what_is_not_what_was_told_is_refused_before_the_first_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
