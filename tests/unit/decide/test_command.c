#include "gateway/core/scope.h"
#include "policy/decide/line.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static enum decide_fit glob(const char *pattern, const char *text)
{
	size_t steps = 1000;

	return decide_glob_fits(&(struct decide_glob){ .pattern = span_str(pattern) }, span_str(text), &steps);
}

static void globs_have_a_star_a_question_mark_and_alternatives(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
		{ "rm", "rm", true }, { "rm", "rmdir", false }, { "rm*", "rmdir", true }, { "*", "", true }, { "", "", true }, { "", "x", false },
		{ "mk*fs", "mkfs", true }, { "a*b*c", "aXbYbZc", true }, { "a*b*c", "aXbYbZ", false }, { "?", "x", true }, { "?", "文", true }, { "?", "", false },
		{ "??", "文", false }, { "a|b", "b", true }, { "a|b", "a|b", false }, { "a\\|b", "a|b", true }, { "\\*", "*", true }, { "\\*", "x", false },
		{ "a|", "", true }, { "|a", "a", true }, { "a\\", "a\\", true }, { "A", "a", false }, { "*?", "文", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (glob(rows[i].pattern, rows[i].text) != (rows[i].fits ? DECIDE_YES : DECIDE_NO))
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

static void a_dear_glob_ends_in_doubt(void **state)
{
	char text[2000];
	size_t steps = 1000;

	(void)state;
	memset(text, 'a', sizeof text);
	assert_int_equal(decide_glob_fits(&(struct decide_glob){ .pattern = span_str("*a*a*a*a*a*b*b") }, span_of((uint8_t *)text, sizeof text), &steps),
		DECIDE_MAYBE);
	assert_int_equal(steps, 0);
}

enum { MANY = 40000 };

/* rm with so many arguments, in a folder as deep as can be: found in time, or in doubt, never a no. */
static void many_arguments_in_a_deep_directory_end_in_doubt(void **state)
{
	struct decide_command_word *words = calloc(MANY, sizeof *words);
	char deep[DECIDE_COMMAND_PATH], alternatives[256];
	struct decide_command_rule r = { .id = 7, .action = DECIDE_COMMAND_DENY, .program = span_str("rm"), .args = span_str("-r /etc") };
	struct decide_command_fact f = { .argv = words, .n = MANY, .directory = span_of((uint8_t *)deep, sizeof deep - 2) };
	struct decide_command_verdict v;

	(void)state;
	assert_non_null(words);
	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 ? 'b' : '/';
	for (size_t i = 0; i < sizeof alternatives; i++)
		alternatives[i] = i % 2 ? '|' : '/';
	for (size_t i = 1; i < MANY; i++)
		words[i].text = span_str("x");
	words[0].text = span_str("rm");
	words[1].text = span_str("-fr");
	words[2].text = span_str("/x/../etc/");
	assert_int_equal(decide_command_fits(&r, &f), DECIDE_YES);
	words[2].text = span_str("x");
	words[MANY - 1].text = span_str("/etc");
	f.directory = span_str("/srv/data");
	assert_int_equal(decide_command_fits(&r, &f), DECIDE_YES); /* an honest many is looked through */
	f.directory = span_of((uint8_t *)deep, sizeof deep - 2);
	assert_int_equal(decide_command_fits(&r, &f), DECIDE_MAYBE);
	r.args = span_of((uint8_t *)alternatives, sizeof alternatives - 1);
	assert_int_equal(decide_command_fits(&r, &f), DECIDE_MAYBE);
	r.args = span_str("!/etc");
	assert_int_equal(decide_command_fits(&r, &f), DECIDE_MAYBE);
	struct decide_command_rule rules[] = { r, { .id = 8, .action = DECIDE_COMMAND_DENY, .program = span_str("r*") } };
	struct decide_command_ask ask = { rules, COUNT_OF(rules), DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_ASK };
	rules[0].action = DECIDE_COMMAND_ALLOW; /* uses up what the second one needs */
	decide_command_judge(&ask, &f, &v);
	assert_int_equal(v.action, DECIDE_COMMAND_ASK);
	assert_true(v.unsure);
	free(words);
}

/* words with blanks between; one that begins with ~ is opaque */
static enum decide_fit fits(const struct decide_command_rule *r, const char *line, const char *path, const char *directory)
{
	struct decide_command_word words[16];
	struct decide_command_fact f = { .argv = words, .path = span_str(path), .directory = span_str(directory),
		.account = span_str("root"), .target = span_str("web01"), .now_us = 1795392000000000 };
	char copy[200], *at = copy, *word;

	(void)snprintf(copy, sizeof copy, "%s", line);
	while ((word = strsep(&at, " ")))
		words[f.n++] = (struct decide_command_word){ span_str(word), word[0] == '~' };
	return decide_command_fits(r, &f);
}

static void a_rule_looks_at_program_and_arguments(void **state)
{
	static const struct {
		const char *program, *args, *line, *directory;
		enum decide_fit fit;
	} rows[] = {
		{ "rm", "", "rm x", "", DECIDE_YES }, { "rm", "", "/bin/rm x", "", DECIDE_YES }, { "rm", "", "rmdir x", "", DECIDE_NO },
		{ "bash", "", "-bash", "", DECIDE_YES }, { "", "-x", "rm -x", "", DECIDE_YES }, { "rm", "", "~x", "", DECIDE_MAYBE },
		{ "rm", "-r", "rm -rf x", "", DECIDE_YES }, { "rm", "-r", "rm -f x", "", DECIDE_NO }, { "rm", "-r", "rm --recursive", "", DECIDE_NO },
		{ "rm", "-r|--recursive", "rm --recursive", "", DECIDE_YES }, { "rm", "-r -f", "rm -f -r", "", DECIDE_YES },
		{ "rm", "/etc*", "rm /etc/passwd", "", DECIDE_YES }, { "rm", "/etc", "rm /etc/", "", DECIDE_YES }, { "rm", "/etc", "rm /x/..//etc/.", "", DECIDE_YES },
		{ "rm", "/", "rm /..", "", DECIDE_YES }, { "rm", "/etc", "rm etc", "", DECIDE_NO }, { "rm", "/etc", "rm etc", "/", DECIDE_YES },
		{ "rm", "/etc", "rm ../etc", "/home/x", DECIDE_NO }, { "rm", "/etc", "rm ../../etc", "/home/y/../x", DECIDE_YES },
		{ "rm", "/etc", "rm ~x", "", DECIDE_MAYBE }, { "rm", "*", "rm ~x", "", DECIDE_YES }, { "rm", "*", "rm", "", DECIDE_NO },
		{ "fdisk", "!-l", "fdisk /dev/sda", "", DECIDE_YES }, { "fdisk", "!-l", "fdisk -l", "", DECIDE_NO }, { "fdisk", "!-l", "fdisk ~x", "", DECIDE_MAYBE },
		{ "dd", "of=/dev/sd*", "dd if=/dev/zero of=/dev/sda", "", DECIDE_YES }, { "dd", "of=/dev/sd*", "dd of=/tmp/x", "", DECIDE_NO },
		{ "rm", "-r /etc", "rm -r /tmp", "", DECIDE_NO }, { "x", "a\\ b", "x a", "", DECIDE_NO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct decide_command_rule r = { .id = 1, .program = span_str(rows[i].program), .args = span_str(rows[i].args) };
		if (fits(&r, rows[i].line, "", rows[i].directory) != rows[i].fit)
			fail_msg("%s %s on %s", rows[i].program, rows[i].args, rows[i].line);
	}
}

static void a_rule_looks_at_path_account_target_and_hours(void **state)
{
	struct decide_hours hours;
	struct decide_command_rule r = { .program = span_str("halt"), .path = span_str("/usr/local/*") };

	(void)state;
	assert_int_equal(fits(&r, "halt", "", ""), DECIDE_MAYBE);
	assert_int_equal(fits(&r, "halt", "/usr/local/halt", ""), DECIDE_YES);
	assert_int_equal(fits(&r, "halt", "/sbin/halt", ""), DECIDE_NO);
	r.path = span_str("");
	assert_int_equal(fits(&r, "h", "/sbin/halt", ""), DECIDE_YES); /* called by another name */
	r.account = span_str("root");
	r.target = span_str("web*");
	assert_int_equal(fits(&r, "halt", "", ""), DECIDE_YES);
	r.target = span_str("db*");
	assert_int_equal(fits(&r, "halt", "", ""), DECIDE_NO);
	r.target = span_str("");
	assert_int_equal(decide_hours_parse(span_str("tue 00:00-24:00"), &hours, NULL), 0);
	r.hours = &hours;
	assert_int_equal(fits(&r, "halt", "", ""), DECIDE_NO); /* a Monday */
}

static struct decide_command_verdict judge(const char *line, enum decide_command_action otherwise)
{
	static const struct decide_command_rule rules[] = {
		{ .id = 1, .action = DECIDE_COMMAND_ALLOW, .program = { (const uint8_t *)"rm", 2 }, .args = { (const uint8_t *)"/tmp/*", 6 } },
		{ .id = 2, .action = DECIDE_COMMAND_DENY, .program = { (const uint8_t *)"rm", 2 } },
		{ .id = 3, .action = DECIDE_COMMAND_ALLOW, .program = { (const uint8_t *)"ls", 2 } },
	};
	const struct decide_command_ask ask = { rules, COUNT_OF(rules), otherwise, DECIDE_COMMAND_ASK };
	struct decide_command_verdict v;
	struct decide_command_word words[4];
	struct decide_command_fact f = { .argv = words };
	char copy[100], *at = copy, *word;

	(void)snprintf(copy, sizeof copy, "%s", line);
	while ((word = strsep(&at, " ")))
		words[f.n++] = (struct decide_command_word){ span_str(word), word[0] == '~' };
	decide_command_judge(&ask, &f, &v);
	return v;
}

static void the_first_rule_that_fits_decides_and_doubt_only_where_it_matters(void **state)
{
	static const struct {
		const char *line;
		enum decide_command_action otherwise, action;
		int64_t rule;
		bool unsure;
	} rows[] = {
		{ "rm /tmp/x", DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_ALLOW, 1, false },
		{ "rm /etc", DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_DENY, 2, false },
		{ "rm ~x", DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_ASK, 1, true },  /* /tmp or not? */
		{ "~x", DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_ASK, 2, true },     /* rm or not? */
		{ "id", DECIDE_COMMAND_ALLOW, DECIDE_COMMAND_ALLOW, 0, false },
		{ "id", DECIDE_COMMAND_DENY, DECIDE_COMMAND_DENY, 0, false },    /* an allow-list */
		{ "ls ~x", DECIDE_COMMAND_DENY, DECIDE_COMMAND_ALLOW, 3, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct decide_command_verdict v = judge(rows[i].line, rows[i].otherwise);
		if (v.action != rows[i].action || v.rule != rows[i].rule || v.unsure != rows[i].unsure)
			fail_msg("%s: %s by %d", rows[i].line, decide_command_name(v.action), (int)v.rule);
	}
}

/* The simple commands of a line: words with blanks, an opaque one as ?, commands with / between. */
static void split(const char *line, char *out, size_t n)
{
	struct decide_line *l = malloc(sizeof *l);
	const struct decide_command_word *argv;
	size_t words, len = 0;

	assert_non_null(l);
	decide_line_open(l, span_str(line));
	out[0] = '\0';
	while (decide_line_next(l, &argv, &words)) {
		len += (size_t)snprintf(out + len, n - len, "%s", len > 0 ? " / " : "");
		for (size_t i = 0; i < words; i++)
			len += (size_t)snprintf(out + len, n - len, "%s%.*s", i > 0 ? " " : "", argv[i].opaque ? 1 : (int)argv[i].text.n,
				argv[i].opaque ? "?" : (const char *)argv[i].text.p);
	}
	free(l);
}

static void a_line_is_split_into_simple_commands(void **state)
{
	static const struct {
		const char *line, *commands;
	} rows[] = {
		{ "ls -l", "ls -l" }, { "  ls\t-l  ", "ls -l" }, { "", "" }, { "a;b&&c||d|e & f", "a / b / c / d / e / f" },
		{ "echo 'a b' \"c d\" e\\ f", "echo a b c d e f" }, { "echo a\"b\"'c'", "echo abc" }, { "rm $X", "rm ?" }, { "rm *.c", "rm ?" },
		{ "rm \"$X/y\"", "rm ?" }, { "rm '$X'", "rm $X" }, { "echo $(rm -rf /etc) x; id", "echo ? / rm -rf /etc / id" },
		{ "echo \"a $(halt) b\"; id", "echo ? / halt / id" }, { "echo `halt` x; id", "echo ? / halt / id" }, { "echo \"$(a) $(b)\" `c`;d", "echo ? / a / b / c / d" },
		{ "cat <in >out 2>&1 x", "cat x" }, { "X=1 rm a", "rm a" }, { "sudo rm -rf /etc", "sudo rm -rf /etc / rm -rf /etc" },
		{ "sudo -u bob -n rm x", "sudo -u bob -n rm x / rm x" }, { "sudo env A=b nohup rm x", "sudo env A=b nohup rm x / env A=b nohup rm x / nohup rm x / rm x" },
		{ "timeout 5 rm x", "timeout 5 rm x / rm x" }, { "if true; then halt; fi", "true / halt" }, { "ls # rm x", "ls" }, { "(halt)", "halt" },
		{ "a\nb", "a / b" }, { "echo 'open", "echo open" }, { "echo $", "echo ?" }, { "\\", "\\" },
	};
	char out[200];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		split(rows[i].line, out, sizeof out);
		if (strcmp(out, rows[i].commands) != 0)
			fail_msg("%s: %s", rows[i].line, out);
	}
}

static void a_line_of_too_many_words_ends_in_an_opaque_one(void **state)
{
	struct decide_line *l = malloc(sizeof *l);
	const struct decide_command_word *argv;
	char text[500 * 5];
	size_t n;

	(void)state;
	assert_non_null(l);
	for (int i = 0; i < 500; i++)
		memcpy(text + (size_t)i * 5, "word ", 5);
	decide_line_open(l, span_of((const uint8_t *)text, sizeof text));
	assert_true(decide_line_next(l, &argv, &n));
	assert_int_equal(n, DECIDE_LINE_WORDS);
	assert_true(argv[n - 1].opaque);
	assert_false(argv[n - 2].opaque);
	assert_false(decide_line_next(l, &argv, &n));
	free(l);
}

static void actions_have_names(void **state)
{
	enum decide_command_action a;

	(void)state;
	for (int i = 0; i < DECIDE_COMMAND_ACTIONS; i++) {
		assert_true(decide_command_action(span_str(decide_command_name((enum decide_command_action)i)), &a));
		assert_int_equal(a, i);
	}
	assert_false(decide_command_action(span_str("burn"), &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_have_a_star_a_question_mark_and_alternatives),
		cmocka_unit_test(a_dear_glob_ends_in_doubt),
		cmocka_unit_test(many_arguments_in_a_deep_directory_end_in_doubt),
		cmocka_unit_test(a_rule_looks_at_program_and_arguments),
		cmocka_unit_test(a_rule_looks_at_path_account_target_and_hours),
		cmocka_unit_test(the_first_rule_that_fits_decides_and_doubt_only_where_it_matters),
		cmocka_unit_test(a_line_is_split_into_simple_commands),
		cmocka_unit_test(a_line_of_too_many_words_ends_in_an_opaque_one),
		cmocka_unit_test(actions_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
