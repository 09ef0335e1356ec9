#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "policy/keep/spool.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
	char path[64];
	int dir;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	(void)snprintf(p->path, sizeof p->path, "/tmp/yanmen-spool-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->dir = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->dir >= 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	static const char *const files[] = { "facts.a", "facts.b", "rejected" };

	for (size_t i = 0; i < COUNT_OF(files); i++)
		(void)unlinkat(p->dir, files[i], 0);
	(void)close(p->dir);
	(void)rmdir(p->path);
	free(p);
	return 0;
}

static struct pol_spool *opened(const struct place *p, size_t cap, size_t *ret_cut)
{
	struct pol_spool *s = NULL;
	struct err err;

	assert_int_equal(pol_spool_open(&s, p->dir, cap, ret_cut, &err), 0);
	return s;
}

static void put(struct pol_spool *s, unsigned n)
{
	char body[32];

	(void)snprintf(body, sizeof body, "{\"n\":%u}", n);
	assert_int_equal(pol_spool_add(s, "test.fact", span_str(body), NULL), 0);
}

static void expect(struct pol_spool *s, unsigned n)
{
	struct pol_spool_entry e;
	char body[32];

	(void)snprintf(body, sizeof body, "{\"n\":%u}", n);
	assert_int_equal(pol_spool_next(s, &e, NULL), 0);
	assert_string_equal(e.kind, "test.fact");
	assert_string_equal(e.body, body);
	assert_true(e.at_us > 0);
	assert_false(id_is_zero(&e.uid));
}

static size_t size_of(const struct place *p, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(p->dir, name, &st, 0), 0);
	return (size_t)st.st_size;
}

static void entries_come_in_order_and_the_file_is_cut_when_all_are_applied(void **state)
{
	const struct place *p = *state;
	struct pol_spool_entry e;
	size_t cut = 1;
	struct pol_spool *s = opened(p, 1 << 20, &cut);

	assert_int_equal(cut, 0);
	assert_true(pol_spool_is_empty(s));
	assert_int_equal(pol_spool_next(s, &e, NULL), -ENOENT);
	for (unsigned i = 0; i < 100; i++)
		put(s, i);
	for (unsigned i = 0; i < 100; i++) {
		expect(s, i);
		expect(s, i); /* asking again changes nothing */
		pol_spool_applied(s);
	}
	assert_true(pol_spool_is_empty(s));
	assert_int_equal(size_of(p, "facts.a"), 0);
	pol_spool_free(s);
}

static void what_was_not_applied_comes_again_with_the_same_uid(void **state)
{
	const struct place *p = *state;
	struct pol_spool_entry e;
	size_t cut = 0;
	struct pol_spool *s = opened(p, 1 << 20, &cut);

	for (unsigned i = 0; i < 3; i++)
		put(s, i);
	assert_int_equal(pol_spool_next(s, &e, NULL), 0);
	struct id uid = e.uid;
	int64_t at_us = e.at_us;
	pol_spool_applied(s);
	pol_spool_free(s); /* as a kill would: the file still holds all three */
	s = opened(p, 1 << 20, &cut);
	assert_int_equal(cut, 0);
	assert_int_equal(pol_spool_next(s, &e, NULL), 0);
	assert_true(id_eq(&uid, &e.uid));
	assert_int_equal(at_us, e.at_us);
	for (unsigned i = 0; i < 3; i++) {
		expect(s, i);
		pol_spool_applied(s);
	}
	assert_true(pol_spool_is_empty(s));
	pol_spool_free(s);
}

static void copy_cut(const struct place *p, const uint8_t *bytes, size_t n)
{
	int fd = openat(p->dir, "facts.a", O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	(void)close(fd);
}

static void a_tail_torn_at_any_byte_is_cut_and_the_rest_is_whole(void **state)
{
	const struct place *p = *state;
	uint8_t bytes[1024];
	size_t cut = 0, two, three;
	struct pol_spool *s = opened(p, 1 << 20, &cut);

	put(s, 0);
	put(s, 1);
	two = size_of(p, "facts.a");
	put(s, 2);
	three = size_of(p, "facts.a");
	pol_spool_free(s);
	int fd = openat(p->dir, "facts.a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, bytes, sizeof bytes), three);
	(void)close(fd);
	for (size_t n = two; n < three; n++) {
		copy_cut(p, bytes, n);
		s = opened(p, 1 << 20, &cut);
		assert_int_equal(cut, n - two);
		assert_int_equal(size_of(p, "facts.a"), two);
		put(s, 2); /* goes on behind what is whole */
		for (unsigned i = 0; i < 3; i++) {
			expect(s, i);
			pol_spool_applied(s);
		}
		pol_spool_free(s);
	}
}

static void a_changed_byte_anywhere_ends_the_file_there(void **state)
{
	const struct place *p = *state;
	uint8_t bytes[1024];
	size_t cut = 0, one, two;
	struct pol_spool *s = opened(p, 1 << 20, &cut);

	put(s, 0);
	one = size_of(p, "facts.a");
	put(s, 1);
	two = size_of(p, "facts.a");
	pol_spool_free(s);
	int fd = openat(p->dir, "facts.a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, bytes, sizeof bytes), two);
	(void)close(fd);
	for (size_t i = one; i < two; i++) {
		bytes[i] ^= 0x40;
		copy_cut(p, bytes, two);
		bytes[i] ^= 0x40;
		s = opened(p, 1 << 20, &cut);
		assert_int_equal(cut, two - one);
		expect(s, 0);
		pol_spool_free(s);
	}
}

static void it_turns_between_two_files_and_keeps_the_order(void **state)
{
	const struct place *p = *state;
	size_t cut = 0;
	struct pol_spool *s = opened(p, 4096, &cut);
	unsigned in = 0, out = 0;

	/* Two in, one out, until it is full; then one in, one out for long; then all out. */
	for (; pol_spool_has_room(s, 32); in++) {
		put(s, in);
		if (in % 2) {
			expect(s, out++);
			pol_spool_applied(s);
		}
	}
	assert_true(size_of(p, "facts.a") > 0 && size_of(p, "facts.b") > 0);
	for (unsigned i = 0; i < 500; i++) {
		expect(s, out++);
		pol_spool_applied(s);
		if (pol_spool_has_room(s, 32))
			put(s, in++);
		if (i % 50 == 49) { /* a restart at any point */
			unsigned before = out;
			pol_spool_free(s);
			s = opened(p, 4096, &cut);
			assert_int_equal(cut, 0);
			struct pol_spool_entry e;
			unsigned n = 0;
			while (pol_spool_next(s, &e, NULL) == 0 && sscanf(e.body, "{\"n\":%u}", &n) == 1 && n < before)
				pol_spool_applied(s); /* known by its uid: applied again without effect */
		}
	}
	for (; out < in; out++) {
		expect(s, out);
		pol_spool_applied(s);
	}
	assert_true(pol_spool_is_empty(s));
	pol_spool_free(s);
}

static void a_full_spool_refuses_and_takes_again_later(void **state)
{
	const struct place *p = *state;
	size_t cut = 0;
	struct pol_spool *s = opened(p, 2048, &cut);
	struct err err;
	unsigned n = 0;

	while (pol_spool_add(s, "test.fact", span_str("{}"), &err) == 0)
		n++;
	assert_true(n > 10);
	assert_int_equal(err.code, -ENOSPC);
	assert_false(pol_spool_has_room(s, 2));
	assert_true(pol_spool_bytes(s) <= 2048);
	struct pol_spool_entry e;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(pol_spool_next(s, &e, NULL), 0);
		pol_spool_applied(s);
	}
	assert_int_equal(pol_spool_add(s, "test.fact", span_str("{}"), NULL), 0);
	pol_spool_free(s);
}

static void a_record_that_is_too_long_is_refused_and_nothing_is_written(void **state)
{
	const struct place *p = *state;
	size_t cut = 0;
	struct pol_spool *s = opened(p, 4 << 20, &cut);
	static uint8_t big[POL_SPOOL_RECORD_MAX + 1];
	struct pol_spool_entry e;

	memset(big, 'x', sizeof big);
	assert_int_equal(pol_spool_add(s, "test.fact", span_of(big, sizeof big), NULL), -EMSGSIZE);
	assert_int_equal(pol_spool_next(s, &e, NULL), -ENOENT);
	assert_int_equal(size_of(p, "facts.a"), 0);
	pol_spool_free(s);
}

static void a_rejected_record_is_kept_aside_and_blocks_nothing(void **state)
{
	const struct place *p = *state;
	size_t cut = 0;
	struct pol_spool *s = opened(p, 1 << 20, &cut);
	char line[512] = "";

	put(s, 0);
	put(s, 1);
	expect(s, 0);
	assert_int_equal(pol_spool_rejected_bytes(s), 0);
	assert_int_equal(pol_spool_reject(s, "no such \"thing\"", NULL), 0);
	assert_true(pol_spool_rejected_bytes(s) > 0);
	expect(s, 1);
	int fd = openat(p->dir, "rejected", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, line, sizeof line - 1) > 0);
	(void)close(fd);
	assert_non_null(strstr(line, "\"kind\":\"test.fact\",\"body\":{\"n\":0},\"why\":\"no such \\\"thing\\\"\"}\n"));
	pol_spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			entries_come_in_order_and_the_file_is_cut_when_all_are_applied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_applied_comes_again_with_the_same_uid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_tail_torn_at_any_byte_is_cut_and_the_rest_is_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_changed_byte_anywhere_ends_the_file_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_turns_between_two_files_and_keeps_the_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_spool_refuses_and_takes_again_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_record_that_is_too_long_is_refused_and_nothing_is_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_rejected_record_is_kept_aside_and_blocks_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
