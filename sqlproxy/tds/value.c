#include "sqlproxy/tds/value.h"
#include "gateway/core/charset.h"
#include "gateway/core/utf8.h"
#include "sqlproxy/tds/text.h"
#include <inttypes.h>
#include <string.h>

enum { DECIMAL_BYTES = 16, TICKS = 300, DAY = 86400 };
enum { LCID = 0xfffff, LCID_TAIWAN = 0x0404, LCID_CHINA = 0x0804, LCID_HONG_KONG = 0x0c04, LCID_SINGAPORE = 0x1004, LCID_MACAO = 0x1404 };
#define DAYS_TO_1900 693595 /* from 0001-01-01 */

static enum tds_value_kind as_bytes(struct span v, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";
	buf_put(out, "0x", 2);
	for (size_t i = 0; i < v.n && out->cap - out->len >= 2; i++)
		buf_put(out, (char[]){ digits[v.p[i] >> 4], digits[v.p[i] & 15] }, 2);
	return TDS_VALUE_BYTES;
}

/* Two's complement of 2, 4 or 8 bytes; one byte has no sign. */
static int64_t integer(struct span v)
{
	struct rd r = rd_of(v);
	uint64_t u = rd_le(&r, v.n);
	switch (v.n) {
	case 2:
		return (int16_t)u;
	case 4:
		return (int32_t)u;
	default:
		return (int64_t)u;
	}
}

static enum tds_value_kind number(struct span v, struct buf *out)
{
	if (v.n != 1 && v.n != 2 && v.n != 4 && v.n != 8)
		return as_bytes(v, out);
	buf_printf(out, "%" PRId64, integer(v));
	return TDS_VALUE_NUMBER;
}

static enum tds_value_kind floating(struct span v, struct buf *out)
{
	double d = 0;
	float f = 0;
	if (v.n != sizeof f && v.n != sizeof d)
		return as_bytes(v, out);
	if (v.n == sizeof f)
		memcpy(&f, v.p, sizeof f); /* IEEE 754, little-endian, as here */
	else
		memcpy(&d, v.p, sizeof d);
	buf_printf(out, "%.*g", v.n == sizeof f ? 9 : 17, v.n == sizeof f ? (double)f : d);
	return TDS_VALUE_NUMBER;
}

static enum tds_value_kind money(struct span v, struct buf *out)
{
	struct rd r = rd_of(v);
	if (v.n != 4 && v.n != 8)
		return as_bytes(v, out);
	uint64_t high = v.n == 8 ? rd_u32le(&r) : 0, low = rd_u32le(&r);
	int64_t units = v.n == 8 ? (int64_t)(high << 32 | low) : (int32_t)low;
	uint64_t size = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
	buf_printf(out, "%s%" PRIu64 ".%04u", units < 0 ? "-" : "", size / 10000, (unsigned)(size % 10000));
	return TDS_VALUE_NUMBER;
}

static enum tds_value_kind decimal(const struct tds_type *t, struct span v, struct buf *out)
{
	uint8_t left[DECIMAL_BYTES] = { 0 };
	char digits[64];
	size_t n = 0;
	if (v.n < 2 || v.n - 1 > DECIMAL_BYTES)
		return as_bytes(v, out);
	memcpy(left, v.p + 1, v.n - 1);
	for (bool more = true; (more || n <= t->scale) && n < sizeof digits;) {
		unsigned rest = 0;
		more = false;
		for (size_t i = DECIMAL_BYTES; i-- > 0;) {
			unsigned c = rest << 8 | left[i];
			left[i] = (uint8_t)(c / 10);
			rest = c % 10;
			more |= left[i] != 0;
		}
		digits[n++] = (char)('0' + rest);
	}
	if (v.p[0] == 0)
		buf_put(out, "-", 1);
	while (n > 0) {
		if (n == t->scale)
			buf_put(out, ".", 1);
		buf_put(out, &digits[--n], 1);
	}
	return TDS_VALUE_NUMBER;
}

/* Days from 0001-01-01, of the Gregorian calendar carried backwards. */
static void put_date(uint32_t days, struct buf *out)
{
	uint32_t shifted = days + 306; /* from 0000-03-01 */
	uint32_t era = shifted / 146097, of_era = shifted % 146097;
	uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t day = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint32_t m = (5 * day + 2) / 153, month = m < 10 ? m + 3 : m - 9;
	uint32_t year = year_of_era + era * 400 + (month <= 2);
	buf_printf(out, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32, year, month, day - (153 * m + 2) / 5 + 1);
}

/* `units` of 10^-scale seconds. */
static void put_time(uint64_t units, unsigned scale, struct buf *out)
{
	uint64_t one = 1;
	for (unsigned i = 0; i < scale; i++)
		one *= 10;
	uint64_t s = units / one;
	buf_printf(out, "%02u:%02u:%02u", (unsigned)(s / 3600 % 100), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	if (scale > 0)
		buf_printf(out, ".%0*" PRIu64, (int)scale, units % one);
}

static enum tds_value_kind old_date(struct span v, struct buf *out)
{
	struct rd r = rd_of(v);
	if (v.n == 4) { /* days and minutes */
		uint32_t days = rd_u16le(&r);
		put_date(days + DAYS_TO_1900, out);
		buf_put(out, "T", 1);
		put_time(rd_u16le(&r) * 60U, 0, out);
		return TDS_VALUE_WORDS;
	}
	int64_t days = v.n == 8 ? (int32_t)rd_u32le(&r) : INT32_MAX;
	if (days < -DAYS_TO_1900 || days > 3000000)
		return as_bytes(v, out);
	uint32_t ticks = rd_u32le(&r);
	put_date((uint32_t)(days + DAYS_TO_1900), out);
	buf_put(out, "T", 1);
	put_time(((uint64_t)ticks * 1000 + TICKS / 2) / TICKS, 3, out);
	return TDS_VALUE_WORDS;
}

/* DATE, TIME, DATETIME2, DATETIMEOFFSET: a time of 3 to 5 bytes, a date of 3, an offset of 2, those that it has. */
static enum tds_value_kind date(const struct tds_type *t, struct span v, struct buf *out)
{
	size_t tail = t->id == TDS_TIME ? 0 : t->id == TDS_DATETIMEOFFSET ? 5 : 3;
	size_t time = t->id == TDS_DATE ? 0 : t->scale <= 2 ? 3 : t->scale <= 4 ? 4 : 5;
	struct rd r = rd_of(v);
	if (v.n != time + tail)
		return as_bytes(v, out);
	uint64_t units = rd_le(&r, time);
	if (tail > 0)
		put_date((uint32_t)rd_le(&r, 3), out);
	if (tail > 0 && time > 0)
		buf_put(out, "T", 1);
	if (time > 0)
		put_time(units, t->scale, out);
	if (t->id == TDS_DATETIMEOFFSET) { /* what is stored is UTC; the offset is where it was said */
		int16_t minutes = (int16_t)rd_u16le(&r);
		unsigned size = (unsigned)(minutes < 0 ? -minutes : minutes);
		buf_printf(out, "Z (%c%02u:%02u)", minutes < 0 ? '-' : '+', size / 60, size % 60);
	}
	return TDS_VALUE_WORDS;
}

static enum tds_value_kind guid(struct span v, struct buf *out)
{
	const uint8_t *p = v.p;
	if (v.n != 16)
		return as_bytes(v, out);
	buf_printf(out, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", p[3], p[2], p[1], p[0], p[5], p[4], p[7], p[6],
		p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15]);
	return TDS_VALUE_WORDS;
}

/* A character set that is not read here shows its upper half as Latin 1. */
static void narrow(const struct tds_type *t, struct span v, struct buf *whole)
{
	uint32_t lcid = t->collation & LCID;
	if (t->utf8) {
		charset_to_utf8(CHARSET_UTF8, v, whole);
	} else if (lcid == LCID_CHINA || lcid == LCID_SINGAPORE) {
		charset_to_utf8(CHARSET_GBK, v, whole);
	} else if (lcid == LCID_TAIWAN || lcid == LCID_HONG_KONG || lcid == LCID_MACAO) {
		charset_to_utf8(CHARSET_BIG5, v, whole);
	} else {
		for (size_t i = 0; i < v.n; i++) {
			uint8_t bytes[4];
			buf_put(whole, bytes, utf8_put(v.p[i], bytes));
		}
	}
}

static enum tds_value_kind words(const struct tds_type *t, struct span v, struct buf *out, bool *cut)
{
	struct buf whole;
	buf_init(&whole, v.n * 3 + 3);
	if (t->id == TDS_NVARCHAR || t->id == TDS_NCHAR || t->id == TDS_NTEXT || t->id == TDS_XML)
		tds_text_get(v, &whole);
	else
		narrow(t, v, &whole);
	size_t n = whole.len, room = out->cap - out->len;
	if (n > room) {
		for (n = room; n > 0 && (whole.data[n] & 0xc0) == 0x80;)
			n--;
		*cut = true;
	}
	buf_put(out, whole.data, n);
	buf_done(&whole);
	return TDS_VALUE_WORDS;
}

static enum tds_value_kind put(const struct tds_type *t, struct span v, struct buf *out, bool *cut)
{
	switch (t->id) {
	case TDS_INT1:
	case TDS_INT2:
	case TDS_INT4:
	case TDS_INT8:
	case TDS_INTN:
	case TDS_BIT:
	case TDS_BITN:
		return number(v, out);
	case TDS_FLT4:
	case TDS_FLT8:
	case TDS_FLTN:
		return floating(v, out);
	case TDS_MONEY:
	case TDS_MONEY4:
	case TDS_MONEYN:
		return money(v, out);
	case TDS_DECIMAL:
	case TDS_NUMERIC:
	case TDS_DECIMAL_OLD:
	case TDS_NUMERIC_OLD:
		return decimal(t, v, out);
	case TDS_DATETIM4:
	case TDS_DATETIME:
	case TDS_DATETIMN:
		return old_date(v, out);
	case TDS_DATE:
	case TDS_TIME:
	case TDS_DATETIME2:
	case TDS_DATETIMEOFFSET:
		return date(t, v, out);
	case TDS_GUID:
		return guid(v, out);
	case TDS_CHAR_OLD:
	case TDS_VARCHAR_OLD:
	case TDS_CHAR:
	case TDS_VARCHAR:
	case TDS_TEXT:
	case TDS_NCHAR:
	case TDS_NVARCHAR:
	case TDS_NTEXT:
	case TDS_XML:
		return words(t, v, out, cut);
	default:
		return as_bytes(v, out);
	}
}

/* sql_variant: base type, how many bytes describe it, those, the value. */
static enum tds_value_kind variant(struct span v, struct buf *out, bool *cut)
{
	struct rd r = rd_of(v);
	struct tds_type t = { .id = rd_u8(&r) };
	struct rd about = rd_of(rd_bytes(&r, rd_u8(&r)));
	switch (t.id) {
	case TDS_DECIMAL:
	case TDS_NUMERIC:
		t.precision = rd_u8(&about);
		t.scale = rd_u8(&about);
		break;
	case TDS_TIME:
	case TDS_DATETIME2:
	case TDS_DATETIMEOFFSET:
		t.scale = rd_u8(&about);
		break;
	case TDS_CHAR:
	case TDS_VARCHAR:
		t.collation = rd_u32le(&about);
		break;
	default: /* a variant in a variant is shown as bytes */
		break;
	}
	if (r.bad || about.bad || t.scale > 38 || (t.id >= TDS_TIME && t.id <= TDS_DATETIMEOFFSET && t.scale > 7))
		return as_bytes(v, out);
	return put(&t, span_of(r.p, r.n), out, cut);
}

enum tds_value_kind tds_value_put(const struct tds_type *t, const struct tds_value *v, size_t max, struct buf *out, bool *cut)
{
	*cut = false;
	if (v->null)
		return TDS_VALUE_NULL;
	struct buf joined;
	buf_init(&joined, v->bytes.n < max ? v->bytes.n : max);
	tds_type_join(v, &joined);
	*cut = v->pieces ? joined.len == max : v->bytes.n > max;
	struct span bytes = buf_span(&joined);
	enum tds_value_kind kind = t->id == TDS_VARIANT ? variant(bytes, out, cut) : put(t, bytes, out, cut);
	buf_done(&joined);
	return kind;
}
