#include "tests/unit/core/unit.h"
#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static int parse(const char *text, struct conf *c, struct err *err)
{
	return conf_parse(text, strlen(text), c, err);
}

static void an_empty_text_gives_the_defaults(void **state)
{
	(void)state;
	struct conf c, d;
	assert_int_equal(parse("", &c, NULL), 0);
	conf_defaults(&d);
	assert_memory_equal(&c, &d, sizeof c);
	assert_string_equal(c.listen_ssh, "0.0.0.0:2222");
	assert_int_equal(c.login_grace_s, 120);
	assert_int_equal(c.space_floor_bytes, 1 << 30);
}

static void values_comments_and_units_are_read(void **state)
{
	(void)state;
	struct conf c;
	assert_int_equal(parse("# a comment\n\n; another\r\n[listen]\n  ssh = [::1]:22 \n[limits]\nsessions=7\n"
		"login_grace = 1h\nspace_floor = 512M\n[database]\nconnect = host=/run/pg dbname = a b\n[paths]\nsamples =", &c,
		NULL), 0);
	assert_string_equal(c.listen_ssh, "[::1]:22");
	assert_int_equal(c.sessions_max, 7);
	assert_int_equal(c.login_grace_s, 3600);
	assert_int_equal(c.space_floor_bytes, 512 << 20);
	assert_string_equal(c.database, "host=/run/pg dbname = a b");
	assert_string_equal(c.samples, "");
}

static void doors_are_taken_off_a_list(void **state)
{
	(void)state;
	struct conf c;
	struct conf_door d;
	assert_int_equal(parse("[listen]\nmysql = 0.0.0.0:3306,  [::1]:3307 db01 ,127.0.0.1:3308\tdb02\n[sql]\nplain = yes\n", &c, NULL), 0);
	assert_int_equal(c.sql_plain, 1);
	const char *at = c.listen_mysql;
	assert_int_equal(conf_door(&at, &d), 1);
	assert_string_equal(d.where, "0.0.0.0:3306");
	assert_string_equal(d.target, "");
	assert_int_equal(conf_door(&at, &d), 1);
	assert_string_equal(d.where, "[::1]:3307");
	assert_string_equal(d.target, "db01");
	assert_int_equal(conf_door(&at, &d), 1);
	assert_string_equal(d.where, "127.0.0.1:3308");
	assert_string_equal(d.target, "db02");
	assert_int_equal(conf_door(&at, &d), 0);
	assert_int_equal(conf_door(&at, &d), 0);
}

static void what_is_no_list_of_doors_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "3306", "a:1,", "a:1,,b:2", ",a:1", "a:1 t u", "a:1 t, b", ":", "a:1 b:2 c" };
	struct conf c;
	char text[1200];
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(text, sizeof text, "[listen]\nmysql = %s\n", bad[i]);
		assert_int_equal(parse(text, &c, NULL), i == 6 ? 0 : -EPROTO); /* ":" is told when it cannot be bound */
	}
	int n = snprintf(text, sizeof text, "[listen]\nmysql = a:1");
	for (int i = 1; i < CONF_DOORS_MAX; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, ",a:1");
	assert_int_equal(parse(text, &c, NULL), 0);
	snprintf(text + n, sizeof text - (size_t)n, ",a:1");
	assert_int_equal(parse(text, &c, NULL), -EPROTO);
}

static void refusals_name_the_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *say;
	} wrong[] = {
		{ "\n[nosuch]\n", "configuration line 2: unknown section" },
		{ "[listen]\nnosuch = 1\n", "configuration line 2: unknown key" },
		{ "ssh = 1\n", "configuration line 1: unknown key" },
		{ "[limits]\nssh = a:1\n", "configuration line 2: unknown key" },
		{ "[listen]\nssh = a:1\n[limits]\n[listen]\nssh = a:1\n", "configuration line 5: this key was given before" },
		{ "[sql]\nplain = on\n", "configuration line 2: bad value" },
		{ "[limits]\nsessions = 0\n", "configuration line 2: bad value" },
		{ "[limits]\nsessions = x\n", "configuration line 2: bad value" },
		{ "[limits]\nsessions =\n", "configuration line 2: bad value" },
		{ "[limits]\nsessions = 5m\n", "configuration line 2: bad value" },
		{ "[limits]\nsessions = -5\n", "configuration line 2: bad value" },
		{ "[limits]\nlogin_grace = 5G\n", "configuration line 2: bad value" },
		{ "[limits]\nspace_floor = 9999999999T\n", "configuration line 2: bad value" },
		{ "[limits]\nspace_floor = 99999999999999999999\n", "configuration line 2: bad value" },
		{ "[limits]\nspace_floor = 1GG\n", "configuration line 2: bad value" },
		{ "[listen]\nssh\n", "configuration line 2: expected key = value" },
		{ "[listen\n", "configuration line 1: a section is written [name]" },
		{ "[]\n", "configuration line 1: a section is written [name]" },
		{ "[listen]\nssh = \xff\n", "configuration line 2: not UTF-8 text" },
		{ "[listen]\nssh = a\x01\n", "configuration line 2: not UTF-8 text" },
		{ "[siem]\nsyslog = udp://h:514\n", "configuration line 2: bad value" },
		{ "[siem]\nfile = audit.jsonl\n", "configuration line 2: bad value" },
		{ "[siem]\nfile = /var/log/\n", "configuration line 2: bad value" },
		{ "[siem]\nenterprise = 4294967296\n", "configuration line 2: bad value" },
		{ "[siem]\n\nsyslog = tls://h:6514\n[log]\n",
		  "configuration line 3: tls:// needs siem.ca, the file of who signs its certificate" },
		{ "[siem]\nca = /ca\nsyslog = tcp://h:514\n", "configuration line 2: this is for siem.syslog = tls://..." },
		{ "[siem]\nfile = /f\ncertificate = /c\n", "configuration line 3: this is for siem.syslog = tls://..." },
		{ "[siem]\nca = /ca\nsyslog = tls://h:1\nkey = /k\n", "configuration line 4: siem.certificate and siem.key go together" },
		{ "[siem]\nkey = /k\n", "configuration line 2: siem.certificate and siem.key go together" },
	};
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct conf c = { .sessions_max = 42 };
		struct err err = { 0 };
		assert_int_equal(parse(wrong[i].text, &c, &err), -EPROTO);
		assert_string_equal(err.say, wrong[i].say);
		assert_int_equal(c.sessions_max, 42);
	}
}

static void lengths_are_bounded(void **state)
{
	(void)state;
	static char big[70000];
	struct conf c;
	struct err err = { 0 };
	memset(big, 'x', sizeof big);
	assert_int_equal(conf_parse(big, 1025, &c, &err), -EPROTO);
	assert_string_equal(err.say, "configuration line 1: line too long");
	memset(big, '\n', sizeof big);
	assert_int_equal(conf_parse(big, 65536, &c, &err), 0);
	assert_int_equal(conf_parse(big, 65537, &c, &err), -EPROTO);
	char text[200];
	(void)snprintf(text, sizeof text, "[listen]\nssh = %.*s", 63, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_int_equal(parse(text, &c, &err), 0);
	assert_int_equal(strlen(c.listen_ssh), 63);
	(void)strncat(text, "a", 2);
	assert_int_equal(parse(text, &c, &err), -EPROTO);
}

static void a_nul_is_no_text(void **state)
{
	(void)state;
	struct conf c;
	assert_int_equal(conf_parse("[listen]\nssh = a\0b\n", 19, &c, NULL), -EPROTO);
}

static void a_descriptor_is_read_from_its_start(void **state)
{
	(void)state;
	struct conf c;
	scoped(scope_close) int fd = memfd_create("conf", MFD_CLOEXEC);
	assert_int_equal(write(fd, "[log]\nlevel = 7\n", 16), 16);
	assert_int_equal(conf_load_fd(fd, &c, NULL), 0);
	assert_int_equal(c.log_level, 7);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 16);
	assert_int_equal(conf_load("/nonexistent/yanmen.conf", &c, NULL), -ENOENT);
}

static void an_endpoint_has_a_scheme_a_host_and_a_port(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host, *port;
		bool good, tls;
	} table[] = {
		{ "tls://siem.example:6514", "siem.example", "6514", true, true },
		{ "tcp://10.0.0.1:1", "10.0.0.1", "1", true, false },
		{ "tcp://[fe80::1]:65535", "fe80::1", "65535", true, false },
		{ "tcp://h:65536", "", "", false, false },
		{ "tcp://h:0", "", "", false, false },
		{ "tcp://h:01", "", "", false, false },
		{ "tcp://h:", "", "", false, false },
		{ "tcp://h", "", "", false, false },
		{ "tcp://:514", "", "", false, false },
		{ "tcp://[]:514", "", "", false, false },
		{ "tcp://[::1:514", "", "", false, false },
		{ "tcp://::1:514", "", "", false, false },
		{ "tcp://[g::1]:514", "", "", false, false },
		{ "tcp://a b:514", "", "", false, false },
		{ "tcp://a/b:514", "", "", false, false },
		{ "tcp://h:514/", "", "", false, false },
		{ "tcp://h:+514", "", "", false, false },
		{ "TCP://h:514", "", "", false, false },
		{ "tcp:/h:514", "", "", false, false },
		{ "tcp://", "", "", false, false },
		{ "", "", "", false, false },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct conf_endpoint e = { 0 };
		bool good = conf_endpoint(table[i].text, &e);
		if (good != table[i].good)
			fail_msg("%s", table[i].text);
		if (!good)
			continue;
		assert_string_equal(e.host, table[i].host);
		assert_string_equal(e.port, table[i].port);
		assert_int_equal(e.tls, table[i].tls);
	}
}

static void a_siem_is_configured_or_not(void **state)
{
	(void)state;
	struct conf c;
	assert_int_equal(parse("", &c, NULL), 0);
	assert_false(conf_has_siem(&c));
	assert_int_equal(parse("[siem]\nfile = /var/log/yanmen/audit.jsonl\n", &c, NULL), 0);
	assert_true(conf_has_siem(&c));
	assert_int_equal(parse("[siem]\nsyslog = tls://h:1\nca = /a\ncertificate = /b\nkey = /c\nenterprise = 7\n", &c, NULL), 0);
	assert_true(conf_has_siem(&c));
	assert_int_equal(c.siem_enterprise, 7);
}

static void every_key_is_documented_and_its_default_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_keys_n; i++) {
		char text[1024];
		struct conf c;
		assert_true(strlen(conf_keys[i].about) > 5);
		(void)snprintf(text, sizeof text, "[%s]\n%s = %s\n", conf_keys[i].section, conf_keys[i].key,
			conf_keys[i].fallback);
		assert_int_equal(parse(text, &c, NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(an_empty_text_gives_the_defaults), CASE(values_comments_and_units_are_read), CASE(doors_are_taken_off_a_list),
		CASE(what_is_no_list_of_doors_is_refused), CASE(refusals_name_the_line),
		CASE(lengths_are_bounded), CASE(a_nul_is_no_text), CASE(a_descriptor_is_read_from_its_start),
		CASE(every_key_is_documented_and_its_default_fits), CASE(an_endpoint_has_a_scheme_a_host_and_a_port),
		CASE(a_siem_is_configured_or_not),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
