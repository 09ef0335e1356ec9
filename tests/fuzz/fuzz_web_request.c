#include "webterm/args.h"
#include "webterm/bearer.h"
#include "webterm/cookie.h"
#include "webterm/origin.h"
#include "webterm/query.h"
#include "webterm/route.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* First byte: which reader.  What is taken has the shape that the headers promise. */
static void path(struct span in)
{
	struct web_route r;
	for (unsigned method = WEB_GET; method <= WEB_OTHER; method <<= 1) {
		web_route_find((enum web_method)method, in, &r);
		if (r.name >= WEB_ROUTE_NAMES || strlen(r.part[0]) > 64 || strpbrk(r.part[0], "/\"'\\ ") || strpbrk(r.part[1], "/\"'\\ "))
			abort();
	}
}

static void cookie(struct span in)
{
	struct web_token t, again;
	char text[WEB_TOKEN_TEXT];
	if (web_cookie_get(in, WEB_COOKIE_SESSION, &t)) {
		web_cookie_text(&t, text);
		if (!web_cookie_token(span_str(text), &again) || !web_cookie_is(&t, &again))
			abort();
	}
	if (web_bearer_get(in, &t)) {
		char said[WEB_TOKEN_SAID];
		if (!t.api || in.n != 7 + web_cookie_said(&t, said).n || memcmp(in.p + 7, said, in.n - 7) != 0)
			abort();
	}
	(void)web_origin_is(in, "", in);
	if (web_origin_is(in, "https://gate.example", in) != span_is(in, "https://gate.example"))
		abort();
}

/* Fields with & between, as libwebsockets cuts them. */
static void query(struct span in)
{
	struct web_query q = { 0 };
	struct buf json;
	while (in.n > 0) {
		const uint8_t *end = memchr(in.p, '&', in.n);
		size_t n = end ? (size_t)(end - in.p) : in.n;
		(void)web_query_add(&q, span_of(in.p, n));
		n += end != NULL;
		in = span_of(in.p + n, in.n - n);
	}
	buf_init(&json, 1 << 20);
	web_query_json(&q, &json);
	json_t *doc = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_object_size(doc) != q.n)
		abort();
	json_decref(doc);
	buf_done(&json);
	web_query_done(&q);
}

static void body(struct span in)
{
	struct web_args a = { 0 };
	if (web_args_get(in, &a, NULL) == 0 && a.count > 256)
		abort();
	web_args_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const readers[])(struct span in) = { path, cookie, query, body };
	if (n > 0)
		readers[data[0] % 4](span_of(data + 1, n - 1));
	return 0;
}
