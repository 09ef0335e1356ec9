#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "tools/yanmen/manifest.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void add(struct cli_manifest *m, const char *path, uint64_t size)
{
	struct cli_manifest_file f = { .sha256 = { 1, 2, 3 }, .size = size };
	(void)snprintf(f.path, sizeof f.path, "%s", path);
	assert_int_equal(cli_manifest_add(m, &f, NULL), 0);
}

static void sample(struct buf *out)
{
	struct cli_manifest m = { .made_us = 1763823600123456, .generation = 2 };
	add(&m, "recordings/2026-11/0190a5b2-7c00-7000-8000-000000000001.ymr", 4711);
	add(&m, "database.dump", 0);
	cli_manifest_sort(&m);
	buf_init(out, 1 << 20);
	cli_manifest_put(out, &m);
	cli_manifest_done(&m);
}

static int get(struct span in, struct cli_manifest *m)
{
	*m = (struct cli_manifest){ 0 };
	return cli_manifest_get(in, m, NULL);
}

static void it_is_read_as_it_was_written(void **state)
{
	scoped(buf_done) struct buf b;
	scoped(cli_manifest_done) struct cli_manifest m;
	(void)state;
	sample(&b);
	assert_memory_equal(b.data, "yanmen-backup-1\nmade_us 1763823600123456\ngeneration 2\nfile 010203", 65);
	assert_int_equal(get(buf_span(&b), &m), 0);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.generation, 2);
	assert_string_equal(m.files[0].path, "database.dump");
	assert_int_equal(cli_manifest_find(&m, "recordings/2026-11/0190a5b2-7c00-7000-8000-000000000001.ymr")->size, 4711);
	assert_null(cli_manifest_find(&m, "recordings"));
}

static void a_cut_line_is_refused(void **state)
{
	scoped(buf_done) struct buf b;
	struct cli_manifest m;
	(void)state;
	sample(&b);
	for (size_t n = 0; n < b.len; n++)
		if (n == 0 || b.data[n - 1] != '\n')
			assert_int_equal(get(span_of(b.data, n), &m), -EPROTO);
}

static void paths_that_leave_the_folder_are_refused(void **state)
{
	static const char *const bad[] = { "", "/etc/shadow", "../x", "a/../../x", "a//b", "a/", ".hidden", "a/.b", "a b", "a\\b", "a\tb" };
	scoped(cli_manifest_done) struct cli_manifest m = { 0 };
	struct cli_manifest_file f = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		(void)snprintf(f.path, sizeof f.path, "%s", bad[i]);
		assert_int_equal(cli_manifest_add(&m, &f, NULL), -EPROTO);
	}
	assert_int_equal(m.n, 0);
}

static void files_stand_in_order_and_once(void **state)
{
	static const char head[] = "yanmen-backup-1\nmade_us 1\ngeneration 1\n";
	static const char line[] = "file 0000000000000000000000000000000000000000000000000000000000000000 1 ";
	static const char *const orders[][2] = { { "b", "a" }, { "a", "a" } };
	struct cli_manifest m;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		scoped(buf_done) struct buf b;
		buf_init(&b, 4096);
		buf_printf(&b, "%s%s%s\n%s%s\n", head, line, orders[i][0], line, orders[i][1]);
		assert_int_equal(get(buf_span(&b), &m), -EPROTO);
	}
}

static void the_signature_covers_text_number_and_time(void **state)
{
	struct evidence_sign_claim claim = { .what = WIRE_SIGN_BACKUP, .seq = 2, .time_us = 77 };
	struct cli_manifest_signature s = { .time_us = 77 }, again;
	scoped(buf_done) struct buf b, line;
	uint8_t public[32], secret[64], text[EVIDENCE_SIGN_TEXT];
	struct evidence_keys keys;
	(void)state;
	sample(&b);
	crypto_sign_keypair(public, secret);
	evidence_keys_first(&keys, public);
	cli_manifest_hash(buf_span(&b), claim.hash);
	evidence_sign_text(&claim, text);
	crypto_sign_detached(s.signature, NULL, text, sizeof text, secret);
	buf_init(&line, 1024);
	cli_manifest_signature_put(&line, &s);
	assert_int_equal(cli_manifest_signature_get(buf_span(&line), &again, NULL), 0);
	assert_int_equal(cli_manifest_check(buf_span(&b), 2, &again, &keys, NULL), 0);
	assert_int_equal(cli_manifest_check(buf_span(&b), 3, &again, &keys, NULL), -EACCES);
	again.time_us++;
	assert_int_equal(cli_manifest_check(buf_span(&b), 2, &again, &keys, NULL), -EACCES);
	b.data[b.len - 2] ^= 1;
	assert_int_equal(cli_manifest_check(buf_span(&b), 2, &s, &keys, NULL), -EACCES);
	for (size_t n = 0; n < line.len; n++)
		assert_int_equal(cli_manifest_signature_get(span_of(line.data, n), &again, NULL), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_read_as_it_was_written),
		cmocka_unit_test(a_cut_line_is_refused),
		cmocka_unit_test(paths_that_leave_the_folder_are_refused),
		cmocka_unit_test(files_stand_in_order_and_once),
		cmocka_unit_test(the_signature_covers_text_number_and_time),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
