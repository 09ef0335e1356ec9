#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/sandbox.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/command/cli.h"
#include "policy/command/document.h"
#include "policy/command/search.h"
#include "policy/console/console.h"
#include "policy/dial/dial.h"
#include "policy/ends.h"
#include "policy/keep/durable.h"
#include "policy/keep/reconcile.h"
#include "policy/keep/rekey.h"
#include "policy/keep/retention.h"
#include "policy/keep/sealer.h"
#include "policy/login/backoff.h"
#include "policy/login/hashing.h"
#include "policy/login/recall.h"
#include "policy/login/scramble.h"
#include "policy/open.h"
#include "policy/parent.h"
#include "policy/peers.h"
#include "policy/rotate/rotate.h"
#include "policy/rules.h"
#include "policy/worker.h"
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

/* The broker: docs/ARCHITECTURE.md.  Descriptors at the start: 3 parent, 4 configuration, 5 spool directory. */
enum { FD_PARENT = 3, FD_CONF = 4, FD_SPOOL = 5 };
enum { DATABASE_US = 3 * 1000 * 1000, UPKEEP_S = 6 * 3600, REQUESTS_S = 15 };

static struct pol_broker broker;
static struct loop_timer upkeep, requests;

static void upkeep_done(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	(void)ctx;
	(void)res;
	if (code < 0)
		log_err(LOG_LEVEL_WARN, "upkeep", err);
}

/* The audit's coming partitions. */
static void upkeep_fire(void *ctx)
{
	struct pol_broker *b = ctx;

	pol_query(&b->sql, POL_SQL("select api.maintain()"), upkeep_done, b);
	loop_timer_set(b->loop, &upkeep, INT64_C(1000000) * UPKEEP_S);
}

/* Ends and reminders of access requests.  That an access ends does not wait for it: policy/ends.h. */
static void requests_fire(void *ctx)
{
	struct pol_broker *b = ctx;

	pol_query(&b->sql, POL_SQL("select api.requests_tick()"), upkeep_done, b);
	loop_timer_set(b->loop, &requests, INT64_C(1000000) * REQUESTS_S);
}

static void database_up(void *ctx, bool up)
{
	struct pol_broker *b = ctx;

	pol_facts_up(&b->facts, up);
	if (!up)
		return;
	pol_settings_load(&b->settings);
	pol_recall_look(b);
	upkeep_fire(b);
	requests_fire(b);
	pol_ends_look(b);
	pol_rules_look(b);
	pol_console_look(b->console);
	pol_rekey_look(b->rekey);
	pol_rotate_look(b->rotate);
}

static int open_spool(struct pol_broker *b, struct err *err)
{
	size_t cut = 0;
	int r = pol_spool_open(&b->spool, FD_SPOOL, POL_SPOOL_CAP, &cut, err);

	if (r < 0)
		return r;
	if (cut)
		log_ev(LOG_LEVEL_WARN, "spool.torn", LOG_N("bytes", cut));
	pol_facts_init(&b->facts, b->loop, &b->sql, b->spool);
	if (fsync(FD_SPOOL) < 0) /* the files' names */
		return fault(err, -errno, "the spool cannot be synced", "fsync: %m");
	int fds[POL_DURABLE_FILES];
	pol_spool_fds(b->spool, fds);
	r = pol_durable_new(&b->durable, b->loop, fds, fdatasync, err);
	b->facts.durable = b->durable;
	return r;
}

static int open_database(struct pol_broker *b, struct err *err)
{
	char conninfo[400];

	(void)snprintf(
		conninfo, sizeof conninfo, "%s user=yanmen_broker application_name=yanmen-broker", b->conf.database);
	b->sql.loop = b->loop;
	int r = pg_new(&b->sql.pg, b->loop, conninfo, database_up, b, err);
	if (r < 0)
		return r;
	pol_settings_listen(&b->settings);
	pol_ends_listen(b);
	pol_rules_listen(b);
	pol_console_listen(b->console);
	(void)snprintf(
		conninfo, sizeof conninfo, "%s user=yanmen_sealer application_name=yanmen-sealer", b->conf.database);
	r = pol_sealer_new(&b->sealer, b, conninfo, err);
	if (r < 0)
		return r;
	(void)snprintf(
		conninfo, sizeof conninfo, "%s user=yanmen_broker application_name=yanmen-search", b->conf.database);
	r = pol_search_new(&b->search, b, conninfo, err);
	if (r < 0)
		return r;
	(void)snprintf(
		conninfo, sizeof conninfo, "%s user=yanmen_broker application_name=yanmen-documents", b->conf.database);
	return pol_documents_new(&b->documents, b, conninfo, err);
}

static int start(struct pol_broker *b, struct err *err)
{
	if (sodium_init() < 0)
		return fault(err, -EIO, "internal error", "sodium_init");
	pol_scramble_warm();
	int r = conf_load_fd(FD_CONF, &b->conf, err);
	if (r < 0 || (r = loop_new(&b->loop, err)) < 0)
		return r;
	log_level_set((enum log_level)b->conf.log_level);
	b->asks.loop = b->loop;
	upkeep = (struct loop_timer){ .fire = upkeep_fire, .ctx = b };
	requests = (struct loop_timer){ .fire = requests_fire, .ctx = b };
	pol_settings_init(&b->settings, &b->sql);
	pol_peers_init(b);
	pol_ends_init(b);
	pol_rules_init(b);
	b->backoff = pol_backoff_new();
	b->hashing = pol_hashing_new(b->loop);
	b->cli = pol_cli_new(b);
	b->console = pol_console_new(b);
	b->reconcile = pol_reconcile_new(b);
	b->rekey = pol_rekey_new(b);
	b->retention = pol_retention_new(b);
	b->rotate = pol_rotate_new(b);
	/* The resolver's threads are made before the sandbox, which binds them too. */
	if ((r = open_spool(b, err)) < 0 || (r = open_database(b, err)) < 0 ||
		(r = pol_dialler_new(&b->dialler, b->loop, err)) < 0)
		return r;
	/* Whatever libpq loads on first use is loaded before the sandbox; a database that is away is waited for later. */
	for (int64_t until = loop_now_us(b->loop) + DATABASE_US; !b->settings.loaded && loop_now_us(b->loop) < until;)
		loop_turn(b->loop, DATABASE_US / 10);
	if ((r = sandbox_enter(SANDBOX_BROKER, err)) < 0 || (r = pol_parent_open(b, FD_PARENT, err)) < 0)
		return r;
	r = pol_parent_hello(b);
	return r < 0 ? fault(err, r, "internal error", "no hello to the parent") : 0;
}

/* Whoever waits for an answer goes before the one who would give it. */
static void finish(struct pol_broker *b)
{
	b->cli = pol_cli_free(b->cli);
	b->console = pol_console_free(b->console);
	pol_ends_done(b);
	pol_rules_done(b);
	b->backoff = pol_backoff_free(b->backoff);
	b->rotate = pol_rotate_free(b->rotate);
	pol_worker_free_all(b);
	b->reconcile = pol_reconcile_free(b->reconcile);
	b->rekey = pol_rekey_free(b->rekey);
	b->search = pol_search_free(b->search);
	b->documents = pol_documents_free(b->documents);
	b->retention = pol_retention_free(b->retention);
	b->sealer = pol_sealer_free(b->sealer);
	b->hashing = pol_hashing_free(b->hashing);
	b->dialler = pol_dialler_free(b->dialler);
	link_close(&b->parent);
	link_close(&b->vault);
	link_close(&b->recorder);
	b->sql.pg = pg_free(b->sql.pg);
	pol_open_free_all(b);
	b->durable = pol_durable_free(b->durable);
	b->spool = pol_spool_free(b->spool);
	b->loop = loop_free(b->loop);
}

int main(void)
{
	struct err err = { 0 };

	log_context("role", "broker");
	(void)signal(SIGPIPE, SIG_IGN);
	if (start(&broker, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "broker.start", &err);
		return 1;
	}
	int code = loop_run(broker.loop);
	finish(&broker);
	return code;
}
