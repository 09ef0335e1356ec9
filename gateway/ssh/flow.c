#include "gateway/ssh/flow.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/rd.h"
#include "gateway/ssh/link.h"
#include "gateway/term/screen.h"
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

static int write_chunk(
	struct gw_ssh_flow *f, struct gw_ssh_side *side, struct gw_ssh_link *l, size_t n, struct err *err)
{
	if (f->recorded < f->at + n) {
		int r = f->frame == 0 ? 0 : record(f, l, f->at + n, err);
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
		if (f->at == f->data.len)
			gw_ssh_flow_rescue(f);
		size_t n = f->data.len - f->at, window = ssh_channel_window_size(f->to);
		n = n < GW_SSH_FLOW_CHUNK ? n : GW_SSH_FLOW_CHUNK;
		n = n < window ? n : window;
		if (n == 0 || !(gw_ssh_side_takes(side) || gw_ssh_side_flush(side)))
			break;
		int w = write_chunk(f, side, l, n, err);
		if (w < 0)
			return w;
		if (w == 0)
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

int gw_ssh_flow_digest(struct gw_ssh_flow *f, struct gw_ssh_link *l, struct err *err)
{
	if (!f->digest || f->total <= f->store_max)
		return 0;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (EVP_DigestFinal_ex(f->digest, hash, &n) != 1 || n != 32)
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
