#include "notify/send.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "notify/addr.h"
#include "notify/hook.h"
#include "notify/job.h"
#include "notify/mime.h"
#include "notify/text.h"
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 2048, MAIL_MAX = 64 << 10, URL_MAX = 8192, CONNECT_MS = 10 * 1000, REFUSED_MIN = 550, REFUSED_MAX = 554 };

struct sending {
	CURL *curl;
	struct curl_slist *headers, *to, *resolved;
	struct buf url, body, answer; /* url may hold a key */
	size_t read, total;
	struct span networks;
	bool mail, refused; /* the address was not allowed */
	char trouble[CURL_ERROR_SIZE];
};

static void done(struct sending *s)
{
	curl_easy_cleanup(s->curl);
	curl_slist_free_all(s->headers);
	curl_slist_free_all(s->to);
	curl_slist_free_all(s->resolved);
	if (s->url.data)
		secret_wipe(s->url.data, s->url.size);
	buf_done(&s->url);
	buf_done(&s->body);
	buf_done(&s->answer);
}

/* ---- what curl calls ---- */

static size_t keep(struct sending *s, const void *p, size_t n)
{
	size_t room = s->answer.cap - s->answer.len;
	s->total += n;
	buf_put(&s->answer, p, n < room ? n : room);
	return s->total > NOTIFY_SEND_ANSWER ? 0 : n;
}

static size_t on_body(char *p, size_t one, size_t n, void *ctx)
{
	return keep(ctx, p, one * n);
}

/* A mail server's words come here; of several lines the last one is the one that counts. */
static size_t on_header(char *p, size_t one, size_t n, void *ctx)
{
	struct sending *s = ctx;
	if (s->mail) {
		buf_clear(&s->answer);
		return keep(s, p, one * n);
	}
	s->total += one * n;
	return s->total > NOTIFY_SEND_ANSWER ? 0 : one * n;
}

static size_t on_read(char *p, size_t one, size_t n, void *ctx)
{
	struct sending *s = ctx;
	size_t rest = s->body.len - s->read, room = one * n;
	size_t take = rest < room ? rest : room;
	memcpy(p, s->body.data + s->read, take);
	s->read += take;
	return take;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct sending *s = ctx;
	(void)purpose;
	if (notify_addr_may(&a->addr, a->addrlen, s->networks, NULL) < 0) {
		s->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- where to ---- */

/* The host and port of https://host[:port]/… or host:port. */
static bool split(const char *address, char *host, size_t size, unsigned *port, unsigned usual)
{
	const char *at = strncmp(address, "https://", 8) == 0 ? address + 8 : address;
	size_t n = strcspn(at, "/?");
	const char *colon = memrchr(at, ':', n);
	if (colon && memchr(colon, ']', n - (size_t)(colon - at)))
		colon = NULL; /* within an IPv6 address */
	size_t length = colon ? (size_t)(colon - at) : n;
	unsigned long given = colon ? strtoul(colon + 1, NULL, 10) : usual;
	if (length == 0 || length >= size || given < 1 || given > 65535)
		return false;
	memcpy(host, at, length);
	host[length] = '\0';
	*port = (unsigned)given;
	return true;
}

static int resolve(struct sending *s, const char *address, unsigned usual, struct err *err)
{
	char host[300], text[400 + NOTIFY_ADDR_TEXT], found[NOTIFY_ADDR_TEXT];
	unsigned port;
	if (!split(address, host, sizeof host, &port, usual))
		return fault(err, -EINVAL, "the address is not host:port", "address");
	int r = notify_addr_find(host, s->networks, found, err);
	if (r < 0)
		return r;
	(void)snprintf(text, sizeof text, "%s:%u:%s", host, port, found);
	s->resolved = curl_slist_append(NULL, text);
	curl_easy_setopt(s->curl, CURLOPT_RESOLVE, s->resolved);
	return 0;
}

/* ---- a mail ---- */

static void mail_body(struct sending *s, const struct notify_job *j)
{
	scoped(buf_done) struct buf subject = { 0 }, text = { 0 };
	notify_text_put(j, &subject, &text);
	buf_init(&s->body, MAIL_MAX);
	notify_mime_put(&(struct notify_mime){ .from = notify_job_text(j, NOTIFY_SENDER), .to = notify_job_text(j, NOTIFY_TO_MAIL),
				.id = notify_job_text(j, NOTIFY_UID), .made_s = strtoll(notify_job_text(j, NOTIFY_MADE), NULL, 10),
				.subject = buf_span(&subject), .text = buf_span(&text) }, &s->body);
}

static int make_mail(struct sending *s, struct notify_job *j, struct err *err)
{
	const char *address = notify_job_text(j, NOTIFY_ADDRESS), *tls = notify_job_text(j, NOTIFY_TLS);
	const char *sender = notify_job_text(j, NOTIFY_SENDER), *to = notify_job_text(j, NOTIFY_TO_MAIL);
	bool at_once = strcmp(tls, "tls") == 0;
	if (!to[0])
		return fault(err, -ENOENT, "this person has no mail address", "no address");
	int r = resolve(s, address, 0, err);
	if (r < 0)
		return r;
	const char *domain = strchr(sender, '@');
	buf_printf(&s->url, "%s://%s/%s", at_once ? "smtps" : "smtp", address, domain ? domain + 1 : "yanmen");
	curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(s->curl, CURLOPT_USE_SSL, strcmp(tls, "none") == 0 ? CURLUSESSL_NONE : CURLUSESSL_ALL);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM, sender);
	s->to = curl_slist_append(NULL, to);
	curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, s->to);
	curl_easy_setopt(s->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s->curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(s->curl, CURLOPT_READDATA, s);
	if (j->secret) {
		scoped(buf_done) struct buf password = { 0 };
		buf_init(&password, URL_MAX);
		buf_put_span(&password, secret_span(j->secret));
		curl_easy_setopt(s->curl, CURLOPT_USERNAME, notify_job_text(j, NOTIFY_LOGIN));
		curl_easy_setopt(s->curl, CURLOPT_PASSWORD, buf_str(&password)); /* curl copies it */
		curl_easy_setopt(s->curl, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
		secret_wipe(password.data, password.size);
	}
	mail_body(s, j);
	return 0;
}

/* ---- a webhook, a robot ---- */

static void header(struct sending *s, const char *text)
{
	struct curl_slist *more = curl_slist_append(s->headers, text);
	if (!more)
		abort();
	s->headers = more;
}

static void sign(struct sending *s, const struct notify_job *j, struct span key)
{
	scoped(buf_done) struct buf line = { 0 };
	int64_t now_s = clock_wall_us() / 1000000;
	buf_init(&line, 400);
	buf_printf(&line, "X-Yanmen-Id: %s", notify_job_text(j, NOTIFY_UID));
	header(s, buf_str(&line));
	buf_clear(&line);
	buf_printf(&line, "Idempotency-Key: %s", notify_job_text(j, NOTIFY_UID));
	header(s, buf_str(&line));
	if (key.n == 0)
		return;
	buf_clear(&line);
	buf_printf(&line, "X-Yanmen-Time: %lld", (long long)now_s);
	header(s, buf_str(&line));
	buf_clear(&line);
	buf_printf(&line, "X-Yanmen-Signature: v1=");
	notify_hook_signature(key, now_s, buf_span(&s->body), &line);
	header(s, buf_str(&line));
}

static int make_hook(struct sending *s, struct notify_job *j, struct err *err)
{
	if (!j->secret)
		return fault(err, -ENOENT, "the channel has no URL", "no secret");
	struct notify_hook_key k = notify_hook_split(secret_span(j->secret));
	buf_init(&s->body, MAIL_MAX);
	notify_hook_body(j, &s->body);
	if (strcmp(notify_job_text(j, NOTIFY_VIA), "dingtalk") == 0)
		notify_hook_dingtalk_url(k.url, k.key, clock_wall_us() / 1000, &s->url);
	else
		buf_put_span(&s->url, k.url);
	int r = resolve(s, buf_str(&s->url), 443, err);
	if (r < 0)
		return r;
	header(s, "Content-Type: application/json; charset=utf-8");
	header(s, "Expect:");
	if (!notify_job_is_robot(j))
		sign(s, j, k.key);
	curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(s->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(s->curl, CURLOPT_USERAGENT, "yanmen");
	curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, buf_str(&s->body));
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE, (long)s->body.len);
	return 0;
}

/* ---- the whole of it ---- */

static void set_common(struct sending *s, const struct notify_job *j, struct span ca)
{
	long ms = strtol(notify_job_text(j, NOTIFY_SECONDS), NULL, 10) * 1000;
	const char *own = notify_job_text(j, NOTIFY_CA);
	struct curl_blob blob = { .data = own[0] ? j->text[NOTIFY_CA] : (void *)(uintptr_t)ca.p, .len = own[0] ? strlen(own) : ca.n,
		.flags = CURL_BLOB_NOCOPY };
	curl_easy_setopt(s->curl, CURLOPT_URL, buf_str(&s->url));
	curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, ms / 1000);
	curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT_MS, ms < CONNECT_MS ? ms : (long)CONNECT_MS);
	curl_easy_setopt(s->curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(s->curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(s->curl, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(s->curl, CURLOPT_CAINFO_BLOB, &blob);
	curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, s->trouble);
	curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(s->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(s->curl, CURLOPT_HEADERDATA, s);
	curl_easy_setopt(s->curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(s->curl, CURLOPT_OPENSOCKETDATA, s);
}

static enum notify_result judge(struct sending *s, const struct notify_job *j, CURLcode code)
{
	long status = 0;
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (s->mail) {
		bool for_good = code != CURLE_OK && code != CURLE_LOGIN_DENIED && status >= REFUSED_MIN && status <= REFUSED_MAX;
		return code == CURLE_OK ? NOTIFY_SENT : for_good ? NOTIFY_DEAD : NOTIFY_FAILED;
	}
	bool taken = code == CURLE_OK && status >= 200 && status < 300;
	return taken && (!notify_job_is_robot(j) || notify_hook_is_taken(buf_span(&s->answer))) ? NOTIFY_SENT : NOTIFY_FAILED;
}

static void tell(struct sending *s, struct notify_job *j, CURLcode code)
{
	scoped(buf_done) struct buf words = { 0 };
	long status = 0;
	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	buf_init(&words, 3 * KEPT);
	if (s->refused)
		buf_printf(&words, "the address is not one that messages may go to: see the setting notify.networks");
	else if (s->total > NOTIFY_SEND_ANSWER)
		buf_printf(&words, "the answer is too long");
	else if (code != CURLE_OK)
		buf_printf(&words, "%.200s%s", s->trouble[0] ? s->trouble : curl_easy_strerror(code), s->mail && s->answer.len > 0 ? ": " : "");
	else if (!s->mail)
		buf_printf(&words, "HTTP %ld%s", status, s->answer.len > 0 ? ": " : "");
	if (!s->refused && s->total <= NOTIFY_SEND_ANSWER && (s->mail || code == CURLE_OK))
		buf_put_span(&words, buf_span(&s->answer));
	if (j->secret && !s->mail)
		notify_hook_scrub(buf_span(&s->url), &words);
	notify_job_say(j, judge(s, j, code), buf_span(&words));
}

void notify_send(struct notify_job *j, struct span ca)
{
	scoped(done) struct sending s = { .mail = notify_job_is_mail(j), .networks = span_str(notify_job_text(j, NOTIFY_NETWORKS)) };
	struct err err = { 0 };
	s.curl = curl_easy_init();
	if (!s.curl)
		abort();
	buf_init(&s.url, URL_MAX);
	buf_init(&s.answer, KEPT);
	int r = s.mail ? make_mail(&s, j, &err) : make_hook(&s, j, &err);
	if (r < 0) {
		notify_job_say(j, NOTIFY_FAILED, span_str(err.say));
		return;
	}
	set_common(&s, j, ca);
	tell(&s, j, curl_easy_perform(s.curl));
}
