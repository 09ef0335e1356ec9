#include "gateway/ssh/flow.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/rd.h"
#include "gateway/ssh/link.h"
#include "gateway/term/screen.h"
#include "gateway/xfer/xfer.h"
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

void gw_ssh_flow_init(struct gw_ssh_flow *f, uint8_t frame, uint32_t channel)
{
	*f = (struct gw_ssh_flow){ .frame = frame, .channel = channel };
	buf_init(&f->data, GW_SSH_FLOW_CAP);
}

void gw_ssh_flow_done(struct gw_ssh_flow *f)
{
	buf_done(&f->data);
	EVP_MD_CTX_free(f->digest);
	f->digest = NULL;
}

int gw_ssh_flow_limit(struct gw_ssh_flow *f, uint64_t store_max, struct err *err)
{
	f->digest = EVP_MD_CTX_new();
	f->store_max = store_max;
	if (!f->digest || EVP_DigestInit_ex(f->digest, EVP_sha256(), NULL) != 1)
		return fault(err, -ENOMEM, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_INTERNAL), "SHA-256 context");
	return 0;
}

bool gw_ssh_flow_is_empty(const struct gw_ssh_flow *f)
{
	return f->at == f->data.len && !f->more;
}

static void reset_when_read(struct gw_ssh_flow *f)
{
	if (f->at == f->data.len) {
		if (f->data.size > GW_SSH_FLOW_TAKE * 4)
			buf_done(&f->data); /* memory of one backlog does not stay */
		else
			buf_clear(&f->data);
		f->at = f->recorded = 0;
	} else if (f->at >= GW_SSH_FLOW_TAKE * 4 && f->at >= f->data.len - f->at) { /* each byte is moved once at most */
		buf_drop(&f->data, f->at);
		f->recorded -= f->at;
		f->at = 0;
	}
}

bool gw_ssh_flow_arrived(struct gw_ssh_flow *f, const void *p, size_t n, size_t *ret_taken)
{
	*ret_taken = 0;
	if (n > GW_SSH_FLOW_PEER_MAX)
		return false;
	if (f->data.len - f->at >= GW_SSH_FLOW_TAKE && !f->dropped) {
		f->more = true;
		return true;
	}
	if (!f->dropped) {
		buf_put(&f->data, p, n);
		if (f->data.failed)
			return false;
	}
	f->more = false;
	*ret_taken = n;
	return true;
}

void gw_ssh_flow_rescue(struct gw_ssh_flow *f)
{
	if (!f->more)
		return;
	int n = ssh_channel_poll(f->from, f->from_err);
	uint8_t *room = n > 0 ? buf_room(&f->data, (size_t)n) : NULL;
	f->more = false;
	if (!room)
		return;
	n = ssh_channel_read_nonblocking(f->from, room, (uint32_t)n, f->from_err);
	if (n > 0)
		buf_grew(&f->data, (size_t)n);
}

/* The part of data[recorded..to) that may be recorded now is recorded, in full or as a digest. */
static int record(struct gw_ssh_flow *f, struct gw_ssh_link *l, size_t to, struct err *err)
{
	size_t room = gw_tap_room(l->gw);
	size_t n = to - f->recorded < room ? to - f->recorded : room;
	if (n == 0)
		return 0;
	struct span s = span_of(f->data.data + f->recorded, n);
	struct span stored = s;
	if (f->digest && f->total + n > f->store_max)
		stored.n = f->total >= f->store_max ? 0 : (size_t)(f->store_max - f->total);
	int r = stored.n > 0 ? gw_tap_frame(l->gw, f->frame, f->channel, stored, err) : 0;
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return r;
	if (stored.n < n)
		gw_tap_count(l->gw, f->frame, n - stored.n);
	if (f->digest && EVP_DigestUpdate(f->digest, s.p, s.n) != 1)
		return fault(err, -ENOMEM, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_INTERNAL), "SHA-256 update");
	if (f->screen)
		term_screen_feed(f->screen, s);
	f->total += n;
	f->recorded += n;
	return 0;
}

/* ---- with a file transfer ---- */

static enum xfer_side side_of(const struct gw_ssh_flow *f)
{
	return f->frame == FRAME_IN ? XFER_UP : XFER_DOWN;
}

static void stand_still(struct gw_ssh_flow *f, const char *why)
{
	f->lost = true;
	f->why = why;
}

/* Where the next bytes are a file's and are kept: records as many as can be just now, and *n becomes that many. */
static int keep(struct gw_ssh_flow *f, struct gw_ssh_link *l, size_t *n, struct err *err)
{
	struct xfer_piece p;
	size_t room = gw_tap_room(l->gw);
	if (!xfer_keeps(f->xfer, side_of(f), *n < FRAME_CONTENT_MAX ? *n : FRAME_CONTENT_MAX, &p))
		return 0;
	if (room <= FRAME_CONTENT_HEAD)
		return -EAGAIN;
	*n = p.n < room - FRAME_CONTENT_HEAD ? p.n : room - FRAME_CONTENT_HEAD;
	struct buf b;
	buf_init(&b, FRAME_BODY_MAX);
	wr_le(&b, p.number, 4);
	wr_le(&b, p.at, 8);
	buf_put(&b, f->data.data + f->recorded, *n);
	int r = gw_tap_frame(l->gw, FRAME_CONTENT, f->channel, buf_span(&b), err);
	buf_done(&b);
	return r;
}

/* What becomes of the next bytes; -EAGAIN when that is to wait. */
static int read_next(struct gw_ssh_flow *f, struct gw_ssh_link *l, struct err *err)
{
	struct xfer_cut cut;
	bool over = f->ended && !f->more;
	size_t n = f->data.len - f->recorded;
	if (gw_tap_room(l->gw) == 0 || !gw_ledger_room(l->gw))
		return -EAGAIN;
	int r = keep(f, l, &n, err);
	if (r < 0)
		return r;
	xfer_feed(f->xfer, side_of(f), f->data.data + f->recorded, n, &cut);
	if (cut.fate == XFER_LOST)
		stand_still(f, cut.why);
	else if (cut.fate == XFER_HOLD && over && (!cut.wait || side_of(f) == XFER_DOWN))
		stand_still(f, "it ended in the middle of a packet");
	else if (cut.fate == XFER_DROP)
		f->drop = cut.n;
	else if (cut.fate == XFER_PASS && !cut.bulk)
		f->owed = cut.n;
	else if (cut.fate == XFER_PASS) {
		gw_tap_count(l->gw, f->frame, cut.n);
		f->total += cut.n;
		f->recorded += cut.n;
	}
	return cut.fate == XFER_PASS || cut.fate == XFER_DROP ? 0 : -EAGAIN;
}

static int record_owed(struct gw_ssh_flow *f, struct gw_ssh_link *l, struct err *err)
{
	int r = gw_tap_frame(l->gw, f->frame, f->channel, span_of(f->data.data + f->recorded, f->owed), err);
	if (r < 0)
		return r;
	f->total += f->owed;
	f->recorded += f->owed;
	f->owed = 0;
	return 0;
}

/* data[recorded..to) is read, and recorded where it is no data of a file. */
static int read_files(struct gw_ssh_flow *f, struct gw_ssh_link *l, size_t to, struct err *err)
{
	while (f->recorded < to && !f->lost) {
		if (f->drop > 0 && f->recorded > f->at)
			break; /* what stands before it is written first */
		if (f->drop > 0) {
			f->at = f->recorded += f->drop;
			f->drop = 0;
		} else {
			int r = f->owed > 0 ? record_owed(f, l, err) : read_next(f, l, err);
			if (r < 0)
				return r == -EAGAIN ? 0 : r;
		}
	}
	return 0;
}

/* Our answers to what was refused, between two packets of the target. */
static int put_answers(struct gw_ssh_flow *f, struct gw_ssh_link *l, struct err *err)
{
	if (!f->xfer || side_of(f) != XFER_DOWN || f->owed > 0 || f->lost)
		return 0;
	struct span answer = xfer_answer(f->xfer);
	uint8_t *room = answer.n > 0 ? buf_room(&f->data, answer.n) : NULL;
	if (!room)
		return 0;
	int r = gw_tap_frame(l->gw, f->frame, f->channel, answer, err);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	buf_grew(&f->data, answer.n);
	uint8_t *place = f->data.data + f->recorded;
	memmove(place + answer.n, place, f->data.len - answer.n - f->recorded);
	memcpy(place, answer.p, answer.n);
	f->recorded += answer.n;
	f->total += answer.n;
	xfer_answered(f->xfer);
	return 0;
}

/* ---- writing ---- */

static int write_chunk(
	struct gw_ssh_flow *f, struct gw_ssh_side *side, struct gw_ssh_link *l, size_t n, struct err *err)
{
	if (f->recorded < f->at + n) {
		int r = f->frame == 0 ? 0 : f->xfer ? read_files(f, l, f->at + n, err) : record(f, l, f->at + n, err);
		if (r < 0)
			return r;
		if (f->frame == 0)
			f->recorded = f->at + n;
	}
	n = f->recorded - f->at < n ? f->recorded - f->at : n;
	if (n == 0)
		return 0;
	/* libssh may call gw_ssh_flow_arrived while it writes, and `data` may move. */
	memcpy(l->scratch, f->data.data + f->at, n);
	int w = gw_ssh_side_write(side, f->to, f->to_err, l->scratch, (uint32_t)n);
	if (w < 0) {
		f->dropped = true;
		w = 0;
	}
	f->at += (size_t)w;
	return w;
}

static void forget(struct gw_ssh_flow *f)
{
	f->at = f->recorded = f->data.len;
	if (f->from)
		gw_ssh_flow_rescue(f);
	f->at = f->recorded = f->data.len;
	reset_when_read(f);
}

int gw_ssh_flow_pump(struct gw_ssh_flow *f, struct gw_ssh_link *l, bool *moved, struct err *err)
{
	struct gw_ssh_side *side = f->frame == FRAME_IN || f->frame == FRAME_KEYS ? &l->target : &l->client;
	for (int i = 0; i < 8 && !f->dropped && f->to; i++) {
		reset_when_read(f);
		int r = put_answers(f, l, err);
		if (r < 0)
			return r;
		if (f->at == f->data.len)
			gw_ssh_flow_rescue(f);
		size_t n = f->data.len - f->at, window = ssh_channel_window_size(f->to);
		n = n < GW_SSH_FLOW_CHUNK ? n : GW_SSH_FLOW_CHUNK;
		n = n < window ? n : window;
		if (n == 0 || f->lost || !(gw_ssh_side_takes(side) || gw_ssh_side_flush(side)))
			break;
		size_t before = f->at;
		int w = write_chunk(f, side, l, n, err);
		if (w < 0)
			return w;
		if (f->at == before)
			break;
		*moved = true;
	}
	if (f->dropped)
		forget(f);
	reset_when_read(f);
	return 0;
}

struct span gw_ssh_flow_rest(struct gw_ssh_flow *f)
{
	reset_when_read(f);
	if (f->at == f->data.len)
		gw_ssh_flow_rescue(f);
	return f->at < f->data.len ? span_of(f->data.data + f->at, f->data.len - f->at) : (struct span){ 0 };
}

void gw_ssh_flow_wrote(struct gw_ssh_flow *f, size_t n)
{
	f->at += n;
	f->recorded = f->at;
}

struct span gw_ssh_flow_take(struct gw_ssh_flow *f)
{
	reset_when_read(f);
	gw_ssh_flow_rescue(f);
	struct span s = buf_span(&f->data);
	if (f->at > 0) {
		s.p += f->at;
		s.n -= f->at;
	}
	f->at = f->recorded = f->data.len;
	return s;
}

bool gw_ssh_flow_hash(const struct gw_ssh_flow *f, uint8_t ret[static 32])
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	bool good = copy && EVP_MD_CTX_copy_ex(copy, f->digest) == 1 && EVP_DigestFinal_ex(copy, hash, &n) == 1 && n == 32;
	EVP_MD_CTX_free(copy);
	if (good)
		memcpy(ret, hash, 32);
	return good;
}

int gw_ssh_flow_digest(struct gw_ssh_flow *f, struct gw_ssh_link *l, struct err *err)
{
	bool all_stored = f->store_max > 0 && f->total <= f->store_max;
	if (!f->digest || all_stored)
		return 0;
	uint8_t hash[32];
	if (!gw_ssh_flow_hash(f, hash))
		return fault(err, -ENOMEM, gw_ssh_say(GW_SSH_EN, GW_SSH_SAY_INTERNAL), "SHA-256 final");
	struct buf b;
	buf_init(&b, 64);
	wr_le(&b, f->frame, 1);
	wr_le(&b, f->total, 8);
	buf_put(&b, hash, 32);
	int r = gw_tap_frame(l->gw, FRAME_DIGEST, f->channel, buf_span(&b), err);
	buf_done(&b);
	return r;
}
