/* The real yanmend over fake services and the echo worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/parent/house.h"

/* ---- tests ---- */

static void configure_web(const struct house *h)
{
	char text[512], path[128];
	in_dir(h, "conf", path);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int n = snprintf(text, sizeof text, "[listen]\nweb = 127.0.0.1:0\n[web]\nfiles = %s\ncertificate = %s/web.crt\nkey = %s/web.key\n",
		h->dir, h->dir, h->dir);
	assert_int_equal(write(fd, text, (size_t)n), n);
	close(fd);
	write_file(h, "web.crt", "certificate", 0644);
	write_file(h, "web.key", "key", 0600);
}

static void open_house_with_web(struct house *h)
{
	build(h, "");
	configure_web(h);
	run(h);
	expect(h, "ev=web.listening");
	h->port = (uint16_t)number_after(expect(h, "ev=listening"), "port=");
	expect(h, "fake broker synced");
}

static void the_web_runs_only_where_it_listens_and_a_hangup_renews_it(void **state)
{
	static const char *const wires[] = { "fake web peer=browser", "fake web peer=broker", "fake broker peer=web",
		"fake vault peer=web", "fake web peer=vault" };
	struct house h;
	(void)state, open_house(&h, "");
	int fd = client(&h);
	hear(fd, "ready");
	close(fd);
	assert_null(strstr(h.text, "web"));
	assert_null(strstr(h.text, "fake term"));
	close_house(&h);
	open_house_with_web(&h);
	for (size_t i = 0; i < COUNT_OF(wires); i++) {
		from_start(&h);
		expect(&h, wires[i]);
	}
	h.seen = h.n;
	kill(h.pid, SIGHUP);
	expect(&h, "fake web stop");
	expect(&h, "fake web peer=browser");
	close_house(&h);
}

static void open_house_with_sql(struct house *h)
{
	char more[512], path[128];
	build(h, "");
	in_dir(h, "conf", path);
	snprintf(more, sizeof more, "[listen]\nmysql = 127.0.0.1:0, 127.0.0.1:0 orders\n[sql]\nplain = yes\n[web]\ncertificate = %s/cert\nkey = %s/web\n",
		h->dir, h->dir);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, more, strlen(more)), (ssize_t)strlen(more));
	close(fd);
	write_file(h, "cert", "certificate", 0644);
	write_file(h, "web", "key", 0600);
	run(h);
}

static void a_door_of_sql_clients_has_workers_of_its_own_and_maybe_a_target(void **state)
{
	struct house h;
	(void)state, open_house_with_sql(&h);
	uint16_t any = (uint16_t)number_after(expect3(&h, "ev=mysql.listening", "target=\"\"", ""), "port=");
	uint16_t bound = (uint16_t)number_after(expect3(&h, "ev=mysql.listening", "target=orders", ""), "port=");
	int first = client_at(any), second = client_at(bound);
	hear(first, "ready");
	talk(first, "door", "door= plain=1");
	hear(second, "ready");
	talk(second, "door", "door=orders plain=1");
	char role[16];
	snprintf(role, sizeof role, "role=%d ", WIRE_MYSQL);
	from_start(&h);
	expect3(&h, "fake broker attach", role, "target=.");
	from_start(&h);
	expect3(&h, "fake broker attach", role, "target=orders.");
	assert_null(strstr(h.text, "fake vault serves")); /* nobody signs SSH's key exchanges for them */
	close(first);
	close(second);
	close_house(&h);
}

static void workers_of_a_sql_door_that_wait_are_renewed_with_the_certificate(void **state)
{
	struct house h;
	(void)state, open_house_with_sql(&h);
	uint16_t port = (uint16_t)number_after(expect3(&h, "ev=mysql.listening", "target=\"\"", ""), "port=");
	int fd = client_at(port);
	hear(fd, "ready");
	write_file(&h, "web", "another", 0600); /* the next worker finds a key that the test's does not take */
	kill(h.pid, SIGHUP);
	expect3(&h, "ev=worker.ended", "service=mysql", "");
	talk(fd, "bytes", "bytes"); /* who is served goes on */
	close(fd);
	close_house(&h);
}

static void a_browsers_session_has_the_address_that_the_broker_says_and_a_terminal_of_its_own(void **state)
{
	struct house h;
	(void)state, open_house_with_web(&h);
	order(&h, "browser 4711");
	expect3(&h, "fake broker attach", "job=1 ticket=7 address=192.0.2.5", "outer=0");
	from_start(&h);
	expect(&h, "inner said=ready");
	for (int i = 0; i < 2; i++) { /* the warm one, then its successor */
		order(&h, "term 1");
		expect(&h, "fake term client job=4 .");
		expect(&h, "fake term begin account=cyadmin .");
	}
	order(&h, "nowhere 4711");
	expect3(&h, "ev=service.ended_by_us", "service=broker", "want job 1");
	close_house(&h);
}

static void what_the_web_needs_is_looked_for_at_the_start(void **state)
{
	static const struct {
		const char *file, *text;
		mode_t mode;
		const char *say;
	} wrong[] = {
		{ "web.key", "key", 0644, "web.key is open to others: chmod 0640" },
		{ "web.key", NULL, 0, "cannot open a file of web" },
		{ "web.crt", NULL, 0, "cannot open a file of web" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct house h;
		char path[128];
		int status;
		build(&h, "");
		configure_web(&h);
		in_dir(&h, wrong[i].file, path);
		unlink(path);
		if (wrong[i].text)
			write_file(&h, wrong[i].file, wrong[i].text, wrong[i].mode);
		run(&h);
		expect(&h, wrong[i].say);
		assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
		h.pid = 0;
		close_house(&h);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_web_runs_only_where_it_listens_and_a_hangup_renews_it),
		cmocka_unit_test(a_door_of_sql_clients_has_workers_of_its_own_and_maybe_a_target),
		cmocka_unit_test(workers_of_a_sql_door_that_wait_are_renewed_with_the_certificate),
		cmocka_unit_test(a_browsers_session_has_the_address_that_the_broker_says_and_a_terminal_of_its_own),
		cmocka_unit_test(what_the_web_needs_is_looked_for_at_the_start),
	};
	return house_prepare(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}
