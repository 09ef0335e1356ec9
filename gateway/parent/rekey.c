#include "gateway/parent/rekey.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/parent/parent.h"
#include <errno.h>
#include <stdio.h>

enum { LATE_US = 20 * 1000 * 1000 };

static void answer(struct gw_parent *p, uint64_t ticket, int code, const char *say)
{
	struct gw_service *broker = gw_service_of(p, WIRE_BROKER);
	struct wire_rekey_answer m = { .ticket = ticket, .code = code, .say = span_str(say) };
	if (broker)
		gw_service_sent(broker, wire_rekey_answer_queue(broker->q, &m, -1));
}

static void end(struct gw_parent *p, int code, const char *say)
{
	struct gw_rekey *k = &p->rekey;
	loop_timer_del(&k->late);
	if (k->state == GW_REKEY_ASKED)
		gw_files_key_drop(&p->files);
	scope_close(&k->fd);
	k->state = GW_REKEY_IDLE;
	answer(p, k->ticket, code, say);
}

static void on_late(void *ctx)
{
	end(ctx, -ETIMEDOUT, "the vault did not answer in time; the key is as it was or as it should be: see doctor");
}

void gw_rekey_init(struct gw_parent *p)
{
	p->rekey = (struct gw_rekey){ .fd = -1, .late = { .fire = on_late, .ctx = p } };
}

static int ask_vault(struct gw_parent *p, const struct wire_rekey *m, struct err *err)
{
	struct gw_service *vault = gw_service_of(p, WIRE_VAULT);
	if (!vault)
		return fault(err, -EAGAIN, "the vault is being started; try again", "no vault");
	int r = gw_files_key_new(&p->files, &p->rekey.fd, err);
	if (r < 0)
		return r;
	p->rekey.state = GW_REKEY_ASKED;
	gw_service_sent(vault, wire_rekey_queue(vault->q, m, p->rekey.fd));
	return 0;
}

int gw_rekey_asked(struct gw_parent *p, struct span body, struct err *err)
{
	struct wire_rekey m;
	struct err why = { 0 };
	int r = wire_rekey_get(body, &m, err);
	if (r < 0)
		return r;
	if (p->rekey.state != GW_REKEY_IDLE || gw_stop_is_on(p)) {
		answer(p, m.ticket, -EBUSY, "the key is being rotated already");
		return 0;
	}
	p->rekey.ticket = m.ticket;
	p->rekey.host = m.host != 0;
	if (ask_vault(p, &m, &why) < 0) {
		log_err(LOG_LEVEL_WARN, "rekey", &why);
		answer(p, m.ticket, why.code, why.say);
		return 0;
	}
	loop_timer_set(p->loop, &p->rekey.late, LATE_US);
	return 0;
}

/* The new file stands, whole: it gets the name, and the vault is to read it. */
static int take_over(struct gw_parent *p, struct err *err)
{
	int r = gw_files_key_commit(&p->files, p->rekey.fd, err);
	if (r < 0)
		return r;
	scope_close(&p->rekey.fd);
	p->rekey.state = GW_REKEY_RESTARTING;
	log_ev(LOG_LEVEL_INFO, "rekey.committed");
	if (p->rekey.host)
		gw_pool_renew(&p->pool, WIRE_SSH);
	(void)gw_service_stop(p, WIRE_VAULT);
	return 0;
}

int gw_rekey_answered(struct gw_parent *p, struct span body, struct err *err)
{
	struct wire_rekey_answer m;
	struct err why = { 0 };
	char say[sizeof why.say];
	int r = wire_rekey_answer_get(body, &m, err);
	if (r < 0)
		return r;
	if (p->rekey.state != GW_REKEY_ASKED || m.ticket != p->rekey.ticket)
		return 0; /* it came too late */
	snprintf(say, sizeof say, "%.*s", (int)(m.say.n < sizeof say ? m.say.n : 0), (const char *)m.say.p);
	r = m.code < 0 ? fault(&why, (int)m.code, say, "the vault refused") : take_over(p, &why);
	if (r < 0) {
		log_err(LOG_LEVEL_ERROR, "rekey", &why);
		end(p, why.code, why.say);
	}
	return 0;
}

void gw_rekey_vault_ready(struct gw_parent *p)
{
	if (p->rekey.state == GW_REKEY_RESTARTING)
		end(p, 0, "");
}

void gw_rekey_vault_gone(struct gw_parent *p)
{
	if (p->rekey.state == GW_REKEY_ASKED)
		end(p, -EPIPE, "the vault ended meanwhile; try again");
}
