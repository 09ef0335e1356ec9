#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What log_ev wrote to stderr since `start`. */
static char text[16384];
static int sink = -1, real = -1;

static int start(void **state)
{
	(void)state;
	real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	sink = memfd_create("log", MFD_CLOEXEC);
	return dup2(sink, STDERR_FILENO) < 0;
}

static int stop(void **state)
{
	(void)state;
	(void)dup2(real, STDERR_FILENO);
	(void)close(real);
	return close(sink);
}

static const char *written(void)
{
	off_t n = lseek(sink, 0, SEEK_CUR);
	assert_true(n >= 0 && n < (off_t)sizeof text);
	assert_int_equal(pread(sink, text, (size_t)n, 0), n);
	text[n] = '\0';
	(void)lseek(sink, 0, SEEK_SET);
	return text;
}

static void one_line_of_logfmt(void **state)
{
	(void)state;
	log_ev(LOG_LEVEL_INFO, "session.open", LOG_S("user", "a b"), LOG_S("from", "10.0.0.8"), LOG_N("port", -22),
		LOG_S("none", NULL), LOG_S("empty", ""));
	assert_string_equal(written(), "<6>ev=session.open user=\"a b\" from=10.0.0.8 port=-22 none=- empty=\"\"\n");
	log_ev(LOG_LEVEL_ERROR, "x");
	assert_string_equal(written(), "<3>ev=x\n");
}

static void no_value_can_forge_a_line(void **state)
{
	(void)state;
	log_ev(LOG_LEVEL_INFO, "x", LOG_S("u", "a\n<6>ev=login user=\"root\"\x1b[2J\\ \xff \xc2\x9b\xe2\x80\xae \xe9\x9b\x81"));
	assert_string_equal(written(), "<6>ev=x u=\"a\\x0a<6>ev=login user=\\x22root\\x22\\x1b[2J\\x5c \\xff "
		"\\xc2\\x9b\\xe2\\x80\\xae \xe9\x9b\x81\"\n");
}

static void a_value_is_cut_at_512_bytes(void **state)
{
	(void)state;
	char big[600];
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	log_ev(LOG_LEVEL_INFO, "x", LOG_S("v", big));
	assert_int_equal(strlen(written()), strlen("<6>ev=x v=\"...\"\n") + 512);
	big[512] = '\0';
	log_ev(LOG_LEVEL_INFO, "x", LOG_S("v", big));
	assert_int_equal(strlen(written()), strlen("<6>ev=x v=\n") + 512);
}

static void a_line_fits_a_pipe_and_ends(void **state)
{
	(void)state;
	char big[512];
	memset(big, '\n', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	log_ev(LOG_LEVEL_INFO, "x", LOG_S("a", big), LOG_S("b", big), LOG_S("c", big), LOG_S("d", big));
	const char *line = written();
	assert_true(strlen(line) <= 4096);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void the_level_decides(void **state)
{
	(void)state;
	log_ev(LOG_LEVEL_DEBUG, "x");
	assert_string_equal(written(), "");
	log_level_set(LOG_LEVEL_DEBUG);
	log_ev(LOG_LEVEL_DEBUG, "x");
	assert_string_equal(written(), "<7>ev=x\n");
	log_level_set(LOG_LEVEL_INFO);
}

static void a_failure_has_one_line(void **state)
{
	(void)state;
	struct err err = { 0 };
	(void)err_set(&err, -EPROTO, "login.c:44", "malformed login", "cut at %d", 31);
	log_err(LOG_LEVEL_WARN, "client.malformed", &err);
	assert_string_equal(written(),
		"<4>ev=client.malformed code=-71 say=\"malformed login\" detail=\"cut at 31\" at=login.c:44\n");
}

static void context_stands_in_every_line(void **state)
{
	(void)state;
	char big[100];
	memset(big, 'y', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	log_context("role", "broker");
	log_context("sid", big);
	log_context("sid", "1");
	log_ev(LOG_LEVEL_INFO, "x", LOG_S("k", "v"));
	assert_string_equal(written(), "<6>ev=x role=broker sid=1 k=v\n");
	log_context("sid", big);
	log_ev(LOG_LEVEL_INFO, "x");
	assert_int_equal(strlen(written()), strlen("<6>ev=x role=broker sid=\n") + 64);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(one_line_of_logfmt), CASE(no_value_can_forge_a_line), CASE(a_value_is_cut_at_512_bytes),
		CASE(a_line_fits_a_pipe_and_ends), CASE(the_level_decides), CASE(a_failure_has_one_line),
		CASE(context_stands_in_every_line),
	};
	return cmocka_run_group_tests(cases, start, stop);
}
