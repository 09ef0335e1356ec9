#include "tools/yanmen/migrate.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/say.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 999, FILE_SIZE_MAX = 8 << 20, NAME_MAX_HERE = 128 };
#define LOCK_KEY "7217736101" /* any number, the same for ever */

struct step {
	int version;
	char name[NAME_MAX_HERE];
	char sha256[crypto_hash_sha256_BYTES * 2 + 1];
	char *sql; /* owned */
};
struct plan {
	const struct cli *cli;
	PGconn *pg;
	struct step *steps;
	size_t n;
	int done; /* the database's version */
	size_t applied;
};

static void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->steps[i].sql);
	free(p->steps);
	PQfinish(p->pg);
}

static void result_scope(PGresult **r)
{
	PQclear(*r);
}

static int by_version(const void *a, const void *b)
{
	return ((const struct step *)a)->version - ((const struct step *)b)->version;
}

static int read_file(const struct plan *p, struct step *s)
{
	char path[sizeof p->cli->conf.schema_dir + NAME_MAX_HERE + 1];
	scoped(scope_close) int fd = -1;
	scoped(scope_free) char *text = malloc(FILE_SIZE_MAX + 1);
	uint8_t hash[crypto_hash_sha256_BYTES];
	size_t n = 0;
	ssize_t got = 0;

	(void)snprintf(path, sizeof path, "%s/%s", p->cli->conf.schema_dir, s->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && text && n < FILE_SIZE_MAX && (got = read(fd, text + n, FILE_SIZE_MAX - n)) > 0)
		n += (size_t)got;
	if (fd < 0 || !text || got < 0 || n == FILE_SIZE_MAX)
		return cli_say_fail(
			p->cli, CLI_FAILED, "%s: %s", path, fd < 0 || got < 0 ? strerror(errno) : "too large");
	text[n] = '\0';
	crypto_hash_sha256(hash, (const uint8_t *)text, n);
	sodium_bin2hex(s->sha256, sizeof s->sha256, hash, sizeof hash);
	s->sql = take(text);
	return 0;
}

/* NNNN_name.sql; anything else in the folder is not ours. */
static bool is_step(const char *name)
{
	size_t n = strlen(name);

	return n > 9 && n < NAME_MAX_HERE && strspn(name, "0123456789") == 4 && name[4] == '_' &&
	       strcmp(name + n - 4, ".sql") == 0;
}

static int read_folder(struct plan *p)
{
	DIR *dir = opendir(p->cli->conf.schema_dir);
	int exit = 0;

	if (!dir)
		return cli_say_fail(p->cli, CLI_FAILED, "%s: %s", p->cli->conf.schema_dir, strerror(errno));
	p->steps = calloc(FILES_MAX, sizeof *p->steps);
	for (struct dirent *e; p->steps && p->n < FILES_MAX && (e = readdir(dir));) {
		if (!is_step(e->d_name))
			continue;
		struct step *s = &p->steps[p->n++];
		s->version = (int)strtol(e->d_name, NULL, 10);
		(void)snprintf(s->name, sizeof s->name, "%s", e->d_name);
	}
	(void)closedir(dir);
	if (!p->steps || p->n == 0)
		return cli_say_fail(p->cli, CLI_FAILED,
			cli_say_text(p->cli, "no migrations in %s", "%s 中没有数据库脚本"), p->cli->conf.schema_dir);
	qsort(p->steps, p->n, sizeof *p->steps, by_version);
	for (size_t i = 0; exit == 0 && i < p->n; i++) {
		if (p->steps[i].version != (int)i + 1)
			return cli_say_fail(p->cli, CLI_FAILED,
				cli_say_text(p->cli, "migration %04zu is missing or doubled in %s",
					"数据库脚本 %04zu 缺失或重复(%s)"),
				i + 1, p->cli->conf.schema_dir);
		exit = read_file(p, &p->steps[i]);
	}
	return exit;
}

static int pg_failed(const struct plan *p, const char *what)
{
	const char *message = PQerrorMessage(p->pg);
	size_t n = strcspn(message, "\n");

	return cli_say_fail(p->cli, CLI_FAILED, "%s: %.*s", what, (int)n, message);
}

static void ignore_notice(void *ctx, const char *message)
{
	(void)ctx, (void)message;
}

static int dial(struct plan *p)
{
	static const char *const keys[] = { "dbname", "user", "application_name", "connect_timeout", NULL };
	const char *const values[] = { p->cli->conf.database, "yanmen_owner", "yanmen migrate", "10", NULL };

	/* The first key may hold a whole connection string; what follows it wins. */
	p->pg = PQconnectdbParams(keys, values, 1);
	if (!p->pg || PQstatus(p->pg) != CONNECTION_OK)
		return pg_failed(p, cli_say_text(p->cli, "no connection to the database", "无法连接数据库"));
	(void)PQsetNoticeProcessor(p->pg, ignore_notice, NULL);
	scoped(result_scope) PGresult *lock = PQexec(p->pg, "select pg_advisory_lock(" LOCK_KEY ")");
	return PQresultStatus(lock) == PGRES_TUPLES_OK ? 0 : pg_failed(p, "pg_advisory_lock");
}

/* What was applied before must be what the folder holds. */
static int compare(struct plan *p)
{
	scoped(result_scope) PGresult *there = PQexec(p->pg, "select to_regclass('yanmen.schema_version') is not null");

	if (PQresultStatus(there) != PGRES_TUPLES_OK)
		return pg_failed(p, "yanmen.schema_version");
	if (strcmp(PQgetvalue(there, 0, 0), "t") != 0)
		return 0;
	scoped(result_scope) PGresult *rows =
		PQexec(p->pg, "select version, name, sha256 from yanmen.schema_version order by version");
	if (PQresultStatus(rows) != PGRES_TUPLES_OK)
		return pg_failed(p, "yanmen.schema_version");
	for (int i = 0; i < PQntuples(rows); i++) {
		long version = strtol(PQgetvalue(rows, i, 0), NULL, 10);
		if (version > (long)p->n)
			return cli_say_fail(p->cli, CLI_FAILED,
				cli_say_text(p->cli,
					"the database is newer than this release (it has %s); use the newer release",
					"数据库比本版本新(已有 %s);请使用较新的版本"),
				PQgetvalue(rows, i, 1));
		if (version != i + 1 || strcmp(PQgetvalue(rows, i, 2), p->steps[i].sha256) != 0)
			return cli_say_fail(p->cli, CLI_FAILED,
				cli_say_text(p->cli,
					"%s was changed after it had been applied to this database; put the released "
					"file back",
					"%s 在应用到此数据库之后被改动;请恢复发布的文件"),
				p->steps[i].name);
		p->done = (int)version;
	}
	return 0;
}

static int note_applied(const struct plan *p, const struct step *s)
{
	char version[16];
	const char *const values[] = { version, s->name, s->sha256 };

	(void)snprintf(version, sizeof version, "%d", s->version);
	scoped(result_scope) PGresult *r =
		PQexecParams(p->pg, "insert into yanmen.schema_version (version, name, sha256) values ($1, $2, $3)", 3,
			NULL, values, NULL, NULL, 0);
	return PQresultStatus(r) == PGRES_COMMAND_OK ? 0 : -1;
}

static bool does(const struct plan *p, const char *sql)
{
	scoped(result_scope) PGresult *r = PQexec(p->pg, sql);

	return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
}

static int apply(struct plan *p)
{
	for (; p->done < (int)p->n; p->done++, p->applied++) {
		const struct step *s = &p->steps[p->done];
		if (!does(p, "begin") || !does(p, s->sql) || note_applied(p, s) < 0 || !does(p, "commit"))
			return pg_failed(p, s->name);
		if (PQtransactionStatus(p->pg) != PQTRANS_IDLE)
			return cli_say_fail(p->cli, CLI_FAILED, "%s: a transaction is open", s->name);
	}
	return 0;
}

int cli_migrate(const struct cli *cli, struct cli_call *call)
{
	scoped(plan_done) struct plan p = { .cli = cli };
	scoped(buf_done) struct buf out = { 0 };
	struct json j;
	int exit;

	(void)call;
	if ((exit = read_folder(&p)) != 0 || (exit = dial(&p)) != 0 || (exit = compare(&p)) != 0 ||
		(exit = apply(&p)) != 0)
		return exit;
	buf_init(&out, 1024);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_num(&j, "version", p.done);
	json_num(&j, "applied", (int64_t)p.applied);
	json_end(&j);
	cli_say_done(cli, buf_span(&out),
		cli_say_text(cli, "schema version %d, %zu migrations applied", "数据库版本 %d,本次应用 %zu 个脚本"),
		p.done, p.applied);
	return CLI_DONE;
}
