#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/block.h"
#include "recorder/reader/reader.h"
#include "tests/unit/evidence/sample.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One reading: what broker and vault will say lies in the sockets before the reader asks. */
struct reading {
	struct reader r;
	struct sample s;
	int parent, broker, vault, result;
	struct err err;
};
static struct sample_keys keys;

static void pair(int *ours, int *theirs)
{
	int sv[2];
	assert_int_equal(msg_pair(sv), 0);
	*ours = sv[0];
	*theirs = sv[1];
}

static void reading_open(struct reading *g, uint8_t format)
{
	*g = (struct reading){ .r = { .dir = -1, .target = -1 } };
	sample_make(&keys, SAMPLE_CLOSED, &g->s);
	pair(&g->parent, &g->r.parent);
	pair(&g->broker, &g->r.broker);
	pair(&g->vault, &g->r.vault);
	g->r.ask = (struct wire_read){ .ticket = 5, .id = g->s.id, .format = format };
	g->r.asked = true;
	g->r.file = sample_file(buf_span(&g->s.bytes));
	if (format == WIRE_READ_FRAMES) {
		pair(&g->result, &g->r.target);
		msg_sndbuf(g->r.target, 1 << 20);
	} else {
		g->result = memfd_create("result", MFD_CLOEXEC);
		g->r.target = fcntl(g->result, F_DUPFD_CLOEXEC, 3);
	}
	reader_out_init(&g->r.out, g->r.target, g->r.parent);
}

static void reading_done(struct reading *g)
{
	int fds[] = { g->parent, g->broker, g->vault, g->result, g->r.parent, g->r.broker, g->r.vault, g->r.file, g->r.target };
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		scope_close(&fds[i]);
	reader_out_done(&g->r.out);
	sample_done(&g->s);
}

static void both_agree(struct reading *g)
{
	assert_int_equal(wire_read_allowed_send(g->broker, &(struct wire_read_allowed){ .ticket = 5 }, -1), 0);
	assert_int_equal(wire_use_secret_send(g->vault, &(struct wire_use_secret){ .text = span_of(g->s.key, 32) }, -1), 0);
}

static const char *result_text(struct reading *g, struct buf *b)
{
	buf_init(b, 1 << 20);
	ssize_t n = pread(g->result, buf_room(b, 1 << 19), 1 << 19, 0);
	assert_true(n >= 0);
	buf_grew(b, (size_t)n);
	return buf_str(b);
}

static void tells_the_sealed_key_first(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	uint8_t body[4096], key[32];
	uint16_t type = 0;
	int fd = -1;
	struct wire_read_opened m;
	reading_open(&g, WIRE_READ_TEXT);
	both_agree(&g);
	assert_int_equal(reader_work(&g.r, &g.err), 0);
	int n = msg_recv_now(g.broker, &type, body, sizeof body, &fd, NULL);
	assert_int_equal(type, WIRE_T_read_opened);
	assert_int_equal(wire_read_opened_get(span_of(body, (size_t)n), &m, NULL), 0);
	assert_int_equal(m.ticket, 5);
	assert_int_equal(crypto_box_seal_open(key, m.sealed_key.p, m.sealed_key.n, keys.seal_public, keys.seal_secret), 0);
	assert_memory_equal(key, g.s.key, 32);
	n = msg_recv_now(g.vault, &type, body, sizeof body, &fd, NULL);
	assert_int_equal(type, WIRE_T_use);
}

static void text_is_what_was_on_the_screen(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	scoped(buf_done) struct buf b;
	reading_open(&g, WIRE_READ_TEXT);
	both_agree(&g);
	assert_int_equal(reader_work(&g.r, &g.err), 0);
	assert_string_equal(result_text(&g, &b),
		"hello hello hello hello hello hello hello hello \xe4\xbd\xa0\xe5\xa5\xbd\noops\n");
	assert_int_equal(g.r.verdict.state, EVIDENCE_STATE_CLOSED);
	assert_int_equal(g.r.verdict.seq, 6);
}

static void asciicast_is_version_two(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	scoped(buf_done) struct buf b;
	reading_open(&g, WIRE_READ_ASCIICAST);
	both_agree(&g);
	assert_int_equal(reader_work(&g.r, &g.err), 0);
	assert_string_equal(result_text(&g, &b),
		"{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1763823600,\"title\":\"alice: cyadmin@web01\"}\n"
		"[0.002000,\"o\",\"hello hello hello hello hello hello hello hello \xe4\xbd\xa0\xe5\xa5\xbd\\u000d\\u000a\"]\n"
		"[0.005000,\"r\",\"100x40\"]\n"
		"[300.007000,\"o\",\"\\u001b[0m\\u001b[r\\u001b[2J\\u001b[H\"]\n"
		"[300.007000,\"o\",\"oops\\u000d\\u000a\"]\n"
		"[300.010000,\"m\",\"wait\"]\n");
}

static void lines_hold_every_frame(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	scoped(buf_done) struct buf b;
	size_t lines = 0;
	reading_open(&g, WIRE_READ_JSONL);
	both_agree(&g);
	assert_int_equal(reader_work(&g.r, &g.err), 0);
	const char *text = result_text(&g, &b);
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 14);
	assert_non_null(strstr(text, "{\"time_us\":1763823600001000,\"type\":\"meta\",\"channel\":0,\"body\":{\"user\":\"alice\","));
	assert_non_null(strstr(text, "\"type\":\"size\",\"channel\":1,\"columns\":100,\"rows\":40}\n"));
	assert_null(strstr(text, "typed"));
}

static void sealed_is_the_file_as_it_lies(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	scoped(buf_done) struct buf b;
	reading_open(&g, WIRE_READ_SEALED);
	assert_int_equal(reader_work(&g.r, &g.err), 0); /* nobody is asked for a key */
	(void)result_text(&g, &b);
	assert_true(span_eq(buf_span(&b), buf_span(&g.s.bytes)));
	assert_int_equal(g.r.verdict.seq, 6);
}

static int verify(struct reading *g)
{
	struct wire_publics_answer a = { 0 };
	scoped(buf_done) struct buf lines;
	buf_init(&lines, EVIDENCE_KEYS_TEXT);
	evidence_keys_put(&lines, &keys.trusted);
	a.evidence = buf_span(&lines);
	assert_int_equal(wire_publics_answer_send(g->vault, &a, -1), 0);
	return reader_work(&g->r, &g->err);
}

static void verifies_with_the_vaults_public_key(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	reading_open(&g, WIRE_READ_VERIFY);
	assert_int_equal(verify(&g), 0);
	assert_int_equal(g.r.verdict.state, EVIDENCE_STATE_CLOSED);
}

static void a_missing_end_is_forgiven_only_to_what_is_open(void **state)
{
	(void)state;
	for (int open = 0; open < 2; open++) {
		scoped(reading_done) struct reading g;
		reading_open(&g, WIRE_READ_VERIFY);
		assert_int_equal(ftruncate(g.r.file, (off_t)g.s.ends[g.s.n - 3]), 0);
		g.r.is_open = open;
		assert_int_equal(verify(&g), open ? 0 : -EAGAIN);
		assert_true(open == (g.r.verdict.state == EVIDENCE_STATE_OPEN));
	}
}

static void what_is_damaged_is_not_decoded(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	reading_open(&g, WIRE_READ_TEXT);
	both_agree(&g);
	assert_int_equal(pwrite(g.r.file, "x", 1, (off_t)g.s.ends[2] - 50), 1);
	assert_int_equal(reader_work(&g.r, &g.err), -EBADMSG);
	assert_true(g.err.say[0]);
}

static void another_recording_under_the_name_is_refused(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	reading_open(&g, WIRE_READ_SEALED);
	g.r.ask.id.b[3] ^= 1;
	assert_int_equal(reader_work(&g.r, &g.err), -EBADMSG);
}

static void a_refusal_is_passed_on(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	reading_open(&g, WIRE_READ_TEXT);
	assert_int_equal(wire_read_allowed_send(g.broker,
				 &(struct wire_read_allowed){ .code = -EACCES, .say = span_str("another master key") }, -1), 0);
	assert_int_equal(reader_work(&g.r, &g.err), -EACCES);
	assert_string_equal(g.err.say, "another master key");
	scoped(reading_done) struct reading h;
	reading_open(&h, WIRE_READ_TEXT);
	assert_int_equal(wire_read_allowed_send(h.broker, &(struct wire_read_allowed){ .ticket = 5 }, -1), 0);
	assert_int_equal(wire_use_denied_send(h.vault, &(struct wire_use_denied){ .code = -EACCES }, -1), 0);
	assert_int_equal(reader_work(&h.r, &h.err), -EACCES);
}

static void a_wrong_key_opens_nothing(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	uint8_t wrong[32] = { 1 };
	reading_open(&g, WIRE_READ_TEXT);
	assert_int_equal(wire_read_allowed_send(g.broker, &(struct wire_read_allowed){ .ticket = 5 }, -1), 0);
	assert_int_equal(wire_use_secret_send(g.vault, &(struct wire_use_secret){ .text = span_of(wrong, 32) }, -1), 0);
	assert_int_equal(reader_work(&g.r, &g.err), -EBADMSG);
}

/* ---- replay ---- */
static size_t replayed(struct reading *g, uint8_t types[64])
{
	uint8_t body[MSG_BODY_MAX];
	uint16_t type = 0;
	uint64_t seq = 0;
	size_t n = 0;
	struct wire_frames m;
	struct frame f;
	int fd = -1, len, used;
	scope_close(&g->r.target);
	while ((len = msg_recv_now(g->result, &type, body, sizeof body, &fd, NULL)) > 0) {
		assert_int_equal(type, WIRE_T_frames);
		assert_int_equal(wire_frames_get(span_of(body, (size_t)len), &m, NULL), 0);
		assert_true(m.seq == ++seq);
		for (struct span in = m.frames; in.n > 0; in = span_of(in.p + used, in.n - (size_t)used)) {
			assert_true((used = frame_get(in, &f, NULL)) > 0 && n < 64);
			types[n++] = f.type;
		}
	}
	assert_int_equal(len, -EPIPE);
	return n;
}

static void replay_gives_all_frames(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	uint8_t types[64];
	reading_open(&g, WIRE_READ_FRAMES);
	both_agree(&g);
	assert_int_equal(reader_work(&g.r, &g.err), 0);
	assert_int_equal(replayed(&g, types), 14);
	assert_int_equal(types[0], FRAME_META);
	assert_int_equal(types[13], FRAME_FINISH);
}

static void replay_from_later_begins_with_the_newest_picture(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	uint8_t types[64];
	/* Behind the key-frame of channel 1, before the note: what channel 1 showed earlier is not told again. */
	static const uint8_t want[] = { FRAME_META, FRAME_OPEN, FRAME_SIZE, FRAME_DIGEST, FRAME_SCREEN, FRAME_IN, FRAME_ERR, FRAME_NOTE,
		FRAME_EXIT, FRAME_CLOSE, FRAME_FINISH };
	reading_open(&g, WIRE_READ_FRAMES);
	g.r.ask.from = 300 * INT64_C(1000000) + 9500;
	both_agree(&g);
	assert_int_equal(reader_work(&g.r, &g.err), 0);
	size_t n = replayed(&g, types);
	assert_int_equal(n, sizeof want);
	/* Channels are independent: only their own order counts. */
	unsigned seen[FRAME_TYPES] = { 0 }, wanted[FRAME_TYPES] = { 0 };
	for (size_t i = 0; i < n; i++) {
		seen[types[i]]++;
		wanted[want[i]]++;
	}
	assert_memory_equal(seen, wanted, sizeof seen);
	assert_int_equal(types[n - 1], FRAME_FINISH);
}

/* ---- who reads the result ---- */
static void one_that_has_gone_ends_it_quietly(void **state)
{
	(void)state;
	scoped(reading_done) struct reading g;
	reading_open(&g, WIRE_READ_FRAMES);
	both_agree(&g);
	scope_close(&g.result);
	assert_int_equal(reader_work(&g.r, &g.err), -EPIPE);
	assert_int_equal(g.err.code, 0);
}

static void a_slow_one_is_waited_for_and_the_parent_ends_that(void **state)
{
	(void)state;
	for (int said = 0; said < 2; said++) {
		struct reader_out o;
		static uint8_t much[65536];
		int pipe_fds[2], parent[2];
		assert_int_equal(pipe(pipe_fds), 0);
		assert_int_equal(msg_pair(parent), 0);
		(void)fcntl(pipe_fds[1], F_SETPIPE_SZ, 4096);
		reader_out_init(&o, pipe_fds[1], parent[0]);
		/* What means nothing to a reader does not end it; a stop, or the parent's end, does. */
		assert_int_equal(wire_client_send(parent[1], &(struct wire_client){ .worker = 1 }, -1), 0);
		if (said)
			assert_int_equal(wire_stop_send(parent[1], &(struct wire_stop){ 0 }, -1), 0);
		else
			(void)close(parent[1]);
		buf_put(&o.b, much, sizeof much);
		assert_int_equal(reader_out_flush(&o), -ECANCELED);
		reader_out_done(&o);
		(void)close(pipe_fds[0]);
		(void)close(pipe_fds[1]);
		(void)close(parent[0]);
		if (said)
			(void)close(parent[1]);
	}
}

static int setup(void **state)
{
	(void)state;
	uint8_t master[32];
	memset(master, 7, sizeof master);
	if (sodium_init() < 0)
		return -1;
	sample_keys_of(master, &keys);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(tells_the_sealed_key_first),
		CASE(text_is_what_was_on_the_screen),
		CASE(asciicast_is_version_two),
		CASE(lines_hold_every_frame),
		CASE(sealed_is_the_file_as_it_lies),
		CASE(verifies_with_the_vaults_public_key),
		CASE(a_missing_end_is_forgiven_only_to_what_is_open),
		CASE(what_is_damaged_is_not_decoded),
		CASE(another_recording_under_the_name_is_refused),
		CASE(a_refusal_is_passed_on),
		CASE(a_wrong_key_opens_nothing),
		CASE(replay_gives_all_frames),
		CASE(replay_from_later_begins_with_the_newest_picture),
		CASE(one_that_has_gone_ends_it_quietly),
		CASE(a_slow_one_is_waited_for_and_the_parent_ends_that),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
