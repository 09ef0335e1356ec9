#include "tests/unit/yanmen/broker.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/audit.h"
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static int open_bench(void **state)
{
	struct bench *b = malloc(sizeof *b);

	(void)unsetenv("LC_ALL");
	(void)unsetenv("LC_MESSAGES");
	(void)setenv("LANG", "C", 1);
	bench_open(b);
	*state = b;
	return 0;
}

static int close_bench(void **state)
{
	bench_close(*state);
	free(*state);
	return 0;
}

static void prints_what_the_broker_answers(void **state)
{
	struct bench *b = *state;

	START(b, "user", "list", "--json");
	bench_command(b, "user list");
	assert_string_equal(b->args, "");
	bench_answer(b, 1, 0, "[{\"id\":1,\"na", ""); /* pieces are cut anywhere */
	bench_answer(b, 0, 0, "me\":\"alice\"}]", "");
	assert_int_equal(bench_end(b), 0);
	assert_string_equal(b->out_text, "[{\"id\":1,\"name\":\"alice\"}]\n");
	assert_string_equal(b->err_text, "");
	START(b, "user", "list");
	bench_command(b, "user list");
	bench_answer(b, 0, 0, "[{\"id\":1,\"name\":\"alice\"}]", "");
	assert_int_equal(bench_end(b), 0);
	assert_string_equal(b->out_text, "id  name   role  state  password  keys  created\n"
					 "1   alice  -     -      -         -     -\n");
}

static void exits_as_the_broker_says_and_tells_why(void **state)
{
	struct bench *b = *state;

	for (int exit = 1; exit <= 4; exit++) {
		START(b, "user", "disable", "bob", "--json");
		bench_command(b, "user disable");
		assert_string_equal(b->args, "name=bob");
		bench_answer(b, 0, exit, "", "no user \x1b[2Jbob");
		assert_int_equal(bench_end(b), exit);
		assert_string_equal(b->err_text, "yanmen: no user \xef\xbf\xbd[2Jbob\n");
		assert_string_equal(b->out_text, "{\"error\":\"no user \\u001B[2Jbob\"}\n");
	}
	START(b, "user", "disable", "bob");
	bench_command(b, "user disable");
	bench_answer(b, 0, 99, "", "what?");
	assert_int_equal(bench_end(b), 1);
	assert_string_equal(b->out_text, "");
}

static void a_failure_with_facts_keeps_them(void **state)
{
	struct bench *b = *state;

	START(b, "recording", "verify", "0190", "--json");
	bench_command(b, "recording verify");
	bench_answer(b, 0, 1, "{\"id\":\"0190\",\"verified\":false}", "altered");
	assert_int_equal(bench_end(b), 1);
	assert_string_equal(b->out_text, "{\"id\":\"0190\",\"verified\":false,\"error\":\"altered\"}\n");
	assert_string_equal(b->err_text, "yanmen: altered\n");
}

static void says_when_the_gateway_is_away_or_hangs_up(void **state)
{
	struct bench *b = *state;

	START(b, "user", "list", "--json");
	bench_command(b, "user list");
	scope_close(&b->client);
	assert_int_equal(bench_end(b), 1);
	assert_non_null(strstr(b->out_text, "{\"error\":\"the gateway closed the connection"));
	scope_close(&b->listening);
	START(b, "user", "list");
	assert_int_equal(bench_end(b), 1);
	assert_non_null(strstr(b->err_text, "yanmen: the gateway is not running (no answer on "));
	assert_non_null(strstr(b->err_text, "/control.sock); start it with tools/run"));
	assert_int_equal(strcspn(b->err_text, "\n"), strlen(b->err_text) - 1);
}

static void a_nonsense_answer_is_a_failure(void **state)
{
	struct bench *b = *state;

	START(b, "user", "list");
	bench_command(b, "user list");
	bench_answer(b, 0, 0, "[{", "");
	assert_int_equal(bench_end(b), 1);
	START(b, "user", "list");
	bench_command(b, "user list");
	assert_int_equal(msg_send(b->client, WIRE_T_hello, span_str("x"), -1), 0);
	assert_int_equal(bench_end(b), 1);
}

static void speaks_chinese_where_the_locale_says_so(void **state)
{
	struct bench *b = *state;

	(void)setenv("LANG", "zh_CN.UTF-8", 1);
	START(b, "user", "add", "bob");
	assert_int_equal(bench_end(b), 2);
	assert_non_null(strstr(b->err_text, "缺少 --role"));
	assert_non_null(strstr(b->err_text, "用法: yanmen user add NAME"));
	(void)setenv("LC_ALL", "en_US.UTF-8", 1);
	START(b, "user", "add", "bob");
	assert_int_equal(bench_end(b), 2);
	assert_non_null(strstr(b->err_text, "--role is missing"));
}

static void every_command_has_help_without_a_configuration(void **state)
{
	static const char *const some[][3] = { { "user", "add" }, { "verify" }, { "grant", "add" },
		{ "escrow", "init" }, { "doctor" } };
	struct bench *b = *state;

	(void)unlink(b->conf);
	for (size_t i = 0; i < COUNT_OF(some); i++) {
		const char *const argv[] = { some[i][0], some[i][1] ? some[i][1] : "--help", "--help", NULL };
		bench_start(b, argv);
		assert_int_equal(bench_end(b), 0);
		assert_non_null(strstr(b->out_text, "usage: yanmen "));
		assert_non_null(strstr(b->out_text, "example: yanmen "));
	}
	START(b, "user", "list");
	assert_int_equal(bench_end(b), 1);
	assert_non_null(strstr(b->err_text, "cannot be read"));
}

static void an_export_is_a_new_private_file(void **state)
{
	struct bench *b = *state;
	const char *path = bench_path(b, "out.cast");
	struct stat st;
	char text[16] = { 0 };

	START(b, "recording", "export", "0190a5b2", "--format", "asciicast", "--output", path, "--json");
	bench_command(b, "recording export");
	assert_string_equal(b->args, "id=0190a5b2;format=asciicast");
	assert_int_equal(write(b->fd, "written", 7), 7);
	bench_answer(b, 0, 0, "{\"id\":\"x\"}", "");
	assert_int_equal(bench_end(b), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof text), 7);
	close(fd);
	START(b, "audit", "export", "--output", path); /* not over an old one */
	assert_int_equal(bench_end(b), 1);
	assert_non_null(strstr(b->err_text, "exists already"));
}

static void a_failed_export_leaves_no_file(void **state)
{
	struct bench *b = *state;
	const char *path = bench_path(b, "out.jsonl");

	START(b, "audit", "export", "--output", path);
	bench_command(b, "audit export");
	assert_int_equal(write(b->fd, "half", 4), 4);
	bench_answer(b, 0, 1, "", "the database is away");
	assert_int_equal(bench_end(b), 1);
	assert_int_equal(access(path, F_OK), -1);
	START(b, "audit", "export", "--output", path);
	bench_command(b, "audit export");
	scope_close(&b->client);
	assert_int_equal(bench_end(b), 1);
	assert_int_equal(access(path, F_OK), -1);
	START(b, "audit", "export", "--output", path);
	bench_command(b, "audit export");
	assert_int_equal(access(path, F_OK), 0);
	(void)usleep(100000);
	assert_int_equal(kill(b->pid, SIGINT), 0);
	assert_int_equal(bench_end(b), 1);
	assert_string_equal(b->err_text, "yanmen: interrupted\n");
	assert_int_equal(access(path, F_OK), -1);
}

static void send_frames(struct bench *b, const struct frame *frames, size_t n)
{
	scoped(buf_done) struct buf body = { 0 };

	buf_init(&body, 65000);
	for (size_t i = 0; i < n; i++)
		frame_put(&body, &frames[i]);
	assert_int_equal(wire_frames_send(b->fd, &(struct wire_frames){ .seq = 1, .frames = buf_span(&body) }, -1), 0);
}
#define OUT(t, text)                                                                                                   \
	{                                                                                                              \
		.time_us = t, .type = FRAME_OUT, .channel = 1, .body = span_str(text)                                  \
	}

static void watching_shows_frames_until_the_session_ends(void **state)
{
	struct bench *b = *state;

	START(b, "session", "watch", "0190");
	bench_command(b, "session watch");
	bench_answer(
		b, 0, 0, "{\"session\":\"s1\",\"user\":\"alice\",\"account\":\"cyadmin\",\"target\":\"web01\"}", "");
	send_frames(b, (struct frame[]){ OUT(1, "hello\r\n"), OUT(2, "world\r\n") }, 2);
	scope_close(&b->fd);
	assert_int_equal(bench_end(b), 0);
	assert_non_null(strstr(b->out_text, "s1  alice → cyadmin@web01"));
	assert_non_null(strstr(b->out_text, "hello\r\nworld\r\n"));
}

static void watching_ends_with_ctrl_c_and_with_a_refusal(void **state)
{
	struct bench *b = *state;

	START(b, "session", "watch", "0190");
	bench_command(b, "session watch");
	send_frames(b, (struct frame[]){ OUT(1, "hello") }, 1);
	(void)usleep(300000);
	assert_int_equal(kill(b->pid, SIGINT), 0);
	assert_int_equal(bench_end(b), 0);
	assert_string_equal(b->out_text, "hello");
	START(b, "session", "watch", "0190", "--json");
	bench_command(b, "session watch");
	bench_answer(b, 0, 3, "", "session 0190 has ended");
	assert_int_equal(bench_end(b), 3);
	assert_string_equal(b->out_text, "{\"error\":\"session 0190 has ended\"}\n");
}

static void watching_survives_broken_frames(void **state)
{
	struct bench *b = *state;

	START(b, "session", "watch", "0190");
	bench_command(b, "session watch");
	bench_answer(b, 0, 0, "{}", "");
	assert_int_equal(
		wire_frames_send(b->fd, &(struct wire_frames){ .frames = span_str("garbage, no frame at all") }, -1),
		0);
	assert_int_equal(bench_end(b), 0);
}

static void replaying_waits_as_long_as_told(void **state)
{
	const struct frame frames[] = { OUT(1000000, "one "), OUT(3000000, "two "), OUT(900000000, "three") };
	struct bench *b = *state;
	struct timespec before, after;

	START(b, "replay", "0190", "--speed", "10", "--idle", "0.3");
	bench_command(b, "replay");
	assert_string_equal(b->args, "id=0190");
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	send_frames(b, frames, COUNT_OF(frames));
	scope_close(&b->fd);
	bench_answer(b, 0, 0, "{}", "");
	assert_int_equal(bench_end(b), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	double s = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	assert_string_equal(b->out_text, "one two three");
	assert_true(s > 0.45 && s < 8); /* 0.2 s, then 90 s cut to 0.3 s */
}

static void what_came_before_the_start_is_shown_at_once(void **state)
{
	const struct frame frames[] = { OUT(1000000, "one "), OUT(50000000, "two "), OUT(61000000, "three ") };
	struct bench *b = *state;

	START(b, "replay", "0190", "--speed", "0.1", "--from", "1m");
	bench_command(b, "replay");
	assert_string_equal(b->args, "id=0190;from=60");
	send_frames(b, frames, COUNT_OF(frames));
	scope_close(&b->fd);
	bench_answer(b, 0, 0, "{}", "");
	assert_int_equal(bench_end(b), 0); /* at that speed the whole would take ten minutes */
	assert_string_equal(b->out_text, "one two three ");
}

static void replaying_as_json_waits_for_nothing(void **state)
{
	const struct frame frames[] = { OUT(1000000, "one"), OUT(900000000, "two") };
	struct bench *b = *state;

	START(b, "replay", "0190", "--json");
	bench_command(b, "replay");
	send_frames(b, frames, COUNT_OF(frames));
	scope_close(&b->fd);
	bench_answer(b, 0, 0, "{}", "");
	assert_int_equal(bench_end(b), 0);
	assert_string_equal(b->out_text, "{\"time_us\":1000000,\"type\":\"out\",\"channel\":1,\"text\":\"one\"}\n"
					 "{\"time_us\":900000000,\"type\":\"out\",\"channel\":1,\"text\":\"two\"}\n");
	START(b, "replay", "0190", "--speed", "fast");
	assert_int_equal(bench_end(b), 2);
	START(b, "replay", "0190");
	bench_command(b, "replay");
	scope_close(&b->fd);
	bench_answer(b, 0, 1, "", "the recording is damaged");
	assert_int_equal(bench_end(b), 1);
	assert_string_equal(b->err_text, "yanmen: the recording is damaged\n");
}

static void the_escrow_key_opens_what_was_typed(void **state)
{
	struct bench *b = *state;
	const char *key = bench_path(b, "auditor.key"), *lines = bench_path(b, "session.jsonl"),
		   *other = bench_path(b, "other.key");
	uint8_t public[32], sealed[6 + crypto_box_SEALBYTES];
	char base64[256], text[1024];
	struct stat st;
	size_t n;

	START(b, "escrow", "init", "--output", key, "--json");
	bench_command(b, "escrow set");
	assert_int_equal(strncmp(b->args, "public_key=", 11), 0);
	assert_int_equal(sodium_base642bin(public, 32, b->args + 11, strlen(b->args + 11), NULL, &n, NULL, 1), 0);
	bench_answer(b, 0, 0, "{\"name\":\"escrow.public\"}", "");
	assert_int_equal(bench_end(b), 0);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	crypto_box_seal(sealed, (const uint8_t *)"secret", 6, public);
	sodium_bin2base64(base64, sizeof base64, sealed, sizeof sealed, 1);
	(void)snprintf(text, sizeof text,
		"{\"type\":\"out\",\"text\":\"x\"}\n{\"type\":\"keys\",\"length\":6,\"sealed\":\"%s\"}\n", base64);
	bench_write(lines, span_str(text), 0600);
	START(b, "escrow", "open", lines, "--key", key);
	assert_int_equal(bench_end(b), 0);
	assert_string_equal(b->out_text,
		"{\"type\":\"out\",\"text\":\"x\"}\n{\"type\":\"keys\",\"length\":6,\"text\":\"secret\"}\n");
	START(b, "escrow", "init", "--output", other);
	bench_command(b, "escrow set");
	bench_answer(b, 0, 4, "", "not allowed");
	assert_int_equal(bench_end(b), 4);
	assert_int_equal(access(other, F_OK), -1);
	bench_write(other, span_str("yanmen-escrow-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0600);
	START(b, "escrow", "open", lines, "--key", other);
	assert_int_equal(bench_end(b), 1);
	assert_null(strstr(b->out_text, "secret"));
}

static void the_samples_script_runs_after_the_rows_are_gone(void **state)
{
	static const char script[] = "#!/bin/sh\necho \"script $1\"\nexit 7\n";
	struct bench *b = *state;

	bench_write(bench_path(b, "samples"), span_str(script), 0755);
	START(b, "samples", "remove", "--json");
	bench_command(b, "samples remove");
	bench_answer(b, 0, 0, "{\"name\":\"samples\"}", "");
	assert_int_equal(bench_end(b), 7);
	assert_string_equal(b->out_text, "{\"name\":\"samples\"}\n");
	assert_string_equal(b->err_text, "script remove\n");
	START(b, "samples", "remove");
	bench_command(b, "samples remove");
	bench_answer(b, 0, 3, "", "there are no samples");
	assert_int_equal(bench_end(b), 7);
	START(b, "samples", "remove");
	bench_command(b, "samples remove");
	bench_answer(b, 0, 4, "", "not allowed");
	assert_int_equal(bench_end(b), 4);
	assert_null(strstr(b->err_text, "script"));
}

static void the_master_key_is_made_once(void **state)
{
	struct bench *b = *state;
	const char *path = bench_path(b, "vault.key");
	uint8_t first[64], again[64];
	struct stat st;

	START(b, "init", "--json");
	assert_int_equal(bench_end(b), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, first, sizeof first), 32);
	START(b, "init");
	assert_int_equal(bench_end(b), 0);
	assert_int_equal(pread(fd, again, sizeof again, 0), 32);
	assert_memory_equal(first, again, 32);
	close(fd);
	assert_int_equal(chmod(path, 0644), 0);
	START(b, "init");
	assert_int_equal(bench_end(b), 1);
	assert_non_null(strstr(b->err_text, "chmod 600"));
	bench_write(path, span_str("short"), 0600);
	START(b, "init");
	assert_int_equal(bench_end(b), 1);
}

static off_t size_of(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, mode);
	return st.st_size;
}

static void the_consoles_first_certificate_is_made_where_there_is_a_console(void **state)
{
	struct bench *b = *state;
	const char *certificate = bench_path(b, "web.crt"), *key = bench_path(b, "web.key");
	char conf[1024];

	START(b, "init");
	assert_int_equal(bench_end(b), 0);
	assert_int_equal(access(certificate, F_OK), -1);
	(void)snprintf(conf, sizeof conf,
		"[listen]\nweb = 127.0.0.1:0\n[paths]\nrun = %s\nvault_key = %s/vault.key\n[web]\ncertificate = %s\nkey = %s\n", b->dir,
		b->dir, certificate, key);
	bench_write(bench_path(b, "conf"), span_str(conf), 0600);
	START(b, "init", "--json");
	assert_int_equal(bench_end(b), 0);
	assert_non_null(strstr(b->out_text, "web.crt"));
	assert_true(size_of(certificate, 0644) > 0 && size_of(key, 0600) > 0);
	bench_write(certificate, span_str("a real one"), 0644);
	assert_int_equal(unlink(key), 0); /* somebody is at it: nothing is made */
	START(b, "init", "--json");
	assert_int_equal(bench_end(b), 0);
	assert_null(strstr(b->out_text, "web.crt"));
	assert_int_equal(size_of(certificate, 0644), 10);
	assert_int_equal(access(key, F_OK), -1);
}

/* An export of two events, signed with a key of the test. */
static void audit_export(const uint8_t *secret, struct buf *out)
{
	static const uint8_t zero[32];
	uint8_t hash[32], text[EVIDENCE_SIGN_TEXT];
	struct evidence_audit_head end = { .seq = 2, .time_us = 5 };

	buf_init(out, 65536);
	evidence_audit_put_first(out, 1, zero);
	memcpy(hash, zero, 32);
	for (uint64_t seq = 1; seq <= 2; seq++) {
		struct evidence_audit_event e = { .seq = seq,
			.at_us = 1763823600123456,
			.uid = span_str("0190a5b2-7c00-7000-8000-000000000001"),
			.kind = span_str("session.start"),
			.actor = span_str("user:alice"),
			.body = span_str("{\"target\": \"web01\"}") };
		evidence_audit_hash(hash, &e, hash);
		evidence_audit_put_event(out, &e, hash);
	}
	memcpy(end.hash, hash, 32);
	struct evidence_sign_claim claim = { .what = WIRE_SIGN_AUDIT, .seq = 2, .time_us = 5 };
	memcpy(claim.hash, hash, 32);
	evidence_sign_text(&claim, text);
	crypto_sign_detached(end.signature, NULL, text, sizeof text, secret);
	evidence_audit_put_head(out, "end", &end);
}

static void verifies_an_audit_log_offline_and_finds_a_changed_byte(void **state)
{
	struct bench *b = *state;
	const char *path = bench_path(b, "audit.jsonl"), *key = bench_path(b, "pub");
	uint8_t public[32], secret[64];
	scoped(buf_done) struct buf file = { 0 }, line = { 0 };

	crypto_sign_keypair(public, secret);
	audit_export(secret, &file);
	buf_init(&line, 256);
	evidence_sign_key_put(&line, public);
	bench_write(key, buf_span(&line), 0644);
	bench_write(path, buf_span(&file), 0644);
	(void)unlink(b->conf); /* needs no gateway and no configuration */
	START(b, "verify", path, "--public-key", key, "--json");
	assert_int_equal(bench_end(b), 0);
	assert_non_null(strstr(b->out_text, "\"what\":\"audit\",\"valid\":true,\"from\":1,\"seq\":2,\"events\":2"));
	for (size_t at = 0; at < file.len; at += 31) {
		file.data[at] ^= 1;
		bench_write(path, buf_span(&file), 0644);
		file.data[at] ^= 1;
		START(b, "verify", path, "--public-key", key, "--json");
		assert_int_equal(bench_end(b), 1);
		assert_non_null(strstr(b->out_text, "{\"error\":"));
	}
	bench_write(path, span_str("something else"), 0644);
	START(b, "verify", path, "--public-key", key);
	assert_int_equal(bench_end(b), 1);
	START(b, "verify", bench_path(b, "none"), "--public-key", key);
	assert_int_equal(bench_end(b), 3);
	START(b, "verify", path, "--public-key", path);
	assert_int_equal(bench_end(b), 1);
	assert_non_null(strstr(b->err_text, "no public key file"));
}

#undef CASE
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(prints_what_the_broker_answers),
		CASE(exits_as_the_broker_says_and_tells_why),
		CASE(a_failure_with_facts_keeps_them),
		CASE(says_when_the_gateway_is_away_or_hangs_up),
		CASE(a_nonsense_answer_is_a_failure),
		CASE(speaks_chinese_where_the_locale_says_so),
		CASE(every_command_has_help_without_a_configuration),
		CASE(an_export_is_a_new_private_file),
		CASE(a_failed_export_leaves_no_file),
		CASE(watching_shows_frames_until_the_session_ends),
		CASE(watching_ends_with_ctrl_c_and_with_a_refusal),
		CASE(watching_survives_broken_frames),
		CASE(replaying_waits_as_long_as_told),
		CASE(what_came_before_the_start_is_shown_at_once),
		CASE(replaying_as_json_waits_for_nothing),
		CASE(the_escrow_key_opens_what_was_typed),
		CASE(the_samples_script_runs_after_the_rows_are_gone),
		CASE(the_master_key_is_made_once),
		CASE(the_consoles_first_certificate_is_made_where_there_is_a_console),
		CASE(verifies_an_audit_log_offline_and_finds_a_changed_byte),
	};
	if (argc < 2)
		return 2;
	bench_program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
