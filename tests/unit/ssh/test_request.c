#include "gateway/core/wire.h"
#include "gateway/ssh/request.h"
#include "gateway/xfer/command.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static uint32_t exec_is(const char *line)
{
	struct xfer_command moves;
	uint32_t features = gw_ssh_request_exec(span_str(line), &moves);
	xfer_command_done(&moves);
	return features;
}

static void scp_of_the_old_protocol_is_scp_whatever_its_flags(void **state)
{
	static const char *const lines[] = { "scp -t /tmp", "scp -f /etc/passwd", "scp -r -p -d -t .",
		"scp -v -f a b c", "scp -rtp -- -strange", "scp  -q\t-t  '/tmp/a b'", "/usr/bin/scp -t x",
		"scp -f *.log", "scp -t ~/\"a b\"", "scp -t" };
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_int_equal(exec_is(lines[i]), WIRE_FEATURE_SCP | (strstr(lines[i], "-f") ? WIRE_FEATURE_DOWNLOAD
											    : WIRE_FEATURE_UPLOAD));
}

static void what_a_shell_would_act_upon_is_a_command(void **state)
{
	static const char *const lines[] = { "scp -t /tmp; rm -rf /", "scp -t /tmp && id", "scp -t $(id)",
		"scp -t `id`", "scp -f a | nc host 1", "scp -t /tmp > /etc/x", "scp -t < /etc/passwd", "scp -t a\nid",
		"scp -t a\rid", "scp -t a & id", "scp -t $HOME", "(scp -t a)" };
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_int_equal(exec_is(lines[i]), WIRE_FEATURE_EXEC);
}

static void scp_that_runs_something_or_is_no_remote_half_is_a_command(void **state)
{
	static const char *const lines[] = { "", " ", "scp", "scp a b:c", "scp -S /tmp/evil -t x",
		"scp -t x -S /tmp/evil", "scp -t -oProxyCommand=id x", "scp -tSevil x", "scp -", "scpx -t a",
		"/tmp/scp -t a", "./scp -t a", "env scp -t a", "FOO=1 scp -t a", "scp --t a", "scp -- -t" };
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_int_equal(exec_is(lines[i]), WIRE_FEATURE_EXEC);
}

static void a_nul_in_the_line_is_a_command(void **state)
{
	(void)state;
	struct xfer_command moves;
	assert_int_equal(gw_ssh_request_exec(span_of("scp -t a\0b", 10), &moves), WIRE_FEATURE_EXEC);
}

static void rsync_is_a_command_with_a_direction(void **state)
{
	(void)state;
	assert_int_equal(exec_is("rsync --server -logDtpre.iLsfxCIvu . /srv/"), WIRE_FEATURE_EXEC | WIRE_FEATURE_UPLOAD);
	assert_int_equal(exec_is("rsync --server --sender -r . /srv/"), WIRE_FEATURE_EXEC | WIRE_FEATURE_DOWNLOAD);
	assert_int_equal(exec_is("rsync -a /a /b"), WIRE_FEATURE_EXEC);
	assert_int_equal(exec_is("rsync --server --daemon ."), WIRE_FEATURE_EXEC);
}

static void an_sftp_server_is_sftp(void **state)
{
	(void)state;
	assert_int_equal(exec_is("/usr/lib/openssh/sftp-server"), WIRE_FEATURE_SFTP);
	assert_int_equal(exec_is("exec /usr/lib/openssh/sftp-server"), WIRE_FEATURE_SFTP);
	assert_int_equal(exec_is("/usr/lib/openssh/sftp-server -R"), WIRE_FEATURE_EXEC);
	assert_int_equal(exec_is("sftp-server"), WIRE_FEATURE_EXEC);
	assert_int_equal(exec_is("/tmp/sftp-server"), WIRE_FEATURE_EXEC);
}

static void sftp_is_the_only_subsystem(void **state)
{
	(void)state;
	assert_int_equal(gw_ssh_request_subsystem(span_str("sftp")), WIRE_FEATURE_SFTP);
	assert_int_equal(gw_ssh_request_subsystem(span_str("sftp ")), 0);
	assert_int_equal(gw_ssh_request_subsystem(span_str("SFTP")), 0);
	assert_int_equal(gw_ssh_request_subsystem(span_str("netconf")), 0);
	assert_int_equal(gw_ssh_request_subsystem(span_str("")), 0);
}

static void variables_pass_by_name_and_by_prefix(void **state)
{
	(void)state;
	const char *allow = "LANG, LC_* ,TERM";
	assert_true(gw_ssh_request_env(allow, span_str("LANG")));
	assert_true(gw_ssh_request_env(allow, span_str("LC_ALL")));
	assert_true(gw_ssh_request_env(allow, span_str("LC_")));
	assert_true(gw_ssh_request_env(allow, span_str("TERM")));
	assert_false(gw_ssh_request_env(allow, span_str("LANGUAGE")));
	assert_false(gw_ssh_request_env(allow, span_str("LAN")));
	assert_false(gw_ssh_request_env(allow, span_str("LC")));
	assert_false(gw_ssh_request_env(allow, span_str("XLC_ALL")));
	assert_true(gw_ssh_request_env("*", span_str("ANY_thing9")));
}

static void no_list_lets_nothing_through(void **state)
{
	(void)state;
	assert_false(gw_ssh_request_env("", span_str("LANG")));
	assert_false(gw_ssh_request_env(",, ,", span_str("LANG")));
	assert_false(gw_ssh_request_env(",, ,", span_str("")));
}

static void odd_names_never_pass(void **state)
{
	static const char *const names[] = { "", "A=B", "A B", "LD_PRELOAD\n", "1A", "A;B", "\xe4\xb8\xad" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_false(gw_ssh_request_env("*", span_str(names[i])));
	assert_false(gw_ssh_request_env("*", span_of("A\0B", 3)));
}

static const char *refusal(const char *who, const char *error)
{
	static char text[300];
	gw_ssh_request_refusal(who, error, text, sizeof text);
	return text;
}

static void a_refused_channel_tells_who_and_why(void **state)
{
	(void)state;
	assert_string_equal(refusal("target", "Channel opening failure: channel 43 error (2) Connection refused"),
		"the target refuses it: connect failed: Connection refused");
	assert_string_equal(refusal("client", "Channel opening failure: channel 7 error (1) "),
		"the client refuses it: administratively prohibited: ");
	assert_string_equal(refusal("client", "Channel opening failure: channel 7 error (4) full"),
		"the client refuses it: resource shortage: full");
}

static void a_refusal_in_other_words_is_passed_on_and_cut(void **state)
{
	char longer[1000];
	(void)state;
	assert_string_equal(refusal("target", "error (9) odd"), "the target refuses it: error (9) odd");
	assert_string_equal(refusal("target", "error (0) odd"), "the target refuses it: error (0) odd");
	assert_string_equal(refusal("target", "error ("), "the target refuses it: error (");
	assert_string_equal(refusal("target", NULL), "the target refuses it: ");
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(strlen(refusal("target", longer)), strlen("the target refuses it: ") + 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scp_of_the_old_protocol_is_scp_whatever_its_flags),
		cmocka_unit_test(what_a_shell_would_act_upon_is_a_command),
		cmocka_unit_test(scp_that_runs_something_or_is_no_remote_half_is_a_command),
		cmocka_unit_test(a_nul_in_the_line_is_a_command),
		cmocka_unit_test(rsync_is_a_command_with_a_direction),
		cmocka_unit_test(an_sftp_server_is_sftp),
		cmocka_unit_test(sftp_is_the_only_subsystem),
		cmocka_unit_test(variables_pass_by_name_and_by_prefix),
		cmocka_unit_test(no_list_lets_nothing_through),
		cmocka_unit_test(odd_names_never_pass),
		cmocka_unit_test(a_refused_channel_tells_who_and_why),
		cmocka_unit_test(a_refusal_in_other_words_is_passed_on_and_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
