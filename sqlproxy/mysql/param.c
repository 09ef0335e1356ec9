#include "sqlproxy/mysql/param.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum kind { NONE, NOTHING, INTEGER, FLOAT, MOMENT, DURATION, TEXT };
static const struct {
	uint8_t kind, size;
} kinds[256] = {
	[0] = { TEXT, 0 },	   /* DECIMAL */
	[1] = { INTEGER, 1 },	   /* TINY */
	[2] = { INTEGER, 2 },	   /* SHORT */
	[3] = { INTEGER, 4 },	   /* LONG */
	[4] = { FLOAT, 4 },
	[5] = { FLOAT, 8 },
	[6] = { NOTHING, 0 },
	[7] = { MOMENT, 0 },	   /* TIMESTAMP */
	[8] = { INTEGER, 8 },	   /* LONGLONG */
	[9] = { INTEGER, 4 },	   /* INT24 */
	[10] = { MOMENT, 0 },	   /* DATE */
	[11] = { DURATION, 0 },	   /* TIME */
	[12] = { MOMENT, 0 },	   /* DATETIME */
	[13] = { INTEGER, 2 },	   /* YEAR */
	[15] = { TEXT, 0 },	   /* VARCHAR */
	[16] = { TEXT, 0 },	   /* BIT */
	[242] = { TEXT, 0 },	   /* VECTOR */
	[244] = { INTEGER, 1 },	   /* BOOL */
	[245] = { TEXT, 0 },	   /* JSON */
	[246] = { TEXT, 0 },	   /* NEWDECIMAL */
	[247] = { TEXT, 0 }, [248] = { TEXT, 0 }, [249] = { TEXT, 0 }, [250] = { TEXT, 0 }, [251] = { TEXT, 0 }, [252] = { TEXT, 0 },
	[253] = { TEXT, 0 }, [254] = { TEXT, 0 }, [255] = { TEXT, 0 }, /* ENUM SET BLOBs VAR_STRING STRING GEOMETRY */
};

int mysql_param_read(struct rd *r, struct mysql_param_type type, struct span *ret)
{
	switch (kinds[type.type].kind) {
	case NOTHING:
		*ret = (struct span){ 0 };
		break;
	case INTEGER:
	case FLOAT:
		*ret = rd_bytes(r, kinds[type.type].size);
		break;
	case MOMENT:
	case DURATION:
		*ret = rd_bytes(r, rd_u8(r));
		break;
	case TEXT:
		*ret = mysql_wire_text(r);
		break;
	default:
		return -EPROTO;
	}
	return r->bad ? -EPROTO : 0;
}

static void put_integer(struct json *j, struct mysql_param_type type, struct span value)
{
	struct rd r = rd_of(value);
	uint64_t v = rd_le(&r, value.n);
	char text[24];
	if (value.n == 8) { /* beyond what a reader of JSON keeps exactly */
		(void)(type.is_unsigned ? snprintf(text, sizeof text, "%" PRIu64, v)
					: snprintf(text, sizeof text, "%" PRId64, (int64_t)v));
		json_str(j, NULL, span_str(text));
		return;
	}
	uint64_t sign = UINT64_C(1) << (8 * value.n - 1);
	json_num(j, NULL, type.is_unsigned || !(v & sign) ? (int64_t)v : (int64_t)(v - 2 * sign));
}

static void put_float(struct json *j, struct span value)
{
	char text[32];
	double d = 0;
	float f = 0;
	if (value.n == sizeof d)
		memcpy(&d, value.p, sizeof d);
	else if (value.n == sizeof f)
		memcpy(&f, value.p, sizeof f), d = (double)f;
	(void)snprintf(text, sizeof text, value.n == sizeof d ? "%.17g" : "%.9g", d);
	json_str(j, NULL, span_str(text));
}

static void put_moment(struct json *j, struct span value)
{
	struct rd r = rd_of(value);
	char text[64];
	unsigned year = rd_u16le(&r), month = rd_u8(&r), day = rd_u8(&r);
	int n = snprintf(text, sizeof text, "%04u-%02u-%02u", year, month, day);
	if (value.n >= 7) {
		unsigned hour = rd_u8(&r), minute = rd_u8(&r), second = rd_u8(&r);
		n += snprintf(text + n, sizeof text - (size_t)n, " %02u:%02u:%02u", hour, minute, second);
	}
	if (value.n >= 11)
		(void)snprintf(text + n, sizeof text - (size_t)n, ".%06" PRIu32, rd_u32le(&r));
	json_str(j, NULL, span_str(text));
}

static void put_duration(struct json *j, struct span value)
{
	struct rd r = rd_of(value);
	char text[64];
	bool negative = rd_u8(&r);
	uint64_t days = rd_u32le(&r);
	unsigned hour = rd_u8(&r), minute = rd_u8(&r), second = rd_u8(&r);
	int n = snprintf(text, sizeof text, "%s%" PRIu64 ":%02u:%02u", negative ? "-" : "", days * 24 + hour, minute, second);
	if (value.n >= 12)
		(void)snprintf(text + n, sizeof text - (size_t)n, ".%06" PRIu32, rd_u32le(&r));
	json_str(j, NULL, span_str(text));
}

void mysql_param_json(struct json *j, struct mysql_param_type type, struct span value)
{
	switch (kinds[type.type].kind) {
	case INTEGER:
		put_integer(j, type, value);
		break;
	case FLOAT:
		put_float(j, value);
		break;
	case MOMENT:
		put_moment(j, value);
		break;
	case DURATION:
		put_duration(j, value);
		break;
	case TEXT:
		json_str(j, NULL, span_of(value.p, value.n < MYSQL_PARAM_SHOWN ? value.n : MYSQL_PARAM_SHOWN));
		break;
	default:
		json_none(j, NULL);
		break;
	}
}
