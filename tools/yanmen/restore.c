#include "tools/yanmen/restore.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/vault/ring.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/backup.h"
#include "tools/yanmen/escrow.h"
#include "tools/yanmen/filing.h"
#include "tools/yanmen/init.h"
#include "tools/yanmen/pgtool.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/wrap.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 512, SIGNATURE_MAX = 1024, RECORDING_MODE = 0640, FOLDER_MODE = 02750 };

struct restore {
	const struct cli *cli;
	struct cli_call *call;
	int from, recordings;
	struct cli_manifest manifest;
	struct secret *key;         /* the key file */
	struct evidence_keys keys;  /* of that key */
	char waiting[PATH_ROOM];    /* KEY.restoring */
	uid_t owner;                /* of recordings; group: of their readers */
	gid_t group;
};

static void restore_done(struct restore *r)
{
	cli_manifest_done(&r->manifest);
	r->key = secret_free(r->key);
	scope_close(&r->from);
	scope_close(&r->recordings);
}

static int told(const struct restore *r, const struct err *err)
{
	char room[CLI_SAY_ROOM];

	return cli_say_fail(r->cli, CLI_FAILED, "%s", err->say[0] ? cli_say_local(r->cli, err->say, room) : err->detail);
}

/* ---- the key ---- */

static int unwrap_passphrase(struct restore *r, const char *path, struct err *err)
{
	scoped(secret_scope) struct secret *passphrase = NULL;
	scoped(buf_done) struct buf in = { 0 };

	buf_init(&in, CLI_WRAP_MAX + 1);
	int code = cli_filing_secret(AT_FDCWD, path, CLI_BACKUP_PASSPHRASE_MAX, true, &passphrase, err);
	if (code == 0)
		code = cli_filing_read(r->from, CLI_BACKUP_BY_PASSPHRASE, CLI_WRAP_MAX, &in, err);
	return code < 0 ? code : cli_wrap_passphrase_get(buf_span(&in), secret_span(passphrase), &r->key, err);
}

static int unwrap_escrow(struct restore *r, const char *path, struct err *err)
{
	scoped(buf_done) struct buf in = { 0 };
	uint8_t key[32];

	buf_init(&in, CLI_WRAP_MAX + 1);
	int code = cli_escrow_secret(path, key, err);
	if (code == 0)
		code = cli_filing_read(r->from, CLI_BACKUP_BY_ESCROW, CLI_WRAP_MAX, &in, err);
	if (code == 0)
		code = cli_wrap_sealed_get(buf_span(&in), key, &r->key, err);
	secret_wipe(key, sizeof key);
	return code;
}

static int open_key(struct restore *r)
{
	const char *passphrase = cli_args_get(r->call, "--passphrase-file"), *escrow = cli_args_get(r->call, "--escrow-key");
	struct vault_keys *keys = NULL;
	struct err err = { 0 };
	int code;

	if (passphrase)
		code = unwrap_passphrase(r, passphrase, &err);
	else if (escrow)
		code = unwrap_escrow(r, escrow, &err);
	else
		code = cli_filing_secret(
			AT_FDCWD, cli_args_get(r->call, "--vault-key"), CLI_WRAP_KEY_MAX, false, &r->key, &err);
	if (code < 0)
		return told(r, &err);
	struct span file = secret_span(r->key);
	code = file.n == VAULT_KEYS_MASTER ? vault_keys_derive(file.p, &keys, &err) : vault_ring_get(file, &keys, &err);
	if (code < 0)
		return told(r, &err);
	r->keys = keys->evidence;
	vault_keys_free(keys);
	return 0;
}

/* ---- what the backup says of itself ---- */

static int check_manifest(struct restore *r)
{
	scoped(buf_done) struct buf text = { 0 }, line = { 0 };
	struct cli_manifest_signature s;
	struct err err = { 0 };

	buf_init(&text, CLI_MANIFEST_MAX);
	buf_init(&line, SIGNATURE_MAX + 1);
	int code = cli_filing_read(r->from, CLI_BACKUP_MANIFEST, CLI_MANIFEST_MAX, &text, &err);
	if (code == 0)
		code = cli_filing_read(r->from, CLI_BACKUP_SIGNATURE, SIGNATURE_MAX, &line, &err);
	if (code == 0)
		code = cli_manifest_get(buf_span(&text), &r->manifest, &err);
	if (code == 0)
		code = cli_manifest_signature_get(buf_span(&line), &s, &err);
	if (code == 0)
		code = cli_manifest_check(buf_span(&text), r->manifest.n, &s, &r->keys, &err);
	return code < 0 ? told(r, &err) : 0;
}

static int altered(const struct restore *r, const char *path)
{
	return cli_say_fail(r->cli, CLI_FAILED,
		cli_say_text(r->cli, "%s is not what was backed up: damaged or altered; nothing was restored from it",
			"%s 与备份时不同:已损坏或被改动;未从中恢复任何内容"),
		path);
}

/* Reads one file; with `to` >= 0 copies it. */
static int check_file(struct restore *r, const struct cli_manifest_file *f, int to)
{
	struct cli_manifest_file got = *f;
	struct err err = { 0 };
	scoped(scope_close) int fd = openat(r->from, f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", f->path, strerror(errno));
	if (cli_filing_hash(fd, to, &got, &err) < 0)
		return told(r, &err);
	return got.size == f->size && memcmp(got.sha256, f->sha256, sizeof got.sha256) == 0 ? 0 : altered(r, f->path);
}

static int check_files(struct restore *r)
{
	for (size_t i = 0; i < r->manifest.n; i++) {
		int exit = check_file(r, &r->manifest.files[i], -1);
		if (exit != 0)
			return exit;
	}
	if (cli_manifest_find(&r->manifest, CLI_BACKUP_DUMP))
		return 0;
	return cli_say_fail(r->cli, CLI_FAILED, "%s", cli_say_text(r->cli, "there is no database in this backup", "备份中没有数据库"));
}

/* ---- where it goes ---- */

static int id_of_user(const struct restore *r, const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	*ret_uid = geteuid();
	*ret_gid = getegid();
	if (geteuid() != 0 || !name[0])
		return 0;
	const struct passwd *pw = getpwnam(name);
	if (!pw)
		return cli_say_fail(r->cli, CLI_FAILED, cli_say_text(r->cli, "the OS user %s does not exist", "操作系统用户 %s 不存在"), name);
	*ret_uid = pw->pw_uid;
	*ret_gid = pw->pw_gid;
	return 0;
}

static int check_place(struct restore *r, bool *ret_resumed, bool *ret_has_database)
{
	const char *key = r->cli->conf.vault_key;
	struct stat st;
	uid_t reader;
	gid_t group;

	(void)snprintf(r->waiting, sizeof r->waiting, "%s.restoring", key);
	if (lstat(key, &st) == 0)
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", key,
			cli_say_text(r->cli, "this instance has a key already: restore into a new one",
				"该实例已有密钥:请恢复到新的实例"));
	*ret_resumed = lstat(r->waiting, &st) == 0;
	int exit = id_of_user(r, r->cli->conf.user_recorder, &r->owner, &group);
	if (exit == 0)
		exit = id_of_user(r, r->cli->conf.user_reader, &reader, &r->group);
	if (exit == 0)
		exit = cli_pgtool_has(r->cli, ret_has_database);
	if (exit == 0 && *ret_has_database && !*ret_resumed)
		return cli_say_fail(r->cli, CLI_FAILED, "%s",
			cli_say_text(r->cli, "the database is not empty: restore into a new one", "数据库不为空:请恢复到新的数据库"));
	return exit;
}

static int own(const struct restore *r, const char *path, unsigned mode)
{
	if (geteuid() == 0 && fchownat(r->recordings, path, r->owner, r->group, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return fchmodat(r->recordings, path, mode, 0) < 0 ? -errno : 0;
}

static int put_recording(struct restore *r, const struct cli_manifest_file *f, const char *path)
{
	struct err err = { 0 };
	char month[CLI_MANIFEST_PATH + 1];

	if (cli_filing_parents(r->recordings, path, 0750, &err) < 0)
		return told(r, &err);
	if (unlinkat(r->recordings, path, 0) < 0 && errno != ENOENT) /* of a restore that was interrupted */
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	scoped(scope_close) int fd = openat(r->recordings, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	int exit = check_file(r, f, fd);
	if (exit != 0)
		return exit;
	(void)snprintf(month, sizeof month, "%.*s", (int)strcspn(path, "/"), path);
	int code = own(r, path, RECORDING_MODE);
	if (code == 0 && strchr(path, '/'))
		code = own(r, month, FOLDER_MODE);
	return code < 0 ? cli_say_fail(r->cli, CLI_FAILED, "%s: %s", path, strerror(-code)) : 0;
}

static int put_recordings(struct restore *r)
{
	static const char below[] = CLI_BACKUP_RECORDINGS "/";
	const char *dir = r->cli->conf.recordings_dir;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", dir, strerror(errno));
	r->recordings = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->recordings < 0)
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", dir, strerror(errno));
	for (size_t i = 0; i < r->manifest.n; i++) {
		const struct cli_manifest_file *f = &r->manifest.files[i];
		int exit = strncmp(f->path, below, sizeof below - 1) == 0 ? put_recording(r, f, f->path + sizeof below - 1) : 0;
		if (exit != 0)
			return exit;
	}
	return syncfs(r->recordings) < 0 ? cli_say_fail(r->cli, CLI_FAILED, "%s: %s", dir, strerror(errno)) : 0;
}

static int put_database(struct restore *r)
{
	scoped(scope_close) int fd = openat(r->from, CLI_BACKUP_DUMP, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", CLI_BACKUP_DUMP, strerror(errno));
	return cli_pgtool_restore(r->cli, fd);
}

static int put_waiting_key(struct restore *r)
{
	int code = unlink(r->waiting) < 0 && errno != ENOENT ? -errno : cli_init_file(r->waiting, secret_span(r->key));

	return code < 0 ? cli_say_fail(r->cli, CLI_FAILED, "%s: %s", r->waiting, strerror(-code)) : 0;
}

static int commit(struct restore *r)
{
	if (rename(r->waiting, r->cli->conf.vault_key) < 0)
		return cli_say_fail(r->cli, CLI_FAILED, "%s: %s", r->cli->conf.vault_key, strerror(errno));
	sync();
	return 0;
}

static void report(const struct restore *r)
{
	scoped(buf_done) struct buf out = { 0 };
	struct json j;

	buf_init(&out, 4096);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_num(&j, "made_us", r->manifest.made_us);
	json_num(&j, "files", (int64_t)r->manifest.n);
	json_num(&j, "generation", r->manifest.generation);
	json_end(&j);
	cli_say_done(r->cli, buf_span(&out),
		cli_say_text(r->cli, "restored: %zu files; now: yanmen migrate, then start the gateway",
			"已恢复 %zu 个文件;接下来:yanmen migrate,然后启动网关"),
		r->manifest.n);
}

int cli_restore(const struct cli *cli, struct cli_call *call)
{
	scoped(restore_done) struct restore r = { .cli = cli, .call = call, .from = -1, .recordings = -1 };
	const char *from = cli_args_get(call, "--from");
	bool resumed = false, has_database = false;

	r.from = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r.from < 0)
		return cli_say_fail(cli, errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s: %s", from, strerror(errno));
	int exit = check_place(&r, &resumed, &has_database);
	if (exit == 0)
		exit = open_key(&r);
	if (exit == 0)
		exit = check_manifest(&r);
	if (exit == 0)
		exit = check_files(&r);
	if (exit == 0)
		exit = put_recordings(&r);
	if (exit == 0)
		exit = put_waiting_key(&r);
	/* The database comes whole or not at all: when it is there, the earlier attempt was ended behind it. */
	if (exit == 0 && !has_database)
		exit = put_database(&r);
	if (exit == 0)
		exit = commit(&r);
	if (exit == 0)
		report(&r);
	return exit;
}
