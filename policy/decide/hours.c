#include "policy/decide/hours.h"
#include "gateway/core/err.h"
#include <errno.h>
#include <string.h>

enum { DAY = 24 * 60, WEEK = DECIDE_HOURS_WEEK, ALL_DAYS = 0x7f };

static const char form[] = "hours look like: mon-fri 09:00-18:00; sat 10:00-12:00 +08:00";

static uint8_t peek(const struct span *s)
{
	return s->n > 0 ? s->p[0] : 0;
}

static void skip(struct span *s, size_t n)
{
	if (n > 0)
		s->p += n; /* an empty text may have no address */
	s->n -= n;
}

/* How many blanks there were. */
static size_t blanks(struct span *s)
{
	size_t n = 0;

	while (n < s->n && s->p[n] == ' ')
		n++;
	skip(s, n);
	return n;
}

static bool accept(struct span *s, uint8_t c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	skip(s, 1);
	return true;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* At least `least` and at most two digits. */
static int number(struct span *s, size_t least, int *ret)
{
	size_t n = 0;
	int v = 0;

	while (n < 2 && n < s->n && is_digit(s->p[n]))
		v = v * 10 + (s->p[n++] - '0');
	if (n < least)
		return -EPROTO;
	skip(s, n);
	*ret = v;
	return 0;
}

/* H:MM or HH:MM as minutes, 24:00 the latest. */
static int clock_time(struct span *s, size_t hour_digits, int *ret)
{
	int h, m;

	if (number(s, hour_digits, &h) < 0 || !accept(s, ':') || number(s, 2, &m) < 0 || m > 59 || h * 60 + m > DAY)
		return -EPROTO;
	*ret = h * 60 + m;
	return 0;
}

static int day(struct span *s, int *ret)
{
	static const char names[] = "montuewedthufrisatsun";

	if (s->n < 3)
		return -EPROTO;
	for (int d = 0; d < 7; d++) {
		const char *n = names + 3 * d;
		if ((s->p[0] | 0x20) == n[0] && (s->p[1] | 0x20) == n[1] && (s->p[2] | 0x20) == n[2]) {
			skip(s, 3);
			*ret = d;
			return 0;
		}
	}
	return -EPROTO;
}

/* mon-fri,sun and at least one blank. */
static int days(struct span *s, unsigned *ret)
{
	unsigned mask = 0;

	for (;;) {
		int from, to;
		if (day(s, &from) < 0)
			return -EPROTO;
		to = from;
		if (accept(s, '-') && day(s, &to) < 0)
			return -EPROTO;
		for (int d = from;; d = (d + 1) % 7) {
			mask |= 1U << d;
			if (d == to)
				break;
		}
		size_t gap = blanks(s);
		if (!accept(s, ',')) {
			*ret = mask;
			return gap > 0 ? 0 : -EPROTO;
		}
		(void)blanks(s);
	}
}

static void open_minutes(struct decide_hours *h, unsigned mask, int from, int minutes)
{
	for (int d = 0; d < 7; d++)
		for (int i = 0; mask & 1U << d && i < minutes; i++) {
			int m = (d * DAY + from + i) % WEEK;
			h->open[m / 8] |= (uint8_t)(1U << m % 8);
		}
}

static int range(struct span *s, unsigned mask, struct decide_hours *h)
{
	int from, to;

	if (clock_time(s, 1, &from) < 0 || from == DAY)
		return -EPROTO;
	(void)blanks(s);
	if (!accept(s, '-'))
		return -EPROTO;
	(void)blanks(s);
	if (clock_time(s, 1, &to) < 0 || from == to)
		return -EPROTO;
	open_minutes(h, mask, from, to > from ? to - from : to + DAY - from);
	return 0;
}

/* Groups, up to a zone or the end; leaves the blanks before the zone counted in *gap. */
static int groups(struct span *s, struct decide_hours *h, size_t *gap)
{
	unsigned mask = ALL_DAYS;

	for (;;) {
		if (is_letter(peek(s)) && days(s, &mask) < 0)
			return -EPROTO;
		if (range(s, mask, h) < 0)
			return -EPROTO;
		*gap = blanks(s);
		if (accept(s, ';'))
			mask = ALL_DAYS;
		else if (!accept(s, ','))
			return 0;
		(void)blanks(s);
	}
}

/* +HH:MM or -HH:MM in minutes. */
static int zone(struct span *s, int *ret)
{
	bool west = peek(s) == '-';
	int z;

	if (!accept(s, '+') && !accept(s, '-'))
		return -EPROTO;
	if (clock_time(s, 2, &z) < 0 || z > (west ? 12 : 14) * 60)
		return -EPROTO;
	*ret = west ? -z : z;
	return 0;
}

static bool is_open(const struct decide_hours *h, int minute)
{
	return h->open[minute / 8] & 1U << minute % 8;
}

int decide_hours_parse(struct span text, struct decide_hours *ret, struct err *err)
{
	struct decide_hours local = { 0 }, utc = { 0 };
	struct span s = text;
	size_t gap = 0;
	int offset = 0;

	if (text.n > DECIDE_HOURS_TEXT_MAX)
		return fault(err, -EPROTO, "the hours are too long", "hours of %zu bytes", text.n);
	(void)blanks(&s);
	if (s.n == 0) {
		memset(ret->open, 0xff, sizeof ret->open);
		return 0;
	}
	if (groups(&s, &local, &gap) < 0 || (s.n > 0 && (gap == 0 || zone(&s, &offset) < 0)))
		return fault(err, -EPROTO, form, "hours broken at byte %zu", text.n - s.n);
	(void)blanks(&s);
	if (s.n > 0)
		return fault(err, -EPROTO, form, "hours go on at byte %zu", text.n - s.n);
	for (int m = 0; m < WEEK; m++) {
		int there = (m + offset + WEEK) % WEEK;
		if (is_open(&local, there))
			utc.open[m / 8] |= (uint8_t)(1U << m % 8);
	}
	*ret = utc;
	return 0;
}

/* 1970-01-01 was a Thursday. */
static int minute_of_week(int64_t time_us, int64_t *ret_second)
{
	int64_t s = time_us / 1000000 - (time_us % 1000000 < 0);
	int64_t second = (s % (WEEK * 60) + WEEK * 60 + 3 * DAY * 60) % (WEEK * 60);

	*ret_second = second % 60;
	return (int)(second / 60);
}

bool decide_hours_has(const struct decide_hours *h, int64_t time_us)
{
	int64_t second;

	return is_open(h, minute_of_week(time_us, &second));
}

int64_t decide_hours_left_s(const struct decide_hours *h, int64_t time_us)
{
	int64_t second;
	int now = minute_of_week(time_us, &second);

	for (int i = 0; i < WEEK; i++)
		if (!is_open(h, (now + i) % WEEK))
			return i == 0 ? 0 : (int64_t)i * 60 - second;
	return -1;
}
