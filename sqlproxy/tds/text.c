#include "sqlproxy/tds/text.h"
#include "gateway/core/rd.h"
#include "gateway/core/utf8.h"

void tds_text_put(struct buf *out, struct span s)
{
	while (s.n > 0) {
		uint32_t c;
		size_t n = utf8_get(s, &c);
		if (n == 0) {
			out->failed = true;
			return;
		}
		if (c >= 0x10000) {
			wr_le(out, 0xd800 + ((c - 0x10000) >> 10), 2);
			c = 0xdc00 + (c & 0x3ff);
		}
		wr_le(out, c, 2);
		s = span_of(s.p + n, s.n - n);
	}
}

size_t tds_text_units(struct span s)
{
	size_t units = 0;
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		n += n == 0;
		units += c >= 0x10000 ? 2 : 1;
		s = span_of(s.p + n, s.n - n);
	}
	return units;
}

void tds_text_get(struct span utf16, struct buf *out)
{
	struct rd r = rd_of(utf16);
	while (r.n >= 2) {
		uint8_t bytes[4];
		uint32_t c = rd_u16le(&r);
		if (c >= 0xd800 && c <= 0xdfff) {
			struct rd ahead = r;
			uint32_t low = rd_u16le(&ahead);
			bool pair = c <= 0xdbff && !ahead.bad && low >= 0xdc00 && low <= 0xdfff;
			c = pair ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
			if (pair)
				r = ahead;
		}
		buf_put(out, bytes, utf8_put(c, bytes));
	}
}

static void put_doubled(struct buf *out, struct span s, char quote)
{
	for (size_t i = 0; i < s.n; i++) {
		buf_put(out, s.p + i, 1);
		if (s.p[i] == (uint8_t)quote)
			buf_put(out, s.p + i, 1);
	}
}

void tds_text_quote(struct buf *out, struct span text)
{
	buf_put(out, "N'", 2);
	put_doubled(out, text, '\'');
	buf_put(out, "'", 1);
}

void tds_text_name(struct buf *out, struct span name)
{
	buf_put(out, "[", 1);
	put_doubled(out, name, ']');
	buf_put(out, "]", 1);
}
