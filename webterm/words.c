#include "webterm/words.h"
#include "gateway/core/scope.h"
#include "policy/say/say.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCE_MAX = 2048 };
static const char *const columns[] = { "about", "say", "hindrance" };

/* True: the row says something else now. */
static bool turned(json_t *row, const char *column)
{
	const char *en = json_string_value(json_object_get(row, column));
	scoped(buf_done) struct buf zh = { 0 };
	buf_init(&zh, SENTENCE_MAX);
	if (!en || !say_zh(span_str(en), &zh) || zh.failed)
		return false;
	return json_object_set_new(row, column, json_string(buf_str(&zh))) == 0;
}

void web_words_turn(struct span json, bool zh, struct buf *out)
{
	size_t i, turns = 0;
	json_t *row;
	if (!zh || !(memmem(json.p, json.n, "\"about\"", 7) || memmem(json.p, json.n, "\"say\"", 5)))
		return;
	json_t *doc = json_loadb((const char *)json.p, json.n, 0, NULL);
	json_array_foreach(json_object_get(doc, "rows"), i, row)
		for (size_t k = 0; k < COUNT_OF(columns); k++)
			turns += turned(row, columns[k]);
	char *text = turns > 0 ? json_dumps(doc, JSON_COMPACT) : NULL;
	if (text)
		buf_put_span(out, span_str(text));
	free(text);
	json_decref(doc);
}
