#include "tools/yanmen/remote.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "tools/yanmen/args.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/tty.h"
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUIET_S = 660, CONNECT_S = 15, SECRET_FILE_MAX = 65536, SAY_MAX = 4096, SQL_MAX = 1 << 20, PIECE = 64 << 10 };

/* One request, and where what comes back goes. */
struct request {
	CURL *curl;
	int file, signals; /* -1 = none */
	struct buf *body;  /* what is not for the file */
	bool unwritten, interrupted;
	uint8_t pinned[32];
	char url[CLI_REMOTE_TEXT + 160], error[CURL_ERROR_SIZE];
};

static void scope_json(json_t **j)
{
	json_decref(*j);
}

static void scope_curl(CURL **c)
{
	curl_easy_cleanup(*c);
}

/* Header lines, one of them with the token. */
static void scope_headers(struct curl_slist **list)
{
	for (struct curl_slist *at = *list; at; at = at->next)
		sodium_memzero(at->data, strlen(at->data));
	curl_slist_free_all(*list);
}

static void scope_text(char **text)
{
	if (*text)
		sodium_memzero(*text, strlen(*text));
	free(*text);
}

/* ---- what is said ---- */

/* An argument; the second of its name makes it a list. */
static void put(json_t *args, const char *key, const char *value)
{
	json_t *v = json_string(value), *had = json_object_get(args, key);
	if (!had) {
		(void)json_object_set_new(args, key, v);
	} else if (json_is_array(had)) {
		(void)json_array_append_new(had, v);
	} else {
		json_t *both = json_array();
		(void)json_array_append(both, had);
		(void)json_array_append_new(both, v);
		(void)json_object_set_new(args, key, both);
	}
}

static int put_secret(const struct cli *cli, json_t *args, int fd)
{
	scoped(secret_scope) struct secret *secret = NULL;
	struct err err = { 0 };
	if (secret_from_memfd(fd, SECRET_FILE_MAX, 0, &secret, &err) < 0)
		return cli_say_err(cli, &err);
	struct span s = secret_span(secret);
	json_t *text = json_stringn((const char *)s.p, s.n);
	if (!text)
		return cli_say_fail(cli, CLI_FAILED, "%s",
			cli_say_text(cli, "the secret is not UTF-8: give it on the gateway itself", "密钥文件不是 UTF-8:请在网关本机上设置"));
	(void)json_object_set_new(args, "secret", text);
	return 0;
}

static bool is_sql(const struct cli_call *call)
{
	for (size_t i = 0; i < call->n; i++)
		if (call->values[i].param->kind == CLI_SQL)
			return true;
	return false;
}

/* It is no secret and may be longer than one. */
static int put_sql(const struct cli *cli, json_t *args, int fd)
{
	struct buf text;
	uint8_t *room;
	ssize_t n;
	buf_init(&text, SQL_MAX + PIECE);
	for (off_t at = 0; (room = buf_room(&text, PIECE)) && (n = pread(fd, room, PIECE, at)) > 0; at += n)
		buf_grew(&text, (size_t)n);
	json_t *v = json_stringn((const char *)buf_span(&text).p, text.len);
	buf_done(&text);
	if (!v)
		return cli_say_fail(cli, CLI_FAILED, "%s", cli_say_text(cli, "the SQL is not UTF-8", "SQL 不是 UTF-8"));
	(void)json_object_set_new(args, "sql", v);
	return 0;
}

static int body_of(const struct cli *cli, const struct cli_call *call, int secret, char **ret)
{
	scoped(scope_json) json_t *args = json_object();
	for (size_t i = 0; i < call->n; i++) {
		const struct cli_param *p = call->values[i].param;
		if (p->kind_value)
			put(args, "kind", p->kind_value);
		if (p->key && p->kind != CLI_SECRET)
			put(args, p->key, call->values[i].text);
	}
	int exit = secret < 0 ? 0 : is_sql(call) ? put_sql(cli, args, secret) : put_secret(cli, args, secret);
	if (exit != 0)
		return exit;
	*ret = json_dumps(args, JSON_COMPACT);
	json_t *said = json_object_get(args, "secret");
	if (said)
		sodium_memzero((void *)(uintptr_t)json_string_value(said), json_string_length(said));
	return *ret ? 0 : cli_say_fail(cli, CLI_USAGE, "%s", cli_say_text(cli, "an argument is not UTF-8", "参数不是 UTF-8"));
}

/* ---- the connection ---- */

/* The very certificate that was named, whoever signed it. */
static int pinned(X509_STORE_CTX *store, void *ctx)
{
	const struct request *q = ctx;
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	bool good = leaf && X509_digest(leaf, EVP_sha256(), sum, &n) == 1 && n == sizeof q->pinned &&
		    sodium_memcmp(sum, q->pinned, sizeof q->pinned) == 0;
	X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
	return good;
}

static CURLcode use_pin(CURL *curl, void *ssl_ctx, void *ctx)
{
	(void)curl;
	SSL_CTX_set_cert_verify_callback(ssl_ctx, pinned, ctx);
	return CURLE_OK;
}

static size_t came(char *bytes, size_t one, size_t n, void *ctx)
{
	struct request *q = ctx;
	long status = 0;
	(void)one;
	(void)curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
	if (q->file < 0 || status != 200) {
		buf_put(q->body, bytes, n);
		return q->body->failed ? 0 : n;
	}
	for (size_t done = 0; done < n;) {
		ssize_t w = write(q->file, bytes + done, n - done);
		if (w < 0 && errno != EINTR) {
			q->unwritten = true;
			return 0;
		}
		done += w > 0 ? (size_t)w : 0;
	}
	return n;
}

static int tick(void *ctx, curl_off_t all, curl_off_t now, curl_off_t up_all, curl_off_t up)
{
	struct request *q = ctx;
	struct pollfd fd = { .fd = q->signals, .events = POLLIN };
	(void)all, (void)now, (void)up_all, (void)up;
	q->interrupted = q->signals >= 0 && poll(&fd, 1, 0) > 0;
	return q->interrupted;
}

static void set_tls(const struct cli_remote *remote, struct request *q)
{
	CURL *c = q->curl;
	(void)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (remote->fingerprint[0]) {
		(void)cli_remote_fingerprint(remote->fingerprint, q->pinned);
		(void)curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, use_pin);
		(void)curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, q);
		(void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L); /* it is known by itself, not by its name */
	} else if (remote->ca[0]) {
		(void)curl_easy_setopt(c, CURLOPT_CAINFO, remote->ca);
		(void)curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
}

static void set_up(const struct cli *cli, const struct cli_call *call, struct request *q)
{
	CURL *c = q->curl;
	const char *url = cli->remote->url;
	size_t n = strlen(url);
	(void)snprintf(q->url, sizeof q->url, "%.*s/api/v1/commands/%s", (int)(url[n - 1] == '/' ? n - 1 : n), url,
		call->command->wire ? call->command->wire : call->command->words);
	for (char *at = strstr(q->url, "/commands/"); (at = strchr(at, ' '));)
		*at = '/';
	(void)curl_easy_setopt(c, CURLOPT_URL, q->url);
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(c, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)QUIET_S);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "yanmen/" YANMEN_VERSION);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, q->error);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, came);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, q);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, tick);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFODATA, q);
	(void)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	set_tls(cli->remote, q);
}

static int failed(const struct cli *cli, const struct request *q, CURLcode code)
{
	if (q->interrupted)
		return cli_say_fail(cli, CLI_FAILED, "%s", cli_say_text(cli, "interrupted", "已中断"));
	if (q->unwritten)
		return cli_say_fail(cli, CLI_FAILED, cli_say_text(cli, "the file could not be written: %s", "文件无法写入:%s"), strerror(errno));
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "the certificate of %s is not accepted; give --ca FILE or --fingerprint SHA256 of it (%s)",
				"%s 的证书不被接受;请给出 --ca 文件 或其 --fingerprint(%s)"),
			cli->remote->url, q->error);
	return cli_say_fail(cli, CLI_FAILED, cli_say_text(cli, "no answer from %s: %s", "%s 没有应答:%s"), cli->remote->url,
		q->error[0] ? q->error : curl_easy_strerror(code));
}

static int perform(const struct cli *cli, const struct cli_call *call, int secret, struct request *q, long *ret_status)
{
	scoped(scope_curl) CURL *curl = curl_easy_init();
	scoped(scope_headers) struct curl_slist *headers = NULL;
	scoped(scope_text) char *body = NULL;
	char token[CLI_REMOTE_TOKEN] = "", line[CLI_REMOTE_TOKEN + 32];
	if (!curl)
		abort();
	int exit = body_of(cli, call, secret, &body);
	if (exit == 0)
		exit = cli_remote_token(cli, token);
	if (exit != 0)
		return exit;
	(void)snprintf(line, sizeof line, "Authorization: Bearer %s", token);
	headers = curl_slist_append(NULL, line);
	sodium_memzero(token, sizeof token);
	sodium_memzero(line, sizeof line);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, cli->zh ? "Accept-Language: zh" : "Accept-Language: en");
	q->curl = curl;
	set_up(cli, call, q);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	CURLcode code = curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	return code == CURLE_OK ? 0 : failed(cli, q, code);
}

/* ---- what comes back ---- */

static int exit_of(const char *code)
{
	static const struct {
		const char *code;
		int exit;
	} of[] = { { "usage", CLI_USAGE }, { "malformed", CLI_USAGE }, { "too_large", CLI_USAGE }, { "not_found", CLI_NOT_FOUND },
		{ "not_allowed", CLI_NOT_ALLOWED }, { "token", CLI_NOT_ALLOWED }, { "origin", CLI_NOT_ALLOWED } };
	for (size_t i = 0; i < COUNT_OF(of); i++)
		if (strcmp(of[i].code, code) == 0)
			return of[i].exit;
	return CLI_FAILED;
}

/* A problem (RFC 9457) as the answer that the local socket would have given. */
static int take_problem(const struct cli *cli, long status, struct cli_answer *a)
{
	scoped(scope_json) json_t *doc = json_loadb((const char *)a->json.data, a->json.len, 0, NULL);
	const char *code = json_string_value(json_object_get(doc, "code")), *say = json_string_value(json_object_get(doc, "detail"));
	if (!code || !say)
		return cli_say_fail(cli, CLI_FAILED,
			cli_say_text(cli, "%s answers %ld: is that the console of a gateway?", "%s 应答 %ld:这是网关的控制台吗?"), cli->remote->url,
			status);
	buf_put(&a->say, say, strnlen(say, SAY_MAX - 1));
	a->exit = exit_of(code);
	buf_clear(&a->json);
	return 0;
}

int cli_remote_ask(const struct cli *cli, const struct cli_call *call, int fd, struct cli_answer *ret)
{
	struct request q = { .file = -1, .signals = -1, .body = &ret->json };
	long status = 0;
	cli_connect_init(ret);
	int exit = perform(cli, call, fd, &q, &status);
	return exit != 0 || status == 200 ? exit : take_problem(cli, status, ret);
}

int cli_remote_file(const struct cli *cli, const struct cli_call *call, int fd, struct cli_answer *ret)
{
	sigset_t before;
	scoped(scope_close) int signals = cli_tty_signals(&before);
	struct request q = { .file = fd, .signals = signals, .body = &ret->json };
	long status = 0;
	int exit = perform(cli, call, -1, &q, &status);
	if (exit != 0 || status != 200)
		return exit != 0 ? exit : take_problem(cli, status, ret);
	scoped(scope_json) json_t *doc = json_object();
	(void)json_object_set_new(doc, "output", json_string(cli_args_get(call, "--output")));
	scoped(scope_free) char *text = json_dumps(doc, JSON_COMPACT);
	buf_put_span(&ret->json, span_str(text ? text : "{}"));
	return 0;
}
