#include "policy/login/recall.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "policy/broker.h"
#include "policy/login/backoff.h"
#include <stdio.h>
#include <string.h>

struct attempt {
	struct pol_backoff_who who;
	const char *method;
	bool passed;
	int64_t at_us;
};

static struct attempt attempt_of(const struct pg_result *res, int row, int64_t now_us)
{
	return (struct attempt){
		.who = { .user = pg_text(res, row, 1), .address = pg_text(res, row, 2), .known = pg_bool(res, row, 3) },
		.method = pg_text(res, row, 4),
		.passed = pg_bool(res, row, 5),
		.at_us = now_us - pg_int(res, row, 0),
	};
}

/* Who was asked for a code had the password right. */
static void again(struct pol_broker *b, struct attempt *a)
{
	bool code = strstr(a->method, "+code") != NULL;

	if (strncmp(a->method, "password", strlen("password")) == 0)
		pol_backoff_again(b->backoff, &a->who, a->passed || code, a->at_us, b->settings.backoff_s);
	a->who.code = code;
	if (code)
		pol_backoff_again(b->backoff, &a->who, a->passed, a->at_us, b->settings.backoff_s);
}

static void recalled(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_broker *b = ctx;
	int64_t now = clock_mono_us();

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "backoff.recall", err);
		return;
	}
	if (b->recalled)
		return;
	b->recalled = true;
	if (b->settings.backoff_s == 0)
		return;
	for (int i = 0; i < pg_rows(res); i++) {
		struct attempt a = attempt_of(res, i, now);
		if (a.who.user && a.who.address && a.method)
			again(b, &a);
	}
	log_ev(LOG_LEVEL_INFO, "backoff.recalled", LOG_N("attempts", pg_rows(res)));
}

void pol_recall_look(struct pol_broker *b)
{
	char rows[16];

	if (b->recalled)
		return;
	(void)snprintf(rows, sizeof rows, "%d", POL_RECALL_ROWS);
	pol_query(&b->sql,
		POL_SQL("select age_us, name, address, known, method, passed from api.login_lately($1::int)", rows), recalled,
		b);
}
