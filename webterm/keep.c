#include "webterm/keep.h"
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	struct web_token session, request;
	char key[65];
	int64_t until_us; /* 0 = a free place */
	int status;       /* 0 = still running */
	struct buf body;
};

struct web_answers {
	struct answer places[WEB_KEEP_MAX];
};

struct web_answers *web_keep_new(void)
{
	struct web_answers *k = calloc(1, sizeof *k);
	if (!k)
		abort();
	return k;
}

static void clear(struct answer *a)
{
	buf_done(&a->body);
	*a = (struct answer){ 0 };
}

struct web_answers *web_keep_free(struct web_answers *k)
{
	for (size_t i = 0; k && i < WEB_KEEP_MAX; i++)
		clear(&k->places[i]);
	free(k);
	return NULL;
}

static struct answer *find(struct web_answers *k, const struct web_token *session, const char *key)
{
	for (size_t i = 0; i < WEB_KEEP_MAX; i++) {
		struct answer *a = &k->places[i];
		if (a->until_us > clock_mono_us() && strcmp(a->key, key) == 0 && web_cookie_is(&a->session, session))
			return a;
	}
	return NULL;
}

static struct answer *place(struct web_answers *k)
{
	struct answer *oldest = &k->places[0];
	for (size_t i = 1; i < WEB_KEEP_MAX; i++)
		if (k->places[i].until_us < oldest->until_us)
			oldest = &k->places[i];
	clear(oldest);
	return oldest;
}

enum web_keep_found web_keep_look(struct web_answers *k, const struct web_token *session, const char *key,
	const struct web_token *request, struct web_kept *ret)
{
	struct answer *a = find(k, session, key);
	if (a && !web_cookie_is(&a->request, request))
		return WEB_KEEP_OTHER;
	if (a && a->status == 0)
		return WEB_KEEP_RUNS;
	if (a) {
		*ret = (struct web_kept){ .status = a->status, .body = buf_span(&a->body) };
		return WEB_KEEP_SAME;
	}
	a = place(k);
	*a = (struct answer){ .session = *session, .request = *request, .until_us = clock_mono_us() + WEB_KEEP_US };
	strncpy(a->key, key, sizeof a->key - 1);
	return WEB_KEEP_NEW;
}

void web_keep_put(struct web_answers *k, const struct web_token *session, const char *key, const struct web_kept *answer)
{
	struct answer *a = find(k, session, key);
	if (!a)
		return;
	if (answer->status == 0 || answer->body.n > WEB_KEEP_BYTES) {
		clear(a);
		return;
	}
	a->status = answer->status;
	buf_init(&a->body, WEB_KEEP_BYTES);
	buf_put_span(&a->body, answer->body);
}

void web_keep_sum(const char *path, struct span body, struct web_token *ret)
{
	crypto_generichash_state s;
	(void)crypto_generichash_init(&s, NULL, 0, sizeof ret->b);
	(void)crypto_generichash_update(&s, (const uint8_t *)path, strlen(path) + 1);
	(void)crypto_generichash_update(&s, body.p, body.n);
	(void)crypto_generichash_final(&s, ret->b, sizeof ret->b);
}
