#include "policy/call.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/broker.h"
#include "policy/command/document.h"
#include "policy/dial/dial.h"
#include "policy/login/hashing.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { ARGS_JSON_MAX = 1 << 20, WITHIN_S = 30, SAID_MAX = 150, CONTENT_SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW };

/* ---- arguments ---- */

static const struct pol_arg *arg_find(const struct pol_command *command, struct span key)
{
	for (const struct pol_arg *a = command->args; a < command->args + POL_ARGS_MAX && a->key; a++)
		if (span_is(key, a->key))
			return a;
	return NULL;
}

const char *pol_call_arg(const struct pol_call *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->values[i].arg->key, key) == 0)
			return c->values[i].text;
	return NULL;
}

static int value_take(struct pol_call *c, struct span key, struct span value, char *say, size_t say_n)
{
	const struct pol_arg *a = arg_find(c->command, key);
	size_t max = a && a->max ? a->max : 255;

	if (!a) {
		(void)snprintf(say, say_n, "%s has no argument %.*s", c->command->name, (int)(key.n < 40 ? key.n : 40),
			(const char *)key.p);
		return -EINVAL;
	}
	if (!(a->flags & POL_ARG_REPEATED) && pol_call_arg(c, a->key)) {
		(void)snprintf(say, say_n, "%s is given twice", a->key);
		return -EINVAL;
	}
	int r = span_dup(value, max, &c->values[c->n].text);
	if (r < 0) {
		(void)snprintf(say, say_n,
			r == -EMSGSIZE ? "%s is longer than %zu bytes" : "%s holds a zero byte (%zu)", a->key,
			r == -EMSGSIZE ? max : value.n);
		return r;
	}
	c->values[c->n++].arg = a;
	return 0;
}

static int values_take(struct pol_call *c, const struct wire_command *m, char *say, size_t say_n)
{
	struct rd r = rd_of(m->args);

	if (m->count > POL_CALL_VALUES_MAX) {
		(void)snprintf(say, say_n, "too many arguments");
		return -EINVAL;
	}
	c->values = calloc(m->count + 1, sizeof *c->values);
	if (!c->values)
		abort();
	for (uint32_t i = 0; i < m->count; i++) {
		struct span key = rd_str32le(&r), value = rd_str32le(&r);
		if (r.bad)
			break;
		int code = value_take(c, key, value, say, say_n);
		if (code < 0)
			return code;
	}
	if (!rd_done(&r)) {
		(void)snprintf(say, say_n, "malformed command");
		return -EINVAL;
	}
	for (const struct pol_arg *a = c->command->args; a < c->command->args + POL_ARGS_MAX && a->key; a++)
		if ((a->flags & POL_ARG_REQUIRED) && !pol_call_arg(c, a->key)) {
			(void)snprintf(say, say_n, "%s is missing", a->key);
			return -EINVAL;
		}
	return 0;
}

static bool fd_is(int fd, uint8_t kind)
{
	struct stat st;
	int type = 0;
	socklen_t n = sizeof type;

	switch (kind) {
	case POL_FD_NONE:
		return fd < 0;
	case POL_FD_SECRET_MAYBE:
		return fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= SECRET_MAX);
	case POL_FD_FILE_MAYBE:
		return fd < 0 || pol_pour_can(fd);
	case POL_FD_CONTENT:
		return fd >= 0 && (fcntl(fd, F_GET_SEALS) & CONTENT_SEALS) == CONTENT_SEALS && fstat(fd, &st) == 0 &&
		       st.st_size <= POL_DOCUMENT_MAX;
	case POL_FD_SQL:
		return fd >= 0 && (fcntl(fd, F_GET_SEALS) & CONTENT_SEALS) == CONTENT_SEALS && fstat(fd, &st) == 0;
	case POL_FD_FILE:
		return pol_pour_can(fd);
	default:
		return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
	}
}

static void caller_json(struct pol_call *c, const struct pol_call_skin *skin)
{
	struct buf b;
	struct json j;

	buf_init(&b, sizeof c->caller);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_str(&j, "actor", span_str(skin->actor));
	json_str(&j, "role", span_str(skin->role));
	json_str(&j, "address", span_str(skin->address));
	if (skin->console && skin->console[0])
		json_str(&j, "console", span_str(skin->console));
	if (skin->token && skin->token[0])
		json_str(&j, "token", span_str(skin->token));
	json_end(&j);
	(void)snprintf(c->caller, sizeof c->caller, "%s", b.failed ? "{}" : buf_str(&b));
	buf_done(&b);
}

static void call_free(struct pol_call *c)
{
	if (c->state_free)
		c->state_free(c);
	free(c->state);
	loop_timer_del(&c->late);
	pol_pour_stop(&c->pour);
	pol_query_drop(&c->b->sql, c);
	pol_ask_drop(&c->b->asks, c);
	pol_dial_drop(c->b->dialler, c);
	pol_hashing_drop(c->b->hashing, c);
	for (size_t i = 0; i < c->n; i++)
		free(c->values[i].text);
	free(c->values);
	scope_close(&c->fd);
	free(c);
}

static void call_late(void *ctx)
{
	pol_call_fail(ctx, -ETIMEDOUT, "this took too long and was given up");
}

int pol_call_new(struct pol_call **ret, struct pol_broker *b, const struct wire_command *m, int fd,
	const struct pol_call_skin *skin, char *say, size_t say_n)
{
	struct pol_call *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->b = b;
	c->fd = fd;
	c->zh = m->lang.n >= 2 && memcmp(m->lang.p, "zh", 2) == 0;
	c->answer = skin->answer;
	c->ctx = skin->ctx;
	c->late = (struct loop_timer){ .fire = call_late, .ctx = c };
	c->command = pol_commands_find(m->name);
	int r = 0;
	if (!c->command) {
		(void)snprintf(say, say_n, "no such command");
		r = -EINVAL;
	} else if (!fd_is(fd, c->command->fd)) {
		(void)snprintf(say, say_n, "%s needs another kind of file", c->command->name);
		r = -EINVAL;
	} else {
		r = values_take(c, m, say, say_n);
	}
	if (r < 0) {
		call_free(c);
		return POL_EXIT_USAGE;
	}
	caller_json(c, skin);
	*ret = c;
	return 0;
}

void pol_call_run(struct pol_call *c)
{
	int64_t within_s = c->command->within_s ? c->command->within_s : WITHIN_S;

	loop_timer_set(c->b->loop, &c->late, within_s * 1000000);
	if (c->command->run)
		c->command->run(c);
	else
		pol_call_sql(c, NULL, pol_call_sql_answer);
}

void pol_call_cancel(struct pol_call *c)
{
	call_free(c);
}

void *pol_call_state(struct pol_call *c, size_t n, void (*state_free)(struct pol_call *c))
{
	c->state = calloc(1, n);
	if (!c->state)
		abort();
	c->state_free = state_free;
	return c->state;
}

void pol_call_args_open(const struct pol_call *c, struct json *j, struct buf *out)
{
	json_open(j, out);
	json_obj(j, NULL);
	for (const struct pol_arg *a = c->command->args; a < c->command->args + POL_ARGS_MAX && a->key; a++) {
		if (!pol_call_arg(c, a->key))
			continue;
		bool many = a->flags & POL_ARG_REPEATED;
		if (many)
			json_arr(j, a->key);
		for (size_t i = 0; i < c->n; i++)
			if (c->values[i].arg == a)
				json_str(j, many ? NULL : a->key, span_str(c->values[i].text));
		if (many)
			json_end(j);
	}
}

void pol_call_sql(struct pol_call *c, struct buf *args, pg_done *done)
{
	pol_call_sql_on(c, &c->b->sql, args, done);
}

void pol_call_sql_on(struct pol_call *c, struct pol_queries *queries, struct buf *args, pg_done *done)
{
	struct buf own, sql;
	struct json j;

	buf_init(&own, ARGS_JSON_MAX);
	buf_init(&sql, 256);
	if (!args) {
		pol_call_args_open(c, &j, &own);
		json_end(&j);
		args = &own;
	}
	buf_printf(&sql, "select %s($1::jsonb, $2::jsonb)", c->command->sql);
	if (args->failed)
		pol_call_fail(c, -EMSGSIZE, "the arguments are too long");
	else
		pol_query(queries, POL_SQL(buf_str(&sql), c->caller, buf_str(args)), done, c);
	buf_done(&own);
	buf_done(&sql);
}

static const char *sql_say(int code, const struct err *err)
{
	if (code == -EPIPE || code == -EAGAIN)
		return "the database is away; try again in a minute";
	if (code == -EIO || !err->say[0])
		return "the database refused this; the broker's log has the reason";
	return err->say;
}

void pol_call_sql_answer(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;

	if (code < 0) {
		if (code == -EIO)
			log_err(LOG_LEVEL_WARN, "command.failed", err);
		pol_call_fail(c, code, sql_say(code, err));
	} else {
		pol_call_answer(c, pg_rows(res) ? pg_span(res, 0, 0) : span_str("null"));
	}
}

static void poured(void *ctx, int code)
{
	struct pol_call *c = ctx;

	if (code < 0)
		pol_call_fail(c, -EIO, c->pour_say);
	else
		c->poured(c);
}

void pol_call_pour(struct pol_call *c, struct span bytes, const char *say, void (*then)(struct pol_call *c))
{
	c->pour.done = poured;
	c->pour.ctx = c;
	c->pour_say = say;
	c->poured = then;
	pol_pour_start(&c->pour, c->b->loop, c->fd, bytes);
}

static int exit_of(int code)
{
	switch (code) {
	case 0:
		return POL_EXIT_DONE;
	case -EINVAL:
		return POL_EXIT_USAGE;
	case -ENOENT:
		return POL_EXIT_NOT_FOUND;
	case -EACCES:
		return POL_EXIT_NOT_ALLOWED;
	case -EKEYEXPIRED:
		return POL_EXIT_SIGN_IN;
	default:
		return POL_EXIT_FAILED;
	}
}

static void call_end(struct pol_call *c, struct span json, int exit, const char *say)
{
	log_ev(LOG_LEVEL_INFO, "command", LOG_S("name", c->command->name), LOG_S("caller", c->caller),
		LOG_N("exit", exit));
	c->answer(c->ctx, json, exit, say);
	call_free(c);
}

void pol_call_answer(struct pol_call *c, struct span json)
{
	call_end(c, json, POL_EXIT_DONE, "");
}

void pol_call_fail(struct pol_call *c, int code, const char *say)
{
	char copy[200];

	(void)snprintf(copy, sizeof copy, "%s", say); /* it may lie in what ends now */
	call_end(c, (struct span){ 0 }, exit_of(code), copy);
}

void pol_call_fail_as(struct pol_call *c, int64_t code, struct span say)
{
	char text[SAID_MAX + 1];

	(void)snprintf(text, sizeof text, "%.*s", (int)(say.n < SAID_MAX ? say.n : SAID_MAX), (const char *)say.p);
	pol_call_fail(c, (int)code, text);
}
