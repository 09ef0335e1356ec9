#include "policy/command/document.h"
#include "gateway/core/err.h"
#include "gateway/core/pg.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/call.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX = 2 * POL_DOCUMENT_MAX + 16, ARGS_MAX = 1 << 20, ANSWER_US = 60 * 1000 * 1000, PIECE = 64 << 10 };

struct pol_documents {
	struct pol_queries sql;
};

static void documents_up(void *ctx, bool up)
{
	(void)ctx;
	(void)up;
}

int pol_documents_new(struct pol_documents **ret, struct pol_broker *b, const char *conninfo, struct err *err)
{
	struct pol_documents *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	d->sql.loop = b->loop;
	int r = pg_new(&d->sql.pg, b->loop, conninfo, documents_up, d, err);
	if (r < 0) {
		free(d);
		return r;
	}
	pg_deadline(d->sql.pg, ANSWER_US);
	*ret = d;
	return 0;
}

struct pol_documents *pol_documents_free(struct pol_documents *d)
{
	if (d) {
		d->sql.pg = pg_free(d->sql.pg);
		free(d);
	}
	return NULL;
}

static void document_call_free(struct pol_call *c)
{
	pol_query_drop(&c->b->documents->sql, c);
}

/* All of the memfd: sealed, so it neither shrinks nor changes meanwhile (pol_call_new has looked). */
static bool content_read(int fd, struct buf *out)
{
	uint8_t piece[PIECE];

	for (off_t at = 0;;) {
		ssize_t n = pread(fd, piece, sizeof piece, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 && !out->failed;
		buf_put(out, piece, (size_t)n);
		at += n;
	}
}

static void args_text(const struct pol_call *c, struct buf *out)
{
	struct json j;

	buf_init(out, ARGS_MAX);
	pol_call_args_open(c, &j, out);
	json_end(&j);
}

void pol_command_document_put(struct pol_call *c)
{
	scoped(buf_done) struct buf bytes = { 0 }, text = { 0 }, args = { 0 }, sql = { 0 };

	(void)pol_call_state(c, 1, document_call_free);
	buf_init(&bytes, POL_DOCUMENT_MAX);
	if (!content_read(c->fd, &bytes)) {
		pol_call_fail(c, -EIO, "the document cannot be read");
		return;
	}
	buf_init(&text, TEXT_MAX);
	pg_bytea_text(buf_span(&bytes), &text);
	buf_done(&bytes);
	args_text(c, &args);
	buf_init(&sql, 256);
	buf_printf(&sql, "select %s($1::jsonb, $2::jsonb, $3::bytea)", c->command->sql);
	if (text.failed || args.failed)
		pol_call_fail(c, -EMSGSIZE, "the arguments are too long");
	else
		pol_query(&c->b->documents->sql, POL_SQL(buf_str(&sql), c->caller, buf_str(&args), buf_str(&text)),
			pol_call_sql_answer, c);
}

/* What is on its way to the file, and the answer that follows it. */
struct fetched {
	struct buf bytes, facts;
};

static void fetched_free(struct pol_call *c)
{
	struct fetched *f = c->state;

	document_call_free(c);
	buf_done(&f->bytes);
	buf_done(&f->facts);
}

static void written(struct pol_call *c)
{
	const struct fetched *f = c->state;

	pol_call_answer(c, buf_span(&f->facts));
}

static void got(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct fetched *f = c->state;

	if (code < 0) {
		pol_call_sql_answer(c, code, res, err);
		return;
	}
	buf_init(&f->bytes, POL_DOCUMENT_MAX);
	buf_init(&f->facts, ARGS_MAX);
	buf_put_span(&f->facts, pg_span(res, 0, 0));
	if (pg_rows(res) != 1 || pg_bytea(pg_span(res, 0, 1), &f->bytes) < 0 || f->bytes.failed || f->facts.failed)
		pol_call_fail(c, -EPROTO, "the document makes no sense");
	else
		pol_call_pour(c, buf_span(&f->bytes), "the output file cannot be written", written);
}

void pol_command_document_get(struct pol_call *c)
{
	scoped(buf_done) struct buf args = { 0 };

	(void)pol_call_state(c, sizeof(struct fetched), fetched_free);
	args_text(c, &args);
	if (args.failed)
		pol_call_fail(c, -EMSGSIZE, "the arguments are too long");
	else
		pol_query(&c->b->documents->sql,
			POL_SQL("select facts, content from api.document_get($1::jsonb, $2::jsonb)", c->caller, buf_str(&args)), got, c);
}
