#ifndef POL_BACKOFF_H
#define POL_BACKOFF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * backoff - guessing gets slower; nobody is ever locked out by somebody else.
 *
 * Purpose: each attempt with a password or a code counts before it is looked at, and is taken back when it was right, so
 *          that many at once gain nothing.  What counts too often waits: 1, 2, 4 ... seconds between two attempts.
 * Counts:  user and network of the client (/24, /64)   from the 4th       the guesser of one account
 *          network alone                               from the 31st      the guesser of many accounts
 *          user alone, any network                     from the 101st     many guessers of one account
 *          codes of a user, any network                from the 6th       who guesses codes has the password already
 *          A client address from which this user has logged in before is counted by itself alone, with its user (also its
 *          codes): whatever strangers do, it waits for nobody's mistakes but its own.
 * Safety:  the name counts as it was typed, whether there is such a user or not, and all of this is the same for both.
 * Forgets: one attempt every 60 s (network alone, user alone: 10 s); a right one forgets the pair's.
 * Limits:  POL_BACKOFF_ENTRIES counters; where a slot is taken, the one that may go on soonest is forgotten.  A new broker is told
 *          what the audit has of the last hour (recall.h).  Units: microseconds of clock_mono_us.
 */
enum { POL_BACKOFF_ENTRIES = 8192, POL_BACKOFF_HOLD_US = 20 * 1000 * 1000 };
struct pol_backoff_who {
	const char *user, *address;
	bool known; /* this user has logged in from this address before */
	bool code;  /* a code of the second factor, not a password */
};
struct pol_backoff;
struct pol_backoff *pol_backoff_new(void);
struct pol_backoff *pol_backoff_free(struct pol_backoff *b);
/* Counts the attempt; returns how long it must be held before it is looked at.  Longer than POL_BACKOFF_HOLD_US: it was not
 * counted and is to be refused, that long from now another may come.  most_s: the longest delay between two; 0 = no back-off. */
int64_t pol_backoff_admit(struct pol_backoff *b, const struct pol_backoff_who *who, int64_t now_us, uint32_t most_s);
void pol_backoff_right(struct pol_backoff *b, const struct pol_backoff_who *who, int64_t now_us);
void pol_backoff_unseen(
	struct pol_backoff *b, const struct pol_backoff_who *who, int64_t now_us); /* nobody could look */
/* One that was looked at earlier, in another process: told in their order, before any other. */
void pol_backoff_again(
	struct pol_backoff *b, const struct pol_backoff_who *who, bool right, int64_t at_us, uint32_t most_s);
#endif
