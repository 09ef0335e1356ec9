/*
 * evidence_tool - files for the tests of other readers, and our own reader's opinion of them.
 *
 *   evidence_tool make closed|crashed|open|audit|master|public   writes to standard output
 *   evidence_tool check recording|audit FILE                     0 verifies, 1 does not (says why)
 *   evidence_tool lines FILE                                      decodes to JSON Lines
 * All keys come from a master key of 32 bytes 0x07.
 */
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/scope.h"
#include "recorder/evidence/audit.h"
#include "recorder/evidence/block.h"
#include "recorder/evidence/check.h"
#include "recorder/evidence/lines.h"
#include "recorder/evidence/walk.h"
#include "tests/unit/evidence/sample.h"
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static int out(struct span s)
{
	return fwrite(s.p, 1, s.n, stdout) == s.n ? 0 : 1;
}

static int make(const struct sample_keys *k, const char *what)
{
	scoped(buf_done) struct buf b;
	scoped(sample_done) struct sample s = { 0 };
	buf_init(&b, 1 << 20);
	if (strcmp(what, "master") == 0)
		return out(span_of(k->master, sizeof k->master));
	if (strcmp(what, "public") == 0) {
		evidence_sign_key_put(&b, k->sign_public);
		return out(buf_span(&b));
	}
	if (strcmp(what, "audit") == 0) {
		sample_audit(k, &b);
		return out(buf_span(&b));
	}
	sample_make(k, strcmp(what, "closed") == 0 ? SAMPLE_CLOSED : strcmp(what, "crashed") == 0 ? SAMPLE_CRASHED : SAMPLE_OPEN,
		&s);
	return out(buf_span(&s.bytes));
}

static int check(const struct sample_keys *k, const char *what, int fd)
{
	struct err err = { 0 };
	struct evidence_verdict v;
	scoped(evidence_audit_done) struct evidence_audit a;
	evidence_audit_init(&a, &k->trusted);
	int rc = strcmp(what, "audit") == 0 ? evidence_audit_check(fd, &a, &err) : evidence_check(fd, &k->trusted, false, &v, &err);
	if (rc < 0)
		(void)fprintf(stderr, "%s (%s)\n", err.say, err.detail);
	return rc < 0;
}

static int lines(const struct sample_keys *k, int fd)
{
	scoped(evidence_walk_done) struct evidence_walk w;
	scoped(buf_done) struct buf b;
	scoped(evidence_text_done) struct evidence_text text;
	struct evidence_unpacker *u = NULL;
	struct evidence_stream st;
	struct evidence_record r;
	struct span plain;
	struct frame f;
	uint8_t key[32];
	buf_init(&b, 1 << 20);
	evidence_text_init(&text);
	if (evidence_walk_open(&w, fd, NULL) < 0 || evidence_unpacker_new(&u, NULL) < 0 ||
		crypto_box_seal_open(key, w.header.sealed_key, sizeof w.header.sealed_key, k->seal_public, k->seal_secret) != 0)
		return 1;
	evidence_stream_init(&st, &w.header.id, key);
	int rc = 0;
	while (rc == 0 && evidence_walk_next(&w, &r, NULL) == 1) {
		if (r.type != EVIDENCE_BLOCK)
			continue;
		rc = evidence_block_get(u, &st, &r, &plain, NULL);
		for (int n; rc == 0 && plain.n > 0 && (n = frame_get(plain, &f, NULL)) > 0; plain = span_of(plain.p + n, plain.n - (size_t)n))
			evidence_lines_put(&text, &f, &b);
	}
	u = evidence_unpacker_free(u);
	evidence_stream_done(&st);
	return rc < 0 ? 1 : out(buf_span(&b));
}

int main(int argc, char **argv)
{
	struct sample_keys k;
	uint8_t master[32];
	memset(master, 7, sizeof master);
	if (sodium_init() < 0)
		return 2;
	sample_keys_of(master, &k);
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		return make(&k, argv[2]);
	scoped(scope_close) int fd = argc >= 3 ? open(argv[argc - 1], O_RDONLY | O_CLOEXEC) : -1;
	if (argc == 4 && fd >= 0 && strcmp(argv[1], "check") == 0)
		return check(&k, argv[2], fd);
	if (argc == 3 && fd >= 0 && strcmp(argv[1], "lines") == 0)
		return lines(&k, fd);
	(void)fprintf(stderr, "usage: evidence_tool make WHAT | check recording|audit FILE | lines FILE\n");
	return 2;
}
