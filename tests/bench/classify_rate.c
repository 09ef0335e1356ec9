#include "gateway/core/clock.h"
#include "sqlproxy/classify/classify.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * classify_rate SECONDS CORPUS... - MB of statements a second through the classifier, by family, as JSON.  A row of a corpus file: dialect, context,
 * statement (escapes: \\ \n \r \t \xHH, \uXXXX), what is expected, with tabs between.
 */
enum { LINE_MAX_BYTES = 1 << 20, STATEMENTS = 20000, FAMILIES = 2 };

static struct corpus {
	const char *name;
	struct span statement[STATEMENTS];
	struct classify_mode mode;
	size_t n, bytes;
} corpora[FAMILIES] = { { .name = "MySQL", .mode = { .dialect = CLASSIFY_MYSQL, .version = 80036 } },
	{ .name = "T-SQL", .mode = { .dialect = CLASSIFY_TSQL, .set = CLASSIFY_QUOTED_IDENTIFIER, .version = 160000 } } };

static void put(struct buf *out, unsigned c, bool wide)
{
	const uint8_t unit[] = { (uint8_t)c, (uint8_t)(c >> 8) };
	buf_put(out, unit, wide ? 2 : 1);
}

static void unescape(const char *text, size_t n, bool wide, struct buf *out)
{
	static const char plain[] = "nrt\\", means[] = "\n\r\t\\";
	for (size_t i = 0; i < n; i++) {
		char digits[5] = "";
		unsigned width = text[i] != '\\' || i + 1 >= n ? 0U : text[i + 1] == 'x' ? 2U : text[i + 1] == 'u' ? 4U : 0U;
		const char *one = text[i] == '\\' && i + 1 < n ? strchr(plain, text[i + 1]) : NULL;
		if (one) {
			put(out, (uint8_t)means[one - plain], wide);
			i++;
		} else if (width && i + 1 + width < n) {
			memcpy(digits, text + i + 2, width);
			put(out, (unsigned)strtoul(digits, NULL, 16), wide);
			i += 1 + width;
		} else {
			put(out, (uint8_t)text[i], wide);
		}
	}
}

static void row(const char *line)
{
	const char *context = strchr(line, '\t'), *sql = context ? strchr(context + 1, '\t') : NULL, *end = sql ? strchr(sql + 1, '\t') : NULL;
	bool wide = strncmp(line, "tsql", 4) == 0;
	struct corpus *c = &corpora[wide];
	struct buf out;
	if (!end || line[0] == '#' || c->n == STATEMENTS)
		return;
	buf_init(&out, LINE_MAX_BYTES);
	unescape(sql + 1, (size_t)(end - sql - 1), wide, &out);
	c->statement[c->n++] = buf_span(&out); /* kept to the end */
	c->bytes += out.len;
}

static int read_all(const char *path)
{
	static char line[LINE_MAX_BYTES];
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof line, f))
		row(line);
	return fclose(f);
}

static double rate(const struct corpus *c, int64_t us)
{
	static struct classify_batch batch;
	int64_t start = clock_mono_us(), now = start;
	uint64_t bytes = 0;
	for (; now - start < us; now = clock_mono_us(), bytes += c->bytes)
		for (size_t i = 0; i < c->n; i++)
			classify(&c->mode, c->statement[i], &batch);
	return (double)bytes / (double)(now - start);
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (read_all(argv[i]) < 0)
			return perror(argv[i]), 1;
	if (argc < 3 || corpora[0].n == 0 || corpora[1].n == 0)
		return (void)fputs("usage: classify_rate SECONDS CORPUS... (of both families)\n", stderr), 2;
	int64_t us = strtoll(argv[1], NULL, 10) * 1000000 / FAMILIES;
	for (size_t i = 0; i < FAMILIES; i++)
		(void)printf("%s\"%s\": %.1f%s", i ? ", " : "{", corpora[i].name, rate(&corpora[i], us), i + 1 < FAMILIES ? "" : "}\n");
	return 0;
}
