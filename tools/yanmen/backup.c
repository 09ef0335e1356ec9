#include "tools/yanmen/backup.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "recorder/evidence/path.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/filing.h"
#include "tools/yanmen/pgtool.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/wrap.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_ROOM = 4096, CONF_MAX = 64 * 1024 };

struct backup {
	const struct cli *cli;
	struct cli_call *call;
	char part[PATH_ROOM]; /* the folder that is being filled */
	int dir, recordings, base; /* DIR.part; the gateway's; an earlier backup or -1 */
	struct cli_manifest manifest, before; /* before: of the earlier one */
	uint64_t linked, copied;   /* files */
	bool by_passphrase, by_escrow;
};

static void backup_done(struct backup *b)
{
	cli_manifest_done(&b->manifest);
	cli_manifest_done(&b->before);
	scope_close(&b->dir);
	scope_close(&b->recordings);
	scope_close(&b->base);
}

static void json_scope(json_t **j)
{
	json_decref(*j);
}

static int told(const struct backup *b, const struct err *err)
{
	char room[CLI_SAY_ROOM];

	return cli_say_fail(b->cli, CLI_FAILED, "%s", err->say[0] ? cli_say_local(b->cli, err->say, room) : err->detail);
}

/* ---- one command of the broker, besides the one that was typed ---- */

static int ask(const struct backup *b, const char *wire, const struct cli_param *params, char *const *texts, json_t **ret)
{
	struct cli_command command = { .words = wire };
	struct cli_call call = { .command = &command, .secret = -1 };
	scoped(cli_connect_done) struct cli_answer a = { 0 };

	for (size_t i = 0; params && params[i].name; i++)
		(void)cli_args_add(&call, &params[i], texts[i]);
	int exit = cli_connect_ask(b->cli, &call, -1, &a);
	cli_args_done(&call);
	if (exit != 0)
		return exit;
	if (a.exit != CLI_DONE)
		return cli_say_fail(b->cli, a.exit, "%s", a.say.len > 0 ? buf_str(&a.say) : "failed");
	*ret = json_loadb((const char *)a.json.data, a.json.len, JSON_DECODE_ANY, NULL);
	return *ret ? 0 : cli_say_fail(b->cli, CLI_FAILED, "%s", cli_say_text(b->cli, "the gateway's answer does not parse", "无法解析网关的应答"));
}

/* ---- the folder ---- */

static int open_folders(struct backup *b, const char *output)
{
	struct err err = { 0 };
	struct stat st;

	(void)snprintf(b->part, sizeof b->part, "%s.part", output);
	if (strlen(output) + 6 > sizeof b->part || lstat(output, &st) == 0)
		return cli_say_fail(b->cli, CLI_FAILED, "%s: %s", output,
			cli_say_text(b->cli, "is there already: give a new name", "已存在:请给出新的名称"));
	int r = cli_filing_remove(b->part); /* of one that was interrupted */
	if (r == 0 && mkdir(b->part, 0700) < 0)
		r = -errno;
	if (r < 0)
		return cli_say_fail(b->cli, CLI_FAILED, "%s: %s", b->part, strerror(-r));
	b->dir = open(b->part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b->recordings = open(b->cli->conf.recordings_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->dir < 0 || b->recordings < 0) {
		(void)cli_filing_complain(&err, -errno, b->dir < 0 ? b->part : b->cli->conf.recordings_dir);
		return told(b, &err);
	}
	return 0;
}

static int open_base(struct backup *b, const char *base)
{
	scoped(buf_done) struct buf text = { 0 };
	struct err err = { 0 };

	if (!base)
		return 0;
	b->base = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_init(&text, CLI_MANIFEST_MAX);
	int r = b->base < 0 ? cli_filing_complain(&err, -errno, base)
			    : cli_filing_read(b->base, CLI_BACKUP_MANIFEST, CLI_MANIFEST_MAX, &text, &err);
	if (r == 0)
		r = cli_manifest_get(buf_span(&text), &b->before, &err);
	return r < 0 ? told(b, &err) : 0;
}

static int write_file(struct backup *b, const char *name, struct span bytes)
{
	struct cli_manifest_file f = { 0 };
	struct err err = { 0 };

	(void)snprintf(f.path, sizeof f.path, "%s", name);
	int r = cli_filing_write(b->dir, &f, bytes, &err);
	if (r == 0)
		r = cli_manifest_add(&b->manifest, &f, &err);
	return r < 0 ? told(b, &err) : 0;
}

/* ---- recordings: sealed ones never change, so a hard link is as good as a copy ---- */

static bool is_open(const struct backup *b, const char *name)
{
	char mark[EVIDENCE_PATH];
	struct id id;

	if (id_parse(span_of(name, strcspn(name, ".")), &id) < 0)
		return true; /* not ours */
	evidence_path_open(&id, mark);
	return faccessat(b->recordings, mark, F_OK, 0) == 0;
}

/* Out of the earlier backup, whose manifest knows its hash. */
static bool from_base(struct backup *b, const char *from, struct cli_manifest_file *f)
{
	const struct cli_manifest_file *old = b->base >= 0 ? cli_manifest_find(&b->before, f->path) : NULL;
	struct stat st, now;

	if (!old || fstatat(b->base, f->path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
		(uint64_t)st.st_size != old->size || fstatat(b->recordings, from, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
		now.st_size != st.st_size || linkat(b->base, f->path, b->dir, f->path, 0) < 0)
		return false;
	*f = *old;
	return true;
}

static int take_recording(struct backup *b, const char *from, struct err *err)
{
	struct cli_manifest_file f = { 0 };
	struct stat st;

	if ((size_t)snprintf(f.path, sizeof f.path, CLI_BACKUP_RECORDINGS "/%s", from) >= sizeof f.path)
		return cli_filing_complain(err, -ENAMETOOLONG, from);
	if (fstatat(b->dir, f.path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0; /* in the first pass */
	int r = cli_filing_parents(b->dir, f.path, 0700, err);
	if (r < 0)
		return r;
	if (from_base(b, from, &f)) {
		b->linked++;
		return cli_manifest_add(&b->manifest, &f, err);
	}
	scoped(scope_close) int in = openat(b->recordings, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return errno == ENOENT ? 0 : cli_filing_complain(err, -errno, from); /* removed by retention just now */
	bool linked = linkat(b->recordings, from, b->dir, f.path, 0) == 0;
	scoped(scope_close) int out =
		linked ? -1 : openat(b->dir, f.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (!linked && out < 0)
		return cli_filing_complain(err, -errno, f.path);
	r = cli_filing_hash(in, out, &f, err);
	b->linked += linked;
	b->copied += !linked;
	return r < 0 ? r : cli_manifest_add(&b->manifest, &f, err);
}

static bool is_month(const char *name)
{
	return strlen(name) == EVIDENCE_PATH_MONTH && strspn(name, "0123456789-") == EVIDENCE_PATH_MONTH;
}

static int take_month(struct backup *b, const char *month, struct err *err)
{
	int fd = openat(b->recordings, month, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char path[PATH_ROOM];
	int r = 0;

	if (!dir) {
		scope_close(&fd);
		return cli_filing_complain(err, -errno, month);
	}
	for (const struct dirent *e; r == 0 && (e = readdir(dir));) {
		const char *dot = strrchr(e->d_name, '.');
		if (!dot || dot == e->d_name || (strcmp(dot, ".ymr") != 0 && strcmp(dot, ".ymt") != 0) || is_open(b, e->d_name))
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", month, e->d_name);
		r = take_recording(b, path, err);
	}
	(void)closedir(dir);
	return r;
}

static int take_recordings(struct backup *b)
{
	int fd = openat(b->recordings, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct err err = { 0 };
	int r = 0;

	if (!dir) {
		scope_close(&fd);
		return cli_say_fail(b->cli, CLI_FAILED, "%s: %s", b->cli->conf.recordings_dir, strerror(errno));
	}
	for (const struct dirent *e; r == 0 && (e = readdir(dir));)
		if (is_month(e->d_name))
			r = take_month(b, e->d_name, &err);
	(void)closedir(dir);
	return r < 0 ? told(b, &err) : 0;
}

/* ---- database, configuration, keys ---- */

static int take_database(struct backup *b)
{
	struct cli_manifest_file f = { .path = CLI_BACKUP_DUMP };
	struct err err = { 0 };
	scoped(scope_close) int fd = openat(b->dir, f.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return cli_say_fail(b->cli, CLI_FAILED, "%s/%s: %s", b->part, f.path, strerror(errno));
	int exit = cli_pgtool_dump(b->cli, fd);
	if (exit != 0)
		return exit;
	int r = cli_filing_hash(fd, -1, &f, &err);
	if (r == 0)
		r = cli_manifest_add(&b->manifest, &f, &err);
	return r < 0 ? told(b, &err) : 0;
}

static int take_conf(struct backup *b)
{
	scoped(buf_done) struct buf text = { 0 };
	struct err err = { 0 };

	buf_init(&text, CONF_MAX + 1);
	if (cli_filing_read(AT_FDCWD, b->cli->config, CONF_MAX, &text, &err) < 0)
		return told(b, &err);
	return write_file(b, CLI_BACKUP_CONF, buf_span(&text));
}

static int take_public(struct backup *b)
{
	scoped(json_scope) json_t *keys = NULL;
	scoped(buf_done) struct buf text = { 0 };

	int exit = ask(b, "public keys", NULL, NULL, &keys);
	if (exit != 0)
		return exit;
	b->manifest.generation = (uint32_t)json_integer_value(json_object_get(keys, "generation"));
	const char *sign = json_string_value(json_object_get(keys, "sign"));
	buf_init(&text, EVIDENCE_KEYS_TEXT + 1);
	buf_printf(&text, "%s\n", sign ? sign : "");
	return write_file(b, CLI_BACKUP_KEYS, buf_span(&text));
}

static int wrap_by_passphrase(struct backup *b, struct span key_file, const char *path)
{
	scoped(secret_scope) struct secret *passphrase = NULL;
	scoped(buf_done) struct buf out = { 0 };
	struct err err = { 0 };

	if (cli_filing_secret(AT_FDCWD, path, CLI_BACKUP_PASSPHRASE_MAX, true, &passphrase, &err) < 0)
		return told(b, &err);
	if (secret_span(passphrase).n < CLI_BACKUP_PASSPHRASE_MIN)
		return cli_say_fail(b->cli, CLI_FAILED, "%s: %s", path,
			cli_say_text(b->cli, "a passphrase has at least 12 characters: it guards every secret there is",
				"口令至少 12 个字符:它保护着所有秘密"));
	buf_init(&out, CLI_WRAP_MAX);
	if (cli_wrap_passphrase_put(key_file, secret_span(passphrase), &out, &err) < 0)
		return told(b, &err);
	b->by_passphrase = true;
	return write_file(b, CLI_BACKUP_BY_PASSPHRASE, buf_span(&out));
}

static int wrap_by_escrow(struct backup *b, struct span key_file)
{
	static const struct cli_param key[] = { { .kind = CLI_WORD, .name = "key", .key = "key" }, { 0 } };
	scoped(json_scope) json_t *setting = NULL;
	scoped(buf_done) struct buf out = { 0 };
	uint8_t public_key[CLI_WRAP_PUBLIC];
	struct err err = { 0 };
	size_t n = 0;

	int exit = ask(b, "settings get", key, (char *const[]){ strdup("escrow.public") }, &setting);
	if (exit != 0)
		return exit;
	const char *text = json_string_value(json_object_get(setting, "value"));
	if (!text || sodium_base642bin(public_key, sizeof public_key, text, strlen(text), NULL, &n, NULL,
			     sodium_base64_VARIANT_ORIGINAL) != 0 || n != sizeof public_key)
		return cli_say_fail(b->cli, CLI_FAILED, "%s",
			cli_say_text(b->cli, "there is no auditor key yet: see escrow init", "尚无审计员密钥:参见 escrow init"));
	buf_init(&out, CLI_WRAP_MAX);
	if (cli_wrap_sealed_put(key_file, public_key, &out, &err) < 0)
		return told(b, &err);
	b->by_escrow = true;
	return write_file(b, CLI_BACKUP_BY_ESCROW, buf_span(&out));
}

static int take_key(struct backup *b)
{
	const char *passphrase = cli_args_get(b->call, "--passphrase-file");
	bool escrow = cli_args_get(b->call, "--escrow");
	scoped(secret_scope) struct secret *key_file = NULL;
	struct err err = { 0 };

	if (!passphrase && !escrow)
		return 0;
	if (cli_filing_secret(AT_FDCWD, b->cli->conf.vault_key, CLI_WRAP_KEY_MAX, false, &key_file, &err) < 0)
		return told(b, &err);
	int exit = passphrase ? wrap_by_passphrase(b, secret_span(key_file), passphrase) : 0;
	return exit == 0 && escrow ? wrap_by_escrow(b, secret_span(key_file)) : exit;
}

/* ---- the end ---- */

static const char *key_word(const struct backup *b)
{
	return b->by_passphrase && b->by_escrow ? "both" : b->by_passphrase ? "passphrase" : b->by_escrow ? "escrow" : "none";
}

static char *text_of(uint64_t v)
{
	char *text = NULL;

	return asprintf(&text, "%" PRIu64, v) < 0 ? NULL : text;
}

/* The vault's signature over the manifest; with it the backup stands in the audit. */
static int get_signature(struct backup *b, struct span text, struct cli_manifest_signature *ret)
{
	static const struct cli_param params[] = { { .kind = CLI_TEXT, .name = "hash", .key = "hash" },
		{ .kind = CLI_TEXT, .name = "files", .key = "files" }, { .kind = CLI_TEXT, .name = "bytes", .key = "bytes" },
		{ .kind = CLI_TEXT, .name = "key", .key = "key" }, { .kind = CLI_TEXT, .name = "generation", .key = "generation" },
		{ 0 } };
	scoped(json_scope) json_t *answer = NULL;
	uint8_t hash[CLI_MANIFEST_HASH];
	char hex[2 * CLI_MANIFEST_HASH + 1];
	uint64_t bytes = 0;
	size_t n = 0;

	cli_manifest_hash(text, hash);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	for (size_t i = 0; i < b->manifest.n; i++)
		bytes += b->manifest.files[i].size;
	char *const texts[] = { strdup(hex), text_of(b->manifest.n), text_of(bytes), strdup(key_word(b)),
		text_of(b->manifest.generation) };
	int exit = ask(b, "backup sign", params, texts, &answer);
	if (exit != 0)
		return exit;
	const char *signature = json_string_value(json_object_get(answer, "signature"));
	ret->time_us = json_integer_value(json_object_get(answer, "time_us"));
	if (signature && sodium_hex2bin(ret->signature, sizeof ret->signature, signature, strlen(signature), NULL, &n, NULL) == 0 &&
		n == sizeof ret->signature)
		return 0;
	return cli_say_fail(b->cli, CLI_FAILED, "%s", cli_say_text(b->cli, "the gateway gave no signature", "网关没有给出签名"));
}

static int finish(struct backup *b, const char *output)
{
	scoped(buf_done) struct buf text = { 0 }, line = { 0 };
	struct cli_manifest_signature s = { 0 };

	b->manifest.made_us = clock_wall_us();
	cli_manifest_sort(&b->manifest);
	buf_init(&text, CLI_MANIFEST_MAX);
	cli_manifest_put(&text, &b->manifest);
	if (text.failed)
		return cli_say_fail(b->cli, CLI_FAILED, "%s", cli_say_text(b->cli, "too many files", "文件过多"));
	int exit = get_signature(b, buf_span(&text), &s);
	if (exit != 0)
		return exit;
	buf_init(&line, 1024);
	cli_manifest_signature_put(&line, &s);
	struct cli_manifest_file f = { .path = CLI_BACKUP_MANIFEST }, g = { .path = CLI_BACKUP_SIGNATURE };
	struct err err = { 0 };
	if (cli_filing_write(b->dir, &f, buf_span(&text), &err) < 0 || cli_filing_write(b->dir, &g, buf_span(&line), &err) < 0)
		return told(b, &err);
	if (syncfs(b->dir) < 0 || rename(b->part, output) < 0)
		return cli_say_fail(b->cli, CLI_FAILED, "%s: %s", output, strerror(errno));
	return 0;
}

static void report(const struct backup *b, const char *output)
{
	scoped(buf_done) struct buf out = { 0 };
	struct json j;

	buf_init(&out, 8192);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "output", span_str(output));
	json_num(&j, "files", (int64_t)b->manifest.n);
	json_num(&j, "linked", (int64_t)b->linked);
	json_num(&j, "copied", (int64_t)b->copied);
	json_num(&j, "generation", b->manifest.generation);
	json_str(&j, "key", span_str(key_word(b)));
	json_end(&j);
	cli_say_done(b->cli, buf_span(&out),
		cli_say_text(b->cli, "backup: %s, %zu files", "备份:%s,共 %zu 个文件"), output, b->manifest.n);
	if (!b->by_passphrase && !b->by_escrow)
		cli_say_note("%s", cli_say_text(b->cli, "the key is NOT in it: without a copy of the key file it opens nothing",
					   "备份中不含密钥:没有密钥文件的副本将无法打开任何内容"));
}

int cli_backup(const struct cli *cli, struct cli_call *call)
{
	scoped(backup_done) struct backup b = { .cli = cli, .call = call, .dir = -1, .recordings = -1, .base = -1 };
	const char *output = cli_args_get(call, "--output");

	int exit = open_folders(&b, output);
	if (exit == 0)
		exit = open_base(&b, cli_args_get(call, "--base"));
	if (exit == 0)
		exit = take_public(&b);
	if (exit == 0)
		exit = take_key(&b);
	if (exit == 0)
		exit = take_recordings(&b);
	if (exit == 0)
		exit = take_database(&b);
	if (exit == 0)
		exit = take_recordings(&b);
	if (exit == 0)
		exit = take_conf(&b);
	if (exit == 0)
		exit = finish(&b, output);
	if (exit == 0)
		report(&b, output);
	else if (b.dir >= 0)
		(void)cli_filing_remove(b.part);
	return exit;
}
