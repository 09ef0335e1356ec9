#include "policy/sql/diff.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct lines {
	struct span line[POL_SQL_DIFF_LINES];
	size_t n;
	bool many; /* more than there is room for: `rest` are the others, as one */
	struct span rest;
};

static void split(struct span text, struct lines *ret)
{
	while (text.n > 0 && ret->n < POL_SQL_DIFF_LINES) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n, skip = end ? n + 1 : n;
		ret->line[ret->n++] = span_of(text.p, n > 0 && text.p[n - 1] == '\r' ? n - 1 : n);
		text.p += skip;
		text.n -= skip;
	}
	ret->many = text.n > 0;
	ret->rest = text;
}

static void put(struct json *j, const char *op, struct span text)
{
	json_obj(j, NULL);
	json_str(j, "op", span_str(op));
	json_str(j, "text", text);
	json_end(j);
}

static void put_lines(struct json *j, const char *op, const struct lines *l, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		put(j, op, l->line[i]);
}

/* How far each diagonal got, after each number of differences: row d has 2 * d + 1 of them. */
struct trace {
	int32_t *x;
	int d; /* that reached the end; -1 = more than MOST */
};

static int32_t *at(const struct trace *t, int d, int k)
{
	return t->x + (size_t)d * (size_t)d + (size_t)(k + d);
}

/* Whether diagonal k after d differences came from a line that is in (down), else one that is out (right). */
static bool down(const struct trace *t, int d, int k)
{
	return k == -d || (k != d && *at(t, d - 1, k - 1) < *at(t, d - 1, k + 1));
}

static void search(const struct lines *a, const struct lines *b, size_t from, int32_t na, int32_t nb, struct trace *t)
{
	for (int d = 0; d <= POL_SQL_DIFF_MOST; d++)
		for (int k = -d; k <= d; k += 2) {
			int32_t x = d == 0 ? 0 : down(t, d, k) ? *at(t, d - 1, k + 1) : *at(t, d - 1, k - 1) + 1;
			int32_t y = x - k;
			while (x < na && y < nb && x >= 0 && y >= 0 && span_eq(a->line[from + (size_t)x], b->line[from + (size_t)y]))
				x++, y++;
			*at(t, d, k) = x;
			if (x == na && y == nb) {
				t->d = d;
				return;
			}
		}
	t->d = -1;
}

/* From the end back to the beginning: for each line what happened to it. */
static void walk(const struct trace *t, int32_t na, int32_t nb, bool *out, bool *in)
{
	int32_t x = na, y = nb;

	for (int d = t->d; d > 0; d--) {
		int k = x - y;
		bool fell = down(t, d, k);
		int32_t was = fell ? *at(t, d - 1, k + 1) : *at(t, d - 1, k - 1);
		if (fell)
			in[was - (k + 1)] = true;
		else
			out[was] = true;
		x = was;
		y = was - (fell ? k + 1 : k - 1);
	}
}

static void put_middle(struct json *j, const struct lines *a, const struct lines *b, size_t from, size_t na, size_t nb)
{
	size_t room = (size_t)(POL_SQL_DIFF_MOST + 1) * (POL_SQL_DIFF_MOST + 1);
	struct trace t = { .x = calloc(room, sizeof *t.x) };
	bool *out = calloc(na + 1, 1), *in = calloc(nb + 1, 1);

	if (!t.x || !out || !in)
		abort();
	search(a, b, from, (int32_t)na, (int32_t)nb, &t);
	if (t.d < 0) {
		memset(out, 1, na);
		memset(in, 1, nb);
	} else {
		walk(&t, (int32_t)na, (int32_t)nb, out, in);
	}
	for (size_t x = 0, y = 0; x < na || y < nb;)
		if (x < na && out[x])
			put(j, "out", a->line[from + x++]);
		else if (y < nb && in[y])
			put(j, "in", b->line[from + y++]);
		else {
			put(j, "same", a->line[from + x++]);
			y++;
		}
	free(t.x);
	free(out);
	free(in);
}

void pol_sql_diff(struct json *j, const char *key, struct span before, struct span after)
{
	struct lines *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	size_t head = 0, tail = 0;

	if (!a || !b)
		abort();
	split(before, a);
	split(after, b);
	while (head < a->n && head < b->n && span_eq(a->line[head], b->line[head]))
		head++;
	while (tail < a->n - head && tail < b->n - head && span_eq(a->line[a->n - 1 - tail], b->line[b->n - 1 - tail]))
		tail++;
	json_arr(j, key);
	put_lines(j, "same", a, 0, head);
	put_middle(j, a, b, head, a->n - head - tail, b->n - head - tail);
	put_lines(j, "same", a, a->n - tail, a->n);
	bool same = a->many && b->many && span_eq(a->rest, b->rest);
	if (a->many)
		put(j, same ? "same" : "out", a->rest);
	if (b->many && !same)
		put(j, "in", b->rest);
	json_end(j);
	free(a);
	free(b);
}
