#include "tools/yanmen/sql.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "policy/decide/sql.h"
#include "sqlproxy/classify/classify.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/say.h"
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { STATEMENT_MAX = 64 << 20, ANSWER_MAX = 4 << 20 };

static void mode_words(struct classify_mode *mode, const char *words)
{
	if (words && strcmp(words, "unknown") == 0)
		mode->unknown = CLASSIFY_MODES;
	else if (words)
		classify_mode_words(mode, span_str(words));
}

/* "8.0.36", "10.11.6-MariaDB": what stands behind the numbers is of no use here. */
static bool version_words(struct classify_mode *mode, const char *words)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (!words)
		return true;
	if (sscanf(words, "%3u.%3u.%3u", &major, &minor, &patch) < 2 || minor > 99 || patch > 99)
		return false;
	mode->version = major * 10000 + minor * 100 + patch;
	return true;
}

static bool read_mode(struct classify_mode *mode, const char *words, const char *charset, const char *version)
{
	mode_words(mode, words);
	if (charset)
		mode->charset = classify_charset_of(span_str(charset));
	return version_words(mode, version);
}

/* ---- the answer ---- */

static void put_bits(struct json *j, uint64_t classes, uint64_t flags)
{
	json_arr(j, "classes");
	for (size_t i = 0; decide_sql_class_name(i); i++)
		if (classes & UINT64_C(1) << i)
			json_str(j, NULL, span_str(decide_sql_class_name(i)));
	for (size_t i = 0; decide_sql_flag_name(i); i++)
		if (flags & UINT64_C(1) << i)
			json_str(j, NULL, span_str(decide_sql_flag_name(i)));
	json_end(j);
}

/* Of all statements, each once. */
static void put_names(struct json *j, const char *key, const struct classify_batch *b, size_t from, size_t n)
{
	json_arr(j, key);
	for (size_t i = from; i < from + n; i++) {
		size_t k = from;
		while (k < i && !span_eq(b->name[k], b->name[i]))
			k++;
		if (k == i)
			json_str(j, NULL, b->name[i]);
	}
	json_end(j);
}

static void put_statements(struct json *j, const struct classify_batch *b)
{
	json_arr(j, "statements");
	for (size_t i = 0; i < b->n; i++) {
		const struct classify_statement *s = &b->statement[i];
		json_obj(j, NULL);
		put_bits(j, s->classes, s->flags);
		put_names(j, "tables", b, s->table, s->tables);
		json_bool(j, "tables_known", s->tables_known);
		put_names(j, "columns", b, s->column, s->columns);
		json_num(j, "at", s->at);
		json_num(j, "bytes", s->n);
		json_end(j);
	}
	json_end(j);
}

static void put_answer(const struct classify_mode *mode, struct span sql, struct buf *out)
{
	static struct classify_batch b;
	char hex[CLASSIFY_FINGERPRINT * 2 + 1];
	scoped(buf_done) struct buf masked;
	struct json j;
	bool known = true;

	classify(mode, sql, &b);
	buf_init(&masked, (size_t)STATEMENT_MAX * 2);
	classify_masked(mode, sql, &masked);
	for (size_t i = 0; i < b.n; i++)
		known = known && b.statement[i].tables_known;
	json_open(&j, out);
	json_obj(&j, NULL);
	put_bits(&j, b.classes, b.flags);
	put_names(&j, "tables", &b, 0, b.tables);
	json_bool(&j, "tables_known", known);
	put_names(&j, "columns", &b, CLASSIFY_NAMES - b.columns, b.columns);
	json_str(&j, "fingerprint", span_str(sodium_bin2hex(hex, sizeof hex, b.fingerprint, sizeof b.fingerprint)));
	put_statements(&j, &b);
	json_str(&j, "masked", buf_span(&masked));
	json_end(&j);
}

/* ---- one line ---- */

static const char *line_answer(const struct classify_mode *base, const char *line, size_t n, struct buf *out)
{
	struct classify_mode mode = *base;
	const char *wrong = NULL;
	size_t len = 0;
	json_t *in = json_loadb(line, n, 0, NULL);
	const json_t *text = json_object_get(in, "sql_b64");
	size_t room = json_string_length(text) / 4 * 3 + 3;
	scoped(scope_free) uint8_t *sql = malloc(room);

	if (!json_is_string(text) || !sql)
		wrong = "no JSON object with sql_b64";
	else if (sodium_base642bin(sql, room, json_string_value(text), json_string_length(text), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		wrong = "sql_b64 is no base64";
	else if (!read_mode(&mode, json_string_value(json_object_get(in, "sql_mode")), json_string_value(json_object_get(in, "charset")),
			 json_string_value(json_object_get(in, "server_version"))))
		wrong = "server_version is none";
	else
		put_answer(&mode, span_of(sql, len), out);
	json_decref(in);
	return wrong;
}

static int lines(const struct cli *cli, const struct classify_mode *mode)
{
	scoped(scope_free) char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int exit = CLI_DONE;

	while ((n = getline(&line, &size, stdin)) > 0) {
		scoped(buf_done) struct buf out;
		buf_init(&out, (size_t)STATEMENT_MAX * 4);
		const char *wrong = line_answer(mode, line, (size_t)n, &out);
		if (wrong || out.failed) {
			(void)printf("{\"error\":\"%s\"}\n", wrong ? wrong : "the answer is too long");
			exit = CLI_FAILED;
		} else {
			(void)fwrite(out.data, 1, out.len, stdout);
			(void)putchar('\n');
		}
		if (fflush(stdout) != 0)
			return cli_say_fail(cli, CLI_FAILED, "%s", cli_say_text(cli, "cannot write", "无法写出"));
	}
	return exit;
}

/* ---- one statement, for a person ---- */

static void words(struct buf *out, uint64_t classes, uint64_t flags)
{
	for (size_t i = 0; decide_sql_class_name(i); i++)
		if (classes & UINT64_C(1) << i)
			buf_printf(out, " %s", decide_sql_class_name(i));
	for (size_t i = 0; decide_sql_flag_name(i); i++)
		if (flags & UINT64_C(1) << i)
			buf_printf(out, " %s", decide_sql_flag_name(i));
}

static void names(const struct cli *cli, struct buf *out, const char *what, const struct classify_batch *b, size_t from, size_t n, bool known)
{
	if (n == 0 && known)
		return;
	buf_printf(out, "   %s:", what);
	for (size_t i = from; i < from + n; i++) {
		buf_put(out, " ", 1);
		cli_say_clean(b->name[i], out);
	}
	if (!known)
		buf_printf(out, " %s", cli_say_text(cli, "(there may be more)", "(可能还有)"));
	buf_put(out, "\n", 1);
}

static void show(const struct cli *cli, const struct classify_mode *mode, struct span sql)
{
	static struct classify_batch b;
	char hex[CLASSIFY_FINGERPRINT * 2 + 1];
	scoped(buf_done) struct buf out;

	buf_init(&out, ANSWER_MAX);
	classify(mode, sql, &b);
	for (size_t i = 0; i < b.n; i++) {
		const struct classify_statement *s = &b.statement[i];
		buf_printf(&out, "%zu.", i + 1);
		words(&out, s->classes, s->flags);
		buf_put(&out, "\n", 1);
		names(cli, &out, cli_say_text(cli, "tables", "表"), &b, s->table, s->tables, s->tables_known);
		names(cli, &out, cli_say_text(cli, "columns", "列"), &b, s->column, s->columns, true);
	}
	buf_printf(&out, "%s: %s\n", cli_say_text(cli, "fingerprint", "指纹"), sodium_bin2hex(hex, sizeof hex, b.fingerprint, sizeof b.fingerprint));
	(void)fputs(buf_str(&out), stdout);
}

/* UTF-8 of the command line as T-SQL's clients send it. */
static void widen(struct span in, struct buf *out)
{
	while (in.n > 0) {
		uint32_t c = 0xfffd;
		size_t n = utf8_get(in, &c);
		uint32_t high = c >= 0x10000 ? 0xd800 + ((c - 0x10000) >> 10) : c;
		buf_put(out, (uint8_t[]){ (uint8_t)high, (uint8_t)(high >> 8) }, 2);
		if (c >= 0x10000)
			buf_put(out, (uint8_t[]){ (uint8_t)(0xdc00 + (c & 0x3ff)), (uint8_t)((0xdc00 + (c & 0x3ff)) >> 8) }, 2);
		n = n ? n : 1;
		in = span_of(in.p + n, in.n - n);
	}
}

static int one(const struct cli *cli, const struct classify_mode *mode, const char *text)
{
	scoped(buf_done) struct buf sql, wide, answer;
	char part[4096];
	size_t n;

	buf_init(&sql, STATEMENT_MAX);
	buf_init(&wide, (size_t)STATEMENT_MAX * 2);
	buf_init(&answer, (size_t)STATEMENT_MAX * 4);
	if (text)
		buf_put_span(&sql, span_str(text));
	while (!text && (n = fread(part, 1, sizeof part, stdin)) > 0)
		buf_put(&sql, part, n);
	if (mode->dialect == CLASSIFY_TSQL)
		widen(buf_span(&sql), &wide);
	struct span in = mode->dialect == CLASSIFY_TSQL ? buf_span(&wide) : buf_span(&sql);
	if (cli->json) {
		put_answer(mode, in, &answer);
		(void)puts(buf_str(&answer));
	} else {
		show(cli, mode, in);
	}
	return CLI_DONE;
}

int cli_sql_classify(const struct cli *cli, struct cli_call *call)
{
	struct classify_mode mode = { 0 };
	int dialect = classify_dialect_of(span_str(cli_args_get(call, "--dialect")));
	const char *text = cli_args_get(call, "STATEMENT");
	bool many = cli_args_get(call, "--lines");

	if (dialect < 0)
		return cli_say_usage(cli, call->command, "%s",
			cli_say_text(cli, "the dialect is mysql, mariadb or tsql", "--dialect 为 mysql、mariadb 或 tsql"));
	if (many && text)
		return cli_say_usage(cli, call->command, "%s", cli_say_text(cli, "give --lines or a statement", "请给出 --lines 或一条语句"));
	mode.dialect = (uint8_t)dialect;
	mode.set = dialect == CLASSIFY_TSQL ? CLASSIFY_QUOTED_IDENTIFIER : 0; /* as its drivers set it */
	if (!read_mode(&mode, cli_args_get(call, "--sql-mode"), cli_args_get(call, "--charset"), cli_args_get(call, "--server-version")))
		return cli_say_usage(cli, call->command, "%s", cli_say_text(cli, "a version looks like 8.0.36", "版本号形如 8.0.36"));
	return many ? lines(cli, &mode) : one(cli, &mode, text);
}
