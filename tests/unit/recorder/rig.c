#include "tests/unit/recorder/rig.h"
#include "recorder/evidence/block.h"
#include "recorder/evidence/path.h"
#include "recorder/evidence/walk.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN_US = 20 * 1000, THREADS_US = 20 * 1000 * 1000 /* real time */ };

void rig_vault(struct rig *g, bool there)
{
	int sv[2];
	scope_close(&g->vault);
	if (!there)
		return;
	assert_int_equal(msg_pair(sv), 0);
	g->vault = sv[0];
	assert_int_equal(wire_peer_send(g->parent, &(struct wire_peer){ .role = WIRE_VAULT }, sv[1]), 0);
	(void)close(sv[1]);
}

void rig_broker(struct rig *g, bool there)
{
	int sv[2];
	scope_close(&g->broker);
	if (!there)
		return;
	assert_int_equal(msg_pair(sv), 0);
	g->broker = sv[0];
	assert_int_equal(wire_peer_send(g->parent, &(struct wire_peer){ .role = WIRE_BROKER }, sv[1]), 0);
	(void)close(sv[1]);
}

void rig_start(struct rig *g)
{
	int parent[2];
	struct conf conf = g->r.conf;
	g->r = (struct recorder){ .conf = conf };
	assert_int_equal(loop_new(&g->r.loop, NULL), 0);
	assert_int_equal(msg_pair(parent), 0);
	g->parent = parent[0];
	assert_int_equal(rec_open(&g->r, parent[1], g->dir, syncfs, NULL), 0);
	rig_broker(g, true);
	rig_vault(g, true);
	RIG_UNTIL(g, g->r.has_seal_key && g->r.broker_out);
	rec_recover_all(&g->r);
}

void rig_open(struct rig *g, const char *on)
{
	uint8_t master[32];
	memset(master, 7, sizeof master);
	*g = (struct rig){ .vault = -1, .broker = -1 };
	assert_true(sodium_init() >= 0);
	sample_keys_of(master, &g->keys);
	clock_fake(INT64_C(1763823600000000));
	(void)snprintf(g->path, sizeof g->path, "%s/rec-XXXXXX", on ? on : "/tmp");
	assert_non_null(mkdtemp(g->path));
	g->dir = open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(g->dir >= 0);
	rig_start(g);
}

void rig_crash(struct rig *g)
{
	int fd = g->r.parent.fd;
	/* Threads end, descriptors close; nobody seals anything. */
	g->r.seal = rec_seal_free(g->r.seal);
	g->r.sync = rec_sync_free(g->r.sync);
	rec_free_all(&g->r);
	while (g->r.workers) {
		g->r.workers->rec = NULL;
		rec_worker_drop(g->r.workers);
	}
	g->r.stopping = true;
	rec_peer_done(&g->r);
	g->r.loop = loop_free(g->r.loop);
	scope_close(&fd);
	scope_close(&g->parent);
	scope_close(&g->broker);
	scope_close(&g->vault);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void rig_close(struct rig *g)
{
	int fd = g->r.parent.fd;
	rec_close(&g->r);
	g->r.loop = loop_free(g->r.loop);
	scope_close(&fd);
	scope_close(&g->parent);
	scope_close(&g->broker);
	scope_close(&g->vault);
	scope_close(&g->dir);
	(void)nftw(g->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	clock_fake(0);
}

/* ---- the other processes ---- */
int rig_hear(int sock, struct span *ret_body)
{
	static uint8_t body[MSG_BODY_MAX];
	uint16_t type = 0;
	int fd = -1, n = msg_recv_now(sock, &type, body, sizeof body, &fd, NULL);
	scope_close(&fd);
	if (n == -EAGAIN)
		return 0;
	if (n < 0)
		return RIG_WORKER_SEES_EOF;
	*ret_body = span_of(body, (size_t)n);
	return type;
}

static void vault_works(struct rig *g)
{
	struct span body;
	struct wire_sign s;
	int type;
	while (g->vault >= 0 && (type = rig_hear(g->vault, &body)) > 0) {
		if (type == WIRE_T_publics) {
			struct wire_publics_answer a = { 0 };
			scoped(buf_done) struct buf lines;
			buf_init(&lines, EVIDENCE_KEYS_TEXT);
			evidence_keys_put(&lines, &g->keys.trusted);
			a.evidence = buf_span(&lines);
			memcpy(a.seal.b, g->keys.seal_public, 32);
			assert_int_equal(wire_publics_answer_send(g->vault, &a, -1), 0);
			continue;
		}
		assert_int_equal(type, WIRE_T_sign);
		assert_int_equal(wire_sign_get(body, &s, NULL), 0);
		struct evidence_sign_claim c = { .what = s.what, .id = s.id, .seq = s.seq, .time_us = s.time_us };
		struct wire_sign_answer a = { .ticket = s.ticket };
		uint8_t text[EVIDENCE_SIGN_TEXT];
		memcpy(c.hash, s.hash.b, 32);
		evidence_sign_text(&c, text);
		(void)crypto_sign_detached(a.signature.b, NULL, text, sizeof text, g->keys.sign_secret);
		assert_int_equal(wire_sign_answer_send(g->vault, &a, -1), 0);
	}
}

static void keep(struct span s, char *to, size_t n)
{
	(void)snprintf(to, n, "%.*s", (int)s.n, (const char *)s.p);
}

static void broker_listens(struct rig *g)
{
	struct span body;
	int type;
	while (g->broker >= 0 && (type = rig_hear(g->broker, &body)) > 0) {
		switch (type) {
		case WIRE_T_begin_answer:
			assert_int_equal(wire_begin_answer_get(body, &g->begun, NULL), 0);
			keep(g->begun.say, g->say, sizeof g->say);
			g->begun_n++;
			break;
		case WIRE_T_recording_answer:
			assert_int_equal(wire_recording_answer_get(body, &g->answer, NULL), 0);
			keep(g->answer.reason, g->reason, sizeof g->reason);
			g->answer_n++;
			break;
		case WIRE_T_watch_answer:
			assert_int_equal(wire_watch_answer_get(body, &g->watched, NULL), 0);
			keep(g->watched.say, g->say, sizeof g->say);
			g->watched_n++;
			break;
		case WIRE_T_space:
			assert_int_equal(wire_space_get(body, &g->space, NULL), 0);
			g->space_n++;
			break;
		default:
			fail_msg("%s to the broker", wire_type_name((uint16_t)type));
		}
	}
}

static void turn(struct rig *g)
{
	loop_turn(g->r.loop, 0);
	vault_works(g);
	broker_listens(g);
}

static bool threads_work(const struct rig *g)
{
	for (const struct rec *rec = g->r.recs; rec; rec = rec->next)
		if (rec->jobs > 0)
			return true;
	return g->r.syncing;
}

/* The fake clock stands still while a thread has work: on a busy machine they get their turn late, and a disk is not slow for that. */
void rig_turn(struct rig *g)
{
	clock_advance(TURN_US);
	turn(g);
	for (int waited_us = 0; threads_work(g) && waited_us < THREADS_US; waited_us += 100) {
		(void)usleep(100);
		turn(g);
	}
}

/* ---- workers ---- */
int rig_worker(struct rig *g, uint64_t *ret_number)
{
	int sv[2];
	assert_int_equal(msg_pair(sv), 0);
	msg_sndbuf(sv[0], 4 << 20);
	struct wire_attach a = { .worker = ++g->workers, .role = WIRE_SSH, .job = WIRE_JOB_SESSION };
	assert_int_equal(wire_attach_send(g->parent, &a, sv[1]), 0);
	(void)close(sv[1]);
	*ret_number = a.worker;
	return sv[0];
}

void rig_ask_begin(struct rig *g, uint64_t worker, const struct id *id, struct span auditor)
{
	struct wire_begin b = { .worker = worker, .id = *id, .meta = span_str("{\"user\":\"alice\"}"), .auditor = auditor };
	assert_int_equal(wire_begin_send(g->broker, &b, -1), 0);
}

int rig_begin(struct rig *g, struct id *ret_id, struct span auditor)
{
	uint64_t number = 0;
	unsigned before = g->begun_n;
	int sock = rig_worker(g, &number);
	id_new(ret_id);
	rig_ask_begin(g, number, ret_id, auditor);
	RIG_UNTIL(g, g->begun_n > before);
	assert_int_equal(g->begun.code, 0);
	assert_true(id_eq(&g->begun.id, ret_id));
	return sock;
}

void rig_frame(int worker, uint64_t seq, uint8_t type, uint32_t channel, struct span body)
{
	scoped(buf_done) struct buf b;
	buf_init(&b, MSG_BODY_MAX);
	frame_put(&b, &(struct frame){ .time_us = (uint64_t)clock_wall_us(), .type = type, .channel = channel, .body = body });
	assert_false(b.failed);
	(void)wire_frames_send(worker, &(struct wire_frames){ .seq = seq, .frames = buf_span(&b) }, -1);
}

/* ---- the result ---- */
int rig_file(struct rig *g, const struct id *id)
{
	char path[EVIDENCE_PATH];
	evidence_path(id, path);
	return openat(g->dir, path, O_RDWR | O_CLOEXEC);
}

bool rig_is_marked_open(struct rig *g, const struct id *id)
{
	char path[EVIDENCE_PATH];
	evidence_path_open(id, path);
	return faccessat(g->dir, path, F_OK, 0) == 0;
}

void rig_verify(struct rig *g, const struct id *id, struct evidence_verdict *ret)
{
	struct err err = { 0 };
	scoped(scope_close) int fd = rig_file(g, id);
	assert_true(fd >= 0);
	if (evidence_check(fd, &g->keys.trusted, false, ret, &err) < 0)
		fail_msg("%s (%s)", err.say, err.detail);
	assert_true(id_eq(&ret->id, id));
}

void rig_decode(struct rig *g, const struct id *id, struct buf *out)
{
	scoped(scope_close) int fd = rig_file(g, id);
	scoped(evidence_walk_done) struct evidence_walk w;
	struct evidence_unpacker *u = NULL;
	struct evidence_stream s;
	struct evidence_record rec;
	struct span plain;
	uint8_t key[32];
	assert_int_equal(evidence_walk_open(&w, fd, NULL), 0);
	assert_int_equal(evidence_unpacker_new(&u, NULL), 0);
	assert_int_equal(crypto_box_seal_open(key, w.header.sealed_key, sizeof w.header.sealed_key, g->keys.seal_public,
				 g->keys.seal_secret), 0);
	evidence_stream_init(&s, &w.header.id, key);
	while (evidence_walk_next(&w, &rec, NULL) == 1)
		if (rec.type == EVIDENCE_BLOCK) {
			assert_int_equal(evidence_block_get(u, &s, &rec, &plain, NULL), 0);
			buf_put_span(out, plain);
		}
	u = evidence_unpacker_free(u);
	evidence_stream_done(&s);
	assert_false(out->failed);
}
