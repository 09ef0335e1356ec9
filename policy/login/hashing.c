#include "policy/login/hashing.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "gateway/core/link.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_US = 10 * 1000 * 1000 };

struct job {
	struct job *next;
	struct pol_hashing_ask ask;
	bool gone;          /* whoever asked is */
	struct buf passkey; /* the question, encoded; empty: it is about a password */
	char hash[136], source[64];
	uint64_t ticket, round;
	int failed; /* the code to tell, when it ended without an answer */
};

struct helper {
	struct pol_hashing *h;
	struct link link;
	struct job *job;
	struct loop_timer late;
};

struct pol_hashing {
	struct loop *loop;
	struct job *first; /* waiting, in order of arrival */
	uint64_t last_ticket, round;
	struct helper helpers[POL_HASHING_HELPERS];
	struct job *failed; /* to be told from the loop */
	struct loop_timer tell;
};

static struct job *job_free(struct job *j)
{
	if (j) {
		secret_free(j->ask.password);
		scope_close(&j->ask.password_fd);
		buf_done(&j->passkey);
		free(j);
	}
	return NULL;
}

static void job_finish(struct job *j, int code, const char *hash)
{
	struct pol_hashing_ask ask = j->ask;
	bool gone = j->gone;

	job_free(j);
	if (!gone && ask.told)
		ask.told(ask.ctx, code, NULL);
	else if (!gone)
		ask.done(ask.ctx, code, hash);
}

static void tell_failed(void *ctx)
{
	struct pol_hashing *h = ctx;

	while (h->failed) {
		struct job *j = h->failed;
		h->failed = j->next;
		job_finish(j, j->failed, "");
	}
}

static void job_fail(struct pol_hashing *h, struct job *j, int code)
{
	j->failed = code;
	j->next = h->failed;
	h->failed = j;
	loop_timer_set(h->loop, &h->tell, 0);
}

/* The waiting job of the lowest round, the oldest of these. */
static struct job *job_take(struct pol_hashing *h)
{
	struct job **best = NULL;

	for (struct job **at = &h->first; *at; at = &(*at)->next)
		if (!best || (*at)->round < (*best)->round)
			best = at;
	if (!best)
		return NULL;
	struct job *j = *best;
	*best = j->next;
	h->round = j->round;
	return j;
}

/* The body holds a password: it is built, sent and wiped here.  One message fits an idle helper's socket always. */
static int helper_send(struct helper *p, const struct job *j)
{
	struct buf body;

	if (j->passkey.len)
		return msg_send_now(p->link.sock, WIRE_T_passkey, buf_span(&j->passkey), -1);
	buf_init(&body, MSG_BODY_MAX);
	struct span password = j->ask.password ? secret_span(j->ask.password) : (struct span){ 0 };
	buf_room(&body, password.n + 512); /* no growing behind the password */
	wire_pwhash_put(
		&body, &(struct wire_pwhash){
			       .ticket = j->ticket, .op = j->ask.op, .hash = span_str(j->hash), .password = password });
	int r = body.failed ? -EMSGSIZE
			    : msg_send_now(p->link.sock, WIRE_T_pwhash, buf_span(&body), j->ask.password_fd);
	if (body.data)
		secret_wipe(body.data, body.len);
	buf_done(&body);
	return r;
}

static void helper_next(struct helper *p)
{
	while (link_is_open(&p->link) && !p->job) {
		struct job *j = job_take(p->h);
		if (!j)
			return;
		if (j->gone) {
			job_free(j);
			continue;
		}
		int r = helper_send(p, j);
		if (r < 0) {
			job_fail(p->h, j, r);
			continue;
		}
		p->job = j;
		loop_timer_set(p->h->loop, &p->late, ANSWER_US);
	}
}

static void hashing_next(struct pol_hashing *h)
{
	for (size_t i = 0; i < COUNT_OF(h->helpers); i++)
		helper_next(&h->helpers[i]);
}

static void helper_told(struct helper *p, struct span body)
{
	struct wire_passkey_answer a;

	if (wire_passkey_answer_get(body, &a, NULL) < 0 || !p->job || p->job->ticket != a.ticket || !p->job->passkey.len)
		return; /* the job ends by its deadline */
	struct job *j = take(p->job);
	struct pol_hashing_ask ask = j->ask;
	bool gone = j->gone;
	loop_timer_del(&p->late);
	job_free(j);
	if (!gone)
		ask.told(ask.ctx, 0, &a);
	hashing_next(p->h);
}

static void helper_got(void *ctx, struct link_msg *m)
{
	struct helper *p = ctx;
	struct wire_pwhash_answer a;
	char hash[136];

	if (m->type == WIRE_T_passkey_answer) {
		helper_told(p, m->body);
		return;
	}
	if (m->type != WIRE_T_pwhash_answer || wire_pwhash_answer_get(m->body, &a, NULL) < 0 || a.hash.n >= sizeof hash)
		return; /* the job ends by its deadline */
	if (!p->job || p->job->ticket != a.ticket || p->job->passkey.len)
		return; /* an answer that came too late */
	struct job *j = take(p->job);
	loop_timer_del(&p->late);
	(void)snprintf(hash, sizeof hash, "%.*s", (int)a.hash.n, (const char *)a.hash.p);
	job_finish(j, a.code < 0 ? (int)a.code : 0, hash);
	hashing_next(p->h);
}

static void helper_lost(void *ctx, const struct err *why)
{
	struct helper *p = ctx;
	struct job *j = take(p->job);

	log_err(LOG_LEVEL_WARN, "pwhash.lost", why);
	loop_timer_del(&p->late);
	if (!j)
		return;
	if (j->failed) {
		job_fail(p->h, j, -EPIPE);
	} else {
		j->failed = -EPIPE; /* its second helper is its last */
		j->next = p->h->first;
		p->h->first = j;
		hashing_next(p->h);
	}
}

static void helper_late(void *ctx)
{
	struct helper *p = ctx;

	log_ev(LOG_LEVEL_WARN, "pwhash.late");
	job_fail(p->h, take(p->job), -ETIMEDOUT);
	helper_next(p);
}

struct pol_hashing *pol_hashing_new(struct loop *loop)
{
	struct pol_hashing *h = calloc(1, sizeof *h);

	if (!h)
		abort();
	h->loop = loop;
	h->tell = (struct loop_timer){ .fire = tell_failed, .ctx = h };
	for (size_t i = 0; i < COUNT_OF(h->helpers); i++) {
		struct helper *p = &h->helpers[i];
		p->h = h;
		p->late = (struct loop_timer){ .fire = helper_late, .ctx = p };
		p->link = (struct link){ .got = helper_got, .lost = helper_lost, .ctx = p };
	}
	return h;
}

static void jobs_free(struct job *first)
{
	struct job *next;

	for (; first; first = next) {
		next = first->next;
		job_free(first);
	}
}

struct pol_hashing *pol_hashing_free(struct pol_hashing *h)
{
	if (h) {
		for (size_t i = 0; i < COUNT_OF(h->helpers); i++) {
			loop_timer_del(&h->helpers[i].late);
			link_close(&h->helpers[i].link);
			job_free(h->helpers[i].job);
		}
		loop_timer_del(&h->tell);
		jobs_free(h->first);
		jobs_free(h->failed);
		free(h);
	}
	return NULL;
}

int pol_hashing_helper(struct pol_hashing *h, int sock, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(h->helpers); i++) {
		struct helper *p = &h->helpers[i];
		if (link_is_open(&p->link))
			continue;
		int r = link_open(&p->link, h->loop, sock, LINK_QUEUE, err);
		if (r == 0)
			helper_next(p);
		return r;
	}
	scope_close(&sock);
	return fault(err, -ENOSPC, "internal error", "more than %d pwhash helpers", POL_HASHING_HELPERS);
}

size_t pol_hashing_helpers(const struct pol_hashing *h)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(h->helpers); i++)
		n += link_is_open(&h->helpers[i].link);
	return n;
}

/* Where a new job of this source stands: behind its own, not behind the others'. */
static int round_of(const struct pol_hashing *h, const char *source, uint64_t *ret)
{
	size_t all = 0, own = 0;
	uint64_t last = 0;

	for (const struct job *j = h->first; j; j = j->next) {
		all++;
		if (strcmp(j->source, source) != 0)
			continue;
		own++;
		last = j->round > last ? j->round : last;
	}
	if (all >= POL_HASHING_MAX || own >= POL_HASHING_SOURCE_MAX)
		return -EAGAIN;
	*ret = own && last >= h->round ? last + 1 : h->round;
	return 0;
}

int pol_hashing_add(struct pol_hashing *h, const struct pol_hashing_ask *ask)
{
	scoped(secret_scope) struct secret *password = ask->password;
	uint64_t round = 0;

	if (strlen(ask->hash) >= sizeof((struct job *)NULL)->hash)
		return -EMSGSIZE;
	int r = round_of(h, ask->source, &round);
	if (r < 0)
		return r;
	int fd = ask->password_fd < 0 ? -1 : fcntl(ask->password_fd, F_DUPFD_CLOEXEC, 3);
	if (ask->password_fd >= 0 && fd < 0)
		return -errno;
	struct job *j = calloc(1, sizeof *j);
	if (!j)
		abort();
	j->ask = *ask;
	j->ask.password = take(password);
	j->ask.password_fd = fd;
	j->ask.passkey = NULL;
	j->ticket = ++h->last_ticket;
	j->round = round;
	if (ask->passkey) {
		struct wire_passkey m = *ask->passkey;
		buf_init(&j->passkey, MSG_BODY_MAX);
		m.ticket = j->ticket;
		wire_passkey_put(&j->passkey, &m);
	}
	(void)snprintf(j->hash, sizeof j->hash, "%s", ask->hash);
	(void)snprintf(j->source, sizeof j->source, "%s", ask->source);
	struct job **at = &h->first;
	while (*at)
		at = &(*at)->next;
	*at = j;
	hashing_next(h);
	return 0;
}

static void jobs_drop(struct job **at, const void *ctx)
{
	while (*at) {
		struct job *j = *at;
		if (j->ask.ctx != ctx) {
			at = &j->next;
			continue;
		}
		*at = j->next;
		job_free(j);
	}
}

void pol_hashing_drop(struct pol_hashing *h, const void *ctx)
{
	jobs_drop(&h->first, ctx);
	jobs_drop(&h->failed, ctx);
	for (size_t i = 0; i < COUNT_OF(h->helpers); i++)
		if (h->helpers[i].job && h->helpers[i].job->ask.ctx == ctx)
			h->helpers[i].job->gone = true;
}
