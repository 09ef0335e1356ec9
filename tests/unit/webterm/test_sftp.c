#include "tests/unit/core/unit.h"
#include "webterm/term/sftp.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <string.h>

#define BYTES(s) span_of(s, sizeof(s) - 1)

static void puts_as(const struct web_term_sftp_ask *q, const char *want, size_t n)
{
	struct buf b;
	buf_init(&b, 256);
	web_term_sftp_put(&b, q);
	assert_int_equal(b.len, n);
	assert_memory_equal(b.data, want, n);
	buf_done(&b);
}
#define PUTS(want, ...) puts_as(&(struct web_term_sftp_ask){ __VA_ARGS__ }, want, sizeof(want) - 1)

static void requests_are_those_of_version_3(void **state)
{
	(void)state;
	struct span f = span_str("f"), h = span_str("hh");
	PUTS("\0\0\0\x12\x03\0\0\0\x07\0\0\0\x01" "f\0\0\0\x1a\0\0\0\0", .type = SFTP_OPEN, .id = 7, .path = f,
		.flags = SFTP_OPEN_WRITE | SFTP_OPEN_CREAT | SFTP_OPEN_TRUNC);
	PUTS("\0\0\0\x0b\x04\0\0\0\x07\0\0\0\x02hh", .type = SFTP_CLOSE, .id = 7, .path = h);
	PUTS("\0\0\0\x17\x05\0\0\0\x01\0\0\0\x02hh\0\0\0\x01\0\0\0\0\0\0\x7f\xfb", .type = SFTP_READ, .id = 1, .path = h,
		.at = UINT64_C(1) << 32, .len = 32763);
	PUTS("\0\0\0\x1a\x06\0\0\0\x01\0\0\0\x02hh\0\0\0\0\0\0\0\x05\0\0\0\x03" "abc", .type = SFTP_WRITE, .id = 1, .path = h, .at = 5,
		.data = span_str("abc"));
	PUTS("\0\0\0\x12\x09\0\0\0\x01\0\0\0\x01" "f\0\0\0\x04\0\0\x01\xa4", .type = SFTP_SETSTAT, .id = 1, .path = f, .mode = 0644);
	PUTS("\0\0\0\x0e\x0e\0\0\0\x01\0\0\0\x01" "f\0\0\0\0", .type = SFTP_MKDIR, .id = 1, .path = f);
	PUTS("\0\0\0\x10\x12\0\0\0\x01\0\0\0\x01" "f\0\0\0\x02hh", .type = SFTP_RENAME, .id = 1, .path = f, .to = h);
	struct buf b;
	buf_init(&b, 16);
	web_term_sftp_hello(&b);
	assert_int_equal(b.len, 9);
	assert_memory_equal(b.data, "\0\0\0\x05\x01\0\0\0\x03", 9);
	buf_done(&b);
}

static void answers_are_read_one_packet_at_a_time(void **state)
{
	(void)state;
	struct web_term_sftp_answer a;
	static const char status[] = "\0\0\0\x15\x65\0\0\0\x09\0\0\0\x03\0\0\0\x02no\0\0\0\x02" "en+";
	assert_int_equal(web_term_sftp_get(BYTES(status), &a), 25);
	assert_true(a.type == SFTP_STATUS && a.id == 9 && a.status == SFTP_PERMISSION_DENIED && span_is(a.text, "no"));
	for (size_t n = 0; n < 25; n++)
		assert_int_equal(web_term_sftp_get(span_of(status, n), &a), 0);
	assert_int_equal(web_term_sftp_get(BYTES("\0\0\0\x09\x65\0\0\0\x09\0\0\0\0"), &a), 13);
	assert_true(a.status == SFTP_OK && a.text.n == 0);
	assert_int_equal(web_term_sftp_get(BYTES("\0\0\0\x0c\x67\0\0\0\x01\0\0\0\x03" "abc"), &a), 16);
	assert_true(a.type == SFTP_DATA && span_is(a.text, "abc"));
	assert_int_equal(web_term_sftp_get(BYTES("\0\0\0\x05\x02\0\0\0\x03"), &a), 9);
	assert_true(a.type == SFTP_VERSION && a.id == 3);
}

static void attributes_and_names_are_read(void **state)
{
	(void)state;
	struct web_term_sftp_answer a;
	struct web_term_sftp_attributes at;
	struct span name;
	static const char names[] = "\0\0\0\x42\x68\0\0\0\x01\0\0\0\x02"
				    "\0\0\0\x01" "a\0\0\0\x02la" "\0\0\0\x0f\0\0\0\0\0\0\x04\xd2\0\0\x03\xe8\0\0\0\x64\0\0\x81\xa4\0\0\0\x01\0\0\0\x02"
				    "\0\0\0\x02" "bb\0\0\0\0\0\0\0\0";
	assert_int_equal(web_term_sftp_get(span_of(names, sizeof names - 1), &a), (int)sizeof names - 1);
	assert_int_equal(a.count, 2);
	assert_true(web_term_sftp_name(&a.names, &name, &at));
	assert_true(span_is(name, "a") && at.size == 1234 && at.uid == 1000 && at.gid == 100 && at.mode == 0100644 && at.mtime == 2);
	assert_true(web_term_sftp_name(&a.names, &name, &at));
	assert_true(span_is(name, "bb") && at.flags == 0);
	assert_false(web_term_sftp_name(&a.names, &name, &at));
	assert_int_equal(web_term_sftp_get(BYTES("\0\0\0\x1b\x69\0\0\0\x01\x80\0\0\x04\0\0\x41\xed\0\0\0\x01\0\0\0\x01k\0\0\0\x01v"), &a), 31);
	assert_true(a.type == SFTP_ATTRS && a.attributes.mode == 040755);
}

static void what_no_server_says_is_refused(void **state)
{
	(void)state;
	struct web_term_sftp_answer a;
	static const struct {
		const char *p;
		size_t n;
	} bad[] = {
		{ "\0\0\0\x04\x65\0\0\0", 8 },                                      /* no room for an id */
		{ "\0\x04\0\x01\x67", 5 },                                          /* too long */
		{ "\xff\xff\xff\xff", 4 },
		{ "\0\0\0\x05\x0c\0\0\0\x01", 9 },                                  /* a request */
		{ "\0\0\0\x05\xc9\0\0\0\x01", 9 },                                  /* an extended answer */
		{ "\0\0\0\x07\x65\0\0\0\x01\0\0", 11 },                             /* a cut status */
		{ "\0\0\0\x0c\x67\0\0\0\x01\0\0\0\x04" "abc", 16 },                  /* more data than the packet */
		{ "\0\0\0\x0d\x69\0\0\0\x01\x80\0\0\0\0\0\0\x41", 17 },             /* 65 extensions */
	};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(web_term_sftp_get(span_of(bad[i].p, bad[i].n), &a), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(requests_are_those_of_version_3), CASE(answers_are_read_one_packet_at_a_time),
		CASE(attributes_and_names_are_read), CASE(what_no_server_says_is_refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
