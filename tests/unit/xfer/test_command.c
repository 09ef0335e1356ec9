#include "gateway/xfer/command.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static struct xfer_command command;

static void parse(const char *line)
{
	xfer_command_done(&command);
	xfer_command_parse(span_str(line), &command);
}

static void path_is(const char *folder, const char *name, const char *expected)
{
	struct buf b;
	buf_init(&b, 4096);
	xfer_command_path(&command, folder, span_str(name), &b);
	assert_string_equal(buf_str(&b), expected);
	buf_done(&b);
}

static void the_way_and_the_paths_of_scp_are_read(void **state)
{
	(void)state;
	parse("scp -r -p -t -- '/srv/a b' c\\ d");
	assert_int_equal(command.protocol, WIRE_FILE_SCP);
	assert_int_equal(command.side, XFER_UP);
	assert_true(command.into);
	assert_int_equal(command.args_n, 2);
	assert_string_equal(command.args[0], "/srv/a b");
	assert_string_equal(command.args[1], "c d");
	parse("scp -f /etc/passwd");
	assert_int_equal(command.side, XFER_DOWN);
	assert_false(command.into);
}

static void a_quote_that_is_not_closed_is_a_command(void **state)
{
	(void)state;
	parse("scp -t 'a");
	assert_int_equal(command.protocol, 0);
	assert_int_equal(command.args_n, 0);
	parse("scp -t \"a");
	assert_int_equal(command.protocol, 0);
}

static void a_quoted_flag_is_a_flag(void **state)
{
	(void)state;
	parse("scp -t '-S' x");
	assert_int_equal(command.protocol, 0);
	parse("scp -t \\-oProxyCommand=x y");
	assert_int_equal(command.protocol, 0);
}

static void rsync_goes_up_unless_it_sends(void **state)
{
	(void)state;
	parse("rsync --server -vlogDtpre.iLsfxCIvu --delete . /srv/www/");
	assert_int_equal(command.protocol, WIRE_FILE_RSYNC);
	assert_int_equal(command.side, XFER_UP);
	assert_int_equal(command.args_n, 1);
	assert_string_equal(command.args[0], "/srv/www/");
	parse("rsync --server --sender -r . a 'b c'");
	assert_int_equal(command.side, XFER_DOWN);
	assert_int_equal(command.args_n, 2);
	assert_string_equal(command.args[1], "b c");
}

static void only_the_server_half_of_rsync_with_a_dot_counts(void **state)
{
	static const char *const lines[] = { "rsync --server", "rsync --server -r /srv", "rsync -r --server . /srv",
		"rsync --server --daemon .", "rsync --server . /a; id", "rsync", "rsyncd --server . /a" };
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		parse(lines[i]);
		assert_int_equal(command.protocol, 0);
	}
}

static void more_paths_than_are_kept_are_told(void **state)
{
	(void)state;
	parse("scp -f 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
	assert_false(command.more);
	parse("scp -f 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
	assert_true(command.more);
	assert_int_equal(command.args_n, XFER_COMMAND_ARGS);
}

static void an_uploaded_file_gets_the_name_of_the_command_or_goes_into_its_folder(void **state)
{
	(void)state;
	parse("scp -t /tmp/x");
	path_is("", "a", "/tmp/x");
	parse("scp -t /tmp/");
	path_is("", "a", "/tmp/a");
	parse("scp -t .");
	path_is("", "a", "./a");
	parse("scp -d -t /tmp");
	path_is("", "a", "/tmp/a");
	parse("scp -r -t /tmp");
	path_is("tree/deep/", "a", "/tmp/tree/deep/a");
	parse("scp -t");
	path_is("", "a", "a");
}

static void a_downloaded_file_lies_where_the_command_says(void **state)
{
	(void)state;
	parse("scp -f /etc/hosts /var/log/syslog");
	path_is("", "syslog", "/var/log/syslog");
	path_is("", "hosts", "/etc/hosts");
	parse("scp -f /var/log/*.log");
	path_is("", "a.log", "/var/log/a.log");
	parse("scp -r -f /srv/www/");
	path_is("www/", "index.html", "/srv/www/index.html");
	parse("scp -f notes");
	path_is("", "notes", "notes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_and_the_paths_of_scp_are_read),
		cmocka_unit_test(a_quote_that_is_not_closed_is_a_command),
		cmocka_unit_test(a_quoted_flag_is_a_flag),
		cmocka_unit_test(rsync_goes_up_unless_it_sends),
		cmocka_unit_test(only_the_server_half_of_rsync_with_a_dot_counts),
		cmocka_unit_test(more_paths_than_are_kept_are_told),
		cmocka_unit_test(an_uploaded_file_gets_the_name_of_the_command_or_goes_into_its_folder),
		cmocka_unit_test(a_downloaded_file_lies_where_the_command_says),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	xfer_command_done(&command);
	return failed;
}
