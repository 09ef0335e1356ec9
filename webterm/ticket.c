#include "webterm/ticket.h"
#include "gateway/core/clock.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct ticket {
	struct web_token secret, session;
	enum web_purpose purpose;
	struct id id;
	int64_t until_us; /* 0 = this place is free */
};

struct web_tickets {
	struct ticket places[WEB_TICKETS_MAX];
};

struct web_tickets *web_ticket_new(void)
{
	struct web_tickets *t = calloc(1, sizeof *t);
	if (!t)
		abort();
	return t;
}

struct web_tickets *web_ticket_free(struct web_tickets *t)
{
	if (t)
		sodium_memzero(t, sizeof *t);
	free(t);
	return NULL;
}

/* A place for one more of this session: a free one, or that of its oldest when it has too many. */
static struct ticket *place(struct web_tickets *t, const struct web_token *session)
{
	struct ticket *empty = NULL, *oldest = NULL;
	unsigned own = 0;
	int64_t now = clock_mono_us();
	for (size_t i = 0; i < WEB_TICKETS_MAX; i++) {
		struct ticket *p = &t->places[i];
		if (p->until_us <= now) {
			empty = empty ? empty : p;
		} else if (web_cookie_is(&p->session, session)) {
			own++;
			oldest = !oldest || p->until_us < oldest->until_us ? p : oldest;
		}
	}
	return own >= WEB_TICKETS_EACH ? oldest : empty;
}

int web_ticket_make(struct web_tickets *t, const struct web_token *session, enum web_purpose purpose, const struct id *id,
	char ret[static WEB_TOKEN_TEXT])
{
	struct ticket *p = place(t, session);
	if (!p)
		return -EAGAIN;
	*p = (struct ticket){ .session = *session, .purpose = purpose, .id = *id, .until_us = clock_mono_us() + WEB_TICKET_US };
	randombytes_buf(p->secret.b, sizeof p->secret.b);
	web_cookie_text(&p->secret, ret);
	return 0;
}

bool web_ticket_take(struct web_tickets *t, struct span text, const struct web_token *session, enum web_purpose purpose,
	const struct id *id)
{
	struct web_token secret;
	if (!web_cookie_token(text, &secret))
		return false;
	for (size_t i = 0; i < WEB_TICKETS_MAX; i++) {
		struct ticket *p = &t->places[i];
		if (p->until_us == 0 || !web_cookie_is(&p->secret, &secret))
			continue;
		bool good = p->until_us > clock_mono_us() && web_cookie_is(&p->session, session) && p->purpose == purpose &&
			id_eq(&p->id, id);
		*p = (struct ticket){ 0 };
		return good;
	}
	return false;
}
