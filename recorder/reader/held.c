#include "recorder/reader/held.h"
#include "gateway/core/scope.h"
#include <jansson.h>
#include <sodium.h>
#include <string.h>

static void json_scope(json_t **j)
{
	json_decref(*j);
}

static const char *text_of(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));
	return s ? s : "";
}

void reader_held_learn(struct reader_held *h, uint32_t file, struct span body)
{
	scoped(json_scope) json_t *doc = body.n > 0 ? json_loadb((const char *)body.p, body.n, 0, NULL) : NULL;
	json_int_t size = json_integer_value(json_object_get(doc, "size")),
		   from = json_integer_value(json_object_get(doc, "from"));
	const char *hash = text_of(doc, "sha256");
	size_t n = 0;
	if (json_integer_value(json_object_get(doc, "number")) != file || strcmp(text_of(doc, "state"), "begun") == 0)
		return;
	h->ended = true;
	h->hashed = *hash;
	h->whole = strcmp(text_of(doc, "state"), "complete") == 0 && json_is_true(json_object_get(doc, "kept")) &&
		   size >= 0 && from >= 0 && size <= INT64_MAX - from;
	if (h->hashed)
		h->whole &= sodium_hex2bin(h->sha256, sizeof h->sha256, hash, strlen(hash), NULL, &n, NULL) == 0 &&
			    n == sizeof h->sha256;
	h->size = (uint64_t)size;
	h->from = (uint64_t)from;
}
