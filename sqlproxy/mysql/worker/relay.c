#include "gateway/core/clock.h"
#include "gateway/core/frame.h"
#include "gateway/core/log.h"
#include "sqlproxy/mysql/wire.h"
#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>

enum { TURN_MAX_US = 1000 * 1000, LAST_US = 300 * 1000, KEPT = 1024 * 1024, ERROR_MAX = 1024 };

static const char no_recording[] = "Recording has stopped, so this session ends. 录像中断，会话结束。";

/* ---- a command on its way ---- */

static void release(struct buf *b)
{
	if (b->size > KEPT)
		buf_done(b);
	else
		buf_clear(b);
}

void gw_mysql_relay_send(struct gw_mysql_link *l)
{
	(void)mysql_wire_put(&l->target.out, 0, buf_span(&l->command));
	release(&l->command);
	if (l->target.out.failed)
		gw_mysql_link_end(l, "internal error 网关内部错误");
}

/* Record, then forward: as much of it as there is room for. */
static void record_raw(struct gw_mysql_link *l)
{
	struct gw_mysql_statement *s = &l->now;
	struct err err = { 0 };
	while (s->raw_at < s->raw.n) {
		size_t room = gw_tap_room(l->gw), n = s->raw.n - s->raw_at;
		n = n < room ? n : room;
		n = n < FRAME_BODY_MAX ? n : FRAME_BODY_MAX;
		if (n == 0)
			return;
		int r = gw_tap_frame(l->gw, FRAME_IN, GW_MYSQL_CHANNEL, span_of(s->raw.p + s->raw_at, n), &err);
		if (r == -EAGAIN)
			return;
		if (r < 0) {
			log_err(LOG_LEVEL_ERROR, "mysql.record", &err);
			gw_mysql_link_end(l, no_recording);
			return;
		}
		s->raw_at += n;
	}
	s->raw = (struct span){ 0 };
	gw_mysql_relay_send(l);
	mysql_result_begin(&l->result, s->reply, l->reply_seq);
	l->phase = GW_MYSQL_REPLY;
}

void gw_mysql_relay_forward(struct gw_mysql_link *l, enum mysql_result_kind kind)
{
	l->now.reply = kind;
	l->now.raw_at = 0;
	l->phase = GW_MYSQL_RAW;
	record_raw(l);
}

/* ---- what the target says ---- */

static void reply_ended(struct gw_mysql_link *l)
{
	const struct mysql_result *r = &l->result;
	gw_mysql_mode_after(l);
	if (l->now.preparing) {
		if (r->failed)
			gw_mysql_prepared_free(l, l->now.preparing);
		else
			gw_mysql_prepared_keep(l, l->now.preparing, r->statement, r->params);
		l->now.preparing = NULL;
	}
	if (l->now.permit.request)
		gw_mysql_permit_ran(l);
	if (l->now.told)
		gw_mysql_record_outcome(l);
	l->phase = GW_MYSQL_IDLE;
}

/* The name of the file stands in the statement, or the server has made it up.  A literal may say it with backslashes doubled. */
static bool is_in(struct span name, const struct buf *text)
{
	for (size_t at = 0; at < text->len && name.n > 0; at++) {
		size_t i = at, n = 0;
		while (n < name.n && i < text->len && text->data[i] == name.p[n]) {
			bool doubled = text->data[i] == '\\' && i + 1 < text->len && text->data[i + 1] == '\\';
			i += doubled ? 2 : 1;
			n++;
		}
		if (n == name.n)
			return true;
	}
	return false;
}

static bool was_offered(const struct gw_mysql_link *l)
{
	return l->now.may_infile && is_in(span_str(l->result.file), &l->offered);
}

static void reply(struct gw_mysql_link *l)
{
	struct err err = { 0 };
	size_t begun = l->client.out.len;
	struct span in = gw_mysql_side_in(&l->target);
	size_t had = in.n;
	int r = mysql_result_feed(&l->result, &in, &l->client.out, &err);
	gw_mysql_side_took(&l->target, had - in.n);
	if (r < 0) {
		log_err(LOG_LEVEL_WARN, "mysql.target", &err);
		gw_mysql_link_end(l, err.say);
	} else if (l->result.infile && !was_offered(l)) {
		l->client.out.len = begun; /* the request does not reach the client */
		l->result.infile = false;
		l->result.said--;
		gw_session_refused(l->gw, "mysql", "a file of the client, by the target", "no statement asked for it");
		gw_mysql_link_end(l, "The database server asked for a file that nobody offered. 数据库索要未授权的文件，会话结束。");
	} else if (l->result.infile) {
		mysql_stream_expect(&l->in, l->result.seq);
		l->phase = GW_MYSQL_INFILE;
	} else if (l->result.done) {
		reply_ended(l);
	}
}

/* Between two commands a server says nothing, but for why it closes. */
static void unasked(struct gw_mysql_link *l)
{
	struct span in = gw_mysql_side_in(&l->target);
	if (!l->target.ended && in.n < ERROR_MAX && (in.n < 5 || in.n < 4U + in.p[0] + in.p[1] * 256U))
		return; /* the rest of it comes, or its end */
	if (in.n >= 5 && in.n == 4U + in.p[0] + in.p[1] * 256U && in.p[2] == 0 && in.p[4] == MYSQL_HEAD_ERROR)
		buf_put_span(&l->client.out, in);
	gw_mysql_side_took(&l->target, in.n);
	gw_mysql_link_end(l, "The target closed the connection. 目标已关闭连接。");
}

static bool take_target(struct gw_mysql_link *l)
{
	size_t had = gw_mysql_side_in(&l->target).n;
	if (had == 0 || gw_mysql_side_waiting(&l->client) >= GW_MYSQL_OUT_HIGH)
		return false;
	if (l->phase == GW_MYSQL_REPLY)
		reply(l);
	else if (l->phase == GW_MYSQL_IDLE)
		unasked(l);
	return gw_mysql_side_in(&l->target).n < had;
}

/* ---- what the client says ---- */

static void take_file(struct gw_mysql_link *l, const struct mysql_piece *p)
{
	struct buf *out = &l->target.out;
	if (p->begins) {
		wr_le(out, l->in.length, 3);
		wr_le(out, (uint8_t)(l->in.seq - 1), 1);
	}
	buf_put_span(out, p->data);
	gw_tap_count(l->gw, FRAME_IN, p->data.n);
	if (!p->last || l->in.length > 0)
		return;
	mysql_result_resume(&l->result, l->in.seq); /* an empty packet ends it */
	mysql_stream_expect(&l->in, 0);
	l->phase = GW_MYSQL_REPLY;
}

static void take_command(struct gw_mysql_link *l, const struct mysql_piece *p)
{
	if (p->first) {
		buf_clear(&l->command);
		l->too_long = false;
		l->input_us = clock_mono_us();
	}
	l->too_long |= l->command.len + p->data.n > GW_MYSQL_COMMAND_MAX;
	if (!l->too_long)
		buf_put_span(&l->command, p->data);
	if (!p->last)
		return;
	l->reply_seq = l->in.seq;
	mysql_stream_expect(&l->in, 0);
	if (l->too_long)
		gw_mysql_command_too_long(l);
	else
		gw_mysql_command(l);
	if (l->phase == GW_MYSQL_IDLE)
		release(&l->command);
}

static bool hears_client(const struct gw_mysql_link *l)
{
	bool wants = l->phase == GW_MYSQL_IDLE || l->phase == GW_MYSQL_INFILE;
	return wants && !l->locked && gw_tap_room(l->gw) > 0 && gw_mysql_side_waiting(&l->target) < GW_MYSQL_OUT_HIGH &&
	       gw_mysql_side_waiting(&l->client) < GW_MYSQL_OUT_HIGH;
}

static bool take_client(struct gw_mysql_link *l)
{
	struct span in = gw_mysql_side_in(&l->client);
	struct mysql_piece p;
	size_t had = in.n;
	if (had == 0 || !hears_client(l))
		return false;
	bool file = l->phase == GW_MYSQL_INFILE;
	int r = mysql_stream_next(&l->in, &in, &p);
	if (r == 1 && file)
		take_file(l, &p);
	else if (r == 1)
		take_command(l, &p);
	gw_mysql_side_took(&l->client, had - in.n);
	if (r < 0) {
		gw_mysql_link_refuse(l, (uint8_t)(l->in.seq + 1), MYSQL_CODE_PACKETS_OUT_OF_ORDER, "08S01",
			span_str("Packets out of order. 报文次序有误。"));
		gw_mysql_link_end(l, "the client's packets are out of order");
	}
	return r >= 0;
}

/* ---- one turn ---- */

static void check(struct gw_mysql_link *l)
{
	int64_t now = clock_mono_us();
	const struct gw_grant *g = &l->grant;
	if (l->client.ended && (gw_mysql_side_in(&l->client).n == 0 || l->phase == GW_MYSQL_REPLY))
		gw_mysql_link_end(l, "the client has left");
	if (l->target.ended && gw_mysql_side_in(&l->target).n == 0)
		gw_mysql_link_end(l, "The target closed the connection. 目标已关闭连接。");
	if (g->idle_s && l->phase == GW_MYSQL_IDLE && now - l->input_us > (int64_t)g->idle_s * 1000000)
		gw_mysql_link_end(l, "Idle for too long. 空闲时间过长。");
	if (g->total_s && now - l->granted_us > (int64_t)g->total_s * 1000000)
		gw_mysql_link_end(l, "The time that the grant allows is over. 授权允许的时长已用完。");
}

static int wait_ms(const struct gw_mysql_link *l, bool client_reads, bool target_reads)
{
	int64_t wait = gw_session_due_us(l->gw) - clock_mono_us();
	bool has = (client_reads && gw_mysql_side_has_read(&l->client)) || (target_reads && gw_mysql_side_has_read(&l->target));
	return has || wait <= 0 ? 0 : (int)((wait < TURN_MAX_US ? wait : TURN_MAX_US) + 999) / 1000;
}

static void wait_and_read(struct gw_mysql_link *l)
{
	enum { CLIENT, TARGET, HARNESS, N = HARNESS + GW_SESSION_FDS };
	/* While a reply is under way a client is heard for its end alone, and that only as far as there is room for what it says. */
	bool client_reads = hears_client(l) || (l->phase == GW_MYSQL_REPLY && gw_mysql_side_in(&l->client).n == 0);
	bool target_reads = gw_mysql_side_waiting(&l->client) < GW_MYSQL_OUT_HIGH && l->target.in.len - l->target.in_at < GW_MYSQL_CHUNK;
	struct pollfd p[N] = {
		[CLIENT] = { .fd = l->client.fd, .events = gw_mysql_side_events(&l->client, client_reads) },
		[TARGET] = { .fd = l->target.fd, .events = gw_mysql_side_events(&l->target, target_reads) },
	};
	int fds[GW_SESSION_FDS];
	gw_session_fds(l->gw, fds);
	for (int i = 0; i < GW_SESSION_FDS; i++)
		p[HARNESS + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	for (int i = CLIENT; i <= TARGET; i++)
		if (!p[i].events)
			p[i].fd = -1; /* else its end would wake us for ever */
	if (poll(p, N, wait_ms(l, client_reads, target_reads)) < 0 && errno != EINTR)
		gw_mysql_link_end(l, "internal error 网关内部错误");
	bool told = gw_session_due_us(l->gw) <= clock_mono_us();
	for (int i = 0; i < GW_SESSION_FDS; i++)
		told |= p[HARNESS + i].revents != 0;
	struct err err = { 0 };
	if (told && gw_session_pump(l->gw, &err) < 0) {
		log_err(LOG_LEVEL_WARN, "mysql.services", &err);
		gw_mysql_link_end(l, err.say);
	}
	if (target_reads && (p[TARGET].revents || gw_mysql_side_has_read(&l->target)))
		gw_mysql_side_read(&l->target, GW_MYSQL_CHUNK);
	if (client_reads && (p[CLIENT].revents || gw_mysql_side_has_read(&l->client)))
		gw_mysql_side_read(&l->client, GW_MYSQL_CHUNK);
}

static void work(struct gw_mysql_link *l)
{
	bool moved;
	do {
		moved = take_target(l);
		if (l->phase == GW_MYSQL_RAW)
			record_raw(l);
		moved |= !l->over && take_client(l);
	} while (moved && !l->over);
	if (l->target.ended && !l->over && l->phase == GW_MYSQL_IDLE && gw_mysql_side_in(&l->target).n > 0)
		unasked(l);
	gw_mysql_side_write(&l->target);
	gw_mysql_side_write(&l->client);
}

/* ---- the end ---- */

/* Where an error packet can stand: between two packets of a reply, or between two commands. */
static void say_end(struct gw_mysql_link *l)
{
	const struct mysql_result *r = &l->result;
	bool replying = l->phase == GW_MYSQL_REPLY;
	bool between = r->left == 0 && !r->continues;
	if (l->client.ended || strcmp(l->reason, "logout") == 0 || (replying && !between))
		return;
	gw_mysql_link_refuse(l, replying ? r->said : l->phase == GW_MYSQL_IDLE ? 0 : l->reply_seq, MYSQL_CODE_SERVER_SHUTDOWN, "08S01",
		span_str(l->reason));
}

static void unknown_outcome(struct gw_mysql_link *l)
{
	if (!l->now.told)
		return;
	l->result.failed = true;
	l->result.code = 0;
	(void)snprintf(l->result.state, sizeof l->result.state, "HY000");
	(void)snprintf(l->result.words, sizeof l->result.words, "unknown: the session ended first");
	gw_mysql_record_outcome(l);
}

void gw_mysql_relay(struct gw_mysql_link *l)
{
	struct err ignored;
	l->result.deprecate_eof = l->login.flags & MYSQL_CAP_DEPRECATE_EOF;
	l->result.tracks = l->login.flags & MYSQL_CAP_SESSION_TRACK;
	l->result.strip = l->result.tracks && !(l->front.flags & MYSQL_CAP_SESSION_TRACK);
	while (!l->over) {
		work(l);
		if (!l->over)
			check(l);
		if (!l->over)
			wait_and_read(l);
	}
	l->closing = true;
	gw_mysql_side_write(&l->target); /* COM_QUIT */
	say_end(l);
	gw_mysql_side_write(&l->client);
	gw_mysql_cancel(l);
	unknown_outcome(l);
	gw_mysql_record_close(l);
	(void)gw_mysql_link_flush(l, &l->client, clock_mono_us() + LAST_US, &ignored);
}
