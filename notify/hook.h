#ifndef NOTIFY_HOOK_H
#define NOTIFY_HOOK_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
struct notify_job;
struct err;
/*
 * hook - what goes to a webhook or a robot, and what its answer means.
 *
 * Source:  docs/NOTIFY.md; DingTalk: custom robot, signed; WeCom: group robot.
 * Webhook: JSON; X-Yanmen-Time: seconds since 1970; X-Yanmen-Signature: v1=<hex HMAC-SHA256 of "time.body">; X-Yanmen-Id and
 *          Idempotency-Key: the same for each try.
 * Robot:   {"msgtype":"text","text":{"content":…}}.  DingTalk with a key: &timestamp=<ms>&sign=<base64 of HMAC-SHA256 over
 *          "timestamp\nkey", keyed with it, percent-encoded>.  An answer of 200 is good with "errcode":0 alone.
 * Limits:  WeCom: 2048 bytes of text; DingTalk: 12,000 here; an answer: what notify/send keeps of it.
 * Trust:   answers are hostile.
 */
struct notify_hook_key { /* as the vault keeps it */
	struct span url, key;
};
struct notify_hook_key notify_hook_split(struct span secret);

/* key: empty = the URL as it is. */
void notify_hook_dingtalk_url(struct span url, struct span key, int64_t now_ms, struct buf *out);
/* 64 characters of hex are appended. */
void notify_hook_signature(struct span key, int64_t now_s, struct span body, struct buf *out);
void notify_hook_body(const struct notify_job *j, struct buf *out);
/* Does the robot's answer say "errcode": 0? */
bool notify_hook_is_taken(struct span answer);
/* Words that repeat a part of the URL are not to be shown: those parts become "…". */
void notify_hook_scrub(struct span url, struct buf *words);
#endif
