#include "sqlproxy/mysql/command.h"
#include "gateway/core/err.h"
#include "sqlproxy/mysql/wire.h"
#include <errno.h>

enum { PARAMETER_COUNT_AVAILABLE = 0x08, UNSIGNED = 0x80, SHOWN = 1000 };

static int malformed(struct err *err, const char *what)
{
	return fault(err, -EPROTO, "Malformed command. 命令报文有误。", "%s", what);
}

/* Types stand in front of the values: one reader for each, side by side. */
static int read_attributes(struct rd *r, uint64_t n, struct err *err)
{
	struct span nulls = rd_bytes(r, (size_t)((n + 7) / 8));
	if (rd_u8(r) != 1)
		return malformed(err, "attributes without types");
	struct rd types = *r;
	for (uint64_t i = 0; i < n; i++) {
		(void)rd_u16le(r);
		(void)mysql_wire_text(r);
	}
	for (uint64_t i = 0; i < n && !r->bad; i++) {
		struct mysql_param_type type = { .type = (uint8_t)rd_u16le(&types) };
		struct span value;
		(void)mysql_wire_text(&types);
		if (!(nulls.p[i / 8] & 1 << i % 8) && mysql_param_read(r, type, &value) < 0)
			return malformed(err, "attribute of no type");
	}
	return r->bad ? malformed(err, "attributes are cut") : 0;
}

int mysql_command_query(struct span payload, bool attributes, struct span *ret_text, struct err *err)
{
	struct rd r = rd_of(payload);
	(void)rd_u8(&r);
	if (attributes) {
		uint64_t n = mysql_wire_lenenc(&r), sets = mysql_wire_lenenc(&r);
		if (r.bad || sets != 1 || n > MYSQL_COMMAND_PARAMS)
			return malformed(err, "count of attributes");
		int result = n > 0 ? read_attributes(&r, n, err) : 0;
		if (result < 0)
			return result;
	}
	if (r.bad)
		return malformed(err, "query is cut");
	*ret_text = rd_bytes(&r, r.n);
	return 0;
}

int mysql_command_execute_head(struct span payload, struct mysql_command_execute *ret, struct err *err)
{
	struct rd r = rd_of(payload);
	(void)rd_u8(&r);
	*ret = (struct mysql_command_execute){ .statement = rd_u32le(&r), .flags = rd_u8(&r) };
	uint32_t times = rd_u32le(&r);
	return r.bad || times != 1 ? malformed(err, "execution is cut, or of more than one round") : 0;
}

static bool is_null(struct span nulls, size_t i)
{
	return nulls.p[i / 8] & 1 << i % 8;
}

struct values {
	size_t n;
	struct span nulls;
	struct rd names; /* types, where they are named */
	bool named, attributes;
};

static int read_values(struct rd *r, struct values *v, const struct mysql_command_bind *bind, struct mysql_param_type *ret_types,
	struct json *out, struct err *err)
{
	for (size_t i = 0; i < v->n; i++) {
		struct mysql_param_type type = bind->types && i < bind->params ? bind->types[i] : (struct mysql_param_type){ 0 };
		struct span value = { 0 };
		if (v->named) {
			type.type = rd_u8(&v->names);
			type.is_unsigned = rd_u8(&v->names) & UNSIGNED;
			if (v->attributes)
				(void)mysql_wire_text(&v->names);
			if (ret_types && i < bind->params)
				ret_types[i] = type;
		} else if (!bind->types || i >= bind->params) {
			return malformed(err, "values whose types nobody named");
		}
		bool sent = bind->sent && i < bind->params && bind->sent[i], null = is_null(v->nulls, i);
		if (!sent && !null && mysql_param_read(r, type, &value) < 0)
			return malformed(err, "value is cut, or of no type");
		if (!out || i >= bind->params || i >= SHOWN)
			continue;
		if (sent)
			json_str(out, NULL, span_str("(long data)"));
		else if (null)
			json_none(out, NULL);
		else
			mysql_param_json(out, type, value);
	}
	return 0; /* what stands behind them no server reads */
}

int mysql_command_execute(struct span payload, bool attributes, const struct mysql_command_bind *bind, struct mysql_param_type *ret_types,
	bool *ret_named, struct json *values, struct err *err)
{
	struct mysql_command_execute e;
	int result = mysql_command_execute_head(payload, &e, err);
	if (result < 0)
		return result;
	struct rd r = rd_of(payload);
	(void)rd_bytes(&r, MYSQL_COMMAND_EXECUTE_HEAD);
	struct values v = { .n = bind->params, .attributes = attributes };
	bool counted = attributes && (e.flags & PARAMETER_COUNT_AVAILABLE);
	if (counted) {
		uint64_t n = mysql_wire_lenenc(&r);
		if (r.bad || n > MYSQL_COMMAND_PARAMS || n < v.n)
			return malformed(err, "count of values");
		v.n = (size_t)n;
	}
	*ret_named = false;
	if (v.n == 0)
		return 0;
	v.nulls = rd_bytes(&r, (v.n + 7) / 8);
	uint8_t named = rd_u8(&r);
	if (r.bad || named > 1)
		return malformed(err, "values are cut");
	*ret_named = v.named = named;
	v.names = r;
	for (size_t i = 0; named && i < v.n; i++) {
		(void)rd_u16le(&r);
		if (attributes)
			(void)mysql_wire_text(&r);
	}
	return r.bad ? malformed(err, "types are cut") : read_values(&r, &v, bind, ret_types, values, err);
}
