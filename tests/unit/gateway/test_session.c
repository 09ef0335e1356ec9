#include "tests/unit/gateway/rig.h"
#include "gateway/core/secret.h"
#include <stdio.h>
#include <unistd.h>

static int login(struct rig *r, struct gw_login *l, struct err *err)
{
	return gw_session_login(r->s, WIRE_LOGIN_PASSWORD, "alice#web01", span_str("secret"), l, err);
}

static void answer_login(int sock, uint8_t verdict)
{
	struct wire_login_answer m = { .verdict = verdict,
		.user = span_str("alice"),
		.target = span_str("web01"),
		.account = span_str("cyadmin"),
		.say = span_str("hello") };
	assert_int_equal(wire_login_answer_send(sock, &m, -1), 0);
}

static void login_carries_the_answer_and_ends_the_grace(void **state)
{
	(void)state;
	struct rig r;
	struct gw_login l;
	struct wire_login q;
	rig_open(&r);
	answer_login(r.peer[GW_BROKER], WIRE_LOGIN_DENIED);
	assert_int_equal(login(&r, &l, NULL), 0);
	assert_int_equal(l.verdict, WIRE_LOGIN_DENIED);
	rig_nothing(r.peer[GW_CONTROL]);
	assert_int_equal(wire_login_get(rig_take(r.peer[GW_BROKER], WIRE_T_login), &q, NULL), 0);
	assert_int_equal(q.method, WIRE_LOGIN_PASSWORD);
	assert_true(span_is(q.user, "alice#web01") && span_is(q.proof, "secret"));

	answer_login(r.peer[GW_BROKER], WIRE_LOGIN_OK);
	assert_int_equal(login(&r, &l, NULL), 0);
	assert_string_equal(l.user, "alice");
	assert_string_equal(l.account, "cyadmin");
	assert_int_equal(rig_take(r.peer[GW_CONTROL], WIRE_T_authenticated).n, 0);
	assert_int_equal(gw_session_authenticated(r.s), 0);
	rig_nothing(r.peer[GW_CONTROL]); /* once */
	rig_close(&r);
}

static void a_jump_gives_the_stream_or_the_line_why_not(void **state)
{
	(void)state;
	struct rig r;
	struct err err = { 0 };
	struct wire_jump q;
	const struct gw_jump to = { .host = "web01", .port = 22, .origin = "127.0.0.1:5" };
	int sv[2], fd = -1;
	char byte = 0;
	rig_open(&r);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(wire_jump_answer_send(r.peer[GW_BROKER], &(struct wire_jump_answer){ 0 }, sv[0]), 0);
	assert_int_equal(gw_session_jump(r.s, &to, &fd, &err), 0);
	assert_int_equal(wire_jump_get(rig_take(r.peer[GW_BROKER], WIRE_T_jump), &q, NULL), 0);
	assert_true(span_is(q.host, "web01") && q.port == 22 && span_is(q.origin, "127.0.0.1:5"));
	assert_int_equal(read(fd, &byte, 1), -1); /* does not wait */
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(sv[1], "x", 1), 1);
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);

	struct wire_jump_answer no = { .code = -EAGAIN, .say = span_str("too many") };
	assert_int_equal(wire_jump_answer_send(r.peer[GW_BROKER], &no, -1), 0);
	assert_int_equal(gw_session_jump(r.s, &to, &fd, &err), -EAGAIN);
	assert_string_equal(err.say, "too many");

	assert_int_equal(wire_jump_answer_send(r.peer[GW_BROKER], &no, sv[0]), 0); /* no, and yet a stream */
	assert_int_equal(gw_session_jump(r.s, &to, &fd, &err), -EBADMSG);
	assert_int_equal(gw_session_jump(r.s, &to, &fd, &err), -EBADMSG); /* from now on for ever */
	close(sv[0]);
	close(sv[1]);
	rig_close(&r);
}

static void a_broker_that_is_replaced_in_mid_question_is_asked_again(void **state)
{
	(void)state;
	struct rig r;
	struct gw_login l;
	int sv[2];
	rig_open(&r);
	assert_int_equal(msg_pair(sv), 0);
	scope_close(&r.peer[GW_BROKER]); /* it died before the question */
	answer_login(sv[1], WIRE_LOGIN_OK);
	assert_int_equal(
		wire_replace_send(r.peer[GW_CONTROL], &(struct wire_replace){ .role = WIRE_BROKER }, sv[0]), 0);
	assert_int_equal(login(&r, &l, NULL), 0);
	assert_int_equal(l.verdict, WIRE_LOGIN_OK);
	(void)rig_take(sv[1], WIRE_T_login);
	rig_nothing(sv[1]);

	/* ... and one that took the question with it is replaced by one that gets it anew */
	int next[2];
	assert_int_equal(msg_pair(next), 0);
	answer_login(next[1], WIRE_LOGIN_DENIED);
	assert_int_equal(
		wire_replace_send(r.peer[GW_CONTROL], &(struct wire_replace){ .role = WIRE_BROKER }, next[0]), 0);
	assert_int_equal(login(&r, &l, NULL), 0);
	assert_int_equal(l.verdict, WIRE_LOGIN_DENIED);
	(void)rig_take(sv[1], WIRE_T_login);
	(void)rig_take(next[1], WIRE_T_login);
	close(sv[0]);
	close(sv[1]);
	close(next[0]);
	close(next[1]);
	rig_close(&r);
}

static void an_answer_that_was_sent_before_the_restart_counts(void **state)
{
	(void)state;
	struct rig r;
	struct gw_login l;
	int sv[2];
	rig_open(&r);
	assert_int_equal(msg_pair(sv), 0);
	answer_login(r.peer[GW_BROKER], WIRE_LOGIN_OK);
	assert_int_equal(
		wire_replace_send(r.peer[GW_CONTROL], &(struct wire_replace){ .role = WIRE_BROKER }, sv[0]), 0);
	assert_int_equal(login(&r, &l, NULL), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0); /* takes the new socket */
	rig_nothing(sv[1]);
	close(sv[0]);
	close(sv[1]);
	rig_close(&r);
}

static void a_kill_during_a_question_ends_it_at_once_with_the_reason(void **state)
{
	(void)state;
	struct rig r;
	struct gw_grant g;
	struct err err = { 0 };
	int fd = -1;
	rig_open(&r);
	struct wire_control m = { .worker = 1, .op = WIRE_END_SESSION, .reason = span_str("bye 再见") };
	assert_int_equal(wire_control_send(r.peer[GW_CONTROL], &m, -1), 0);
	assert_int_equal(gw_session_target(r.s, "web01", "", &g, &fd, &err), -ECANCELED);
	assert_string_equal(err.say, "bye 再见");
	assert_int_equal(r.ends, 0); /* never from inside a question */
	assert_true(gw_session_due_us(r.s) == 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.ends, 1);
	assert_string_equal(r.end_reason, "bye 再见");
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.ends, 1);
	rig_close(&r);
}

static void garbage_from_the_broker_breaks_the_session_for_good(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *body;
	} rows[] = {
		{ 0x7777, "" },                                                     /* no such message */
		{ WIRE_T_login_answer, "\x01" },                                    /* cut */
		{ WIRE_T_use_secret, "\0\0\0\0" },                                  /* the vault's to say */
		{ WIRE_T_grant, "" },                                               /* no question, and no descriptor */
		{ WIRE_T_open_answer, "\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" }, /* of no channel */
		{ WIRE_T_hello, "" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct rig r;
		struct gw_login l;
		struct err err = { 0 };
		rig_open(&r);
		size_t n = rows[i].type == WIRE_T_login_answer ? 1 : rows[i].type == WIRE_T_use_secret ? 4 : 0;
		if (rows[i].type == WIRE_T_open_answer)
			n = 20;
		assert_int_equal(msg_send(r.peer[GW_BROKER], rows[i].type, span_of(rows[i].body, n), -1), 0);
		assert_int_equal(login(&r, &l, &err), -EBADMSG);
		assert_true(err.say[0]);
		answer_login(r.peer[GW_BROKER], WIRE_LOGIN_OK);
		assert_int_equal(login(&r, &l, NULL), -EBADMSG);
		assert_int_equal(gw_session_pump(r.s, NULL), -EBADMSG);
		rig_close(&r);
	}
}

static void an_unasked_answer_is_not_kept_for_later(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	answer_login(r.peer[GW_BROKER], WIRE_LOGIN_OK);
	assert_int_equal(gw_session_pump(r.s, NULL), -EBADMSG);
	rig_close(&r);
}

static void a_descriptor_where_none_belongs_is_refused_and_closed(void **state)
{
	(void)state;
	struct rig r;
	struct gw_login l;
	int p[2];
	char c;
	rig_open(&r);
	assert_int_equal(pipe2(p, O_NONBLOCK), 0);
	struct wire_login_answer m = { .verdict = WIRE_LOGIN_OK };
	assert_int_equal(wire_login_answer_send(r.peer[GW_BROKER], &m, p[1]), 0);
	close(p[1]);
	assert_int_equal(login(&r, &l, NULL), -EBADMSG);
	assert_int_equal(read(p[0], &c, 1), 0); /* the last writer is closed */
	close(p[0]);
	rig_close(&r);
}

static void a_late_answer_is_not_taken_for_the_next_question(void **state)
{
	(void)state;
	struct rig r;
	struct gw_login l;
	struct err err = { 0 };
	rig_open(&r);
	struct gw_ask ask = {
		.to = GW_BROKER, .type = WIRE_T_login, .wait_us = 20000, .answers = { WIRE_T_login_answer }
	};
	assert_int_equal(gw_ask(r.s, &ask, &err), -ETIMEDOUT);
	assert_true(err.say[0]);
	answer_login(r.peer[GW_BROKER], WIRE_LOGIN_OK);
	answer_login(r.peer[GW_BROKER], WIRE_LOGIN_DENIED);
	assert_int_equal(login(&r, &l, NULL), 0);
	assert_int_equal(l.verdict, WIRE_LOGIN_DENIED);
	rig_close(&r);
}

static void without_a_service_a_question_ends_at_its_deadline(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	scope_close(&r.peer[GW_VAULT]);
	int64_t before = clock_mono_us();
	struct gw_ask ask = { .to = GW_VAULT, .type = WIRE_T_use, .wait_us = 30000, .answers = { WIRE_T_use_secret } };
	assert_int_equal(gw_ask(r.s, &ask, NULL), -EPIPE);
	int64_t took = clock_mono_us() - before;
	assert_true(took >= 30000 && took < 2000000);
	scope_close(&r.peer[GW_CONTROL]);
	ask.wait_us = 20000000;
	assert_int_equal(gw_ask(r.s, &ask, NULL), -EPIPE); /* at once: nobody could bring a new one */
	rig_close(&r);
}

static void a_grant_brings_the_target_and_a_refusal_its_line(void **state)
{
	(void)state;
	struct rig r;
	struct gw_grant g;
	struct err err = { 0 };
	int fd = -1;
	rig_open(&r);
	struct wire_deny no = { .code = -EACCES, .say = span_str("not today") };
	assert_int_equal(wire_deny_send(r.peer[GW_BROKER], &no, -1), 0);
	assert_int_equal(gw_session_target(r.s, "web01", "root", &g, &fd, &err), -EACCES);
	assert_string_equal(err.say, "not today");
	(void)rig_take(r.peer[GW_BROKER], WIRE_T_target);
	no.code = 5; /* a refusal can not read as success */
	assert_int_equal(wire_deny_send(r.peer[GW_BROKER], &no, -1), 0);
	assert_int_equal(gw_session_target(r.s, "web01", "root", &g, &fd, &err), -EACCES);
	(void)rig_take(r.peer[GW_BROKER], WIRE_T_target);
	assert_int_equal(fd, -1);
	close(rig_grant(&r));
	rig_close(&r);
}

static void a_grant_without_a_pinned_key_is_nonsense(void **state)
{
	(void)state;
	struct rig r;
	struct gw_grant g;
	int sv[2], fd = -1;
	rig_open(&r);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	struct wire_grant m = { .session = { { 7 } }, .auth = WIRE_AUTH_KEY };
	assert_int_equal(wire_grant_send(r.peer[GW_BROKER], &m, sv[0]), 0);
	assert_int_equal(gw_session_target(r.s, "web01", "", &g, &fd, NULL), -EBADMSG);
	assert_int_equal(fd, -1);
	close(sv[0]);
	char c;
	assert_int_equal(read(sv[1], &c, 1), 0); /* nobody kept the connection */
	close(sv[1]);
	rig_close(&r);
}

static void a_password_comes_once_and_leaves_no_copy(void **state)
{
	(void)state;
	struct rig r;
	struct secret *secret = NULL;
	struct wire_use q;
	rig_open(&r);
	close(rig_grant(&r));
	assert_int_equal(
		wire_use_secret_send(r.peer[GW_VAULT], &(struct wire_use_secret){ .text = span_str("hunter2") }, -1),
		0);
	assert_int_equal(gw_session_use_password(r.s, &secret, NULL), 0);
	assert_true(span_is(secret_span(secret), "hunter2"));
	assert_null(memmem(r.s->in, sizeof r.s->in, "hunter2", 7));
	secret_free(secret);
	assert_int_equal(wire_use_get(rig_take(r.peer[GW_VAULT], WIRE_T_use), &q, NULL), 0);
	assert_int_equal(q.id.b[0], 7);

	struct err err = { 0 };
	int fd = -1;
	struct wire_use_denied no = { .code = -EPERM, .say = span_str("once only") };
	assert_int_equal(wire_use_denied_send(r.peer[GW_VAULT], &no, -1), 0);
	assert_int_equal(gw_session_use_agent(r.s, &fd, &err), -EPERM);
	assert_string_equal(err.say, "once only");
	rig_close(&r);
}

static void opens_are_answered_by_events_and_asked_again_after_a_restart(void **state)
{
	(void)state;
	struct rig r;
	struct wire_open q;
	int sv[2];
	rig_open(&r);
	assert_int_equal(gw_session_open(r.s, 1, WIRE_FEATURE_EXEC, span_str("true"), NULL), 0);
	assert_int_equal(gw_session_open(r.s, 2, WIRE_FEATURE_SHELL, span_str(""), NULL), 0);
	struct wire_open_answer yes = { .channel = 1, .request = WIRE_FEATURE_EXEC };
	assert_int_equal(wire_open_answer_send(r.peer[GW_BROKER], &yes, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.opened, 1);
	assert_true(r.channel == 1 && r.code == 0);

	scope_close(&r.peer[GW_BROKER]);
	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0); /* sees the end of the old one */
	assert_int_equal(gw_session_open(r.s, 3, WIRE_FEATURE_SFTP, span_str("sftp"), NULL), 0);
	assert_int_equal(
		wire_replace_send(r.peer[GW_CONTROL], &(struct wire_replace){ .role = WIRE_BROKER }, sv[0]), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	/* 3 took the place of 1, so it comes first; 1 is not asked again */
	assert_int_equal(wire_open_get(rig_take(sv[1], WIRE_T_open), &q, NULL), 0);
	assert_true(q.channel == 3 && span_is(q.text, "sftp"));
	assert_int_equal(wire_open_get(rig_take(sv[1], WIRE_T_open), &q, NULL), 0);
	assert_true(q.channel == 2 && q.request == WIRE_FEATURE_SHELL);
	rig_nothing(sv[1]);
	struct wire_open_answer no = {
		.channel = 2, .request = WIRE_FEATURE_SHELL, .code = -EACCES, .say = span_str("no shell")
	};
	assert_int_equal(wire_open_answer_send(sv[1], &no, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_true(r.opened == 2 && r.channel == 2 && r.code == -EACCES);
	assert_string_equal(r.say, "no shell");
	close(sv[0]);
	close(sv[1]);
	rig_close(&r);
}

static void an_open_without_an_answer_times_out_and_its_late_answer_is_dropped(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	clock_fake(1000000);
	assert_int_equal(gw_session_open(r.s, 1, WIRE_FEATURE_SHELL, span_str(""), NULL), 0);
	int64_t due = gw_session_due_us(r.s);
	assert_true(due == 21000000);
	clock_advance(due - 1000000 - 1);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.opened, 0);
	clock_advance(1);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_true(r.opened == 1 && r.code == -ETIMEDOUT && r.say[0]);
	struct wire_open_answer yes = { .channel = 1, .request = WIRE_FEATURE_SHELL };
	assert_int_equal(wire_open_answer_send(r.peer[GW_BROKER], &yes, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(r.opened, 1);
	assert_int_equal(wire_open_answer_send(r.peer[GW_BROKER], &yes, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), -EBADMSG);
	rig_close(&r);
}

static void too_many_opens_are_refused(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	for (uint32_t i = 0; i < GW_SESSION_OPENS; i++)
		assert_int_equal(gw_session_open(r.s, i, WIRE_FEATURE_SHELL, span_str(""), NULL), 0);
	assert_int_equal(gw_session_open(r.s, 99, WIRE_FEATURE_SHELL, span_str(""), NULL), -EAGAIN);
	rig_close(&r);
}

static void lock_and_unlock_reach_the_protocol(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	struct wire_control m = { .worker = 1, .op = WIRE_LOCK, .reason = span_str("wait") };
	assert_int_equal(wire_control_send(r.peer[GW_CONTROL], &m, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_true(r.locks == 1 && r.locked);
	assert_string_equal(r.lock_reason, "wait");
	m.op = WIRE_UNLOCK;
	assert_int_equal(wire_control_send(r.peer[GW_CONTROL], &m, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_true(r.locks == 2 && !r.locked);
	m.op = WIRE_NOTICE;
	m.reason = span_str("soon");
	assert_int_equal(wire_control_send(r.peer[GW_CONTROL], &m, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_string_equal(r.notice, "soon");
	assert_true(r.ends == 0);
	m.op = 9;
	assert_int_equal(wire_control_send(r.peer[GW_CONTROL], &m, -1), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), -EBADMSG);
	rig_close(&r);
}

static void the_end_of_the_recorder_or_of_the_parent_ends_the_session(void **state)
{
	(void)state;
	for (int l = 0; l < 2; l++) {
		struct rig r;
		struct err err = { 0 };
		rig_open(&r);
		assert_int_equal(gw_session_pump(r.s, &err), 0);
		scope_close(&r.peer[l ? GW_RECORDER : GW_CONTROL]);
		assert_int_equal(gw_session_pump(r.s, &err), -EPIPE);
		assert_true(err.say[0]);
		rig_close(&r);
	}
}

static void reached_waits_for_a_broker_that_is_away(void **state)
{
	(void)state;
	struct rig r;
	struct wire_reached q;
	int sv[2];
	rig_open(&r);
	close(rig_grant(&r));
	scope_close(&r.peer[GW_BROKER]);
	assert_int_equal(gw_session_reached(r.s, WIRE_REACHED_OK, "", (struct span){ 0 }, NULL), 0);
	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(
		wire_replace_send(r.peer[GW_CONTROL], &(struct wire_replace){ .role = WIRE_BROKER }, sv[0]), 0);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	assert_int_equal(wire_reached_get(rig_take(sv[1], WIRE_T_reached), &q, NULL), 0);
	assert_int_equal(q.outcome, WIRE_REACHED_OK);
	assert_int_equal(gw_session_pump(r.s, NULL), 0);
	rig_nothing(sv[1]); /* once */
	close(sv[0]);
	close(sv[1]);
	rig_close(&r);
}

static void the_end_closes_the_recording_and_tells_the_broker(void **state)
{
	(void)state;
	struct rig r;
	struct wire_frames f;
	struct wire_end e;
	struct frame frame;
	rig_open(&r);
	close(rig_grant(&r));
	gw_tap_count(r.s, FRAME_OUT, 11);
	assert_int_equal(wire_end_answer_send(r.peer[GW_BROKER], &(struct wire_end_answer){ 0 }, -1), 0);
	gw_session_end(r.s, "logout");
	assert_int_equal(wire_frames_get(rig_take(r.peer[GW_RECORDER], WIRE_T_frames), &f, NULL), 0);
	assert_int_equal(frame_get(f.frames, &frame, NULL), (int)f.frames.n);
	assert_int_equal(frame.type, FRAME_FINISH);
	assert_true(span_is(frame.body, "{\"reason\":\"logout\"}"));
	assert_int_equal(wire_end_get(rig_take(r.peer[GW_BROKER], WIRE_T_end), &e, NULL), 0);
	assert_true(span_is(e.reason, "logout") && e.out_bytes == 11);
	rig_close(&r);
}

static void without_its_last_frame_a_session_is_not_said_to_be_closed(void **state)
{
	(void)state;
	for (int l = 0; l < 2; l++) {
		struct rig r;
		rig_open(&r);
		close(rig_grant(&r));
		scope_close(&r.peer[l ? GW_RECORDER : GW_CONTROL]);
		assert_int_equal(gw_session_pump(r.s, NULL), -EPIPE);
		gw_session_end(r.s, "lost");
		rig_nothing(r.peer[GW_BROKER]);
		if (l == 0)
			rig_nothing(r.peer[GW_RECORDER]);
		assert_true(r.s->unrecorded);
		rig_close(&r);
	}
}

static void the_banner_comes_with_the_welcome_and_is_not_waited_for_twice(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	assert_int_equal(wire_welcome_send(r.peer[GW_BROKER],
				 &(struct wire_welcome){ .text = span_str("Authorised use only") }, -1),
		0);
	assert_string_equal(gw_session_banner(r.s), "Authorised use only");
	rig_close(&r);
	rig_open(&r);
	int64_t before = clock_mono_us();
	assert_string_equal(gw_session_banner(r.s), "");
	int64_t took = clock_mono_us() - before;
	assert_true(took >= 1000000 && took < 3000000);
	before = clock_mono_us();
	assert_string_equal(gw_session_banner(r.s), "");
	assert_true(clock_mono_us() - before < 500000);
	rig_close(&r);
}

static void a_long_line_is_cut_between_characters(void **state)
{
	(void)state;
	char line[8];
	gw_link_line(span_str("ab雁门"), line, sizeof line);
	assert_string_equal(line, "ab雁"); /* 2 + 3 + 3 would need nine bytes */
	gw_link_line(span_of("a\0b", 3), line, sizeof line);
	assert_string_equal(line, "a");
	assert_int_equal(gw_link_text(span_str("12345678"), line, sizeof line), -EPROTO);
	assert_int_equal(gw_link_text(span_of("a\0", 2), line, sizeof line), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(login_carries_the_answer_and_ends_the_grace),
		cmocka_unit_test(a_jump_gives_the_stream_or_the_line_why_not),
		cmocka_unit_test(a_broker_that_is_replaced_in_mid_question_is_asked_again),
		cmocka_unit_test(an_answer_that_was_sent_before_the_restart_counts),
		cmocka_unit_test(a_kill_during_a_question_ends_it_at_once_with_the_reason),
		cmocka_unit_test(garbage_from_the_broker_breaks_the_session_for_good),
		cmocka_unit_test(an_unasked_answer_is_not_kept_for_later),
		cmocka_unit_test(a_descriptor_where_none_belongs_is_refused_and_closed),
		cmocka_unit_test(a_late_answer_is_not_taken_for_the_next_question),
		cmocka_unit_test(without_a_service_a_question_ends_at_its_deadline),
		cmocka_unit_test(a_grant_brings_the_target_and_a_refusal_its_line),
		cmocka_unit_test(a_grant_without_a_pinned_key_is_nonsense),
		cmocka_unit_test(a_password_comes_once_and_leaves_no_copy),
		cmocka_unit_test(opens_are_answered_by_events_and_asked_again_after_a_restart),
		cmocka_unit_test(an_open_without_an_answer_times_out_and_its_late_answer_is_dropped),
		cmocka_unit_test(too_many_opens_are_refused),
		cmocka_unit_test(lock_and_unlock_reach_the_protocol),
		cmocka_unit_test(the_end_of_the_recorder_or_of_the_parent_ends_the_session),
		cmocka_unit_test(reached_waits_for_a_broker_that_is_away),
		cmocka_unit_test(the_end_closes_the_recording_and_tells_the_broker),
		cmocka_unit_test(without_its_last_frame_a_session_is_not_said_to_be_closed),
		cmocka_unit_test(the_banner_comes_with_the_welcome_and_is_not_waited_for_twice),
		cmocka_unit_test(a_long_line_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
