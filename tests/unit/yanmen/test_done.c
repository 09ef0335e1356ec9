#include "tests/unit/core/unit.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/done.h"
#include <string.h>

static const struct cli_command *command(const char *words)
{
	for (size_t i = 0; i < cli_commands_n; i++)
		if (strcmp(cli_commands[i].words, words) == 0)
			return &cli_commands[i];
	return NULL;
}

static void assert_says(const char *words, bool zh, const char *answer, const char *line)
{
	scoped(buf_done) struct buf out;
	json_t *doc = json_loads(answer, 0, NULL);
	buf_init(&out, 4096);
	assert_non_null(doc);
	assert_true(cli_done_put(command(words), zh, doc, &out));
	json_decref(doc);
	assert_string_equal(buf_str(&out), line);
}

static void says_what_was_done(void **state)
{
	(void)state;
	assert_says("user add", false, "{\"id\":1,\"name\":\"alice\",\"role\":\"dba\"}", "user alice added as dba");
	assert_says("user add", true, "{\"id\":1,\"name\":\"alice\",\"role\":\"dba\"}", "已添加用户 alice，角色 dba");
	assert_says("user disable", false, "{\"name\":\"bob\",\"sessions\":[{\"session\":\"x\"},{\"session\":\"y\"}]}",
		"user bob disabled; 2 session(s) end");
}

static void leaves_out_what_there_is_not(void **state)
{
	(void)state;
	assert_says("user disable", false, "{\"name\":\"bob\",\"sessions\":[]}", "user bob disabled");
	assert_says("group remove", true, "{\"name\":\"web\",\"grants\":0}", "已移除资源组 web");
	assert_says("grant add", false,
		"{\"id\":7,\"user\":\"a\",\"account\":\"root\",\"target\":null,\"group\":\"web\",\"hours\":\"\",\"until\":null,"
		"\"features\":[\"exec\",\"shell\"]}",
		"grant 7: a may use root on group web (exec,shell)");
	assert_says("target set", false,
		"{\"name\":\"t\",\"address\":\"h:22\",\"charset\":\"gbk\",\"legacy\":true,\"suspended\":[\"root\",\"x\"]}",
		"target t: h:22, gbk, legacy yes; these accounts need their credential again (account set): root,x");
}

static void what_others_wrote_steers_no_terminal(void **state)
{
	(void)state;
	assert_says("target test", false, "{\"name\":\"t\\u001b[2J\",\"say\":\"a\\nb\"}",
		"t\xef\xbf\xbd[2J: a\xef\xbf\xbd" "b");
}

static void a_command_without_a_line_says_nothing(void **state)
{
	(void)state;
	scoped(buf_done) struct buf out;
	json_t *doc = json_object(), *list = json_array();
	buf_init(&out, 64);
	assert_false(cli_done_put(command("doctor"), false, doc, &out));
	assert_false(cli_done_put(command("user add"), false, list, &out));
	assert_int_equal(out.len, 0);
	json_decref(doc);
	json_decref(list);
}

static void every_line_is_a_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < cli_done_lines_n; i++)
		assert_non_null(command(cli_done_lines[i].words));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(says_what_was_done), CASE(leaves_out_what_there_is_not), CASE(what_others_wrote_steers_no_terminal),
		CASE(a_command_without_a_line_says_nothing), CASE(every_line_is_a_commands),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
