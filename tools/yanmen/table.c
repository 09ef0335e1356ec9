#include "tools/yanmen/table.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include "tools/yanmen/say.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { COLUMNS_MAX = 32, CELL_MAX = 4096 };

struct row {
	char *cells[COLUMNS_MAX];
};

int cli_table_width(const char *text)
{
	struct span s = span_str(text);
	int width = 0;

	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		int w = n == 0 ? 1 : wcwidth((wchar_t)c);
		width += w < 0 ? 1 : w;
		n += n == 0;
		s = span_of(s.p + n, s.n - n);
	}
	return width;
}

static void members_put(const json_t *v, struct buf *out)
{
	const char *key, *comma = "";
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)v, key, member)
	{
		buf_printf(out, "%s%s=", comma, key);
		cli_table_value(member, out);
		comma = " ";
	}
}

static void items_put(const json_t *v, struct buf *out)
{
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *item = json_array_get(v, i);
		const json_t *name = json_object_get(item, "name");
		buf_put(out, ",", i > 0);
		cli_table_value(json_is_string(name) ? name : item, out); /* a thing in a thing: its name will do */
	}
}

void cli_table_value(const json_t *v, struct buf *out)
{
	if (json_is_string(v))
		cli_say_clean(span_of(json_string_value(v), json_string_length(v)), out);
	else if (json_is_integer(v))
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		buf_printf(out, "%g", json_real_value(v));
	else if (json_is_boolean(v))
		buf_printf(out, "%s", json_is_true(v) ? "yes" : "no");
	else if (json_is_array(v))
		items_put(v, out);
	else if (json_is_object(v))
		members_put(v, out);
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static char *cell_of(const struct cli *cli, const char *key, const json_t *v)
{
	bool ours = strcmp(key, "say") == 0 || strcmp(key, "about") == 0 || json_is_boolean(v);
	char room[CLI_SAY_ROOM];
	struct buf b;

	buf_init(&b, CELL_MAX);
	cli_table_value(v, &b);
	if (ours && !b.failed) {
		const char *text = cli_say_local(cli, buf_str(&b), room);
		if (text == room) {
			buf_clear(&b);
			buf_put_span(&b, span_str(text));
		}
	}
	if (b.failed || b.len == 0) {
		buf_clear(&b);
		buf_put(&b, "-", 1);
	}
	char *copy = copy_of(buf_str(&b));
	buf_done(&b);
	return copy;
}

static void print_cell(const char *text, int width, bool last)
{
	int pad = last ? 0 : width - cli_table_width(text) + 2;

	(void)printf("%s%*s", text, pad, "");
}

/* `keys` of at most COLUMNS_MAX, from the given list or the first row. */
static size_t columns_of(const json_t *rows, char *list, const char *keys[static COLUMNS_MAX])
{
	const char *key;
	json_t *value;
	size_t n = 0;

	if (list) {
		for (char *word; n < COLUMNS_MAX && (word = strsep(&list, ","));)
			keys[n++] = word;
		return n;
	}
	json_object_foreach(json_array_get(rows, 0), key, value)
	{
		(void)value;
		if (n < COLUMNS_MAX)
			keys[n++] = key;
	}
	return n;
}

static void show_rows(const struct cli *cli, const json_t *rows, const char *const *keys, size_t n)
{
	char room[CLI_SAY_ROOM];
	size_t count = json_array_size(rows);
	scoped(scope_free) struct row *cells = calloc(count + 1, sizeof *cells);
	int width[COLUMNS_MAX] = { 0 };

	for (size_t r = 0; cells && r <= count; r++)
		for (size_t c = 0; c < n; c++) {
			char *cell = r == 0 ? copy_of(cli_say_local(cli, keys[c], room))
					    : cell_of(cli, keys[c], json_object_get(json_array_get(rows, r - 1), keys[c]));
			int w = cli_table_width(cell);
			cells[r].cells[c] = cell;
			width[c] = w > width[c] ? w : width[c];
		}
	for (size_t r = 0; cells && r <= count; r++) {
		for (size_t c = 0; c < n; c++) {
			print_cell(cells[r].cells[c], width[c], c + 1 == n);
			free(cells[r].cells[c]);
		}
		(void)putchar('\n');
	}
}

static void show_object(const struct cli *cli, const json_t *doc)
{
	char room[CLI_SAY_ROOM];
	const char *key;
	json_t *value;
	int width = 0;

	json_object_foreach((json_t *)(uintptr_t)doc, key, value)
	{
		int w = cli_table_width(cli_say_local(cli, key, room));
		width = w > width ? w : width;
	}
	json_object_foreach((json_t *)(uintptr_t)doc, key, value)
	{
		scoped(scope_free) char *cell = cell_of(cli, key, value);
		print_cell(cli_say_local(cli, key, room), width, false);
		(void)printf("%s\n", cell);
	}
}

void cli_table_show(const struct cli *cli, json_t *doc, const char *columns)
{
	const char *keys[COLUMNS_MAX];

	if (json_is_array(doc) && json_is_object(json_array_get(doc, 0))) {
		scoped(scope_free) char *list = columns ? strdup(columns) : NULL;
		show_rows(cli, doc, keys, columns_of(doc, list, keys));
		return;
	}
	if (json_is_object(doc)) {
		show_object(cli, doc);
	} else if (!json_is_array(doc) || json_array_size(doc) > 0) {
		scoped(scope_free) char *cell = cell_of(cli, "", doc);
		(void)puts(cell);
	}
}
