#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* The flags of the mapping that holds p, from /proc/self/smaps. */
static void mapping_flags(const void *p, char ret[static 256])
{
	char line[256];
	bool here = false;
	FILE *f = fopen("/proc/self/smaps", "re");
	assert_non_null(f);
	ret[0] = '\0';
	while (fgets(line, sizeof line, f)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(ret, 256, "%s", line);
	}
	(void)fclose(f);
}

static void lies_in_a_locked_mapping_outside_core_dumps(void **state)
{
	(void)state;
	scoped(secret_scope) struct secret *s = NULL;
	char flags[256];
	assert_int_equal(secret_of(span_str("hunter2"), &s, NULL), 0);
	assert_true(span_is(secret_span(s), "hunter2"));
	mapping_flags(secret_bytes(s), flags);
	assert_non_null(strstr(flags, " dd"));
#ifndef YANMEN_SANITIZED /* the sanitizers make mlock do nothing */
	assert_non_null(strstr(flags, " lo"));
#endif
}

static void is_zeroed_and_bounded(void **state)
{
	(void)state;
	scoped(secret_scope) struct secret *s = NULL;
	assert_int_equal(secret_new(SECRET_MAX + 1, &s, NULL), -EMSGSIZE);
	assert_null(s);
	assert_int_equal(secret_new(SECRET_MAX, &s, NULL), 0);
	for (size_t i = 0; i < SECRET_MAX; i++)
		assert_int_equal(secret_bytes(s)[i], 0);
	assert_null(secret_free(NULL));
}

static int memfd_of(const char *text, int seals)
{
	int fd = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void travels_through_a_sealed_memfd(void **state)
{
	(void)state;
	scoped(secret_scope) struct secret *s = NULL;
	scoped(secret_scope) struct secret *line = NULL;
	scoped(scope_close) int file = memfd_of("pass word\n", 0), fd = -1;
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(secret_to_memfd(file, 100, &fd, NULL), 0);
	assert_int_equal(secret_from_memfd(fd, 100, 0, &s, NULL), 0);
	assert_true(span_is(secret_span(s), "pass word\n"));
	assert_int_equal(secret_from_memfd(fd, 100, 1, &line, NULL), 0);
	assert_true(span_is(secret_span(line), "pass word"));
	assert_int_equal(write(fd, "x", 1), -1);
}

static void refuses_what_could_still_change_or_block(void **state)
{
	(void)state;
	struct secret *s = NULL;
	static const int few[] = { 0, F_SEAL_WRITE, F_SEAL_WRITE | F_SEAL_SHRINK, F_SEAL_SHRINK | F_SEAL_GROW };
	for (size_t i = 0; i < COUNT_OF(few); i++) {
		scoped(scope_close) int fd = memfd_of("x", few[i]);
		assert_int_equal(secret_from_memfd(fd, 100, 0, &s, NULL), -EPROTO);
	}
	int sv[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(secret_from_memfd(sv[0], 100, 0, &s, NULL), -EPROTO);
	assert_int_equal(secret_from_memfd(-1, 100, 0, &s, NULL), -EPROTO);
	scope_close(&sv[0]);
	scope_close(&sv[1]);
	assert_null(s);
}

static void lengths_are_checked_at_both_ends(void **state)
{
	(void)state;
	struct secret *s = NULL;
	int none = -1;
	scoped(scope_close) int fd = memfd_of("12345", F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
	assert_int_equal(secret_from_memfd(fd, 4, 0, &s, NULL), -EMSGSIZE);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(secret_to_memfd(fd, 4, &none, NULL), -EMSGSIZE);
	assert_int_equal(none, -1);
	assert_null(s);
	assert_int_equal(secret_from_memfd(fd, 5, 0, &s, NULL), 0);
	s = secret_free(s);
}

static void bytes_travel_the_same_way(void **state)
{
	(void)state;
	struct secret *s = NULL;
	scoped(scope_close) int fd = -1;
	assert_int_equal(secret_span_to_memfd(span_str("a secret"), &fd, NULL), 0);
	assert_int_equal(secret_from_memfd(fd, 100, 0, &s, NULL), 0);
	assert_true(span_is(secret_span(s), "a secret"));
	s = secret_free(s);
	assert_int_equal(write(fd, "x", 1), -1);
}

static void wipes(void **state)
{
	(void)state;
	char text[] = "secret";
	secret_wipe(text, sizeof text);
	static const char zero[sizeof text];
	assert_memory_equal(text, zero, sizeof text);
	secret_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(lies_in_a_locked_mapping_outside_core_dumps), CASE(is_zeroed_and_bounded),
		CASE(travels_through_a_sealed_memfd), CASE(refuses_what_could_still_change_or_block),
		CASE(lengths_are_checked_at_both_ends), CASE(bytes_travel_the_same_way), CASE(wipes),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
