#include "tools/yanmen/pgtool.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/say.h"
#include <errno.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECT = 400 };

static void pg_scope(PGconn **pg)
{
	PQfinish(*pg);
}

static void result_scope(PGresult **r)
{
	PQclear(*r);
}

/* The connection string goes into argv, which others can read. */
static int connect_string(const struct cli *cli, char ret[static CONNECT])
{
	if (strstr(cli->conf.database, "password"))
		return cli_say_fail(cli, CLI_FAILED, "%s",
			cli_say_text(cli, "database.connect holds a password: put it into a .pgpass file instead",
				"database.connect 中含有密码:请改放到 .pgpass 文件"));
	(void)snprintf(ret, CONNECT, "%s user=yanmen_owner", cli->conf.database);
	return 0;
}

/* in, out: descriptors for its standard input and output, or -1. */
static int run(const struct cli *cli, const char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int status = 0;

	(void)posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		(void)posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (out >= 0)
		(void)posix_spawn_file_actions_adddup2(&actions, out, 1);
	int r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "%s cannot be started: %s (Debian: postgresql-client)",
				"无法启动 %s:%s(Debian 软件包:postgresql-client)"),
			argv[0], strerror(r));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return cli_say_fail(cli, CLI_FAILED, cli_say_text(cli, "%s failed; what it said stands above", "%s 失败;原因见上"), argv[0]);
}

int cli_pgtool_dump(const struct cli *cli, int to)
{
	char connect[CONNECT];
	const char *const argv[] = { "pg_dump", "--format=custom", "--no-password", "--exclude-schema=public",
		"--dbname", connect, NULL };

	int exit = connect_string(cli, connect);
	return exit != 0 ? exit : run(cli, argv, -1, to);
}

static PGconn *dial(const struct cli *cli)
{
	static const char *const keys[] = { "dbname", "user", "application_name", "connect_timeout", NULL };
	const char *const values[] = { cli->conf.database, "yanmen_owner", "yanmen restore", "10", NULL };

	return PQconnectdbParams(keys, values, 1);
}

static int no_database(const struct cli *cli, PGconn *pg)
{
	const char *message = PQerrorMessage(pg);

	return cli_say_fail(cli, CLI_FAILED, "%s: %.*s", cli_say_text(cli, "no connection to the database", "无法连接数据库"),
		(int)strcspn(message, "\n"), message);
}

int cli_pgtool_has(const struct cli *cli, bool *ret)
{
	scoped(pg_scope) PGconn *pg = dial(cli);

	if (!pg || PQstatus(pg) != CONNECTION_OK)
		return no_database(cli, pg);
	scoped(result_scope) PGresult *r =
		PQexec(pg, "select exists (select from pg_namespace where nspname in ('yanmen', 'audit', 'api'))");
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		return no_database(cli, pg);
	*ret = PQgetvalue(r, 0, 0)[0] == 't';
	return 0;
}

/* What is set for the owner in the whole database, and therefore not in the dump of schemas. */
static int defaults(const struct cli *cli)
{
	scoped(pg_scope) PGconn *pg = dial(cli);

	if (!pg || PQstatus(pg) != CONNECTION_OK)
		return no_database(cli, pg);
	scoped(result_scope) PGresult *r = PQexec(pg, "alter default privileges revoke execute on functions from public; "
						      "alter default privileges revoke usage on types from public");
	return PQresultStatus(r) == PGRES_COMMAND_OK ? 0 : no_database(cli, pg);
}

int cli_pgtool_restore(const struct cli *cli, int from)
{
	char connect[CONNECT];
	const char *const argv[] = { "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-password",
		"--dbname", connect, NULL };

	int exit = connect_string(cli, connect);
	if (exit == 0)
		exit = defaults(cli);
	return exit != 0 ? exit : run(cli, argv, from, -1);
}
