#include "recorder/evidence/check.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/block.h"
#include "recorder/evidence/keys.h"
#include "recorder/evidence/walk.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)EVIDENCE_CHECKPOINT == WIRE_SIGN_CHECKPOINT && (int)EVIDENCE_CLOSE == WIRE_SIGN_CLOSE &&
		       (int)EVIDENCE_CRASHED == WIRE_SIGN_CRASHED,
	"a checkpoint's type is what was signed");

struct evidence_checker {
	bool has_end, sealed;
	const struct evidence_keys *keys; /* NULL: signatures are not looked at */
	struct evidence_verdict v;
	uint8_t last_type;
	uint64_t last_seq;
	uint8_t (*hashes)[EVIDENCE_HASH]; /* of the last EVIDENCE_REACH records, by seq modulo */
};

int evidence_checker_new(struct evidence_checker **ret, const struct evidence_walk *w, const struct evidence_keys *keys,
	struct err *err)
{
	struct evidence_checker *c = calloc(1, sizeof *c);
	if (c && !(c->hashes = calloc(EVIDENCE_REACH, EVIDENCE_HASH))) {
		free(c);
		c = NULL;
	}
	if (!c)
		return fault(err, -ENOMEM, "internal error", "no memory to check a recording");
	c->keys = keys;
	memcpy(c->hashes[0], w->chain.hash, EVIDENCE_HASH);
	c->v = (struct evidence_verdict){ .id = w->header.id, .state = EVIDENCE_STATE_OPEN,
		.created_us = w->header.created_us, .ended_us = w->header.created_us };
	*ret = c;
	return 0;
}

struct evidence_checker *evidence_checker_free(struct evidence_checker *c)
{
	if (c) {
		free(c->hashes);
		free(c);
	}
	return NULL;
}

static int misplaced(const struct evidence_record *r, const char *why, struct err *err)
{
	return fault(err, -EPROTO, "the file is damaged or was altered", "record %llu of type %u: %s",
		(unsigned long long)r->seq, r->type, why);
}

static int feed_checkpoint(struct evidence_checker *c, const struct evidence_record *r, struct err *err)
{
	struct evidence_checkpoint k;
	evidence_checkpoint_get(r, &k);
	bool final = r->type != EVIDENCE_CHECKPOINT;
	if (k.seq >= r->seq || r->seq - k.seq > EVIDENCE_REACH)
		return misplaced(r, "covers no record in reach", err);
	if (final && k.seq != r->seq - 1)
		return misplaced(r, "covers another record than the last", err);
	struct evidence_sign_claim claim = { .what = r->type, .id = c->v.id, .seq = k.seq, .time_us = k.time_us };
	memcpy(claim.hash, c->hashes[k.seq % EVIDENCE_REACH], sizeof claim.hash);
	int rc = c->keys ? evidence_keys_check(c->keys, &claim, k.signature, err) : 0;
	if (rc < 0)
		return rc;
	c->v.checkpoints++;
	c->v.signed_us = k.time_us;
	c->v.signed_seq = k.seq;
	memcpy(c->v.signature, k.signature, sizeof k.signature);
	if (final) {
		c->sealed = true;
		c->v.state = r->type == EVIDENCE_CLOSE ? EVIDENCE_STATE_CLOSED : EVIDENCE_STATE_CRASHED;
	}
	return 0;
}

static int feed_kind(struct evidence_checker *c, const struct evidence_record *r, struct err *err)
{
	struct evidence_end e;
	switch (r->type) {
	case EVIDENCE_BLOCK:
		if (c->v.blocks == 0 && !(r->flags & EVIDENCE_SEGMENT))
			return misplaced(r, "the first block begins no segment", err);
		c->v.blocks++;
		c->v.ended_us = evidence_block_time_us(r);
		return 0;
	case EVIDENCE_END:
		evidence_end_get(r, &e);
		c->v.ended_us = e.ended_us;
		c->v.dropped = e.dropped;
		return 0;
	default:
		return feed_checkpoint(c, r, err);
	}
}

int evidence_checker_feed(struct evidence_checker *c, const struct evidence_record *r, struct err *err)
{
	bool final = r->type == EVIDENCE_CLOSE || r->type == EVIDENCE_CRASHED;
	if (c->sealed)
		return misplaced(r, "behind the closing checkpoint", err);
	if (final != c->has_end)
		return misplaced(r, final ? "no end in front of it" : "behind the end", err);
	int rc = feed_kind(c, r, err);
	if (rc < 0)
		return rc;
	c->has_end = r->type == EVIDENCE_END;
	c->last_type = r->type;
	c->last_seq = r->seq;
	memcpy(c->hashes[r->seq % EVIDENCE_REACH], r->hash, EVIDENCE_HASH);
	return 0;
}

bool evidence_checker_has_end(const struct evidence_checker *c)
{
	return c->has_end;
}

bool evidence_checker_is_sealed(const struct evidence_checker *c)
{
	return c->sealed;
}

void evidence_checker_verdict(const struct evidence_checker *c, const struct evidence_walk *w, struct evidence_verdict *ret)
{
	*ret = c->v;
	ret->bytes = w->offset;
	ret->seq = c->sealed ? c->v.signed_seq : c->last_seq;
	memcpy(ret->head, c->hashes[ret->seq % EVIDENCE_REACH], EVIDENCE_HASH);
}

static void checker_scope(struct evidence_checker **c)
{
	*c = evidence_checker_free(*c);
}

int evidence_check(int fd, const struct evidence_keys *keys, bool open_too, struct evidence_verdict *ret,
	struct err *err)
{
	scoped(evidence_walk_done) struct evidence_walk w;
	scoped(checker_scope) struct evidence_checker *c = NULL;
	struct evidence_record r;
	int rc = evidence_walk_open(&w, fd, err);
	if (rc == 0)
		rc = evidence_checker_new(&c, &w, keys, err);
	if (rc < 0)
		return rc;
	while ((rc = evidence_walk_next(&w, &r, err)) == 1)
		if ((rc = evidence_checker_feed(c, &r, err)) < 0)
			return rc;
	if (c->sealed ? rc < 0 : rc < 0 && !(rc == -EAGAIN && open_too))
		return c->sealed ? fault(err, -EPROTO, "the file is damaged or was altered", "bytes behind the closing checkpoint")
				 : rc;
	if (!c->sealed && !open_too)
		return fault(err, -EAGAIN, "the recording is still open, or its tail was cut off",
			"no closing checkpoint after record %llu", (unsigned long long)c->last_seq);
	evidence_checker_verdict(c, &w, ret);
	ret->torn = rc == -EAGAIN ? w.window.len - w.used : 0;
	return 0;
}
