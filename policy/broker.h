#ifndef POL_BROKER_H
#define POL_BROKER_H
#include "gateway/core/conf.h"
#include "gateway/core/loop.h"
#include "policy/ask.h"
#include "policy/ends.h"
#include "policy/facts.h"
#include "gateway/core/link.h"
#include "policy/query.h"
#include "policy/rules.h"
#include "policy/settings.h"
#include <stdbool.h>
#include <stdint.h>
struct pol_backoff;
struct pol_cli;
struct pol_console;
struct pol_dialler;
struct pol_documents;
struct pol_durable;
struct pol_hashing;
struct pol_open_held;
struct pol_reconcile;
struct pol_rekey;
struct pol_retention;
struct pol_rotate;
struct pol_sealer;
struct pol_search;
struct pol_worker;
/*
 * broker - what the broker's parts share.  One in a process, made by main.c.
 *
 * Shape:   parent.c hears the parent, peers.c the vault and the recorder, worker.c the workers, cli.c the CLI, console.c the web server.  Whoever
 *          needs something from another process asks through `asks`, from the database through `sql`; whatever happened
 *          goes to `facts`.
 * Owns:    its parts.
 */
struct pol_broker {
	struct loop *loop;
	struct conf conf;
	struct pol_queries sql;
	struct pol_asks asks;
	struct pol_spool *spool;
	struct pol_durable *durable;
	struct pol_open_held *opens; /* answers that wait until their fact is on disk */
	struct pol_facts facts;
	struct pol_settings settings;
	struct link parent, vault, recorder;
	struct { /* whose certificates users log in with; the vault says so */
		bool known;
		uint8_t key[32];
	} users_ca;
	struct pol_hashing *hashing;
	struct pol_dialler *dialler;
	struct pol_worker *workers; /* attached: workers, probes, readers */
	struct pol_reconcile *reconcile;
	struct pol_sealer *sealer;
	struct pol_rekey *rekey;
	struct pol_search *search;
	struct pol_documents *documents;
	struct pol_retention *retention;
	struct pol_rotate *rotate;
	struct pol_cli *cli;
	struct pol_console *console;
	struct pol_ends ends;
	struct pol_rules rules;
	struct pol_backoff *backoff;
	bool recalled; /* the back-off knows of the attempts before this broker */
	struct loop_timer stop;
	uint8_t space_state; /* enum wire_space_state: the recorder says so; 0 = not yet */
	uint64_t space_free, space_total, space_floor;
};
#endif
