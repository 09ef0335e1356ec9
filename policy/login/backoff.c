#include "policy/login/backoff.h"
#include "gateway/core/scope.h"
#include "policy/decide/net.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES = 8, KEY = crypto_shorthash_KEYBYTES, NET_V4 = 15, NET_V6 = 8 };
enum kind { PAIR, SOURCE, USER, CODE, KINDS };

/* free: so many attempts cost nothing.  longer: the longest delay is so many times the setting. */
static const struct {
	uint32_t free;
	uint8_t longer;
	bool with_user, with_source, of_known;
	int64_t forgive_us;
} rules[KINDS] = {
	[PAIR] = { .free = 3,
		.longer = 1,
		.with_user = true,
		.with_source = true,
		.of_known = true,
		.forgive_us = 60000000 },
	[SOURCE] = { .free = 30, .longer = 1, .with_source = true, .forgive_us = 10000000 },
	[USER] = { .free = 100, .longer = 1, .with_user = true, .forgive_us = 10000000 },
	[CODE] = { .free = 5, .longer = 20, .with_user = true, .of_known = true, .forgive_us = 60000000 },
};

struct entry {
	uint64_t key; /* 0 = free */
	uint32_t count;
	int64_t seen_us, next_us; /* next: when another may be looked at */
};
struct pol_backoff {
	uint8_t secret[KEY]; /* nobody can choose names that share a slot */
	struct entry entries[POL_BACKOFF_ENTRIES];
};

struct pol_backoff *pol_backoff_new(void)
{
	struct pol_backoff *b = calloc(1, sizeof *b);

	if (!b)
		abort();
	crypto_shorthash_keygen(b->secret);
	return b;
}

struct pol_backoff *pol_backoff_free(struct pol_backoff *b)
{
	free(b);
	return NULL;
}

static bool counts(enum kind k, const struct pol_backoff_who *who)
{
	if (who->known && !rules[k].of_known)
		return false;
	return who->code ? k == CODE || k == PAIR : k != CODE;
}

/* Kind, then 16 bytes of network (all of a known address), then the name. */
static uint64_t key_of(const struct pol_backoff *b, enum kind k, const struct pol_backoff_who *who)
{
	uint8_t text[2 + 16 + 128] = { (uint8_t)k, (uint8_t)(who->known << 1 | who->code) };
	struct decide_net_addr a = { 0 };
	uint64_t key = 0;
	size_t n = 2 + 16;

	if (rules[k].with_source || who->known) {
		(void)decide_net_parse(span_str(who->address), &a);
		static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
		size_t keep = who->known ? 16 : memcmp(a.b, v4, sizeof v4) == 0 ? NET_V4 : NET_V6;
		memcpy(text + 2, a.b, keep);
	}
	if (rules[k].with_user) {
		size_t name = strnlen(who->user, sizeof text - n);
		memcpy(text + n, who->user, name);
		n += name;
	}
	(void)crypto_shorthash((uint8_t *)&key, text, n, b->secret);
	return key ? key : 1;
}

static struct entry *find(struct pol_backoff *b, uint64_t key)
{
	for (size_t i = 0; i < PROBES; i++) {
		struct entry *e = &b->entries[(key + i) % POL_BACKOFF_ENTRIES];
		if (e->key == key)
			return e;
	}
	return NULL;
}

static struct entry *find_or_make(struct pol_backoff *b, uint64_t key, int64_t now_us)
{
	struct entry *e = find(b, key), *least = NULL;

	if (e)
		return e;
	for (size_t i = 0; i < PROBES; i++) {
		e = &b->entries[(key + i) % POL_BACKOFF_ENTRIES];
		if (!least || e->key == 0 || (least->key && e->next_us < least->next_us))
			least = e;
	}
	*least = (struct entry){ .key = key, .seen_us = now_us, .next_us = now_us };
	return least;
}

static void forgive(struct entry *e, enum kind k, int64_t now_us)
{
	int64_t n = (now_us - e->seen_us) / rules[k].forgive_us;

	e->count = n >= e->count ? 0 : e->count - (uint32_t)n;
	e->seen_us = e->count ? e->seen_us + n * rules[k].forgive_us : now_us;
}

/* Between this attempt and the one behind it. */
static int64_t delay_us(uint32_t count, enum kind k, uint32_t most_s)
{
	int64_t most = INT64_C(1000000) * most_s * rules[k].longer, d = 1000000;

	if (count < rules[k].free)
		return 0;
	for (uint32_t i = rules[k].free; i < count && d < most; i++)
		d *= 2;
	return d < most ? d : most;
}

static void count(struct entry *e, enum kind k, int64_t at_us, uint32_t most_s)
{
	e->count++;
	e->next_us = at_us + delay_us(e->count, k, most_s);
}

int64_t pol_backoff_admit(struct pol_backoff *b, const struct pol_backoff_who *who, int64_t now_us, uint32_t most_s)
{
	struct entry *found[KINDS] = { 0 };
	int64_t wait = 0;

	if (most_s == 0)
		return 0;
	for (int k = 0; k < KINDS; k++) {
		if (!counts((enum kind)k, who))
			continue;
		struct entry *e = find_or_make(b, key_of(b, (enum kind)k, who), now_us);
		found[k] = e;
		forgive(e, (enum kind)k, now_us);
		wait = e->next_us - now_us > wait ? e->next_us - now_us : wait;
	}
	if (wait > POL_BACKOFF_HOLD_US)
		return wait;
	for (int k = 0; k < KINDS; k++)
		if (found[k])
			count(found[k], (enum kind)k, now_us + wait, most_s);
	return wait;
}

static void take_back(struct pol_backoff *b, const struct pol_backoff_who *who, int64_t now_us, bool right)
{
	for (int k = 0; k < KINDS; k++) {
		struct entry *e = counts((enum kind)k, who) ? find(b, key_of(b, (enum kind)k, who)) : NULL;
		if (!e)
			continue;
		e->count = right && rules[k].of_known ? 0 : e->count - (e->count > 0);
		if (e->count < rules[k].free)
			e->next_us = now_us;
	}
}

void pol_backoff_right(struct pol_backoff *b, const struct pol_backoff_who *who, int64_t now_us)
{
	take_back(b, who, now_us, true);
}

void pol_backoff_unseen(struct pol_backoff *b, const struct pol_backoff_who *who, int64_t now_us)
{
	take_back(b, who, now_us, false);
}

void pol_backoff_again(
	struct pol_backoff *b, const struct pol_backoff_who *who, bool right, int64_t at_us, uint32_t most_s)
{
	for (int k = 0; k < KINDS; k++) {
		if (!counts((enum kind)k, who))
			continue;
		struct entry *e = find_or_make(b, key_of(b, (enum kind)k, who), at_us);
		forgive(e, (enum kind)k, at_us);
		count(e, (enum kind)k, at_us, most_s);
	}
	if (right)
		take_back(b, who, at_us, true);
}
