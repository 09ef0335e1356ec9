#ifndef TOOLS_YANMEN_TABLE_H
#define TOOLS_YANMEN_TABLE_H
#include "gateway/core/buf.h"
#include "tools/yanmen/cli.h"
#include <jansson.h>
/*
 * table - an answer for a person: an array of objects as aligned columns, an object as `key  value` lines.
 *
 * columns: keys with commas between, NULL for all keys of the first row.  Wide characters (Chinese) count as 2.
 * In Chinese the headings are, and what the gateway says itself: the columns say and about.
 * Values of any depth are shown in one line; control characters are replaced (say.h).
 */
void cli_table_show(const struct cli *cli, json_t *doc, const char *columns);
void cli_table_value(const json_t *v, struct buf *out); /* one value, as in a cell */
/* Columns that a terminal needs for a UTF-8 text. */
int cli_table_width(const char *text);
#endif
