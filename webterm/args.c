#include "webterm/args.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

enum { VALUES_MAX = 256, AROUND = 1024 };
static const char shape[] = "a JSON object is expected";

static void scope_json(json_t **j)
{
	json_decref(*j);
}

void web_args_done(struct web_args *a)
{
	if (a->put.data)
		secret_wipe(a->put.data, a->put.size);
	buf_done(&a->put);
	a->secret = secret_free(a->secret);
	buf_done(&a->sql);
}

static void put(struct web_args *a, const char *key, struct span value)
{
	wr_str32le(&a->put, span_str(key));
	wr_str32le(&a->put, value);
	a->count++;
}

static int one(struct web_args *a, const char *key, const json_t *v, struct err *err)
{
	char number[24];
	if (a->count == VALUES_MAX)
		return fault(err, -EMSGSIZE, "too many arguments", "more than %d", VALUES_MAX);
	switch (json_typeof(v)) {
	case JSON_STRING:
		put(a, key, span_of(json_string_value(v), json_string_length(v)));
		return 0;
	case JSON_INTEGER:
		(void)snprintf(number, sizeof number, "%" PRId64, (int64_t)json_integer_value(v));
		put(a, key, span_str(number));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		put(a, key, span_str(json_is_true(v) ? "true" : "false"));
		return 0;
	case JSON_NULL:
		return 0;
	default:
		return fault(err, -EPROTO, shape, "%s is no plain value", key);
	}
}

static int take_secret(struct web_args *a, const json_t *v, struct err *err)
{
	if (!json_is_string(v))
		return fault(err, -EPROTO, shape, "the secret is no string");
	int r = secret_of(span_of(json_string_value(v), json_string_length(v)), &a->secret, err);
	secret_wipe((void *)(uintptr_t)json_string_value(v), json_string_length(v));
	return r;
}

static int take_sql(struct web_args *a, const json_t *v, struct err *err)
{
	if (!json_is_string(v))
		return fault(err, -EPROTO, shape, "the SQL is no string");
	buf_init(&a->sql, json_string_length(v) + 1);
	buf_put(&a->sql, json_string_value(v), json_string_length(v));
	a->has_sql = true;
	return 0;
}

static int each(struct web_args *a, json_t *object, struct err *err)
{
	const char *key = NULL;
	json_t *v = NULL, *item = NULL;
	size_t i = 0;
	int r = 0;
	json_object_foreach(object, key, v) {
		if (strcmp(key, "secret") == 0)
			r = take_secret(a, v, err);
		else if (strcmp(key, "sql") == 0)
			r = take_sql(a, v, err);
		else if (!json_is_array(v))
			r = one(a, key, v, err);
		else
			json_array_foreach(v, i, item)
				if (r == 0)
					r = json_is_null(item) ? fault(err, -EPROTO, shape, "a null in %s", key) : one(a, key, item, err);
		if (r < 0)
			return r;
	}
	return a->put.failed ? fault(err, -EMSGSIZE, "too long arguments", "over %zu bytes", a->put.cap) : 0;
}

int web_args_get(struct span body, struct web_args *ret, struct err *err)
{
	scoped(web_args_done) struct web_args a = { 0 };
	json_error_t why;
	buf_init(&a.put, MSG_BODY_MAX - AROUND);
	scoped(scope_json) json_t *object =
		json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(object))
		return fault(err, -EPROTO, shape, "%s", object ? "another value" : why.text);
	int r = each(&a, object, err);
	if (r < 0)
		return r;
	*ret = a;
	a = (struct web_args){ 0 };
	return 0;
}
