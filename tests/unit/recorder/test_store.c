#include "tests/unit/recorder/rig.h"
#include "recorder/evidence/path.h"
#include "recorder/store.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t t0 = INT64_C(1763823600000000);
struct made {
	struct rig g;
	struct rec_store s;
	struct rec_scratch *x;
	struct id id;
};

static void make(struct made *m)
{
	rig_open(&m->g, NULL);
	id_new(&m->id);
	assert_int_equal(rec_scratch_new(&m->x, NULL), 0);
	rec_store_init(&m->s, m->g.dir);
	struct rec_store_new n = { .id = m->id, .meta = span_str("{}"), .seal_key = m->g.keys.seal_public, .now_us = t0 };
	assert_int_equal(rec_store_create(&m->s, m->x, &n, NULL), 0);
}

static void made_done(struct made *m)
{
	rec_store_done(&m->s);
	m->x = rec_scratch_free(m->x);
	rig_close(&m->g);
}

static int frame(struct made *m, uint8_t type, struct span body)
{
	scoped(buf_done) struct buf b;
	buf_init(&b, 1 << 20);
	frame_put(&b, &(struct frame){ .time_us = (uint64_t)t0, .type = type, .channel = 1, .body = body });
	return rec_store_frames(&m->s, m->x, buf_span(&b), t0, NULL);
}

static struct evidence_checkpoint signed_by_vault(struct made *m, uint8_t type, const struct evidence_chain *at)
{
	struct evidence_sign_claim c = { .what = type, .id = m->id, .seq = at->seq, .time_us = t0 };
	struct evidence_checkpoint k = { .seq = at->seq, .time_us = t0 };
	uint8_t text[EVIDENCE_SIGN_TEXT];
	memcpy(c.hash, at->hash, 32);
	evidence_sign_text(&c, text);
	(void)crypto_sign_detached(k.signature, NULL, text, sizeof text, m->g.keys.sign_secret);
	return k;
}

static void seal(struct made *m, struct rec_store *s, uint8_t type)
{
	struct evidence_checkpoint k = signed_by_vault(m, type, &s->disk);
	assert_int_equal(rec_store_checkpoint(s, type, &k, NULL), 0);
}

static size_t read_all(struct made *m, uint8_t *to, size_t room)
{
	scoped(scope_close) int fd = rig_file(&m->g, &m->id);
	ssize_t n = pread(fd, to, room, 0);
	assert_true(n > 0 && (size_t)n < room);
	return (size_t)n;
}

static void write_all(struct made *m, const uint8_t *p, size_t n)
{
	scoped(scope_close) int fd = rig_file(&m->g, &m->id);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, p, n, 0), (ssize_t)n);
}

/* The file is there, perhaps again. */
static void create(struct made *m, const char *path)
{
	int fd = openat(m->g.dir, path, O_CREAT | O_RDWR | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	(void)close(fd);
}

/* Whatever the crash left, the next start makes a file of it that verifies, and keeps every whole record. */
static void recovers_from_a_tail_torn_at_every_byte(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	static uint8_t bytes[8192];
	make(&m);
	for (int i = 0; i < 3; i++)
		assert_int_equal(frame(&m, FRAME_OUT, span_str("some text")), 0);
	assert_int_equal(rec_store_end(&m.s, NULL), 0);
	seal(&m, &m.s, EVIDENCE_CLOSE);
	size_t size = read_all(&m, bytes, sizeof bytes);
	for (size_t n = 0; n <= size; n++)
		for (int garbage = 0; garbage < (n < size ? 2 : 1); garbage++) {
			struct evidence_verdict v, after;
			struct rec_store s;
			char mark[EVIDENCE_PATH];
			write_all(&m, bytes, n);
			if (garbage) { /* the file had grown, its data had not arrived */
				scoped(scope_close) int fd = rig_file(&m.g, &m.id);
				assert_int_equal(ftruncate(fd, (off_t)n + 300), 0);
			}
			evidence_path_open(&m.id, mark);
			create(&m, mark);
			rec_store_init(&s, m.g.dir);
			int rc = rec_store_recover(&s, &m.id, &v, NULL);
			if (n < EVIDENCE_HEADER && rc != 0) {
				char path[EVIDENCE_PATH];
				assert_true(rc == -EPROTO || (garbage && rc == -EBADMSG));
				rec_store_done(&s);
				assert_false(rig_is_marked_open(&m.g, &m.id));
				evidence_path(&m.id, path);
				create(&m, path);
				continue;
			}
			assert_true(n >= EVIDENCE_HEADER || garbage);
			assert_int_equal(rc, n == size ? 1 : 0);
			if (rc == 0)
				seal(&m, &s, EVIDENCE_CRASHED);
			rec_store_done(&s);
			assert_false(rig_is_marked_open(&m.g, &m.id));
			rig_verify(&m.g, &m.id, &after);
			assert_int_equal(after.state, n == size ? EVIDENCE_STATE_CLOSED : EVIDENCE_STATE_CRASHED);
			assert_true(n == size || after.seq == v.seq);
			static uint8_t now[8192];
			size_t kept = read_all(&m, now, sizeof now);
			assert_true(kept >= EVIDENCE_HEADER);
			if (n == size)
				assert_memory_equal(now, bytes, size);
		}
}

static void a_recovery_that_was_interrupted_is_done_again(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	struct evidence_verdict v, again;
	struct rec_store s;
	make(&m);
	assert_int_equal(frame(&m, FRAME_OUT, span_str("text")), 0);
	{
		scoped(scope_close) int fd = rig_file(&m.g, &m.id);
		assert_int_equal(pwrite(fd, "torn", 4, (off_t)m.s.bytes), 4);
	}
	for (int i = 0; i < 3; i++) { /* the end is written once */
		rec_store_init(&s, m.g.dir);
		assert_int_equal(rec_store_recover(&s, &m.id, i == 0 ? &v : &again, NULL), 0);
		assert_true(i == 0 || (again.seq == v.seq && memcmp(again.head, v.head, 32) == 0));
		if (i < 2)
			rec_store_done(&s);
	}
	seal(&m, &s, EVIDENCE_CRASHED);
	rec_store_done(&s);
	rig_verify(&m.g, &m.id, &v);
	assert_int_equal(v.dropped, 4);
}

static void another_file_under_its_name_is_left_alone(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	struct evidence_verdict v;
	struct rec_store s;
	static uint8_t bytes[8192], same[8192];
	make(&m);
	size_t n = read_all(&m, bytes, sizeof bytes);
	for (size_t at = 0; at <= 8; at += 8) { /* no recording; another one's */
		bytes[at] ^= 1;
		write_all(&m, bytes, n);
		rec_store_init(&s, m.g.dir);
		assert_int_equal(rec_store_recover(&s, &m.id, &v, NULL), at == 0 ? -EPROTO : -EBADMSG);
		rec_store_done(&s);
		assert_int_equal(read_all(&m, same, sizeof same), n);
		assert_memory_equal(same, bytes, n);
		bytes[at] ^= 1;
	}
}

static void an_existing_file_is_not_written_over(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	struct rec_store s;
	static uint8_t before[8192], after[8192];
	make(&m);
	size_t n = read_all(&m, before, sizeof before);
	rec_store_init(&s, m.g.dir);
	struct rec_store_new w = { .id = m.id, .meta = span_str("{}"), .seal_key = m.g.keys.seal_public, .now_us = t0 };
	assert_int_equal(rec_store_create(&s, m.x, &w, NULL), -EEXIST);
	rec_store_done(&s);
	assert_int_equal(read_all(&m, after, sizeof after), n);
	assert_memory_equal(before, after, n);
}

static void files_are_for_owner_and_group_alone(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	struct stat st;
	make(&m);
	scoped(scope_close) int fd = rig_file(&m.g, &m.id);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void what_cannot_be_written_is_kept_and_written_later(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	struct evidence_verdict v;
	make(&m);
	int fd = m.s.fd, nowhere = open("/dev/full", O_RDWR | O_CLOEXEC);
	m.s.fd = nowhere;
	m.s.reserved = UINT64_MAX; /* the write itself shall fail */
	assert_int_equal(frame(&m, FRAME_OUT, span_str("one")), -ENOSPC);
	assert_int_equal(frame(&m, FRAME_OUT, span_str("two")), -ENOSPC);
	assert_int_equal(rec_store_end(&m.s, NULL), -ENOSPC);
	m.s.fd = fd;
	(void)close(nowhere);
	assert_int_equal(rec_store_end(&m.s, NULL), 0);
	assert_int_equal(rec_store_end(&m.s, NULL), 0); /* asked twice, written once */
	seal(&m, &m.s, EVIDENCE_CLOSE);
	rig_verify(&m.g, &m.id, &v);
	assert_int_equal(v.blocks, 3);
}

static void what_is_given_up_leaves_a_file_that_verifies(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	struct evidence_verdict v;
	make(&m);
	int fd = m.s.fd, nowhere = open("/dev/full", O_RDWR | O_CLOEXEC);
	m.s.fd = nowhere;
	m.s.reserved = UINT64_MAX;
	assert_int_equal(frame(&m, FRAME_OUT, span_str("lost")), -ENOSPC);
	m.s.fd = fd;
	(void)close(nowhere);
	assert_int_equal(pwrite(fd, "half", 4, (off_t)m.s.bytes), 4); /* as a write that stopped half-way */
	rec_store_give_up(&m.s);
	assert_int_equal(rec_store_end(&m.s, NULL), 0);
	seal(&m, &m.s, EVIDENCE_CRASHED);
	rig_verify(&m.g, &m.id, &v);
	assert_int_equal(v.blocks, 1);
}

static void large_frames_and_floods_of_keys_fit_the_format(void **state)
{
	(void)state;
	scoped(made_done) struct made m;
	struct evidence_verdict v;
	static uint8_t body[FRAME_BODY_MAX];
	scoped(buf_done) struct buf b, all;
	struct frame f;
	size_t keys = 0, out = 0;
	make(&m);
	m.s.has_auditor = true;
	memcpy(m.s.auditor, m.g.keys.seal_public, 32);
	assert_int_equal(frame(&m, FRAME_KEYS, span_of(body, sizeof body)), 0);
	assert_int_equal(frame(&m, FRAME_OUT, span_of(body, sizeof body)), 0);
	buf_init(&b, 65536);
	for (uint32_t i = 0; i < 3000; i++) /* alternating channels: nothing can be joined */
		frame_put(&b, &(struct frame){ .type = FRAME_KEYS, .channel = i & 1, .body = span_of(body, 1) });
	assert_int_equal(rec_store_frames(&m.s, m.x, buf_span(&b), t0, NULL), 0);
	assert_int_equal(rec_store_end(&m.s, NULL), 0);
	seal(&m, &m.s, EVIDENCE_CLOSE);
	rig_verify(&m.g, &m.id, &v);
	buf_init(&all, 8 << 20);
	rig_decode(&m.g, &m.id, &all);
	int n;
	for (struct span in = buf_span(&all); (n = frame_get(in, &f, NULL)) > 0; in = span_of(in.p + n, in.n - (size_t)n)) {
		if (f.type == FRAME_KEYS)
			keys += (size_t)(f.body.p[0] | f.body.p[1] << 8 | f.body.p[2] << 16);
		out += f.type == FRAME_OUT ? f.body.n : 0;
	}
	assert_int_equal(keys, FRAME_BODY_MAX + 3000);
	assert_int_equal(out, FRAME_BODY_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(recovers_from_a_tail_torn_at_every_byte),
		CASE(a_recovery_that_was_interrupted_is_done_again),
		CASE(another_file_under_its_name_is_left_alone),
		CASE(an_existing_file_is_not_written_over),
		CASE(files_are_for_owner_and_group_alone),
		CASE(what_cannot_be_written_is_kept_and_written_later),
		CASE(what_is_given_up_leaves_a_file_that_verifies),
		CASE(large_frames_and_floods_of_keys_fit_the_format),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
