#include "gateway/core/pg.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/loop.h"
#include "gateway/core/scope.h"
#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

enum { LISTENERS = 8, BACK_OFF_MIN_US = 100 * 1000, BACK_OFF_MAX_US = 2 * 1000 * 1000, DEADLINE_US = 10 * 1000 * 1000 };

struct query {
	struct query *next;
	pg_done *done; /* NULL: one of ours */
	void *ctx;
	int64_t given_us;
};

struct queue {
	struct query *first, **last;
};

struct pg {
	struct loop *loop;
	PGconn *conn; /* NULL while waiting for the next attempt */
	char *conninfo;
	void (*up)(void *ctx, bool up);
	void *ctx;
	bool is_up, was_told, broken;
	int depth; /* callbacks running: pg_free waits for them */
	bool freed;
	int64_t back_off_us, deadline_us;
	struct loop_io io;
	struct loop_timer attempt; /* next connection attempt, or the end of one that hangs */
	struct loop_timer watch;   /* deadline of the first query in flight */
	struct loop_timer kick;    /* what pg_query may not do itself */
	struct queue flight;       /* given to libpq, in order */
	struct queue refused;      /* given while down */
	int queued;
	PGresult *result; /* of flight.first; it counts when its sync, and so the commit, has come */
	struct {
		const char *channel;
		void (*heard)(void *ctx, const char *payload);
		void *ctx;
	} listener[LISTENERS];
	size_t listeners;
};

static void attempt_fire(void *ctx);

static void push(struct queue *q, struct query *one)
{
	*q->last = one;
	q->last = &one->next;
}

static struct query *pop(struct queue *q)
{
	struct query *one = q->first;
	q->first = one->next;
	if (!q->first)
		q->last = &q->first;
	return one;
}

static void release(struct pg *pg)
{
	if (pg->conn)
		PQfinish(pg->conn);
	free(pg->conninfo);
	free(pg);
}

static void enter(struct pg *pg)
{
	pg->depth++;
}

/* False when the last callback freed us. */
static bool leave(struct pg *pg)
{
	if (--pg->depth > 0 || !pg->freed)
		return !pg->freed;
	release(pg);
	return false;
}

static void finish(struct pg *pg, struct query *one, int code, PGresult *result, const struct err *err)
{
	pg->queued--;
	if (one->done)
		one->done(one->ctx, code, code == 0 ? (const struct pg_result *)result : NULL, err);
	else if (code < 0 && code != -EPIPE)
		log_err(LOG_LEVEL_ERROR, "database.listen", err);
	free(one);
}

static void finish_all(struct pg *pg, struct queue *q, int code)
{
	struct err err;
	(void)fault(&err, code, "the database is away; please try again", "no connection to the database");
	while (q->first)
		finish(pg, pop(q), code, NULL, &err);
}

static void drop_result(struct pg *pg)
{
	PQclear(pg->result);
	pg->result = NULL;
}

/* The connection is gone: everybody who waits is told, and the next attempt is set. */
static void go_down(struct pg *pg, const char *why)
{
	bool was_up = pg->is_up;
	if (!pg->was_told)
		log_ev(LOG_LEVEL_WARN, "database.away", LOG_S("detail", why));
	pg->was_told = true;
	pg->is_up = pg->broken = false;
	loop_del(&pg->io);
	loop_timer_del(&pg->watch);
	drop_result(pg);
	PQfinish(pg->conn);
	pg->conn = NULL;
	loop_timer_set(pg->loop, &pg->attempt, pg->back_off_us);
	pg->back_off_us = pg->back_off_us * 2 > BACK_OFF_MAX_US ? BACK_OFF_MAX_US : pg->back_off_us * 2;
	finish_all(pg, &pg->flight, -EPIPE);
	if (was_up && !pg->freed && pg->up)
		pg->up(pg->ctx, false);
}

static void watch_fire(void *ctx)
{
	struct pg *pg = ctx;
	if (!pg->flight.first)
		return;
	int64_t left_us = pg->flight.first->given_us + pg->deadline_us - clock_mono_us();
	if (left_us > 0) {
		loop_timer_set(pg->loop, &pg->watch, left_us);
		return;
	}
	enter(pg);
	go_down(pg, "no answer within the deadline");
	(void)leave(pg);
}

/* Queries that came while down are refused here, from the loop; so is a connection that broke inside pg_query. */
static void kick_fire(void *ctx)
{
	struct pg *pg = ctx;
	enter(pg);
	if (pg->broken)
		go_down(pg, PQerrorMessage(pg->conn));
	struct queue now = pg->refused;
	pg->refused = (struct queue){ .last = &pg->refused.first };
	if (now.first)
		finish_all(pg, &now, -EAGAIN);
	(void)leave(pg);
}

static void want(struct pg *pg, bool write)
{
	if (loop_mod(&pg->io, EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0)) < 0)
		pg->broken = true;
}

static void flush(struct pg *pg)
{
	int r = PQflush(pg->conn);
	if (r < 0)
		pg->broken = true;
	else
		want(pg, r > 0);
}

static bool send_query(struct pg *pg, const char *sql, int n, const char *const *params)
{
	if (PQsendQueryParams(pg->conn, sql, n, NULL, params, NULL, NULL, 0) != 1 || PQpipelineSync(pg->conn) != 1) {
		pg->broken = true;
		return false;
	}
	flush(pg);
	return true;
}

int pg_query(struct pg *pg, const char *sql, int n, const char *const *params, pg_done *done, void *ctx)
{
	if (pg->queued >= PG_QUEUE_MAX || pg->freed)
		return -EAGAIN;
	struct query *one = calloc(1, sizeof *one);
	if (!one)
		return -ENOMEM;
	*one = (struct query){ .done = done, .ctx = ctx, .given_us = clock_mono_us() };
	pg->queued++;
	if (pg->is_up && !pg->broken && send_query(pg, sql, n, params)) {
		push(&pg->flight, one);
		if (pg->watch.at_us == 0)
			loop_timer_set(pg->loop, &pg->watch, pg->deadline_us);
	} else {
		push(&pg->refused, one);
	}
	if (pg->broken || pg->refused.first)
		loop_timer_set(pg->loop, &pg->kick, 0);
	return 0;
}

static int code_of(const PGresult *result, struct err *err)
{
	static const struct {
		char state[6];
		int code;
	} ours[] = { { "YM404", -ENOENT }, { "YM403", -EACCES }, { "YM409", -EEXIST }, { "YM400", -EINVAL },
		{ "YM401", -EKEYEXPIRED } };
	ExecStatusType status = PQresultStatus(result);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY)
		return 0;
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	state = state ? state : "?";
	message = message ? message : PQresStatus(status);
	if (strcmp(state, "53100") == 0)
		return fault(err, -ENOSPC, "the database's disk is full; free some space there", "%s %s", state, message);
	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (strcmp(state, ours[i].state) == 0)
			return fault(err, ours[i].code, message, "%s %s", state, message);
	return fault(err, -EIO, "the database reported an error", "%s %s", state, message);
}

/* The sync behind the first query has come: its transaction is over. */
static void first_is_done(struct pg *pg)
{
	struct err err = { 0 };
	PGresult *result = take(pg->result);
	int code = result ? code_of(result, &err) : fault(&err, -EIO, "the database reported an error", "no result");
	struct query *one = pop(&pg->flight);
	if (!pg->flight.first)
		loop_timer_del(&pg->watch);
	finish(pg, one, code, result, &err);
	PQclear(result);
}

/* One result, or the end of what has arrived.  -EPROTO when libpq says something that we never asked for. */
static int next_result(struct pg *pg, bool *ret_more)
{
	*ret_more = false;
	if (!pg->flight.first || PQisBusy(pg->conn))
		return 0;
	PGresult *result = PQgetResult(pg->conn);
	*ret_more = true;
	if (!result)
		return PQstatus(pg->conn) == CONNECTION_OK ? 0 : -EPIPE; /* the end of one query's results */
	ExecStatusType status = PQresultStatus(result);
	if (status == PGRES_PIPELINE_SYNC) {
		PQclear(result);
		first_is_done(pg);
		return 0;
	}
	drop_result(pg); /* an error at commit comes behind the rows and replaces them */
	pg->result = result;
	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH ? -EPROTO : 0;
}

static void hear(struct pg *pg)
{
	PGnotify *note;
	while (!pg->freed && pg->is_up && (note = PQnotifies(pg->conn))) {
		for (size_t i = 0; i < pg->listeners; i++)
			if (strcmp(pg->listener[i].channel, note->relname) == 0)
				pg->listener[i].heard(pg->listener[i].ctx, note->extra);
		PQfreemem(note);
	}
}

static void read_results(struct pg *pg)
{
	bool more = true;
	if (PQconsumeInput(pg->conn) != 1)
		pg->broken = true;
	/* What arrived before the end still counts. */
	while (more && !pg->freed)
		if (next_result(pg, &more) < 0) {
			pg->broken = true;
			more = false;
		}
	if (!pg->freed)
		hear(pg);
}

static void listen_on(struct pg *pg, const char *channel)
{
	char *name = PQescapeIdentifier(pg->conn, channel, strlen(channel));
	char sql[160];
	if (!name)
		return;
	(void)snprintf(sql, sizeof sql, "LISTEN %s", name);
	PQfreemem(name);
	(void)pg_query(pg, sql, 0, NULL, NULL, NULL);
}

static void connected(struct pg *pg)
{
	loop_timer_del(&pg->attempt);
	if (PQsetnonblocking(pg->conn, 1) != 0 || PQenterPipelineMode(pg->conn) != 1) {
		go_down(pg, PQerrorMessage(pg->conn));
		return;
	}
	pg->is_up = true;
	pg->was_told = false;
	pg->back_off_us = BACK_OFF_MIN_US;
	want(pg, false);
	for (size_t i = 0; i < pg->listeners; i++)
		listen_on(pg, pg->listener[i].channel);
	log_ev(LOG_LEVEL_INFO, "database.up");
	if (pg->up)
		pg->up(pg->ctx, true);
}

/* libpq may take a new socket between two polls, so the old one is let go first. */
static void connect_poll(struct pg *pg)
{
	PostgresPollingStatusType status = PQconnectPoll(pg->conn);
	loop_del(&pg->io);
	pg->io.fd = PQsocket(pg->conn);
	if (status == PGRES_POLLING_FAILED || pg->io.fd < 0) {
		pg->io.fd = -1;
		go_down(pg, PQerrorMessage(pg->conn));
		return;
	}
	if (loop_add(pg->loop, &pg->io, status == PGRES_POLLING_WRITING ? EPOLLOUT : EPOLLIN, NULL) < 0) {
		pg->io.fd = -1;
		go_down(pg, "the connection cannot be watched");
	} else if (status == PGRES_POLLING_OK) {
		connected(pg);
	}
}

static void ready(void *ctx, uint32_t events)
{
	struct pg *pg = ctx;
	enter(pg);
	if (!pg->is_up) {
		connect_poll(pg);
	} else {
		if (events & EPOLLOUT)
			flush(pg);
		read_results(pg);
	}
	if (pg->broken && !pg->freed)
		go_down(pg, PQerrorMessage(pg->conn));
	(void)leave(pg);
}

static void no_notice(void *ctx, const char *message)
{
	(void)ctx, (void)message;
}

static void start_attempt(struct pg *pg)
{
	static const char *const keys[] = { "dbname", "client_encoding", "fallback_application_name", NULL };
	const char *const values[] = { pg->conninfo, "UTF8", "yanmen", NULL };
	pg->conn = PQconnectStartParams(keys, values, 1);
	if (!pg->conn)
		abort(); /* out of memory */
	(void)PQsetNoticeProcessor(pg->conn, no_notice, NULL);
	pg->io.fd = PQsocket(pg->conn);
	if (PQstatus(pg->conn) == CONNECTION_BAD || pg->io.fd < 0 ||
		loop_add(pg->loop, &pg->io, EPOLLOUT, NULL) < 0) {
		pg->io.fd = -1;
		go_down(pg, PQerrorMessage(pg->conn));
		return;
	}
	loop_timer_set(pg->loop, &pg->attempt, pg->deadline_us);
}

static void attempt_fire(void *ctx)
{
	struct pg *pg = ctx;
	enter(pg);
	if (pg->conn)
		go_down(pg, "the server does not answer");
	else
		start_attempt(pg);
	(void)leave(pg);
}

int pg_new(struct pg **ret, struct loop *l, const char *conninfo, void (*up)(void *ctx, bool up), void *ctx,
	struct err *err)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &why);
	if (!options) {
		int r = fault(err, -EPROTO, "the database's connection string is wrong", "%s", why ? why : "no memory");
		PQfreemem(why);
		return r;
	}
	PQconninfoFree(options);
	struct pg *pg = calloc(1, sizeof *pg);
	char *copy = strdup(conninfo);
	if (!pg || !copy) {
		free(pg);
		free(copy);
		return fault(err, -ENOMEM, "internal error", "no memory for a database connection");
	}
	*pg = (struct pg){
		.loop = l, .conninfo = copy, .up = up, .ctx = ctx, .back_off_us = BACK_OFF_MIN_US, .deadline_us = DEADLINE_US,
		.io = { .fd = -1, .ready = ready, .ctx = pg }, .attempt = { .fire = attempt_fire, .ctx = pg },
		.watch = { .fire = watch_fire, .ctx = pg }, .kick = { .fire = kick_fire, .ctx = pg },
	};
	pg->flight.last = &pg->flight.first;
	pg->refused.last = &pg->refused.first;
	loop_timer_set(l, &pg->attempt, 0);
	*ret = pg;
	return 0;
}

struct pg *pg_free(struct pg *pg)
{
	if (!pg || pg->freed)
		return NULL;
	pg->freed = true;
	pg->is_up = false;
	enter(pg);
	loop_del(&pg->io);
	loop_timer_del(&pg->attempt);
	loop_timer_del(&pg->watch);
	loop_timer_del(&pg->kick);
	drop_result(pg);
	finish_all(pg, &pg->flight, -EPIPE);
	finish_all(pg, &pg->refused, -EAGAIN);
	(void)leave(pg);
	return NULL;
}

bool pg_is_up(const struct pg *pg)
{
	return pg->is_up;
}

void pg_deadline(struct pg *pg, int64_t deadline_us)
{
	pg->deadline_us = deadline_us;
	if (pg->flight.first)
		loop_timer_set(pg->loop, &pg->watch, 0);
}

int pg_listen(struct pg *pg, const char *channel, void (*heard)(void *ctx, const char *payload), void *ctx)
{
	if (pg->listeners == LISTENERS)
		return -EMSGSIZE;
	pg->listener[pg->listeners].channel = channel;
	pg->listener[pg->listeners].heard = heard;
	pg->listener[pg->listeners++].ctx = ctx;
	if (pg->is_up)
		listen_on(pg, channel);
	return 0;
}
