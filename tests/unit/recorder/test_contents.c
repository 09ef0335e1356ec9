#include "tests/unit/core/unit.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "recorder/reader/format.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* SHA-256 of "abc", of "abcdef", of nothing */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABCDEF "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct reading {
	struct reader_out out;
	void *state;
	int rc; /* the first failure */
};

static void start(struct reading *g, uint32_t file)
{
	*g = (struct reading){ 0 };
	reader_out_init(&g->out, memfd_create("contents", MFD_CLOEXEC), -1);
	g->out.file = file;
	assert_int_equal(reader_format_begin(&reader_contents, &g->out, 0, &g->state), 0);
}

static void feed(struct reading *g, uint8_t type, const void *p, size_t n)
{
	int rc = reader_contents.frame(g->state, &(struct frame){ .type = type, .channel = 1, .body = span_of(p, n) });
	if (g->rc == 0)
		g->rc = rc;
}
#define CONTENT(g, bytes) feed(g, FRAME_CONTENT, bytes, sizeof bytes - 1)
#define TOLD(g, text) feed(g, FRAME_FILE, text, sizeof text - 1)

/* What end says, and what lies in the file then. */
static int finish(struct reading *g, char ret[static 64])
{
	int rc = reader_contents.end(g->state);
	memset(ret, 0, 64);
	assert_true(pread(g->out.fd, ret, 63, 0) >= 0);
	reader_format_done(&reader_contents, g->state);
	(void)close(g->out.fd);
	reader_out_done(&g->out);
	return g->rc < 0 ? g->rc : rc;
}

static void pieces_are_written_in_their_places(void **state)
{
	struct reading g;
	char got[64];
	(void)state;
	start(&g, 2);
	TOLD(&g, "{\"number\":2,\"op\":\"upload\",\"state\":\"begun\",\"path\":\"/x\"}");
	CONTENT(&g, "\2\0\0\0" "\3\0\0\0\0\0\0\0" "def");
	CONTENT(&g, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "another file");
	CONTENT(&g, "\2\0\0\0" "\0\0\0\0\0\0\0\0" "abc");
	TOLD(&g, "{\"number\":1,\"state\":\"partial\",\"size\":12,\"from\":0}");
	TOLD(&g, "{\"number\":2,\"state\":\"complete\",\"size\":6,\"from\":0,\"sha256\":\"" ABCDEF "\",\"kept\":true}");
	CONTENT(&g, "\2\0\0\0" "\0\0\0\0\0\0\0\0" "zzz");
	assert_int_equal(finish(&g, got), 0);
	assert_string_equal(got, "abcdef");
}

static void what_lies_before_a_resumed_transfer_stays_empty(void **state)
{
	struct reading g;
	char got[64];
	(void)state;
	start(&g, 1);
	CONTENT(&g, "\1\0\0\0" "\2\0\0\0\0\0\0\0" "abc");
	TOLD(&g, "{\"number\":1,\"state\":\"complete\",\"size\":3,\"from\":2,\"sha256\":\"" ABC "\",\"kept\":true}");
	assert_int_equal(finish(&g, got), 0);
	assert_memory_equal(got, "\0\0abc", 6);
}

static void an_empty_file_is_one(void **state)
{
	struct reading g;
	char got[64];
	(void)state;
	start(&g, 1);
	TOLD(&g, "{\"number\":1,\"state\":\"complete\",\"size\":0,\"from\":0,\"sha256\":\"" NOTHING "\",\"kept\":true}");
	assert_int_equal(finish(&g, got), 0);
	assert_string_equal(got, "");
}

static void without_a_hash_only_the_size_is_compared(void **state)
{
	struct reading g;
	char got[64];
	(void)state;
	start(&g, 1);
	CONTENT(&g, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "abc");
	CONTENT(&g, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "xyz");
	TOLD(&g, "{\"number\":1,\"state\":\"complete\",\"size\":6,\"from\":0,\"kept\":true}");
	assert_int_equal(finish(&g, got), 0);
	assert_string_equal(got, "xyz");
}

static void what_is_not_held_whole_is_refused(void **state)
{
	static const char *const told[] = {
		"{\"number\":1,\"state\":\"complete\",\"size\":3,\"from\":0,\"sha256\":\"" ABC "\"}",
		"{\"number\":1,\"state\":\"partial\",\"size\":3,\"from\":0,\"sha256\":\"" ABC "\",\"kept\":true}",
		"{\"number\":1,\"state\":\"complete\",\"size\":3,\"from\":0,\"sha256\":\"ba78\",\"kept\":true}",
		"{\"number\":1,\"state\":\"complete\",\"size\":-3,\"from\":0,\"kept\":true}",
		"{\"number\":1,\"state\":\"complete\",\"size\":9223372036854775807,\"from\":9,\"kept\":true}",
		"{\"number\":2,\"state\":\"complete\",\"size\":3,\"from\":0,\"kept\":true}",
		"{\"number\":1,\"state\":\"begun\"}", "{", "",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(told); i++) {
		struct reading g;
		char got[64];
		start(&g, 1);
		CONTENT(&g, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "abc");
		feed(&g, FRAME_FILE, told[i], strlen(told[i]));
		assert_int_equal(finish(&g, got), -ENODATA);
	}
}

static void other_bytes_than_were_told_are_refused(void **state)
{
	static const char *const told[] = {
		"{\"number\":1,\"state\":\"complete\",\"size\":4,\"from\":0,\"kept\":true}",
		"{\"number\":1,\"state\":\"complete\",\"size\":3,\"from\":0,\"sha256\":\"" ABCDEF "\",\"kept\":true}",
		"{\"number\":1,\"state\":\"complete\",\"size\":3,\"from\":1,\"sha256\":\"" ABC "\",\"kept\":true}",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(told); i++) {
		struct reading g;
		char got[64];
		start(&g, 1);
		CONTENT(&g, "\1\0\0\0" "\0\0\0\0\0\0\0\0" "abc");
		feed(&g, FRAME_FILE, told[i], strlen(told[i]));
		assert_int_equal(finish(&g, got), -EBADMSG);
	}
}

static void a_place_that_no_file_has_is_refused(void **state)
{
	struct reading g;
	char got[64];
	(void)state;
	start(&g, 1);
	CONTENT(&g, "\1\0\0\0" "\xff\xff\xff\xff\xff\xff\xff\xff" "abc");
	CONTENT(&g, "\1\0\0");
	assert_int_equal(finish(&g, got), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_written_in_their_places),
		cmocka_unit_test(what_lies_before_a_resumed_transfer_stays_empty),
		cmocka_unit_test(an_empty_file_is_one),
		cmocka_unit_test(without_a_hash_only_the_size_is_compared),
		cmocka_unit_test(what_is_not_held_whole_is_refused),
		cmocka_unit_test(other_bytes_than_were_told_are_refused),
		cmocka_unit_test(a_place_that_no_file_has_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
