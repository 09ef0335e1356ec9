#include "tools/yanmen/verify.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/audit.h"
#include "recorder/evidence/check.h"
#include "recorder/evidence/keys.h"
#include "recorder/evidence/tombstone.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/when.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>

static const char recording_begins[8] = { 'y', 'a', 'n', 'm', 'e', 'n', 'R', '1' };

int cli_verify_keys(const struct cli *cli, const char *path, struct evidence_keys *ret)
{
	uint8_t text[EVIDENCE_KEYS_TEXT + 1];
	struct err err = { 0 };
	scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);

	if (n < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	int r = evidence_keys_get(span_of(text, (size_t)n), ret, &err);
	if (r == -EACCES)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
			cli_say_text(cli, "one of its keys is not signed by the one before it: somebody altered this file",
				"其中一把密钥没有前一把的签名:该文件被改动过"));
	if (r < 0)
		return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
			cli_say_text(cli, "this is no public key file (its first line: yanmen-evidence-1 and the key)",
				"这不是公钥文件(首行应为 yanmen-evidence-1 与公钥)"));
	return 0;
}

static void put_hash(struct json *j, const char *key, const uint8_t *hash)
{
	char hex[2 * EVIDENCE_HASH + 1];

	sodium_bin2hex(hex, sizeof hex, hash, EVIDENCE_HASH);
	json_str(j, key, span_str(hex));
}

static void put_time(struct json *j, const char *key, int64_t us)
{
	char text[CLI_WHEN_TEXT];

	cli_when_text(us, text);
	json_str(j, key, span_str(text));
}

static int failed(const struct cli *cli, const char *path, const struct err *err)
{
	char room[CLI_SAY_ROOM];

	return cli_say_fail(cli, CLI_FAILED, cli_say_text(cli, "%s does NOT verify: %s", "%s 验证失败:%s"), path,
		err->say[0] ? cli_say_local(cli, err->say, room) : err->detail);
}

static int verify_recording(const struct cli *cli, const char *path, int fd, const struct evidence_keys *keys)
{
	static const char *const states[] = { "?", "open", "closed", "crashed" };
	scoped(buf_done) struct buf out = { 0 };
	struct evidence_verdict v;
	struct err err = { 0 };
	char sid[ID_TEXT], from[CLI_WHEN_TEXT], to[CLI_WHEN_TEXT];
	struct json j;

	if (evidence_check(fd, keys, false, &v, &err) < 0)
		return failed(cli, path, &err);
	buf_init(&out, 4096);
	id_text(&v.id, sid);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "what", span_str("recording"));
	json_bool(&j, "valid", true);
	json_str(&j, "session", span_str(sid));
	json_str(&j, "state", span_str(states[v.state]));
	json_num(&j, "seq", (int64_t)v.seq);
	put_hash(&j, "head", v.head);
	put_time(&j, "started", v.created_us);
	put_time(&j, "ended", v.ended_us);
	put_time(&j, "signed", v.signed_us);
	json_num(&j, "bytes", (int64_t)v.bytes);
	json_num(&j, "blocks", (int64_t)v.blocks);
	json_num(&j, "dropped", (int64_t)v.dropped);
	json_end(&j);
	cli_when_local(v.created_us, from);
	cli_when_local(v.ended_us, to);
	cli_say_done(cli, buf_span(&out),
		cli_say_text(cli, "verified: recording of session %s, %s, %s to %s, %llu records",
			"验证通过:会话 %s 的录像,%s,%s 至 %s,%llu 条记录"),
		sid, states[v.state], from, to, (unsigned long long)v.seq);
	return CLI_DONE;
}

static int verify_audit(const struct cli *cli, const char *path, int fd, const struct evidence_keys *keys)
{
	scoped(evidence_audit_done) struct evidence_audit a;
	scoped(buf_done) struct buf out = { 0 };
	struct err err = { 0 };
	char when[CLI_WHEN_TEXT];
	struct json j;

	evidence_audit_init(&a, keys);
	if (evidence_audit_check(fd, &a, &err) < 0)
		return failed(cli, path, &err);
	uint64_t events = a.seq - a.from + 1;
	buf_init(&out, 4096);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "what", span_str("audit"));
	json_bool(&j, "valid", true);
	json_num(&j, "from", (int64_t)a.from);
	json_num(&j, "seq", (int64_t)a.seq);
	json_num(&j, "events", (int64_t)events);
	json_num(&j, "heads", (int64_t)a.heads);
	put_hash(&j, "head", a.hash);
	put_time(&j, "signed", a.signed_us);
	json_end(&j);
	cli_when_local(a.signed_us, when);
	cli_say_done(cli, buf_span(&out),
		cli_say_text(cli, "verified: audit log, %llu events (%llu to %llu), signed %s",
			"验证通过:审计日志,%llu 条事件(%llu 至 %llu),签名时间 %s"),
		(unsigned long long)events, (unsigned long long)a.from, (unsigned long long)a.seq, when);
	return CLI_DONE;
}

static int verify_tombstone(const struct cli *cli, const char *path, int fd, const struct evidence_keys *keys)
{
	uint8_t bytes[EVIDENCE_TOMBSTONE_MAX + 1];
	char sid[ID_TEXT], when[CLI_WHEN_TEXT];
	scoped(buf_done) struct buf out = { 0 };
	struct evidence_tombstone t;
	struct err err = { 0 };
	struct json j;

	ssize_t n = pread(fd, bytes, sizeof bytes, 0);
	if (evidence_tombstone_check(span_of(bytes, n > 0 ? (size_t)n : 0), keys, &t, &err) < 0)
		return failed(cli, path, &err);
	buf_init(&out, 4096);
	id_text(&t.id, sid);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_str(&j, "what", span_str("tombstone"));
	json_bool(&j, "valid", true);
	json_str(&j, "session", span_str(sid));
	json_num(&j, "seq", (int64_t)t.seq);
	put_hash(&j, "head", t.head);
	put_time(&j, "started", t.started_us);
	put_time(&j, "removed", t.removed_us);
	json_str(&j, "reason", t.reason);
	json_end(&j);
	cli_when_local(t.removed_us, when);
	cli_say_done(cli, buf_span(&out),
		cli_say_text(cli, "verified: the recording of session %s was removed %s", "验证通过:会话 %s 的录像已于 %s 删除"),
		sid, when);
	return CLI_DONE;
}

int cli_verify(const struct cli *cli, struct cli_call *call)
{
	const char *path = cli_args_get(call, "PATH");
	uint8_t begins[sizeof recording_begins] = { 0 };
	struct evidence_keys keys;

	int exit = cli_verify_keys(cli, cli_args_get(call, "--public-key"), &keys);
	if (exit != 0)
		return exit;
	scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return cli_say_fail(cli, errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s: %s", path, strerror(errno));
	if (pread(fd, begins, sizeof begins, 0) < 1)
		return cli_say_fail(
			cli, CLI_FAILED, "%s: %s", path, cli_say_text(cli, "empty or not a file", "空文件或不是文件"));
	if (memcmp(begins, recording_begins, sizeof begins) == 0)
		return verify_recording(cli, path, fd, &keys);
	if (memcmp(begins, "yanmenT1", sizeof begins) == 0)
		return verify_tombstone(cli, path, fd, &keys);
	if (begins[0] == '{')
		return verify_audit(cli, path, fd, &keys);
	return cli_say_fail(cli, CLI_FAILED, "%s: %s", path,
		cli_say_text(cli, "neither a sealed recording nor an exported audit log",
			"既不是密封录像,也不是导出的审计日志"));
}
