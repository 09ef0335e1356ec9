#include "notify/mime.h"
#include <sodium.h>
#include <string.h>
#include <time.h>

enum { PLAIN_MAX = 60, WORD = 45 /* bytes of text in an encoded word: 75 characters */, LINE = 57 /* and in a line of base64: 76 */ };

static void base64(struct buf *out, const uint8_t *p, size_t n)
{
	char text[sodium_base64_ENCODED_LEN(LINE, sodium_base64_VARIANT_ORIGINAL)];
	sodium_bin2base64(text, sizeof text, p, n, sodium_base64_VARIANT_ORIGINAL);
	buf_put(out, text, strlen(text));
}

void notify_mime_words(struct span text, struct buf *out)
{
	bool plain = text.n <= PLAIN_MAX && !(text.n >= 2 && memmem(text.p, text.n, "=?", 2));
	for (size_t i = 0; plain && i < text.n; i++)
		plain = text.p[i] >= ' ' && text.p[i] < 0x7f;
	if (plain) {
		buf_put_span(out, text);
		return;
	}
	for (size_t at = 0; at < text.n;) {
		size_t n = text.n - at < WORD ? text.n - at : WORD;
		while (at + n < text.n && n > 1 && (text.p[at + n] & 0xc0) == 0x80)
			n--;
		buf_printf(out, "%s=?UTF-8?B?", at ? "\r\n " : "");
		base64(out, text.p + at, n);
		buf_printf(out, "?=");
		at += n;
	}
}

static void put_date(int64_t made_s, struct buf *out)
{
	char text[64] = "";
	time_t t = (time_t)made_s;
	struct tm tm;
	if (gmtime_r(&t, &tm))
		(void)strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_printf(out, "Date: %s\r\n", text);
}

void notify_mime_put(const struct notify_mime *m, struct buf *out)
{
	const char *at = strchr(m->from, '@');
	put_date(m->made_s, out);
	buf_printf(out, "From: Yanmen <%s>\r\nTo: <%s>\r\nMessage-ID: <%s%s>\r\nSubject: ", m->from, m->to, m->id, at ? at : "@yanmen");
	notify_mime_words(m->subject, out);
	buf_printf(out, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n");
	for (size_t i = 0; i < m->text.n; i += LINE) {
		base64(out, m->text.p + i, m->text.n - i < LINE ? m->text.n - i : LINE);
		buf_printf(out, "\r\n");
	}
}
