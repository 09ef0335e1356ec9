#ifndef POL_CHOICE_H
#define POL_CHOICE_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include <stdbool.h>
#include <stdint.h>
struct pg_result;
struct pol_sql;
struct pol_worker;
/*
 * choice - the rows of api.target_facts, judged: which grant opens which account of which target, with what.
 *
 * Owns:    copies of what the later steps need; pol_choice_done frees them.
 */
enum { POL_CHOICE_FACTS_MAX = 256 };
extern const char pol_choice_sql[]; /* $1 user_id, $2 target, $3 account or '' */

struct pol_choice {
	int64_t grant_id, target_id, account_id;
	char target[256], account[65], cluster[65];
	char host[256], networks[4096], bound[2049];
	uint16_t port;
	bool is_samples;
	uint8_t auth;    /* enum wire_auth */
	uint8_t charset; /* enum charset */
	bool legacy;     /* old algorithms will do */
	uint8_t paste;   /* enum wire_paste; into a browser's terminal, as the next two */
	uint32_t paste_max;
	bool no_copy;
	uint8_t layer; /* enum wire_layer */
	uint8_t door;  /* enum decide_rule_door, as the next of a database */
	bool bare;     /* without TLS */
	char database[65 * 4];
	struct buf host_key, sealed;
	uint32_t features;
	uint64_t idle_s, total_s, stream_max, keep_max;
	char hours[512], from_nets[4096]; /* when and whence the grant holds, as the next */
	int64_t ends_s; /* since 1970: when a session of it ends; 0 = no end */
	char rule[64];
	uint16_t forward; /* a connection to this port, no login; 0 = a login */
};
struct pol_choice_ask {
	const char *address; /* of the client */
	bool account_named;
	uint16_t forward;
	uint8_t door; /* enum decide_rule_door */
};
/* 0; -EACCES by the rules, then *ret_reason (enum decide_rule_reason) says why; -EPROTO for a row that makes no sense. */
int pol_choice_make(
	const struct pg_result *res, const struct pol_choice_ask *ask, struct pol_choice *ret, unsigned *ret_reason);
const char *pol_choice_protocol(const struct pol_choice *c); /* "ssh", "forward", "mysql", "tds" */
void pol_choice_done(struct pol_choice *c);
/* The argument of api.session_begin, and the first frame of the recording. */
struct pol_choice_who {
	const struct id *id;
	const char *worker, *user, *address;
	int64_t user_id, certificate, started_us; /* certificate: 0 = logged in without one */
};
void pol_choice_row(const struct pol_choice *c, const struct pol_choice_who *who, struct buf *out);
void pol_choice_meta(const struct pol_choice *c, const struct pol_choice_who *who, struct buf *out);
#endif
