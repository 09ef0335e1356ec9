#include "sqlproxy/classify/mysql_read.h"
#include "sqlproxy/classify/normal.h"
#include <string.h>

enum {
	OLDEST_MYSQL = 50600, /* what is still met, when nobody knows the version */
	OLDEST_MARIADB = 100000,
	SIX_DIGITS = 80034, /* MySQL: a comment's version may have six digits, somewhere from 8.0 to 8.4 */
	STRICT_COMMENTS = 50700, /* a version comment must end */
	READINGS = 96, READ_BYTES = 64 << 20,
};

/* ---- one reading ---- */

/* The rest of the batch is read as the SET before says; where that cannot be told, and matters, every reading is made, and nobody can tell. */
static void follow_mode(struct classify_mysql_reader *r, const struct classify_mode *was)
{
	const struct classify_mode *now = &r->b->after;
	uint8_t doubt = now->unknown & (CLASSIFY_ANSI_QUOTES | CLASSIFY_NO_BACKSLASH_ESCAPES) & (uint8_t)~was->unknown;
	bool charset = now->charset == CLASSIFY_CHARSET_UNKNOWN && was->charset != CLASSIFY_CHARSET_UNKNOWN;
	bool matters = false;

	for (size_t i = r->lex.at; i < r->lex.sql.n && (doubt || charset) && !matters; i++) {
		uint8_t c = r->lex.sql.p[i];
		matters = (doubt && (c == '"' || c == '\\')) || (charset && c >= 0x80);
	}
	classify_mysql_lex_set(&r->lex, (uint8_t)((now->set & ~doubt) | (r->lost_set & doubt)));
	if (now->charset != CLASSIFY_CHARSET_UNKNOWN)
		r->lex.charset = now->charset;
	else if (charset)
		r->lex.charset = r->lost_charset;
	if (matters) {
		r->lost = true;
		classify_mysql_unparsed(r);
	}
}

static void read_batch(struct classify_mysql_reader *r)
{
	struct classify_mode was;
	size_t empty = 0;

	for (;;) {
		was = r->b->after;
		r->t = r->last = (struct classify_token){ 0 };
		struct classify_mysql_lex before = r->lex;
		struct classify_token first;
		classify_mysql_lex_next(&before, &first);
		if (first.kind == CLASSIFY_TOKEN_END) {
			r->lex = before;
			if (r->b->n > 0 && r->lex.had_comment)
				CLASSIFY_FLAG(r, VERSION_COMMENT);
			return;
		}
		if (first.kind == CLASSIFY_TOKEN_SEPARATOR) {
			r->lex = before;
			r->lex.in_comment = false;
			if (empty++ > 0 && r->b->n > 0) /* no server runs nothing between two of them */
				r->b->statement[r->b->n - 1].classes |= DECIDE_SQL_CLASS(UNPARSED);
			continue;
		}
		classify_batch_open(r->b, (size_t)(first.text.p - r->lex.sql.p));
		bool commented = r->lex.in_comment;
		classify_mysql_next(r);
		classify_mysql_statement(r);
		bool strict = r->lex.version == 0 || r->lex.version == OLDEST_MYSQL || r->lex.version >= STRICT_COMMENTS || r->lex.dialect == CLASSIFY_MARIADB;
		bool unclosed = r->lex.in_comment && (strict || r->t.kind != CLASSIFY_TOKEN_SEPARATOR);
		if (unclosed || commented)
			classify_mysql_unparsed(r);
		size_t end = (size_t)(r->last.text.p - r->lex.sql.p) + r->last.text.n;
		follow_mode(r, &was);
		if (r->t.kind != CLASSIFY_TOKEN_SEPARATOR) {
			classify_batch_close(r->b, r->t.kind == CLASSIFY_TOKEN_BROKEN ? r->lex.sql.n : end);
			return;
		}
		classify_batch_close(r->b, end);
		r->lex.in_comment = false; /* the next statement is read from outside of it */
	}
}

struct reading {
	struct classify_mode mode;
	bool six, other;
	uint8_t lost_set, lost_charset;
};

/* What the text asks about the server. */
struct seen {
	uint32_t newer;
	bool six, comment, other, lost;
};

static void read_one(const struct reading *how, struct span sql, struct classify_batch *ret, struct seen *ret_seen)
{
	struct classify_mysql_reader r = { .b = ret, .lost_set = how->lost_set, .lost_charset = how->lost_charset };

	classify_batch_start(ret, &how->mode);
	classify_mysql_lex_start(&r.lex, &how->mode, sql);
	r.lex.six = how->six;
	r.lex.other = how->other;
	read_batch(&r);
	bool only_comments = ret->n == 0 && r.lex.had_comment;
	classify_batch_finish(ret);
	if (only_comments) {
		ret->statement[0].flags |= DECIDE_SQL_FLAG(VERSION_COMMENT);
		ret->flags |= DECIDE_SQL_FLAG(VERSION_COMMENT);
	}
	*ret_seen = (struct seen){ r.lex.newer, r.lex.had_six, r.lex.had_comment, r.lex.had_other, r.lost };
}

/* ---- all of them ---- */

struct plan {
	struct span sql;
	struct classify_mode mode; /* as given, without what this dialect does not have */
	uint8_t bits;     /* of the mode that are unknown and matter */
	bool charsets;
	struct classify_batch *ret, *one, *sum;
	bool any;
	size_t readings;
};

static void add(struct plan *p, const struct reading *how, struct seen *ret)
{
	p->readings++;
	if (!p->any) {
		read_one(how, p->sql, p->ret, ret);
		p->any = true;
		return;
	}
	read_one(how, p->sql, p->one, ret);
	classify_batch_union(p->sum, p->ret, p->one);
	struct classify_batch *done = p->ret;
	p->ret = p->sum;
	p->sum = done;
}

static bool spent(const struct plan *p)
{
	return p->readings >= READINGS || p->readings * p->sql.n > READ_BYTES;
}

/* Every mode and set that a SET inside the text may have made of the rest. */
static void lost(struct plan *p, struct reading how, struct seen *ret)
{
	static const uint8_t sets[] = { 0, CLASSIFY_ANSI_QUOTES, CLASSIFY_NO_BACKSLASH_ESCAPES, CLASSIFY_ANSI_QUOTES | CLASSIFY_NO_BACKSLASH_ESCAPES };
	static const uint8_t charsets[] = { CLASSIFY_CHARSET_UTF8, CLASSIFY_CHARSET_SPACED, CLASSIFY_CHARSET_GBK, CLASSIFY_CHARSET_BIG5, CLASSIFY_CHARSET_SJIS };
	struct seen seen;

	add(p, &how, ret);
	for (size_t i = 0; ret->lost && i < sizeof sets * sizeof charsets && !spent(p); i++) {
		how.lost_set = sets[i % sizeof sets];
		how.lost_charset = charsets[i / sizeof sets];
		add(p, &how, &seen);
	}
}

/* Every version that the text itself tells apart. */
static void versions(struct plan *p, struct reading how)
{
	bool maria = how.mode.dialect == CLASSIFY_MARIADB, unknown = how.mode.version == 0;
	bool five = !maria && (unknown || how.mode.version < 80400), may_six = maria || unknown || how.mode.version >= SIX_DIGITS;
	struct seen seen, other;

	if (unknown)
		how.mode.version = maria ? OLDEST_MARIADB : OLDEST_MYSQL;
	do {
		how.six = may_six;
		lost(p, how, &seen);
		if (seen.other) {
			how.other = true;
			lost(p, how, &other);
			how.other = false;
		}
		if (seen.six && five && may_six) {
			how.six = false;
			lost(p, how, &other);
			seen.newer = seen.newer && (!other.newer || seen.newer < other.newer) ? seen.newer : other.newer;
		}
		how.mode.version = seen.newer;
	} while (unknown && seen.newer && !spent(p));
}

static void modes(struct plan *p, struct reading how)
{
	uint8_t bits = p->bits, some = 0;

	do { /* every part of `bits` */
		how.mode.set = (uint8_t)((p->mode.set & ~bits) | some);
		versions(p, how);
		some = (uint8_t)((some - bits) & bits);
	} while (some && !spent(p));
}

/* Which doubts make a difference for this text? */
static void look(struct plan *p)
{
	bool quote = memchr(p->sql.p, '"', p->sql.n), slash = memchr(p->sql.p, '\\', p->sql.n), high = false;

	for (size_t i = 0; i < p->sql.n && !high; i++)
		high = p->sql.p[i] >= 0x80;
	p->bits = p->mode.unknown &
		  (uint8_t)((quote ? CLASSIFY_ANSI_QUOTES : 0) | (slash ? CLASSIFY_NO_BACKSLASH_ESCAPES : 0) |
			    (p->mode.dialect == CLASSIFY_MARIADB ? CLASSIFY_ORACLE : 0));
	p->charsets = p->mode.charset == CLASSIFY_CHARSET_UNKNOWN && high;
}

/* Apart, for the room that it takes: nearly every text has one reading. */
static __attribute__((noinline)) void every_reading(struct plan *p, struct reading how, struct classify_batch *ret)
{
	struct classify_batch one, sum;

	p->one = &one;
	p->sum = &sum;
	if (!p->charsets)
		modes(p, how);
	for (uint8_t c = 0; p->charsets && c < CLASSIFY_CHARSET_UNKNOWN && !spent(p); c++) {
		how.mode.charset = c;
		modes(p, how);
	}
	bool cut = spent(p);
	struct classify_mode after = p->ret->after;
	if (p->ret != ret)
		classify_batch_union(ret, p->ret, p->ret);
	ret->after = after;
	for (size_t i = 0; i < ret->n && cut; i++) {
		ret->statement[i].classes |= DECIDE_SQL_CLASS(UNPARSED);
		ret->statement[i].tables_known = false;
	}
	classify_batch_finish(ret);
}

void classify_mysql(const struct classify_mode *mode, struct span sql, struct classify_batch *ret)
{
	struct plan p = { .sql = sql, .mode = *mode, .ret = ret };
	struct reading how = { .six = mode->dialect == CLASSIFY_MARIADB || mode->version >= SIX_DIGITS };
	struct seen seen = { 0 };

	look(&p);
	p.mode.set &= (uint8_t)~(p.mode.unknown & CLASSIFY_IGNORE_SPACE); /* unknown: a blank may be one before somebody's own function */
	how.mode = p.mode;
	how.mode.unknown &= (uint8_t)~p.bits; /* what is left makes no difference here, and is still unknown afterwards */
	if (!p.bits && !p.charsets)
		read_one(&how, sql, ret, &seen);
	if (p.bits || p.charsets || seen.six || seen.other || seen.lost || (seen.comment && !mode->version))
		every_reading(&p, how, ret);
	ret->after.version = mode->version;
}

void classify_mysql_tokens(const struct classify_mode *mode, struct span sql, classify_take_fn *take, void *to)
{
	struct classify_mysql_lex lex;
	struct classify_token t;
	struct classify_mode plain = *mode;

	if (!plain.version)
		plain.version = plain.dialect == CLASSIFY_MARIADB ? 110000 : 90000;
	if (plain.charset == CLASSIFY_CHARSET_UNKNOWN)
		plain.charset = CLASSIFY_CHARSET_UTF8;
	classify_mysql_lex_start(&lex, &plain, sql);
	do {
		classify_mysql_lex_next(&lex, &t);
		if (t.kind == CLASSIFY_TOKEN_SEPARATOR)
			lex.in_comment = false;
		take(to, &t);
	} while (t.kind != CLASSIFY_TOKEN_END && t.kind != CLASSIFY_TOKEN_BROKEN);
}
