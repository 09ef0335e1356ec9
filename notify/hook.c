#include "notify/hook.h"
#include "gateway/core/json.h"
#include "gateway/core/scope.h"
#include "notify/job.h"
#include "notify/text.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { WECOM_MAX = 2048, PART_MIN = 8 };

struct notify_hook_key notify_hook_split(struct span secret)
{
	size_t n = 0;
	while (n < secret.n && secret.p[n] != '\n' && secret.p[n] != ' ')
		n++;
	if (n == secret.n)
		return (struct notify_hook_key){ .url = secret };
	return (struct notify_hook_key){ .url = span_of(secret.p, n), .key = span_of(secret.p + n + 1, secret.n - n - 1) };
}

/* ---- signatures ---- */

static void hmac(struct span key, struct span a, struct span b, uint8_t ret[static crypto_auth_hmacsha256_BYTES])
{
	crypto_auth_hmacsha256_state s;
	crypto_auth_hmacsha256_init(&s, key.p, key.n);
	crypto_auth_hmacsha256_update(&s, a.p, a.n);
	crypto_auth_hmacsha256_update(&s, b.p, b.n);
	crypto_auth_hmacsha256_final(&s, ret);
	sodium_memzero(&s, sizeof s);
}

static void percent(const char *text, struct buf *out)
{
	for (; *text; text++)
		if (strchr("+/=", *text))
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
		else
			buf_put(out, text, 1);
}

void notify_hook_dingtalk_url(struct span url, struct span key, int64_t now_ms, struct buf *out)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	char stamp[32], sign[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)];
	buf_put_span(out, url);
	if (key.n == 0)
		return;
	(void)snprintf(stamp, sizeof stamp, "%" PRId64 "\n", now_ms);
	hmac(key, span_str(stamp), key, mac);
	sodium_bin2base64(sign, sizeof sign, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
	buf_printf(out, "%ctimestamp=%" PRId64 "&sign=", url.n > 0 && memchr(url.p, '?', url.n) ? '&' : '?', now_ms);
	percent(sign, out);
}

void notify_hook_signature(struct span key, int64_t now_s, struct span body, struct buf *out)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	char stamp[32], hex[2 * sizeof mac + 1];
	(void)snprintf(stamp, sizeof stamp, "%" PRId64 ".", now_s);
	hmac(key, span_str(stamp), body, mac);
	sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
	buf_put(out, hex, sizeof hex - 1);
}

/* ---- bodies ---- */

static struct span cut(struct span s, size_t most)
{
	size_t n = s.n < most ? s.n : most;
	while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80)
		n--;
	return span_of(s.p, n);
}

static void robot_body(struct json *j, struct span text, size_t most)
{
	json_obj(j, NULL);
	json_str(j, "msgtype", span_str("text"));
	json_obj(j, "text");
	json_str(j, "content", cut(text, most));
	json_end(j);
	json_end(j);
}

static void webhook_body(struct json *j, const struct notify_job *job, struct span subject, struct span text)
{
	static const struct {
		const char *key;
		enum notify_column column;
	} keys[] = { { "id", NOTIFY_UID }, { "event", NOTIFY_KIND }, { "request", NOTIFY_NUMBER }, { "user", NOTIFY_WHO },
		{ "targets", NOTIFY_TARGETS }, { "account", NOTIFY_ACCOUNT }, { "reason", NOTIFY_REASON },
		{ "by", NOTIFY_BY }, { "answer", NOTIFY_ANSWER }, { "time", NOTIFY_UNTIL }, { "what", NOTIFY_WHAT },
		{ "link", NOTIFY_LINK } };
	json_obj(j, NULL);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (notify_job_text(job, keys[i].column)[0])
			json_str(j, keys[i].key, span_str(notify_job_text(job, keys[i].column)));
	json_str(j, "subject", subject);
	json_str(j, "text", text);
	json_end(j);
}

void notify_hook_body(const struct notify_job *job, struct buf *out)
{
	scoped(buf_done) struct buf subject = { 0 }, text = { 0 };
	struct json j;
	notify_text_put(job, &subject, &text);
	json_open(&j, out);
	if (notify_job_is_robot(job))
		robot_body(&j, buf_span(&text), strcmp(notify_job_text(job, NOTIFY_VIA), "wecom") == 0 ? WECOM_MAX : NOTIFY_TEXT_MAX);
	else
		webhook_body(&j, job, buf_span(&subject), buf_span(&text));
}

/* ---- answers ---- */

bool notify_hook_is_taken(struct span a)
{
	static const char key[] = "\"errcode\"";
	const uint8_t *at = a.n > 0 ? memmem(a.p, a.n, key, sizeof key - 1) : NULL;
	if (!at)
		return false;
	size_t i = (size_t)(at - a.p) + sizeof key - 1;
	while (i < a.n && (a.p[i] == ' ' || a.p[i] == ':' || a.p[i] == '\t'))
		i++;
	return i + 1 < a.n && a.p[i] == '0' && (a.p[i + 1] == ',' || a.p[i + 1] == '}' || a.p[i + 1] == ' ' || a.p[i + 1] == '\n' ||
			       a.p[i + 1] == '\r');
}

static void blot(struct span part, struct buf *words)
{
	static const char dots[] = "…";
	uint8_t *at;
	while (words->len >= part.n && (at = memmem(words->data, words->len, part.p, part.n)) != NULL) {
		size_t behind = words->len - (size_t)(at - words->data) - part.n;
		memcpy(at, dots, sizeof dots - 1); /* shorter than any part */
		memmove(at + sizeof dots - 1, at + part.n, behind);
		words->len -= part.n - (sizeof dots - 1);
	}
}

void notify_hook_scrub(struct span url, struct buf *words)
{
	size_t from = 0;
	for (size_t i = 0; i <= url.n; i++) {
		if (i < url.n && !memchr("/?&=:", url.p[i], 5))
			continue;
		if (i - from >= PART_MIN && from > sizeof "https://" - 1 && words->len > 0)
			blot(span_of(url.p + from, i - from), words);
		from = i + 1;
	}
}
