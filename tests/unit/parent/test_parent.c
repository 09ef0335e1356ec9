/* The real yanmend over fake services and the echo worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/parent/house.h"

/* ---- tests ---- */

static void services_are_wired_and_a_client_is_announced_before_it_is_served(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	static const char *const wires[] = { "fake vault peer=recorder", "fake vault peer=broker",
		"fake recorder peer=vault", "fake recorder peer=broker", "fake broker peer=vault",
		"fake broker peer=recorder", "fake broker peer=pwhash", "fake broker peer=cli",
		"fake pwhash peer=broker" };
	for (size_t i = 0; i < COUNT_OF(wires); i++) {
		from_start(&h);
		expect(&h, wires[i]);
	}
	int fd = client(&h);
	hear(fd, "ready");
	from_start(&h);
	char worker[64];
	snprintf(worker, sizeof worker, "worker=%llu ",
		number_after(expect3(&h, "fake broker attach", "job=1", "address=127.0.0.1 resumed=0"), "worker="));
	from_start(&h);
	expect3(&h, "fake recorder attach", worker, "address=127.0.0.1 resumed=0");
	from_start(&h);
	expect3(&h, "fake vault attach", worker, "address= resumed=0");
	talk(fd, "some bytes", "some bytes");
	close(fd);
	expect3(&h, "fake broker gone", worker, "status=0");
	close_house(&h);
}

static void a_client_through_another_one_has_that_ones_address_and_ends_alone(void **state)
{
	struct house h;
	char word[64], through[64];
	(void)state, open_house(&h, "sessions = 2\n");
	int fd = client(&h);
	hear(fd, "ready");
	from_start(&h);
	unsigned long long outer = number_after(expect3(&h, "fake broker attach", "job=1", "outer=0"), "worker=");
	snprintf(through, sizeof through, "inner %llu", outer);
	order(&h, through);
	snprintf(word, sizeof word, "outer=%llu", outer);
	unsigned long long inner = number_after(expect3(&h, "fake broker attach", "ticket=7 address=127.0.0.1", word), "worker=");
	from_start(&h);
	expect(&h, "inner said=ready"); /* the echo of his hello may come with it, or alone */
	order(&h, through);
	expect3(&h, "ev=client.refused", "limit=sessions", "");
	order(&h, "inner 12345"); /* nobody's */
	snprintf(word, sizeof word, "end %llu", inner);
	order(&h, word);
	from_start(&h);
	for (int i = 0; i < 3; i++)
		expect(&h, "inner said=.");
	close(fd);
	close_house(&h);
}

static void the_vault_is_told_who_serves_a_client_and_of_no_one_else(void **state)
{
	struct house h;
	char word[64];
	(void)state, open_house(&h, "");
	order(&h, "probe 77");
	expect3(&h, "fake broker probed", "ticket=77", "");
	int fd = client(&h);
	hear(fd, "ready");
	from_start(&h);
	unsigned long long outer = number_after(expect3(&h, "fake broker attach", "job=1", "outer=0"), "worker=");
	from_start(&h);
	snprintf(word, sizeof word, "worker=%llu .", outer);
	expect3(&h, "fake vault serves", word, ""); /* the first one, so not the probe */
	snprintf(word, sizeof word, "forward %llu", outer);
	order(&h, word);
	snprintf(word, sizeof word, "outer=%llu", outer);
	expect3(&h, "fake broker attach", "ticket=7", word);
	kill_service(&h, "vault"); /* its successor hears it again */
	snprintf(word, sizeof word, "worker=%llu .", outer);
	expect3(&h, "fake vault serves", word, "");
	int other = client(&h);
	hear(other, "ready");
	expect(&h, "fake vault serves");
	unsigned n = 0;
	for (const char *at = h.text; (at = strstr(at, "fake vault serves")); at++)
		n++;
	assert_int_equal(n, 3); /* the outer one twice, this one once, the forward never */
	close(fd);
	close(other);
	close_house(&h);
}

static void many_clients_at_once_are_all_served(void **state)
{
	(void)state;
	enum { MANY = 40 };
	struct house h;
	int fds[MANY];
	open_house(&h, "");
	for (int i = 0; i < MANY; i++)
		fds[i] = client(&h);
	for (int i = 0; i < MANY; i++)
		hear(fds[i], "ready");
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	close_house(&h);
}

static void a_restarted_vault_gets_every_worker_anew_and_sessions_go_on(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	int fd = client(&h);
	hear(fd, "ready");
	kill_service(&h, "vault");
	expect3(&h, "ev=service.ended", "service=vault", "signal=9");
	expect3(&h, "fake vault attach", "address=127.0.0.1", "resumed=1");
	talk(fd, "still here", "still here");
	int other = client(&h);
	hear(other, "ready");
	close(fd);
	close(other);
	close_house(&h);
}

static void a_restarted_broker_learns_of_living_workers_before_it_is_synced(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	int fd = client(&h);
	hear(fd, "ready");
	kill_service(&h, "broker");
	expect3(&h, "fake broker attach", "job=1", "address=127.0.0.1 resumed=1");
	expect(&h, "fake broker synced"); /* in this order */
	talk(fd, "login", "welcome");     /* over the new socket */
	close(fd);
	close_house(&h);
}

static void a_client_that_comes_while_the_broker_is_away_waits_for_it(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	kill_service(&h, "broker");
	expect3(&h, "ev=service.ended", "service=broker", "");
	int fd = client(&h);
	hear(fd, "ready");
	talk(fd, "login", "welcome");
	from_start(&h);
	expect3(&h, "fake broker attach", "address=127.0.0.1", "resumed=0");
	close(fd);
	close_house(&h);
}

static void a_lost_recorder_ends_its_sessions_and_the_next_ones_are_served(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	int fd = client(&h);
	hear(fd, "ready");
	kill_service(&h, "recorder");
	hear(fd, "");
	expect3(&h, "ev=service.ended", "service=recorder", "");
	int other = client(&h);
	hear(other, "ready");
	talk(other, "bytes", "bytes");
	close(fd);
	close(other);
	close_house(&h);
}

static unsigned long long worker_of_client(struct house *h)
{
	from_start(h);
	return number_after(expect3(h, "fake broker attach", "address=127.0.0.1", ""), "worker=");
}

static void the_broker_ends_and_locks_a_worker_and_a_stubborn_one_is_killed(void **state)
{
	(void)state;
	struct house h;
	char text[64];
	open_house(&h, "");
	int fd = client(&h);
	hear(fd, "ready");
	unsigned long long id = worker_of_client(&h);
	snprintf(text, sizeof text, "lock %llu", id);
	order(&h, text);
	hear(fd, "locked");
	talk(fd, "stubborn", "stubborn");
	snprintf(text, sizeof text, "end %llu", id);
	int64_t before = clock_mono_us();
	order(&h, text);
	hear(fd, "the admin says so");
	hear(fd, "");
	int64_t took = clock_mono_us() - before;
	assert_true(took >= 900000 && took < 5 * SECOND);
	snprintf(text, sizeof text, "gone worker=%llu status=9", id);
	expect(&h, text);
	close(fd);
	close_house(&h);
}

static void a_worker_that_oversteps_is_killed_and_the_rest_goes_on(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	int fd = client(&h), other = client(&h);
	hear(fd, "ready");
	hear(other, "ready");
	assert_int_equal(write(fd, "overstep", 8), 8);
	expect3(&h, "ev=worker.overstepped", "want is not allowed", "");
	expect3(&h, "fake broker gone", "status=9", "");
	talk(other, "fine", "fine");
	close(fd);
	close(other);
	close_house(&h);
}

static void probes_and_readers_are_made_on_demand(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	order(&h, "probe 77");
	expect3(&h, "fake broker probed", "ticket=77", "key=blob");
	order(&h, "read 78");
	from_start(&h);
	expect3(&h, "fake vault attach", "role=7 job=3 ticket=78", "");
	from_start(&h);
	expect3(&h, "fake broker attach", "role=7 job=3 ticket=78", "");
	close_house(&h);
}

static void one_source_has_few_connections_before_login(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "unauthenticated_source = 2\n");
	int a = client(&h), b = client(&h);
	hear(a, "ready");
	hear(b, "ready");
	int c = client(&h);
	hear(c, ""); /* closed at once */
	expect3(&h, "ev=client.refused", "unauthenticated_source", "127.0.0.1");
	talk(a, "login", "welcome");
	int d = client_let_in(&h);
	hear(d, "ready");
	close(b); /* one that leaves makes room too */
	expect(&h, "fake broker gone");
	int e = client_let_in(&h);
	hear(e, "ready");
	close(a);
	close(c);
	close(d);
	close(e);
	close_house(&h);
}

static void a_login_that_takes_too_long_is_ended_and_one_that_is_done_is_not(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "login_grace = 5\n");
	int in = client(&h), out = client(&h);
	hear(in, "ready");
	hear(out, "ready");
	talk(in, "login", "welcome");
	int64_t before = clock_mono_us();
	hear(out, "took too long");
	hear(out, "");
	assert_true(clock_mono_us() - before > 3 * SECOND);
	talk(in, "bytes", "bytes");
	close(in);
	close(out);
	close_house(&h);
}

static void stopping_says_goodbye_and_lets_services_leave_in_order(void **state)
{
	(void)state;
	struct house h;
	int status;
	open_house(&h, "");
	int fd = client(&h);
	hear(fd, "ready");
	int64_t before = clock_mono_us();
	assert_int_equal(kill(h.pid, SIGTERM), 0);
	hear(fd, "网关正在停止");
	hear(fd, "");
	expect(&h, "fake recorder stop");
	expect(&h, "fake broker stop");
	expect(&h, "fake pwhash stop");
	expect(&h, "fake vault stop");
	assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(clock_mono_us() - before < 4 * SECOND);
	h.pid = 0;
	close(fd);
	close_house(&h);
}

static void configure_siem(const struct house *h)
{
	char conf[128];
	in_dir(h, "conf", conf);
	write_file(h, "ca", "CA", 0644);
	int fd = open(conf, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(dprintf(fd, "[siem]\nfile = %s/log/audit.jsonl\nsyslog = tls://127.0.0.1:1\nca = %s/ca\n", h->dir, h->dir) > 0);
	close(fd);
}

static void the_export_runs_only_where_there_is_a_siem_and_a_hangup_renews_it(void **state)
{
	(void)state;
	struct house h;
	open_house(&h, "");
	from_start(&h);
	assert_null(strstr(h.text, "service=export"));
	assert_int_equal(kill(h.pid, SIGHUP), 0); /* disturbs nobody */
	close_house(&h);
	build(&h, "");
	configure_siem(&h);
	run(&h);
	expect3(&h, "ev=service.ready", "service=export", "");
	assert_int_equal(kill(h.pid, SIGHUP), 0);
	expect(&h, "fake export stop");
	expect3(&h, "ev=service.ended", "service=export", "exit=0");
	expect3(&h, "ev=service.ready", "service=export", "");
	/* One that is just starting has the old files open. */
	write_file(&h, "ca", "late", 0644);
	assert_int_equal(kill(h.pid, SIGHUP), 0);
	pid_t late = (pid_t)number_after(expect(&h, "fake export late"), "pid=");
	write_file(&h, "ca", "CA", 0644);
	assert_int_equal(kill(h.pid, SIGHUP), 0);
	assert_int_equal(kill(late, SIGCONT), 0);
	expect(&h, "fake export stop");
	expect3(&h, "ev=service.ready", "service=export", "");
	assert_int_equal(kill(h.pid, SIGTERM), 0);
	expect(&h, "fake vault stop");
	expect(&h, "fake export stop");
	int status;
	assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
	h.pid = 0;
	close_house(&h);
}

static void a_service_that_always_fails_is_tried_less_and_less_often(void **state)
{
	(void)state;
	struct house h;
	build(&h, "");
	place(&h, "yanmen-reader", fake);
	place(&h, "yanmen-recorder", "/bin/false");
	int64_t before = clock_mono_us();
	run(&h);
	for (int i = 0; i < 5; i++)
		expect3(&h, "ev=service.ended", "service=recorder", "exit=1");
	/* 0.1 + 0.2 + 0.4 + 0.8 s between five */
	assert_true(clock_mono_us() - before > 1400000);
	close_house(&h);
}

static void a_second_one_with_the_same_run_folder_is_refused(void **state)
{
	(void)state;
	struct house h;
	int status;
	open_house(&h, "");
	pid_t first = h.pid;
	close(h.log);
	run(&h);
	expect(&h, "another yanmend runs");
	assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	h.pid = 0;
	kill(first, SIGTERM);
	assert_int_equal(waitpid(first, &status, 0), first);
	close_house(&h);
}

static int check(const struct house *h, char said[static 512])
{
	char command[512];
	snprintf(command, sizeof command, "%s --config %s/conf --check 2>&1", yanmend, h->dir);
	FILE *f = popen(command, "re");
	assert_non_null(f);
	size_t n = fread(said, 1, 511, f);
	said[n] = 0;
	return WEXITSTATUS(pclose(f));
}

static void a_master_key_that_others_can_read_is_refused(void **state)
{
	(void)state;
	struct house h;
	char path[128], said[512];
	build(&h, "");
	assert_int_equal(check(&h, said), 0);
	in_dir(&h, "key", path);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(check(&h, said), 1);
	assert_non_null(strstr(said, "chmod 0600"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(check(&h, said), 1); /* and does not wait for a writer */
	assert_non_null(strstr(said, "not a regular file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(check(&h, said), 1);
	h.log = -1;
	close_house(&h);
}

static void a_configuration_error_names_its_line(void **state)
{
	(void)state;
	struct house h;
	char said[512];
	build(&h, "no_such_key = 1\n");
	assert_int_equal(check(&h, said), 1);
	assert_non_null(strstr(said, "line 22"));
	h.log = -1;
	close_house(&h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services_are_wired_and_a_client_is_announced_before_it_is_served),
		cmocka_unit_test(a_client_through_another_one_has_that_ones_address_and_ends_alone),
		cmocka_unit_test(the_vault_is_told_who_serves_a_client_and_of_no_one_else),
		cmocka_unit_test(many_clients_at_once_are_all_served),
		cmocka_unit_test(a_restarted_vault_gets_every_worker_anew_and_sessions_go_on),
		cmocka_unit_test(a_restarted_broker_learns_of_living_workers_before_it_is_synced),
		cmocka_unit_test(a_client_that_comes_while_the_broker_is_away_waits_for_it),
		cmocka_unit_test(a_lost_recorder_ends_its_sessions_and_the_next_ones_are_served),
		cmocka_unit_test(the_broker_ends_and_locks_a_worker_and_a_stubborn_one_is_killed),
		cmocka_unit_test(a_worker_that_oversteps_is_killed_and_the_rest_goes_on),
		cmocka_unit_test(probes_and_readers_are_made_on_demand),
		cmocka_unit_test(one_source_has_few_connections_before_login),
		cmocka_unit_test(a_login_that_takes_too_long_is_ended_and_one_that_is_done_is_not),
		cmocka_unit_test(stopping_says_goodbye_and_lets_services_leave_in_order),
		cmocka_unit_test(the_export_runs_only_where_there_is_a_siem_and_a_hangup_renews_it),
		cmocka_unit_test(a_service_that_always_fails_is_tried_less_and_less_often),
		cmocka_unit_test(a_second_one_with_the_same_run_folder_is_refused),
		cmocka_unit_test(a_master_key_that_others_can_read_is_refused),
		cmocka_unit_test(a_configuration_error_names_its_line),
	};
	return house_prepare(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}
