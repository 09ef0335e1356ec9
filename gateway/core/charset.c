#include "gateway/core/charset.h"
#include "gateway/core/charset_table.h"
#include "gateway/core/utf8.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { REPLACEMENT = 0xfffd, ASTRAL_NUMBER = 189000, ASTRAL_NUMBERS = 0x100000 };

static const char *const names[CHARSETS] = {
	[CHARSET_UTF8] = "utf-8",
	[CHARSET_GBK] = "gbk",
	[CHARSET_GB18030] = "gb18030",
	[CHARSET_BIG5] = "big5",
};

int charset_of(struct span name)
{
	for (int i = 0; i < CHARSETS; i++)
		if (name.n == strlen(names[i]) && strncasecmp((const char *)name.p, names[i], name.n) == 0)
			return i;
	return -ENOENT;
}

const char *charset_name(uint8_t charset)
{
	return charset < CHARSETS ? names[charset] : "?";
}

static bool is_digit(uint8_t b)
{
	return b >= 0x30 && b <= 0x39;
}

static bool is_lead(uint8_t b)
{
	return b >= 0x81 && b <= 0xfe;
}

static uint32_t gb_pair(uint8_t lead, uint8_t trail)
{
	if (trail < 0x40 || trail == 0x7f || trail == 0xff)
		return 0;
	return charset_table_gb[(lead - 0x81) * CHARSET_TABLE_GB_TRAILS + trail - (trail < 0x7f ? 0x40 : 0x41)];
}

static uint32_t big5_pair(uint8_t lead, uint8_t trail)
{
	if (trail < 0x40 || (trail > 0x7e && trail < 0xa1) || trail == 0xff)
		return 0;
	return charset_table_big5[(lead - 0x81) * CHARSET_TABLE_BIG5_TRAILS + trail - (trail < 0x7f ? 0x40 : 0xa1 - 63)];
}

static uint32_t gb_four(const uint8_t b[static 4])
{
	uint32_t n = ((b[0] - 0x81U) * 10 + b[1] - 0x30U) * 1260 + (b[2] - 0x81U) * 10 + b[3] - 0x30U;
	if (n >= ASTRAL_NUMBER)
		return n - ASTRAL_NUMBER < ASTRAL_NUMBERS ? 0x10000 + n - ASTRAL_NUMBER : 0;
	size_t low = 0, high = charset_table_ranges_n - 1;
	if (n >= charset_table_ranges[high].number)
		return 0;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (charset_table_ranges[middle].number <= n)
			low = middle;
		else
			high = middle;
	}
	return charset_table_ranges[low].character + n - charset_table_ranges[low].number;
}

/* What b, of which n bytes are there, begins with: the bytes taken and the character, or 0 bytes: more is needed. */
static size_t take(uint8_t charset, const uint8_t *b, size_t n, uint32_t *ret)
{
	*ret = b[0] < 0x80 ? b[0] : REPLACEMENT;
	if (!is_lead(b[0]))
		return 1;
	if (n < 2)
		return 0;
	if (charset != CHARSET_BIG5 && is_digit(b[1])) {
		if (n < 3 || (is_lead(b[2]) && n < 4))
			return 0;
		uint32_t c = is_lead(b[2]) && is_digit(b[3]) ? gb_four(b) : 0;
		*ret = c ? c : REPLACEMENT;
		return c ? 4 : 1; /* a lead byte alone is broken: what follows may be good */
	}
	uint32_t c = charset == CHARSET_BIG5 ? big5_pair(b[0], b[1]) : gb_pair(b[0], b[1]);
	*ret = c ? c : REPLACEMENT;
	return c || b[1] >= 0x80 ? 2 : 1;
}

static void put(struct buf *out, uint32_t c)
{
	uint8_t bytes[4];
	buf_put(out, bytes, utf8_put(c, bytes));
}

/* As many whole characters as are there; the rest is returned. */
static struct span decode(uint8_t charset, struct span in, struct buf *out)
{
	while (in.n > 0) {
		size_t n = 0;
		while (n < in.n && in.p[n] < 0x80)
			n++;
		if (n > 0) {
			buf_put(out, in.p, n);
		} else {
			uint32_t c;
			n = take(charset, in.p, in.n, &c);
			if (n == 0)
				break;
			put(out, c);
		}
		in = span_of(in.p + n, in.n - n);
	}
	return in;
}

void charset_decode(struct charset_decoder *d, struct span in, struct buf *out)
{
	if (d->charset == CHARSET_UTF8) {
		buf_put_span(out, in);
		return;
	}
	while (d->held_n > 0 && in.n > 0) { /* one byte more may end what is held; it holds no whole character */
		uint8_t seam[4];
		memcpy(seam, d->held, d->held_n);
		seam[d->held_n] = *in.p++;
		in.n--;
		struct span rest = decode(d->charset, span_of(seam, d->held_n + 1U), out);
		d->held_n = (uint8_t)rest.n;
		memcpy(d->held, rest.p, rest.n);
	}
	if (in.n == 0)
		return;
	struct span rest = decode(d->charset, in, out);
	d->held_n = (uint8_t)rest.n;
	memcpy(d->held, rest.p, rest.n);
}

void charset_decode_end(struct charset_decoder *d, struct buf *out)
{
	for (size_t i = 0; i < d->held_n; i++)
		put(out, d->held[i] < 0x80 ? d->held[i] : REPLACEMENT);
	d->held_n = 0;
}

void charset_to_utf8(uint8_t charset, struct span in, struct buf *out)
{
	struct charset_decoder d = { .charset = charset };
	charset_decode(&d, in, out);
	charset_decode_end(&d, out);
}

/* The pair that stands at a place of a table; high: the first trail behind 7e. */
static void put_pair(struct buf *out, size_t at, size_t trails, uint8_t high)
{
	size_t lead = 0x81 + at / trails, trail = 0x40 + at % trails;
	trail = trail < 0x7f ? trail : trail - 0x7f + high;
	buf_put(out, (const uint8_t[]){ (uint8_t)lead, (uint8_t)trail }, 2);
}

static bool put_gb(struct buf *out, uint32_t c)
{
	for (size_t i = 0; i < CHARSET_TABLE_GB; i++)
		if (charset_table_gb[i] == c) {
			put_pair(out, i, CHARSET_TABLE_GB_TRAILS, 0x80);
			return true;
		}
	return false;
}

static bool put_big5(struct buf *out, uint32_t c)
{
	for (size_t i = 0; i < CHARSET_TABLE_BIG5; i++)
		if (charset_table_big5[i] == c) {
			put_pair(out, i, CHARSET_TABLE_BIG5_TRAILS, 0xa1);
			return true;
		}
	return false;
}

static bool put_four(struct buf *out, uint32_t c)
{
	uint32_t n = c >= 0x10000 ? c - 0x10000 + ASTRAL_NUMBER : UINT32_MAX;
	for (size_t i = 0; c < 0x10000 && i + 1 < charset_table_ranges_n; i++) {
		const struct charset_table_range *r = &charset_table_ranges[i];
		if (c >= r->character && c - r->character < r[1].number - r->number)
			n = r->number + c - r->character;
	}
	if (n == UINT32_MAX)
		return false;
	buf_put(out, (const uint8_t[]){ (uint8_t)(0x81 + n / 12600), (uint8_t)(0x30 + n / 1260 % 10),
			(uint8_t)(0x81 + n / 10 % 126), (uint8_t)(0x30 + n % 10) }, 4);
	return true;
}

static bool put_character(uint8_t charset, struct buf *out, uint32_t c)
{
	if (c < 0x80)
		buf_put(out, (const uint8_t[]){ (uint8_t)c }, 1);
	else if (charset == CHARSET_BIG5)
		return put_big5(out, c);
	else if (!put_gb(out, c))
		return charset == CHARSET_GB18030 && put_four(out, c);
	return true;
}

void charset_from_utf8(uint8_t charset, struct span utf8, struct buf *out)
{
	if (charset == CHARSET_UTF8) {
		buf_put_span(out, utf8);
		return;
	}
	while (utf8.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(utf8, &c);
		if (n == 0 || !put_character(charset, out, c))
			buf_put(out, "?", 1);
		n = n == 0 ? 1 : n;
		utf8 = span_of(utf8.p + n, utf8.n - n);
	}
}
