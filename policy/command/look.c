#include "policy/command/look.h"
#include "gateway/core/err.h"
#include "gateway/core/json.h"
#include "policy/broker.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *text(const struct pol_look *l, const char *key)
{
	const char *s = json_string_value(json_object_get(l->facts, key));

	return s ? s : "";
}

void pol_look_drop(struct pol_look *l)
{
	if (!l->facts)
		return;
	pol_dial_drop(l->b->dialler, l);
	pol_probe_drop(&l->probe);
	pol_pin_drop(&l->pin);
	buf_done(&l->pinned_key);
	buf_done(&l->host_key);
	buf_done(&l->banner);
	json_decref(l->facts);
	l->facts = NULL;
}

static void fingerprint(struct json *j, struct span blob)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char base64[64], line[80];

	if (!blob.n)
		return;
	(void)crypto_hash_sha256(hash, blob.p, blob.n);
	sodium_bin2base64(base64, sizeof base64, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	(void)snprintf(line, sizeof line, "SHA256:%s", base64);
	json_str(j, "host_key", span_str(line));
}

struct outcome {
	bool reachable, pinned;
	const char *say;
};

static void look_finish(struct pol_look *l, const struct outcome *o)
{
	struct buf out;
	struct json j;

	buf_init(&out, 64 << 10);
	json_open(&j, &out);
	json_obj(&j, NULL);
	json_num(&j, "id", json_integer_value(json_object_get(l->facts, "id")));
	json_str(&j, "name", span_str(text(l, "name")));
	json_str(&j, "kind", span_str(text(l, "kind")));
	json_str(&j, "cluster", span_str(text(l, "cluster")));
	json_bool(&j, "reachable", o->reachable);
	json_bool(&j, "pinned", o->pinned);
	json_bool(&j, "changed", l->changed);
	fingerprint(&j, buf_span(&l->host_key));
	json_str(&j, "banner", buf_span(&l->banner));
	json_str(&j, "say", span_str(o->say));
	json_end(&j);
	pol_look_drop(l);
	l->done(l->ctx, buf_span(&out));
	buf_done(&out);
}

enum { PINNED, PINNED_ANEW, UNCHANGED, CHANGED, AS_PINNED, WORDS };
static const char *const host_words[WORDS] = { "host key pinned", "new host key pinned", "host key unchanged",
	"the host key CHANGED; when that was planned: target repin", "reachable, host key as pinned" };
static const char *const tls_words[WORDS] = { "TLS key pinned", "new TLS key pinned", "TLS key unchanged",
	"the TLS key CHANGED; when that was planned: target repin", "reachable, TLS key as pinned" };

static bool was_pinned(const struct pol_look *l)
{
	return l->pinned_key.len > 0;
}

static void pin_done(void *ctx, int code, const char *say, struct span json)
{
	struct pol_look *l = ctx;
	char line[400];
	size_t suspended = 0;

	if (code < 0) {
		look_finish(l, &(struct outcome){ .reachable = true, .pinned = was_pinned(l), .say = say });
		return;
	}
	json_t *answer = json_loadb((const char *)json.p, json.n, 0, NULL);
	suspended = json_array_size(json_object_get(answer, "suspended"));
	json_decref(answer);
	const char *const *words = l->is_sql ? tls_words : host_words;
	const char *what = words[!was_pinned(l) ? PINNED : l->changed ? PINNED_ANEW : UNCHANGED];
	if (suspended)
		(void)snprintf(line, sizeof line, "%s; %zu account(s) need their credential again: account set", what,
			suspended);
	else
		(void)snprintf(line, sizeof line, "%s", what);
	look_finish(l, &(struct outcome){ .reachable = true, .pinned = true, .say = line });
}

static void probe_done(void *ctx, const struct pol_probe_result *r)
{
	struct pol_look *l = ctx;

	if (r->code < 0) {
		look_finish(l, &(struct outcome){ .pinned = was_pinned(l), .say = r->say });
		return;
	}
	buf_put_span(&l->host_key, r->host_key);
	buf_put_span(&l->banner, r->banner);
	l->changed = was_pinned(l) && !span_eq(buf_span(&l->pinned_key), r->host_key);
	if (was_pinned(l) && !l->repin) {
		look_finish(l, &(struct outcome){ .reachable = true,
				       .pinned = true,
				       .say = (l->is_sql ? tls_words : host_words)[l->changed ? CHANGED : AS_PINNED] });
		return;
	}
	struct pol_pin_target t = { .name = text(l, "name"),
		.host = text(l, "host"),
		.caller = l->caller,
		.id = json_integer_value(json_object_get(l->facts, "id")),
		.port = (uint16_t)json_integer_value(json_object_get(l->facts, "port")) };
	l->pin.done = pin_done;
	l->pin.ctx = l;
	pol_pin_start(&l->pin, l->b, &t, r->host_key);
}

/* Kinds without a door here, and databases that are used without TLS, have no key to look at: only whether something listens is seen. */
static void reached(void *ctx, int code, int fd, const struct err *err)
{
	struct pol_look *l = ctx;

	if (code == 0)
		(void)close(fd);
	look_finish(l, &(struct outcome){ .reachable = code == 0,
			       .say = code == 0 ? strcmp(text(l, "kind"), "mysql") == 0 ? "reachable" : "reachable; this kind of target has no login yet" : err->say });
}

static void pinned_key(struct pol_look *l)
{
	const char *base64 = text(l, "host_key");
	size_t n = 0, max = strlen(base64);
	uint8_t *p = buf_room(&l->pinned_key, max + 1);

	if (max && p && sodium_base642bin(p, max, base64, max, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0)
		buf_grew(&l->pinned_key, n);
}

void pol_look_start(struct pol_look *l, json_t *facts)
{
	struct pol_dial_to to;

	l->facts = json_incref(facts);
	l->changed = false;
	buf_init(&l->pinned_key, 8192);
	buf_init(&l->host_key, 4096);
	buf_init(&l->banner, 1024);
	pinned_key(l);
	to = (struct pol_dial_to){ .host = text(l, "host"),
		.port = (uint16_t)json_integer_value(json_object_get(facts, "port")),
		.networks = text(l, "networks"),
		.is_samples = json_is_true(json_object_get(facts, "samples")) };
	l->is_sql = l->b->conf.listen_mysql[0] && strcmp(text(l, "kind"), "mysql") == 0 && json_is_true(json_object_get(facts, "tls"));
	if (!l->is_sql && strcmp(text(l, "kind"), "linux") != 0) {
		l->probe = (struct pol_probe){ 0 };
		pol_dial(l->b->dialler, &to, reached, l);
		return;
	}
	l->probe = (struct pol_probe){ .done = probe_done, .ctx = l };
	pol_probe_start(&l->probe, l->b,
		&(struct pol_probe_to){ .role = l->is_sql ? WIRE_MYSQL : WIRE_SSH,
			.dial = to,
			.pinned = buf_span(&l->pinned_key),
			.legacy = json_is_true(json_object_get(facts, "legacy")) });
}
