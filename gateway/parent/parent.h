#ifndef GATEWAY_PARENT_H
#define GATEWAY_PARENT_H
#include "gateway/parent/client.h"
#include "gateway/core/conf.h"
#include "gateway/parent/files.h"
#include "gateway/parent/listen.h"
#include "gateway/parent/pool.h"
#include "gateway/parent/rekey.h"
#include "gateway/parent/roles.h"
#include "gateway/parent/service.h"
#include "gateway/parent/stop.h"
struct loop;
/*
 * parent - all that yanmend is: one struct, in main.c, that its files share.
 *
 * Owns:    everything in it; it lives as long as the process.
 * Trust:   services are our own; workers and readers may be taken over by a client, and then say anything within their
 *          permit table; a client's bytes never come here.
 */
struct gw_parent {
	struct conf conf;
	struct loop *loop;
	struct gw_files files;
	struct gw_listen listen[1 + 2 * CONF_DOORS_MAX];
	size_t listens;
	int browsers; /* the listening socket of the console; -1: there is none */
	struct gw_service services[GW_ROLES_SERVICES];
	struct gw_pool pool;
	struct gw_clients clients;
	struct gw_stop stop;
	struct gw_rekey rekey;
};
#endif
