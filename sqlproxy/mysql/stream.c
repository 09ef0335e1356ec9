#include "sqlproxy/mysql/stream.h"
#include "sqlproxy/mysql/flags.h"
#include <errno.h>
#include <string.h>

static void eat(struct span *in, size_t n)
{
	*in = span_of(n > 0 ? in->p + n : in->p, in->n - n);
}

/* 1: the head is complete. */
static int read_head(struct mysql_stream *s, struct span *in)
{
	size_t n = sizeof s->head - s->head_n;
	n = n < in->n ? n : in->n;
	if (n > 0)
		memcpy(s->head + s->head_n, in->p, n);
	s->head_n = (uint8_t)(s->head_n + n);
	eat(in, n);
	if (s->head_n < sizeof s->head)
		return 0;
	if (s->head[3] != s->seq)
		return -EPROTO;
	s->seq++;
	s->head_n = 0;
	s->inside = true;
	s->length = s->left = s->head[0] | (uint32_t)s->head[1] << 8 | (uint32_t)s->head[2] << 16;
	return 1;
}

int mysql_stream_next(struct mysql_stream *s, struct span *in, struct mysql_piece *ret)
{
	bool begins = !s->inside;
	if (begins) {
		int r = read_head(s, in);
		if (r <= 0)
			return r;
	}
	size_t n = s->left < in->n ? s->left : in->n;
	if (n == 0 && s->left > 0 && !begins)
		return 0;
	*ret = (struct mysql_piece){ .data = span_of(in->p, n), .begins = begins, .first = begins && !s->continues };
	eat(in, n);
	s->left -= (uint32_t)n;
	if (s->left == 0) {
		s->inside = false;
		s->continues = s->length == MYSQL_FULL_PACKET;
		ret->last = !s->continues;
	}
	return 1;
}

void mysql_stream_expect(struct mysql_stream *s, uint8_t seq)
{
	*s = (struct mysql_stream){ .seq = seq };
}
