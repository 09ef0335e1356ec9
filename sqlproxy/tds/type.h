#ifndef TDS_TYPE_H
#define TDS_TYPE_H
#include "gateway/core/buf.h"
#include "gateway/core/rd.h"
#include "sqlproxy/tds/version.h"
struct err;
/*
 * type - what a column or a parameter is made of: how its description is read, and how far its value reaches.
 *
 * Source:  [MS-TDS] 2.2.5.4 Data Type Definitions, 2.2.5.5, 2.2.5.6 TYPE_INFO, 2.2.5.2.3 (partially length-prefixed).
 * Shape:   TYPE_INFO is a byte and what that type needs; a value is as many bytes as its type has (FIXED), or has 1, 2 or 4 bytes of
 *          length in front, or is a run of pieces (PLP: total u64, then {n u32, bytes} to n = 0), or, of text and image in a row, has
 *          a pointer and a timestamp in front.
 * Streams: a reader that ran out of bytes is `bad`: who reads a stream keeps the bytes and comes again with more.
 * Errors:  -EPROTO a type that is not known, or not to be here.  Owns: nothing.  Trust: input hostile.
 */
enum tds_shape {
	TDS_FIXED,
	TDS_LEN8,  /* 0 = null */
	TDS_LEN16, /* 0xffff = null */
	TDS_LEN32, /* 0xffffffff = null; of a variant 0 */
	TDS_POINTED, /* text in a row: a pointer of 0 bytes = null */
	TDS_PLP,
	TDS_TABLE, /* a table as a parameter: only a request has it */
};
enum tds_where { TDS_IN_ROW, TDS_IN_REQUEST, TDS_IN_TABLE };

enum tds_type_id {
	TDS_NULL = 0x1f,
	TDS_IMAGE = 0x22,
	TDS_TEXT = 0x23,
	TDS_GUID = 0x24,
	TDS_VARBINARY_OLD = 0x25,
	TDS_INTN = 0x26,
	TDS_VARCHAR_OLD = 0x27,
	TDS_DATE = 0x28,
	TDS_TIME = 0x29,
	TDS_DATETIME2 = 0x2a,
	TDS_DATETIMEOFFSET = 0x2b,
	TDS_BINARY_OLD = 0x2d,
	TDS_CHAR_OLD = 0x2f,
	TDS_INT1 = 0x30,
	TDS_BIT = 0x32,
	TDS_INT2 = 0x34,
	TDS_DECIMAL_OLD = 0x37,
	TDS_INT4 = 0x38,
	TDS_DATETIM4 = 0x3a,
	TDS_FLT4 = 0x3b,
	TDS_MONEY = 0x3c,
	TDS_DATETIME = 0x3d,
	TDS_FLT8 = 0x3e,
	TDS_NUMERIC_OLD = 0x3f,
	TDS_VARIANT = 0x62,
	TDS_NTEXT = 0x63,
	TDS_BITN = 0x68,
	TDS_DECIMAL = 0x6a,
	TDS_NUMERIC = 0x6c,
	TDS_FLTN = 0x6d,
	TDS_MONEYN = 0x6e,
	TDS_DATETIMN = 0x6f,
	TDS_MONEY4 = 0x7a,
	TDS_INT8 = 0x7f,
	TDS_VARBINARY = 0xa5,
	TDS_VARCHAR = 0xa7,
	TDS_BINARY = 0xad,
	TDS_CHAR = 0xaf,
	TDS_NVARCHAR = 0xe7,
	TDS_NCHAR = 0xef,
	TDS_UDT = 0xf0,
	TDS_XML = 0xf1,
	TDS_TABLE_TYPE = 0xf3,
};

struct tds_type {
	uint8_t id, shape;
	uint8_t precision, scale;
	uint32_t size;      /* FIXED: its bytes; else as described */
	uint32_t collation; /* of characters; 0 where there is none */
	bool utf8;          /* the collation says so */
	bool text;          /* TEXT, NTEXT or IMAGE: a column of it has its table's name behind it */
};

int tds_type_get(struct rd *r, enum tds_where where, enum tds_rank rank, struct tds_type *ret, struct err *err);

/* What stands in front of a value's bytes. */
struct tds_extent {
	bool null, pieces; /* pieces: `n` of them is not known; the first u32 comes next */
	uint64_t n;
};
/* Not for TDS_TABLE.  A value longer than its description is the server's to refuse: it reaches as far as it says. */
int tds_type_extent(struct rd *r, const struct tds_type *type, struct tds_extent *ret, struct err *err);

/* A value in memory: its bytes; of PLP with the pieces' lengths still between them. */
struct tds_value {
	bool null, pieces;
	struct span bytes;
};
int tds_type_value(struct rd *r, const struct tds_type *type, struct tds_value *ret, struct err *err);
/* The bytes of a value, without the lengths; cut at what `out` holds. */
void tds_type_join(const struct tds_value *value, struct buf *out);
#endif
