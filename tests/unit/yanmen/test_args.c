#include "tests/unit/core/unit.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "tools/yanmen/args.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const struct cli cli = { 0 };

static const struct cli_command *row(const char *words)
{
	for (size_t i = 0; i < cli_commands_n; i++)
		if (strcmp(cli_commands[i].words, words) == 0)
			return &cli_commands[i];
	fail_msg("no command %s", words);
	return NULL;
}

/* "key=value;key=value" of what would be sent, or the exit code. */
static int sent(const char *words, const char *const *argv, char *ret, size_t cap)
{
	struct cli_call call;
	struct buf out;
	int n = 0;

	while (argv[n])
		n++;
	ret[0] = '\0';
	int exit = cli_args_parse(&cli, row(words), n, (char *const *)(uintptr_t)argv, &call);
	if (exit == 0) {
		buf_init(&out, 65536);
		uint32_t count = cli_args_put(&call, &out);
		struct rd r = rd_of(buf_span(&out));
		for (uint32_t i = 0; i < count; i++) {
			struct span k = rd_str32le(&r), v = rd_str32le(&r);
			size_t at = strlen(ret);
			(void)snprintf(ret + at, cap - at, "%s%.*s=%.*s", i ? ";" : "", (int)k.n, (const char *)k.p,
				(int)v.n, (const char *)v.p);
		}
		assert_true(rd_done(&r));
		buf_done(&out);
	}
	cli_args_done(&call);
	return exit;
}
#define ARGV(...)                                                                                                      \
	(const char *const[])                                                                                          \
	{                                                                                                              \
		__VA_ARGS__ __VA_OPT__(, ) NULL                                                                        \
	}
#define SENDS(words, want, ...)                                                                                        \
	do {                                                                                                           \
		char got[4096];                                                                                        \
		assert_int_equal(sent(words, ARGV(__VA_ARGS__), got, sizeof got), 0);                                  \
		assert_string_equal(got, want);                                                                        \
	} while (0)
#define REFUSES(words, ...)                                                                                            \
	do {                                                                                                           \
		char got[4096];                                                                                        \
		assert_int_equal(sent(words, ARGV(__VA_ARGS__), got, sizeof got), CLI_USAGE);                          \
	} while (0)

static void sends_what_was_typed(void **state)
{
	(void)state;
	SENDS("user disable", "name=alice", "alice");
	SENDS("group put", "group=web;target=web01;target=web02", "web", "web01", "web02");
	SENDS("group add", "name=net;network_default=1", "net", "--network-default");
	SENDS("target add", "name=web01;kind=linux;address=10.0.0.5:22;cluster=dc1", "web01", "--kind", "linux",
		"--address", "10.0.0.5:22", "--cluster=dc1");
	SENDS("account set", "target=web01;account=cyadmin;kind=ca", "web01", "cyadmin", "--ca");
	SENDS("grant add", "user=a;account=b;group=c;from=10.0.0.0/8;from=::/0;idle=1800;feature=shell", "--user", "a",
		"--account", "b", "--group", "c", "--from", "10.0.0.0/8", "--from", "::/0", "--idle", "30m",
		"--feature", "shell");
	SENDS("session kill", "id=0190a5b2;reason=--json", "0190a5b2", "--reason", "--json");
	SENDS("settings set", "key=banner.text;value=", "banner.text", "");
	SENDS("audit search", "since=2026-11-30T09:00:00Z;text=x", "--since", "2026-11-30T09:00:00Z", "--text", "x");
	SENDS("audit search", "since=2026-11-30T09:00:00Z;until=2026-11-30T10:00:00Z;kind=file;kind=output;limit=5;before=17.4",
		"--since", "2026-11-30T09:00:00Z", "--until", "2026-11-30T10:00:00Z", "--kind", "file", "--kind", "output",
		"--limit", "5", "--before", "17.4");
	SENDS("audit reindex", "recording=0190a5b2", "--recording", "0190a5b2");
	SENDS("audit reindex", "all=1", "--all");
	SENDS("user disable", "name=--odd", "--", "--odd");
}

static void takes_several_networks_behind_one_option(void **state)
{
	(void)state;
	SENDS("cluster add", "name=dc1;network=10.1.0.0/16;network=10.2.0.0/16", "dc1", "--network", "10.1.0.0/16",
		"10.2.0.0/16");
	SENDS("cluster add", "network=10.1.0.0/16;name=dc1;network=10.2.0.0/16", "--network", "10.1.0.0/16", "dc1",
		"--network", "10.2.0.0/16");
}

static void refuses_other_usage(void **state)
{
	(void)state;
	REFUSES("user disable");
	REFUSES("user disable", "a", "b");
	REFUSES("user disable", "a", "--role", "b");
	REFUSES("user list", "a");
	REFUSES("user add", "a", "--role", "b");
	REFUSES("group put", "g");
	REFUSES("group add", "g", "--network-default=yes");
	REFUSES("target add", "t", "--kind", "linux", "--address", "h:1");
	REFUSES("target add", "t", "--kind", "linux", "--kind", "linux", "--address", "h:1", "--cluster", "c");
	REFUSES("target add", "t", "--kind");
	REFUSES("account set", "t", "a");
	REFUSES("grant add", "--user", "a", "--account", "b");
	REFUSES("grant add", "--user", "a", "--account", "b", "--target", "c", "--group", "d");
	REFUSES("grant add", "--user", "a", "--account", "b", "--target", "c", "--idle", "soon");
	REFUSES("audit search", "--since", "yesterday");
	REFUSES("audit reindex");
	REFUSES("audit reindex", "--all", "--recording", "0190a5b2");
	REFUSES("account set", "t", "a", "--password-file", "-");
}

static int file_of(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return close(fd);
}

static void a_secret_goes_by_descriptor_and_never_as_text(void **state)
{
	char path[] = "/tmp/yanmen-args-XXXXXX", other[] = "/tmp/yanmen-args-XXXXXX";
	char *argv[] = { (char[]){ "web01" }, (char[]){ "cyadmin" }, (char[]){ "--password-file" }, path };
	char *both[] = { argv[0], argv[1], argv[2], path, (char[]){ "--key-file" }, other };
	scoped(secret_scope) struct secret *s = NULL;
	struct cli_call call;
	struct buf out;

	(void)state;
	close(mkstemp(path));
	close(mkstemp(other));
	file_of(path, "open sesame\n");
	assert_int_equal(cli_args_parse(&cli, row("account set"), 4, argv, &call), 0);
	buf_init(&out, 4096);
	assert_int_equal(cli_args_put(&call, &out), 3);
	assert_null(memmem(out.data, out.len, "sesame", 6));
	assert_null(memmem(out.data, out.len, path, strlen(path)));
	assert_non_null(memmem(out.data, out.len, "password", 8));
	assert_int_equal(secret_from_memfd(call.secret, 4096, 1, &s, NULL), 0);
	assert_true(span_is(secret_span(s), "open sesame"));
	buf_done(&out);
	cli_args_done(&call);
	assert_int_equal(cli_args_parse(&cli, row("account set"), 6, both, &call), CLI_USAGE);
	cli_args_done(&call);
	(void)unlink(path);
	(void)unlink(other);
	assert_int_equal(cli_args_parse(&cli, row("account set"), 4, argv, &call), CLI_FAILED); /* no such file */
	cli_args_done(&call);
}

static void each_line_of_a_key_file_is_a_key(void **state)
{
	char path[] = "/tmp/yanmen-args-XXXXXX", got[4096];

	(void)state;
	close(mkstemp(path));
	file_of(path, "# mine\nssh-ed25519 AAAA a@b\r\n\n  ssh-rsa BBBB\nno-newline CCCC");
	assert_int_equal(sent("user add", ARGV("alice", "--role", "engineer", "--key", path), got, sizeof got), 0);
	assert_string_equal(
		got, "name=alice;role=engineer;key=ssh-ed25519 AAAA a@b;key=ssh-rsa BBBB;key=no-newline CCCC");
	file_of(path, "# nothing\n\n");
	assert_int_equal(
		sent("user add", ARGV("alice", "--role", "engineer", "--key", path), got, sizeof got), CLI_FAILED);
	(void)unlink(path);
}

/* The table itself: what cannot be typed or would be ambiguous. */
static void the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < cli_commands_n; i++) {
		const struct cli_command *c = &cli_commands[i];
		assert_true(c->en && c->zh && c->example && c->form);
		assert_int_equal(strncmp(c->example, c->words, strlen(c->words)), 0);
		assert_true((c->notes_en == NULL) == (c->notes_zh == NULL));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c->words, cli_commands[k].words);
		for (size_t p = 0; p < CLI_PARAMS && c->params[p].name; p++) {
			const struct cli_param *param = &c->params[p];
			bool word = param->kind == CLI_WORD || param->kind == CLI_WORDS;
			assert_int_equal(word, param->name[0] != '-');
			assert_true(
				param->choice <= CLI_CHOICES && (!param->choice || c->choices[param->choice - 1].en));
			if (!word && param->needed)
				assert_non_null(strstr(c->form, param->name));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sends_what_was_typed),
		CASE(takes_several_networks_behind_one_option),
		CASE(refuses_other_usage),
		CASE(a_secret_goes_by_descriptor_and_never_as_text),
		CASE(each_line_of_a_key_file_is_a_key),
		CASE(the_table_is_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
