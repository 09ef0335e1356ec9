#include "gateway/xfer/sum.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

void xfer_sum_init(struct xfer_sum *s, size_t *pool)
{
	*s = (struct xfer_sum){ .pool = pool, .md = EVP_MD_CTX_new() };
	if (!s->md || EVP_DigestInit_ex(s->md, EVP_sha256(), NULL) != 1)
		abort();
}

static void range_drop(struct xfer_sum *s, size_t i)
{
	*s->pool -= s->ahead[i].data.len;
	buf_done(&s->ahead[i].data);
	s->ahead_n--;
	memmove(s->ahead + i, s->ahead + i + 1, (s->ahead_n - i) * sizeof *s->ahead);
}

static void ahead_free(struct xfer_sum *s)
{
	while (s->ahead_n > 0)
		range_drop(s, s->ahead_n - 1);
	free(s->ahead);
	s->ahead = NULL;
}

void xfer_sum_done(struct xfer_sum *s)
{
	ahead_free(s);
	EVP_MD_CTX_free(s->md);
	s->md = NULL;
}

void xfer_sum_lose(struct xfer_sum *s)
{
	s->lost = true;
	ahead_free(s);
}

void xfer_sum_unseen(struct xfer_sum *s)
{
	s->unkept = true;
	xfer_sum_lose(s);
}

static void hash(struct xfer_sum *s, struct span data)
{
	s->hashing = true;
	s->next += data.n;
	if (EVP_DigestUpdate(s->md, data.p, data.n) != 1)
		xfer_sum_lose(s);
}

/* What waited and follows now. */
static void drain(struct xfer_sum *s)
{
	while (s->ahead_n > 0 && s->ahead[0].at == s->next && !s->lost) {
		hash(s, buf_span(&s->ahead[0].data));
		if (s->ahead_n > 0)
			range_drop(s, 0);
	}
	if (s->ahead_n > 0 && s->ahead[0].at < s->next)
		xfer_sum_lose(s);
}

/* Nothing was hashed yet: the file is resumed from where the lowest waiting bytes lie. */
static bool resume(struct xfer_sum *s)
{
	if (s->hashing || s->ahead_n == 0)
		return false;
	s->from = s->next = s->ahead[0].at;
	drain(s);
	return true;
}

/* A range of its own between the others; false when it overlaps one. */
static bool range_add(struct xfer_sum *s, uint64_t at, struct span data)
{
	size_t i = s->ahead_n;
	while (i > 0 && s->ahead[i - 1].at > at)
		i--;
	uint64_t end_before = i > 0 ? s->ahead[i - 1].at + s->ahead[i - 1].data.len : 0;
	bool follows = i > 0 && end_before == at;
	if ((i > 0 && end_before > at) || (i < s->ahead_n && at + data.n > s->ahead[i].at))
		return false;
	if (!follows) {
		if (!s->ahead)
			s->ahead = calloc(XFER_SUM_RANGES, sizeof *s->ahead);
		if (!s->ahead || s->ahead_n == XFER_SUM_RANGES)
			return false;
		memmove(s->ahead + i + 1, s->ahead + i, (s->ahead_n - i) * sizeof *s->ahead);
		s->ahead_n++;
		s->ahead[i].at = at;
		buf_init(&s->ahead[i].data, XFER_SUM_POOL);
	} else {
		i--;
	}
	buf_put_span(&s->ahead[i].data, data);
	*s->pool += data.n;
	return true;
}

static void wait_for_gap(struct xfer_sum *s, uint64_t at, struct span data)
{
	bool full = *s->pool + data.n > XFER_SUM_POOL || s->ahead_n == XFER_SUM_RANGES;
	if (full && resume(s) && !s->lost) {
		if (at == s->next) {
			hash(s, data);
			drain(s);
			return;
		}
		full = at < s->next || *s->pool + data.n > XFER_SUM_POOL || s->ahead_n == XFER_SUM_RANGES;
	}
	if (!s->lost && (full || !range_add(s, at, data)))
		xfer_sum_lose(s);
}

void xfer_sum_begin(struct xfer_sum *s, uint64_t at)
{
	s->from = s->next = at;
	s->hashing = true;
}

void xfer_sum_put(struct xfer_sum *s, uint64_t at, struct span data)
{
	if (data.n == 0)
		return;
	if (s->ranges == 0 || at != s->last)
		s->ranges += s->ranges < UINT32_MAX;
	s->bytes += data.n;
	s->last = at + data.n;
	if (s->last < at || at < s->next)
		xfer_sum_lose(s);
	if (s->lost)
		return;
	if (at == s->next) {
		hash(s, data);
		drain(s);
	} else {
		wait_for_gap(s, at, data);
	}
}

bool xfer_sum_end(struct xfer_sum *s, uint8_t ret_hash[static 32])
{
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	(void)resume(s);
	if (s->ahead_n > 0)
		xfer_sum_lose(s);
	if (s->lost || EVP_DigestFinal_ex(s->md, out, &n) != 1 || n != 32)
		return false;
	memcpy(ret_hash, out, 32);
	return true;
}
