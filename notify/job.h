#ifndef NOTIFY_JOB_H
#define NOTIFY_JOB_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct pg_result;
struct secret;
/*
 * job - one message of the outbox on its way: a row of notify.take, and how sending it went.
 *
 * Owns:    everything; made and freed by the loop's thread, in between lent to one thread of the pool.
 * Trust:   texts come from people and may hold any character; each writer escapes for its own format.
 */
enum notify_column { /* as notify.take (schema/0034) answers */
	NOTIFY_ID, NOTIFY_UID, NOTIFY_CHANNEL, NOTIFY_VIA, NOTIFY_ADDRESS, NOTIFY_SENDER, NOTIFY_LOGIN, NOTIFY_TLS, NOTIFY_CA,
	NOTIFY_SEALED, NOTIFY_BOUND, NOTIFY_KIND, NOTIFY_LANG, NOTIFY_TO_NAME, NOTIFY_TO_MAIL, NOTIFY_LINK, NOTIFY_MADE,
	NOTIFY_SECONDS, NOTIFY_NETWORKS, NOTIFY_NUMBER, NOTIFY_WHO, NOTIFY_TARGETS, NOTIFY_ACCOUNT, NOTIFY_REASON,
	NOTIFY_ANSWER, NOTIFY_BY, NOTIFY_UNTIL, NOTIFY_WHAT, NOTIFY_EXTENDS, NOTIFY_WORK,
	NOTIFY_COLUMNS
};
#define NOTIFY_COLUMN_NAMES \
	"id, uid, channel_id, via, address, sender, login, tls, ca, sealed, bound, kind, lang, to_name, to_mail, link, made, " \
	"seconds, networks, number, who, targets, account, reason, answer, by_whom, until, what, extends, work"

enum notify_result { NOTIFY_FAILED /* try again */, NOTIFY_SENT, NOTIFY_DEAD /* it never will */ };
enum { NOTIFY_SAID = 480 };

struct notify_job {
	struct notify_job *next;
	char *text[NOTIFY_COLUMNS]; /* never NULL */
	struct secret *secret;      /* NULL = none */
	uint64_t ticket;            /* of the question to the vault */
	enum notify_result result;
	char said[NOTIFY_SAID];     /* the receiver's words, or why it failed; UTF-8 without control characters */
	bool reporting;
};
struct notify_job *notify_job_new(const struct pg_result *res, int row);
struct notify_job *notify_job_free(struct notify_job *j);
const char *notify_job_text(const struct notify_job *j, enum notify_column c);
bool notify_job_is_mail(const struct notify_job *j);
bool notify_job_is_robot(const struct notify_job *j); /* of DingTalk or WeCom */
/* Keeps what is fit to be shown of it. */
void notify_job_say(struct notify_job *j, enum notify_result result, struct span words);
#endif
