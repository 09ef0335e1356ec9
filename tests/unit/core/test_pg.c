#include "tests/unit/core/unit.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "gateway/core/pg.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* ---- a private server in a temporary folder ---- */
static char folder[] = "/tmp/core-pg-XXXXXX", bin[128], conninfo[128];
static pid_t server;

/* The server refuses to run as root: then it is nobody. */
static pid_t start_as_nobody(const char *program, const char *const *args)
{
	char path[192], *argv[16];
	size_t n = 0;
	(void)snprintf(path, sizeof path, "%s/%s", bin, program);
	for (; args[n]; n++)
		argv[n] = (char *)(uintptr_t)args[n];
	argv[0] = path; /* the programs look for each other beside themselves */
	argv[n] = NULL;
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	const struct passwd *user = geteuid() == 0 ? getpwnam("nobody") : NULL;
	int null = open("/dev/null", O_RDWR);
	(void)dup2(null, 1);
	(void)dup2(null, 2);
	if (chdir("/") < 0 || (user && (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
		setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)))
		_exit(126);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)execv(path, argv);
	_exit(127);
}

static void start_server(void)
{
	char data[64], sockets[96];
	(void)snprintf(data, sizeof data, "%s/data", folder);
	(void)snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", folder);
	const char *const args[] = { "postgres", "-D", data, "-c", "listen_addresses=", "-c", sockets, "-c", "fsync=off", NULL };
	server = start_as_nobody("postgres", args);
	assert_true(server > 0);
}

static void kill_server(void)
{
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	server = 0;
}

static bool find_server(void)
{
	glob_t found = { 0 };
	bool good = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0;
	if (good)
		(void)snprintf(bin, sizeof bin, "%.*s", (int)(strlen(found.gl_pathv[0]) - strlen("/initdb")), found.gl_pathv[0]);
	globfree(&found);
	return good;
}

static int prepare(void **state)
{
	(void)state;
	char data[64];
	int status = -1;
	const struct passwd *user = getpwnam("nobody");
	if (!find_server() || !mkdtemp(folder))
		return -1;
	if (geteuid() == 0 && (!user || chown(folder, user->pw_uid, user->pw_gid) < 0))
		return -1;
	(void)snprintf(data, sizeof data, "%s/data", folder);
	(void)snprintf(conninfo, sizeof conninfo, "host=%s dbname=postgres user=tester", folder);
	const char *const args[] = {
		"initdb", "-D", data, "-A", "trust", "-U", "tester", "-E", "UTF8", "--locale=C", "-N", NULL
	};
	pid_t pid = start_as_nobody("initdb", args);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return -1;
	start_server();
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	if (server > 0) { /* kill(0) would end everybody around us */
		(void)kill(server, SIGQUIT);
		(void)waitpid(server, NULL, 0);
	}
	pid_t pid = fork();
	if (pid == 0) {
		(void)execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

/* ---- a client ---- */
struct client {
	struct loop *loop;
	struct pg *pg;
	int ups, downs, heard;
	char payload[32];
	int done, code;
	char trail[64], say[160], detail[320], text[64];
	bool inside; /* pg_query has not returned yet */
};

static void on_up(void *ctx, bool up)
{
	struct client *c = ctx;
	up ? c->ups++ : c->downs++;
}

static void on_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct client *c = ctx;
	assert_false(c->inside);
	assert_true((code == 0) == (res != NULL));
	c->done++;
	c->code = code;
	(void)snprintf(c->say, sizeof c->say, "%s", code < 0 ? err->say : "");
	(void)snprintf(c->detail, sizeof c->detail, "%s", code < 0 ? err->detail : "");
	const char *text = res && pg_rows(res) > 0 ? pg_text(res, 0, 0) : NULL;
	(void)snprintf(c->text, sizeof c->text, "%s", text ? text : "");
	size_t used = strlen(c->trail);
	(void)snprintf(c->trail + used, sizeof c->trail - used, "%s", code == 0 ? c->text : "!");
}

static void turn_until(struct client *c, const int *counter, int want)
{
	int64_t end = clock_mono_us() + 10 * 1000 * 1000;
	while (*counter < want && clock_mono_us() < end)
		loop_turn(c->loop, 100 * 1000);
	assert_true(*counter >= want);
}

static void ask(struct client *c, const char *sql, const char *param)
{
	c->inside = true;
	assert_int_equal(pg_query(c->pg, sql, param ? 1 : 0, param ? &param : NULL, on_done, c), 0);
	c->inside = false;
}

/* Asks and waits; returns the code. */
static int answer(struct client *c, const char *sql, const char *param)
{
	ask(c, sql, param);
	turn_until(c, &c->done, c->done + 1);
	return c->code;
}

static int open_client(void **state)
{
	static struct client c;
	c = (struct client){ 0 };
	*state = &c;
	if (loop_new(&c.loop, NULL) < 0 || pg_new(&c.pg, c.loop, conninfo, on_up, &c, NULL) < 0)
		return -1;
	turn_until(&c, &c.ups, 1);
	return 0;
}

static int close_client(void **state)
{
	struct client *c = *state;
	c->pg = pg_free(c->pg);
	c->loop = loop_free(c->loop);
	return 0;
}

static void answers_come_in_order(void **state)
{
	struct client *c = *state;
	static const char *const numbers[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9" };
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		ask(c, i == 4 ? "select 1 / ($1::int - 5)" : "select $1::text", numbers[i]);
	assert_int_equal(c->done, 0);
	turn_until(c, &c->done, 9);
	assert_string_equal(c->trail, "1234!6789");
	assert_true(pg_is_up(c->pg));
}

static void null_and_big_values_pass(void **state)
{
	struct client *c = *state;
	assert_int_equal(pg_query(c->pg, "select coalesce($1, 'null') || $2", 2, (const char *const[]){ NULL, "!" }, on_done, c), 0);
	turn_until(c, &c->done, 1);
	assert_string_equal(c->text, "null!");
	char *big = malloc(4 << 20);
	assert_non_null(big);
	memset(big, 'x', (4 << 20) - 1);
	big[(4 << 20) - 1] = '\0';
	for (int i = 0; i < 5; i++)
		ask(c, "select length($1)", big); /* more than any socket buffer holds */
	free(big);
	turn_until(c, &c->done, 6);
	assert_string_equal(c->text, "4194303");
}

static void our_own_states_have_their_codes_and_words(void **state)
{
	struct client *c = *state;
	static const struct {
		const char *state;
		int code;
	} table[] = { { "YM404", -ENOENT }, { "YM403", -EACCES }, { "YM409", -EEXIST }, { "YM400", -EINVAL }, { "YM999", -EIO } };
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		char sql[160];
		(void)snprintf(sql, sizeof sql, "do $$ begin raise exception 'no user ana' using errcode = '%s'; end $$",
			table[i].state);
		assert_int_equal(answer(c, sql, NULL), table[i].code);
		assert_string_equal(c->say, table[i].code == -EIO ? "the database reported an error" : "no user ana");
	}
	assert_int_equal(answer(c, "select nonsense", NULL), -EIO);
	assert_non_null(strstr(c->detail, "42703 column \"nonsense\" does not exist"));
}

static void a_refused_commit_is_no_success(void **state)
{
	struct client *c = *state;
	assert_int_equal(answer(c, "create table late(a int unique deferrable initially deferred)", NULL), 0);
	assert_int_equal(answer(c, "insert into late values (1), (1) returning a", NULL), -EIO);
	assert_int_equal(answer(c, "select count(*) from late", NULL), 0);
	assert_string_equal(c->text, "0");
}

static void on_heard(void *ctx, const char *payload)
{
	struct client *c = ctx;
	c->heard++;
	(void)snprintf(c->payload, sizeof c->payload, "%s", payload);
}

static void killed_server_ends_queries_and_all_comes_back(void **state)
{
	struct client *c = *state;
	assert_int_equal(pg_listen(c->pg, "News", on_heard, c), 0);
	assert_int_equal(answer(c, "select pg_notify('News', $1)", "one"), 0);
	turn_until(c, &c->heard, 1);
	assert_string_equal(c->payload, "one");
	ask(c, "select pg_sleep(5)", NULL);
	ask(c, "select 1", NULL);
	kill_server();
	turn_until(c, &c->downs, 1);
	assert_int_equal(c->done, 3);
	assert_int_equal(c->code, -EPIPE);
	assert_false(pg_is_up(c->pg));
	assert_int_equal(answer(c, "select 1", NULL), -EAGAIN);
	start_server();
	turn_until(c, &c->ups, 2);
	assert_int_equal(answer(c, "select pg_notify('News', $1)", "two"), 0);
	turn_until(c, &c->heard, 2);
	assert_string_equal(c->payload, "two");
}

static void a_deadline_drops_the_connection(void **state)
{
	struct client *c = *state;
	pg_deadline(c->pg, 200 * 1000);
	int64_t before = clock_mono_us();
	assert_int_equal(answer(c, "select pg_sleep(5)", NULL), -EPIPE);
	assert_in_range(clock_mono_us() - before, 199 * 1000, 3000 * 1000);
	turn_until(c, &c->ups, 2);
	assert_int_equal(answer(c, "select 1", NULL), 0);
}

static void a_terminated_backend_is_like_a_lost_server(void **state)
{
	struct client *c = *state;
	(void)answer(c, "select pg_terminate_backend(pg_backend_pid())", NULL);
	assert_int_equal(c->code, -EPIPE);
	turn_until(c, &c->ups, 2);
	assert_int_equal(answer(c, "select 7", NULL), 0);
}

static void the_queue_has_an_end(void **state)
{
	struct client *c = *state;
	for (int i = 0; i < PG_QUEUE_MAX; i++)
		assert_int_equal(pg_query(c->pg, "select 1", 0, NULL, on_done, c), 0);
	assert_int_equal(pg_query(c->pg, "select 1", 0, NULL, on_done, c), -EAGAIN);
	turn_until(c, &c->done, PG_QUEUE_MAX);
	assert_int_equal(answer(c, "select 1", NULL), 0);
}

static void free_inside(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct client *c = ctx;
	(void)res, (void)err;
	c->code = code;
	c->pg = pg_free(c->pg);
}

static void may_be_freed_in_a_callback(void **state)
{
	struct client *c = *state;
	assert_int_equal(pg_query(c->pg, "select 1", 0, NULL, free_inside, c), 0);
	ask(c, "select 2", NULL);
	turn_until(c, &c->done, 1);
	assert_null(c->pg);
	assert_string_equal(c->trail, "!");
}

static void a_server_that_is_not_there_is_tried_again(void **state)
{
	(void)state;
	struct client c = { 0 };
	assert_int_equal(loop_new(&c.loop, NULL), 0);
	assert_int_equal(pg_new(&c.pg, c.loop, "host=/nonexistent dbname=x", on_up, &c, NULL), 0);
	assert_int_equal(answer(&c, "select 1", NULL), -EAGAIN);
	int64_t end = clock_mono_us() + 350 * 1000;
	while (clock_mono_us() < end)
		loop_turn(c.loop, 50 * 1000);
	assert_int_equal(c.ups + c.downs, 0);
	c.pg = pg_free(c.pg);
	struct err err = { 0 };
	assert_int_equal(pg_new(&c.pg, c.loop, "nonsense", on_up, &c, &err), -EPROTO);
	assert_null(c.pg);
	c.loop = loop_free(c.loop);
}

int main(void)
{
	if (!find_server()) {
		print_message("skipped: PostgreSQL's server is not installed\n");
		return 77; /* meson: skipped */
	}
#define WITH_CLIENT(name) cmocka_unit_test_setup_teardown(name, open_client, close_client)
	const struct CMUnitTest cases[] = {
		WITH_CLIENT(answers_come_in_order), WITH_CLIENT(null_and_big_values_pass),
		WITH_CLIENT(our_own_states_have_their_codes_and_words), WITH_CLIENT(a_refused_commit_is_no_success),
		WITH_CLIENT(killed_server_ends_queries_and_all_comes_back), WITH_CLIENT(a_deadline_drops_the_connection),
		WITH_CLIENT(a_terminated_backend_is_like_a_lost_server), WITH_CLIENT(the_queue_has_an_end),
		WITH_CLIENT(may_be_freed_in_a_callback), CASE(a_server_that_is_not_there_is_tried_again),
	};
	return cmocka_run_group_tests(cases, prepare, clean_up);
}
