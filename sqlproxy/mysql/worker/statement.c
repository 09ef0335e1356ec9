#include "gateway/core/clock.h"
#include "gateway/core/frame.h"
#include "policy/decide/sql.h"
#include "sqlproxy/mysql/worker/link.h"
#include <errno.h>
#include <stdio.h>
#include <strings.h>

enum { MASKED_MIN = 64 * 1024, HEX = 2 * CLASSIFY_FINGERPRINT };

/* ---- what is asked ---- */

static void facts_of_batch(struct gw_mysql_link *l)
{
	const struct classify_batch *b = &l->batch;
	for (size_t i = 0; i < b->n; i++) {
		const struct classify_statement *s = &b->statement[i];
		l->facts[i] = (struct decide_sql_statement){ .classes = s->classes, .flags = s->flags, .tables = b->name + s->table,
			.n = s->tables, .tables_known = s->tables_known, .rows = -1 };
	}
}

/* A command that stands for a statement. */
static void facts_of_command(struct gw_mysql_link *l, uint64_t classes)
{
	l->batch.n = 1;
	l->batch.classes = classes;
	l->batch.flags = 0;
	l->batch.after = l->mode;
	memset(l->batch.fingerprint, 0, sizeof l->batch.fingerprint);
	l->facts[0] = (struct decide_sql_statement){ .classes = classes, .tables_known = true, .rows = -1 };
}

static void judge(struct gw_mysql_link *l, const struct gw_mysql_prepared *p, struct decide_sql_verdict *ret)
{
	static const char *const dialects[] = { [CLASSIFY_MYSQL] = "mysql", [CLASSIFY_MARIADB] = "mariadb" };
	const struct gw_rules *rules = gw_session_rules(l->gw);
	if (!rules) {
		*ret = (struct decide_sql_verdict){ .action = DECIDE_SQL_DENY };
		return;
	}
	const struct decide_sql_ask ask = { .rules = rules->rules, .n = rules->n, .otherwise = rules->otherwise, .approval = rules->approval };
	const struct decide_sql_fact fact = { .user = span_str(rules->user), .role = span_str(rules->role),
		.dialect = span_str(dialects[l->mode.dialect]), .database = span_str(p ? p->database : l->database), .program = span_str(l->front.program),
		.source = l->from, .now_us = clock_wall_us(), .statements = p ? p->statements : l->facts, .n = p ? p->n : l->batch.n };
	decide_sql_judge(&ask, &fact, ret);
}

/* ---- what is said ---- */

void gw_mysql_statement_refuse(struct gw_mysql_link *l, uint16_t code, const char *state, struct span words)
{
	gw_mysql_link_refuse(l, l->reply_seq, code, state, words);
	if (!l->now.told)
		return;
	mysql_result_begin(&l->result, MYSQL_RESULT_PLAIN, l->reply_seq);
	l->result.failed = true;
	l->result.code = code;
	(void)snprintf(l->result.state, sizeof l->result.state, "%s", state);
	(void)snprintf(l->result.words, sizeof l->result.words, "%.*s", (int)words.n, (const char *)words.p);
	gw_mysql_record_outcome(l);
}

/* why: what is missing of an approval. */
static void say_verdict(struct gw_mysql_link *l, const struct decide_sql_verdict *v, const char *why)
{
	const struct gw_rules *rules = gw_session_rules(l->gw);
	struct span own = rules && v->rule ? gw_rules_say(rules, v->rule) : (struct span){ 0 };
	char words[512];
	if (v->action == DECIDE_SQL_APPROVE)
		(void)snprintf(words, sizeof words, "This statement needs approval: %s. Ask for it at the console, page SQL requests. "
			"该语句需要审批，请在控制台“SQL 审批”页申请。%.*s", why, (int)own.n, (const char *)own.p);
	else if (own.n > 0)
		(void)snprintf(words, sizeof words, "%.*s", (int)own.n, (const char *)own.p);
	else if (v->rule)
		(void)snprintf(words, sizeof words, "This statement is not allowed here (rule %jd). 该语句被规则 %jd 拒绝。", (intmax_t)v->rule,
			(intmax_t)v->rule);
	else
		(void)snprintf(words, sizeof words, "This statement is not allowed here. 该语句不被允许。");
	gw_mysql_statement_refuse(l, MYSQL_CODE_TABLE_ACCESS_DENIED, "42000", span_str(words));
}

static void tell(struct gw_mysql_link *l, const struct decide_sql_verdict *v, struct span masked, const uint8_t *fingerprint)
{
	static const char digits[] = "0123456789abcdef";
	char hex[HEX];
	if (v->action == DECIDE_SQL_ALLOW)
		return;
	for (size_t i = 0; i < CLASSIFY_FINGERPRINT; i++) {
		hex[2 * i] = digits[fingerprint[i] >> 4];
		hex[2 * i + 1] = digits[fingerprint[i] & 15];
	}
	gw_session_statement(l->gw, (uint8_t)v->action, v->rule, l->now.number, masked, span_of(hex, HEX));
}

/* ---- what no rule can allow ---- */

static const struct gw_rules *rules_of(const struct gw_mysql_link *l, int64_t id, size_t *ret)
{
	const struct gw_rules *rules = gw_session_rules(l->gw);
	for (size_t i = 0; rules && id && i < rules->n; i++)
		if (rules->rules[i].id == id) {
			*ret = i;
			return rules;
		}
	return NULL;
}

/* Somebody else's connection is killed only by whom a rule lets KILL, by that word. */
static bool may_kill(const struct gw_mysql_link *l, int64_t rule)
{
	size_t i = 0;
	const struct gw_rules *rules = rules_of(l, rule, &i);
	return rules && (rules->rules[i].classes & DECIDE_SQL_CLASS(KILL));
}

enum limit { FREE, NO_QUERY, NO_INFILE, NO_KILL };

static enum limit limit_of(struct gw_mysql_link *l, const struct gw_mysql_said *said, uint64_t classes, uint64_t flags, int64_t rule)
{
	if (!(l->grant.features & WIRE_FEATURE_QUERY))
		return NO_QUERY;
	if ((flags & DECIDE_SQL_FLAG(LOCAL_FILE)) && !(l->grant.features & WIRE_FEATURE_INFILE))
		return NO_INFILE;
	if (!(classes & DECIDE_SQL_CLASS(KILL)) || said->classes)
		return FREE;
	/* Only a statement that goes out as it is can be rewritten: one that is prepared names its number later. */
	int r = strcmp(said->kind, "query") == 0 ? gw_mysql_kill(l, said->text, &l->rewritten) : -ENOENT;
	return r == -ENOENT && !may_kill(l, rule) ? NO_KILL : FREE;
}

static bool stops(struct gw_mysql_link *l, enum limit limit)
{
	static const struct {
		uint16_t code;
		const char *state, *words;
	} says[] = {
		[NO_QUERY] = { MYSQL_CODE_TABLE_ACCESS_DENIED, "42000", "Your access to this target has no statements. 您的授权不允许执行语句。" },
		[NO_INFILE] = { MYSQL_CODE_TABLE_ACCESS_DENIED, "42000",
			"Your access to this target has no LOAD DATA LOCAL. 您的授权不允许 LOAD DATA LOCAL。" },
		[NO_KILL] = { MYSQL_CODE_NO_SUCH_THREAD, "HY000",
			"You may only KILL connections of your own, by the number that your client shows. 只能终止您自己的连接。" },
	};
	if (limit != FREE)
		gw_mysql_statement_refuse(l, says[limit].code, says[limit].state, span_str(says[limit].words));
	return limit != FREE;
}

/* ---- a statement ---- */

static bool holds(struct span text, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= text.n; i++)
		if ((text.p[i] | 0x20) == word[0] && strncasecmp((const char *)text.p + i, word, n) == 0)
			return true;
	return false;
}

/* Bytes are kept as they came only where no secret stands among them.  Where the frame holds all of them already (what is masked is UTF-8) they are
 * not recorded a second time. */
static void keep_raw(struct gw_mysql_link *l, const struct gw_mysql_said *said, const struct buf *masked)
{
	bool same = !masked->failed && span_eq(buf_span(masked), said->text);
	l->now.raw = same && !l->now.shown ? said->text : (struct span){ 0 };
	if (same && l->now.shown)
		gw_tap_count(l->gw, FRAME_IN, said->text.n);
}

static void note(struct gw_mysql_link *l, const struct gw_mysql_said *said, uint64_t classes, uint64_t flags)
{
	bool local = flags & DECIDE_SQL_FLAG(LOCAL_FILE);
	l->now.may_infile = local && (l->grant.features & WIRE_FEATURE_INFILE);
	buf_clear(&l->offered);
	if (l->now.may_infile)
		buf_put(&l->offered, said->text.p, said->text.n < l->offered.cap ? said->text.n : l->offered.cap);
	l->now.after = said->prepared || said->classes ? l->mode : l->batch.after;
	l->now.uses = classes & (DECIDE_SQL_CLASS(USE) | DECIDE_SQL_CLASS(UNPARSED) | DECIDE_SQL_CLASS(CALL) | DECIDE_SQL_CLASS(EXECUTE));
	l->now.dynamic = (flags & DECIDE_SQL_FLAG(DYNAMIC)) || holds(said->text, "session_track");
}

bool gw_mysql_statement(struct gw_mysql_link *l, const struct gw_mysql_said *said)
{
	const struct gw_mysql_prepared *p = said->prepared;
	struct decide_sql_verdict v = { 0 };
	struct buf masked;
	buf_init(&masked, (said->text.n > MASKED_MIN ? said->text.n : (size_t)MASKED_MIN) + MASKED_MIN);
	if (!p && said->classes) {
		facts_of_command(l, said->classes);
	} else if (!p) {
		classify(&l->mode, said->text, &l->batch);
		facts_of_batch(l);
		classify_masked(&l->mode, said->text, &masked);
	}
	const uint8_t *fingerprint = p ? p->fingerprint : l->batch.fingerprint;
	uint64_t classes = p ? p->classes : l->batch.classes, flags = p ? p->flags : l->batch.flags;
	judge(l, p, &v);

	l->now.number = ++l->statements;
	l->now.told = true;
	l->now.started_us = clock_mono_us();
	l->now.permit.request = 0;
	bool passes = v.action <= DECIDE_SQL_APPROVE;
	enum limit limit = passes ? limit_of(l, said, classes, flags, v.rule) : FREE;
	struct err err = { 0 };
	if (v.action == DECIDE_SQL_APPROVE && limit == FREE)
		passes = gw_mysql_permit(l, said, &err) == 0;
	const struct gw_mysql_frame frame = { .said = said, .masked = p || said->classes ? said->masked : buf_span(&masked), .classes = classes,
		.flags = flags, .fingerprint = fingerprint, .verdict = (uint8_t)(limit == FREE ? v.action : DECIDE_SQL_DENY), .rule = v.rule };
	const struct decide_sql_verdict told = { .action = (enum decide_sql_action)frame.verdict, .rule = v.rule };
	gw_mysql_record_statement(l, &frame);
	if (!l->now.permit.request) /* what was approved has rows of its own */
		tell(l, &told, frame.masked, fingerprint);
	if (passes && !stops(l, limit)) {
		note(l, said, classes, flags);
		if (!p && !said->classes)
			keep_raw(l, said, &masked);
		if (strcmp(said->kind, "prepare") == 0)
			l->now.preparing = gw_mysql_prepared_new(l, frame.masked);
	} else if (!passes) {
		say_verdict(l, &v, err.say);
	}
	buf_done(&masked);
	return passes && limit == FREE && !l->over;
}
