#include "recorder/evidence/lax.h"
#include "gateway/core/utf8.h"
#include <string.h>

struct evidence_lax evidence_lax_of(struct span line, struct buf *text)
{
	/* Room at once: strings point into `text`, so it must not move while they are read. */
	bool room = buf_room(text, line.n) != NULL;
	return (struct evidence_lax){ .in = line, .text = text, .bad = !room };
}

static void eat(struct evidence_lax *x, size_t n)
{
	x->in.p += n;
	x->in.n -= n;
}

void evidence_lax_skip(struct evidence_lax *x, const char *literal)
{
	size_t n = strlen(literal);
	if (x->bad || x->in.n < n || memcmp(x->in.p, literal, n) != 0) {
		x->bad = true;
		return;
	}
	eat(x, n);
}

int64_t evidence_lax_number(struct evidence_lax *x)
{
	uint64_t v = 0;
	size_t n = 0;
	bool minus = !x->bad && x->in.n > 0 && *x->in.p == '-';
	if (minus)
		eat(x, 1);
	for (; !x->bad && n < x->in.n && x->in.p[n] >= '0' && x->in.p[n] <= '9'; n++) {
		if (n == 18) /* 18 digits always fit */
			break;
		v = v * 10 + (uint64_t)(x->in.p[n] - '0');
	}
	if (n == 0) {
		x->bad = true;
		return 0;
	}
	eat(x, n);
	return minus ? -(int64_t)v : (int64_t)v;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* uXXXX, lower case, no surrogates: our own writer escapes nothing above U+FFFF. */
static void unescape_u(struct evidence_lax *x)
{
	uint32_t v = 0;
	uint8_t utf8[4];
	for (size_t i = 1; i <= 4; i++) {
		int d = x->in.n > i ? hex_digit(x->in.p[i]) : -1;
		if (d < 0) {
			x->bad = true;
			return;
		}
		v = v << 4 | (uint32_t)d;
	}
	if (v >= 0xd800 && v <= 0xdfff) {
		x->bad = true;
		return;
	}
	eat(x, 5);
	buf_put(x->text, utf8, utf8_put(v, utf8));
}

static void unescape(struct evidence_lax *x)
{
	eat(x, 1);
	if (x->in.n > 0 && (*x->in.p == '"' || *x->in.p == '\\')) {
		buf_put(x->text, x->in.p, 1);
		eat(x, 1);
	} else if (x->in.n > 0 && *x->in.p == 'u') {
		unescape_u(x);
	} else {
		x->bad = true;
	}
}

struct span evidence_lax_string(struct evidence_lax *x)
{
	size_t start = x->text->len;
	evidence_lax_skip(x, "\"");
	while (!x->bad && x->in.n > 0 && *x->in.p != '"') {
		if (*x->in.p == '\\') {
			unescape(x);
			continue;
		}
		size_t n = 1;
		while (n < x->in.n && x->in.p[n] != '"' && x->in.p[n] != '\\')
			n++;
		buf_put(x->text, x->in.p, n);
		eat(x, n);
	}
	evidence_lax_skip(x, "\"");
	if (x->bad)
		return (struct span){ 0 };
	return span_of(x->text->data + start, x->text->len - start);
}

void evidence_lax_hex(struct evidence_lax *x, uint8_t *ret, size_t n)
{
	evidence_lax_skip(x, "\"");
	if (x->bad || x->in.n < 2 * n) {
		x->bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(x->in.p[2 * i]), lo = hex_digit(x->in.p[2 * i + 1]);
		if (hi < 0 || lo < 0) {
			x->bad = true;
			return;
		}
		ret[i] = (uint8_t)(hi << 4 | lo);
	}
	eat(x, 2 * n);
	evidence_lax_skip(x, "\"");
}
