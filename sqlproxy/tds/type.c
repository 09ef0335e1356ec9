#include "sqlproxy/tds/type.h"
#include "gateway/core/err.h"
#include <errno.h>

enum { PLP_SIZE = 0xffff, NULL16 = 0xffff };
#define NULL32 0xffffffffU
#define PLP_NULL 0xffffffffffffffffULL
#define PLP_UNKNOWN 0xfffffffffffffffeULL
enum { COLLATION_UTF8 = 1 << 26 }; /* in its first 4 bytes */
/* What a description has behind the type's byte. */
enum { SIZE1 = 1 << 0, SIZE2 = 1 << 1, SIZE4 = 1 << 2, PRECISION = 1 << 3, SCALE = 1 << 4, COLLATED = 1 << 5, LONG = 1 << 6 /* may be PLP */ };

static const struct {
	uint8_t known, shape, has, size;
} types[256] = {
	[TDS_NULL] = { 1, TDS_FIXED, 0, 0 },
	[TDS_INT1] = { 1, TDS_FIXED, 0, 1 },
	[TDS_BIT] = { 1, TDS_FIXED, 0, 1 },
	[TDS_INT2] = { 1, TDS_FIXED, 0, 2 },
	[TDS_INT4] = { 1, TDS_FIXED, 0, 4 },
	[TDS_DATETIM4] = { 1, TDS_FIXED, 0, 4 },
	[TDS_FLT4] = { 1, TDS_FIXED, 0, 4 },
	[TDS_MONEY] = { 1, TDS_FIXED, 0, 8 },
	[TDS_DATETIME] = { 1, TDS_FIXED, 0, 8 },
	[TDS_FLT8] = { 1, TDS_FIXED, 0, 8 },
	[TDS_MONEY4] = { 1, TDS_FIXED, 0, 4 },
	[TDS_INT8] = { 1, TDS_FIXED, 0, 8 },
	[TDS_GUID] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_INTN] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_BITN] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_FLTN] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_MONEYN] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_DATETIMN] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_DECIMAL] = { 1, TDS_LEN8, SIZE1 | PRECISION | SCALE, 0 },
	[TDS_NUMERIC] = { 1, TDS_LEN8, SIZE1 | PRECISION | SCALE, 0 },
	[TDS_DECIMAL_OLD] = { 1, TDS_LEN8, SIZE1 | PRECISION | SCALE, 0 },
	[TDS_NUMERIC_OLD] = { 1, TDS_LEN8, SIZE1 | PRECISION | SCALE, 0 },
	[TDS_DATE] = { 1, TDS_LEN8, 0, 0 },
	[TDS_TIME] = { 1, TDS_LEN8, SCALE, 0 },
	[TDS_DATETIME2] = { 1, TDS_LEN8, SCALE, 0 },
	[TDS_DATETIMEOFFSET] = { 1, TDS_LEN8, SCALE, 0 },
	[TDS_CHAR_OLD] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_VARCHAR_OLD] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_BINARY_OLD] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_VARBINARY_OLD] = { 1, TDS_LEN8, SIZE1, 0 },
	[TDS_BINARY] = { 1, TDS_LEN16, SIZE2, 0 },
	[TDS_VARBINARY] = { 1, TDS_LEN16, SIZE2 | LONG, 0 },
	[TDS_CHAR] = { 1, TDS_LEN16, SIZE2 | COLLATED, 0 },
	[TDS_VARCHAR] = { 1, TDS_LEN16, SIZE2 | COLLATED | LONG, 0 },
	[TDS_NCHAR] = { 1, TDS_LEN16, SIZE2 | COLLATED, 0 },
	[TDS_NVARCHAR] = { 1, TDS_LEN16, SIZE2 | COLLATED | LONG, 0 },
	[TDS_IMAGE] = { 1, TDS_LEN32, SIZE4, 0 },
	[TDS_TEXT] = { 1, TDS_LEN32, SIZE4 | COLLATED, 0 },
	[TDS_NTEXT] = { 1, TDS_LEN32, SIZE4 | COLLATED, 0 },
	[TDS_VARIANT] = { 1, TDS_LEN32, SIZE4, 0 },
	[TDS_UDT] = { 1, TDS_PLP, 0, 0 },
	[TDS_XML] = { 1, TDS_PLP, 0, 0 },
	[TDS_TABLE_TYPE] = { 1, TDS_TABLE, 0, 0 },
};

static void short_name(struct rd *r)
{
	(void)rd_bytes(r, (size_t)rd_u8(r) * 2);
}

static void long_name(struct rd *r)
{
	(void)rd_bytes(r, (size_t)rd_u16le(r) * 2);
}

/* Of types that a database has defined. */
static void get_names(struct rd *r, enum tds_where where, uint8_t id)
{
	if (id == TDS_XML) {
		if (rd_u8(r) == 0)
			return;
		short_name(r); /* database, schema, collection */
		short_name(r);
		long_name(r);
		return;
	}
	if (where == TDS_IN_ROW)
		(void)rd_u16le(r); /* its size */
	short_name(r); /* database, schema, type */
	short_name(r);
	short_name(r);
	if (where == TDS_IN_ROW)
		long_name(r); /* assembly */
}

static int check(const struct tds_type *t, enum tds_where where, struct err *err)
{
	if (t->shape == TDS_TABLE && where != TDS_IN_REQUEST)
		return fault(err, -EPROTO, "the peer sent a value of a type that cannot be read", "a table inside something else");
	if (t->text && where == TDS_IN_TABLE)
		return fault(err, -EPROTO, "the peer sent a value of a type that cannot be read", "type %02x in a table", t->id);
	if (t->scale > 38 || t->precision > 38 || (t->id >= TDS_TIME && t->id <= TDS_DATETIMEOFFSET && t->scale > 7))
		return fault(err, -EPROTO, "the peer sent a value of a type that cannot be read", "type %02x(%u, %u)", t->id, t->precision, t->scale);
	return 0;
}

int tds_type_get(struct rd *r, enum tds_where where, enum tds_rank rank, struct tds_type *ret, struct err *err)
{
	uint8_t id = rd_u8(r), has = types[id].has;
	if (r->bad)
		return 0;
	if (!types[id].known)
		return fault(err, -EPROTO, "the peer sent a value of a type that cannot be read", "type %02x", id);
	*ret = (struct tds_type){ .id = id, .shape = types[id].shape, .size = types[id].size };
	if (has & (SIZE1 | SIZE2 | SIZE4))
		ret->size = (uint32_t)rd_le(r, has & SIZE1 ? 1 : has & SIZE2 ? 2 : 4);
	ret->precision = has & PRECISION ? rd_u8(r) : 0;
	ret->scale = has & SCALE ? rd_u8(r) : 0;
	ret->text = id == TDS_TEXT || id == TDS_NTEXT || id == TDS_IMAGE;
	if (has & COLLATED && rank >= TDS_7_1) {
		ret->collation = rd_u32le(r);
		(void)rd_u8(r);
		ret->utf8 = ret->collation & COLLATION_UTF8;
	}
	if (has & LONG && ret->size == PLP_SIZE)
		ret->shape = TDS_PLP;
	if (ret->text && where == TDS_IN_ROW)
		ret->shape = TDS_POINTED;
	if (id == TDS_UDT || id == TDS_XML)
		get_names(r, where, id);
	return r->bad ? 0 : check(ret, where, err);
}

static void pointed(struct rd *r, struct tds_extent *ret)
{
	uint8_t pointer = rd_u8(r);
	ret->null = pointer == 0;
	if (pointer == 0)
		return;
	(void)rd_bytes(r, (size_t)pointer + 8);
	ret->n = rd_u32le(r);
}

int tds_type_extent(struct rd *r, const struct tds_type *t, struct tds_extent *ret, struct err *err)
{
	*ret = (struct tds_extent){ 0 };
	switch ((enum tds_shape)t->shape) {
	case TDS_FIXED:
		ret->n = t->size;
		ret->null = t->id == TDS_NULL;
		return 0;
	case TDS_LEN8:
		ret->n = rd_u8(r);
		ret->null = ret->n == 0;
		break;
	case TDS_LEN16:
		ret->n = rd_u16le(r);
		ret->null = ret->n == NULL16;
		break;
	case TDS_LEN32:
		ret->n = rd_u32le(r);
		ret->null = t->id == TDS_VARIANT ? ret->n == 0 : ret->n == NULL32;
		break;
	case TDS_POINTED:
		pointed(r, ret);
		break;
	case TDS_PLP:
		ret->n = rd_u64le(r);
		ret->null = ret->n == PLP_NULL;
		ret->pieces = !ret->null;
		break;
	case TDS_TABLE:
		return fault(err, -EPROTO, "the peer sent a value of a type that cannot be read", "a table as a value");
	}
	if (ret->null)
		ret->n = 0;
	return 0;
}

int tds_type_value(struct rd *r, const struct tds_type *t, struct tds_value *ret, struct err *err)
{
	struct tds_extent e;
	int k = tds_type_extent(r, t, &e, err);
	if (k < 0)
		return k;
	*ret = (struct tds_value){ .null = e.null, .pieces = e.pieces };
	if (!e.pieces) {
		ret->bytes = rd_bytes(r, (size_t)e.n);
		return 0;
	}
	const uint8_t *from = r->p;
	uint64_t sum = 0;
	for (;;) {
		uint32_t n = rd_u32le(r);
		if (r->bad || n == 0)
			break;
		(void)rd_bytes(r, n);
		sum += n;
	}
	if (!r->bad && e.n != PLP_UNKNOWN && e.n != sum)
		return fault(err, -EPROTO, "the peer sent a value of a type that cannot be read", "pieces of %llu bytes", (unsigned long long)sum);
	ret->bytes = r->bad ? (struct span){ 0 } : span_of(from, (size_t)(r->p - from));
	return 0;
}

static void put_some(struct buf *out, struct span s)
{
	size_t room = out->cap - out->len;
	buf_put(out, s.p, s.n < room ? s.n : room);
}

void tds_type_join(const struct tds_value *v, struct buf *out)
{
	if (!v->pieces) {
		put_some(out, v->bytes);
		return;
	}
	struct rd r = rd_of(v->bytes);
	for (uint32_t n; (n = rd_u32le(&r)) > 0 && out->len < out->cap;)
		put_some(out, rd_bytes(&r, n));
}
