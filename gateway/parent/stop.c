#include "gateway/parent/stop.h"
#include "gateway/core/log.h"
#include "gateway/parent/parent.h"
#include <stdlib.h>

enum { DEADLINE_US = 3 * 1000 * 1000 };

static const char goodbye[] = "The gateway is shutting down. 网关正在停止。";

bool gw_stop_is_on(const struct gw_parent *p)
{
	return p->stop.on;
}

static void go_on(struct gw_parent *p)
{
	struct gw_stop *s = &p->stop;
	if (!gw_pool_is_empty(&p->pool))
		return;
	while (s->next < GW_ROLES_STOPS && gw_service_alive(p, gw_roles_stops[s->next]) == 0)
		if (++s->next < GW_ROLES_STOPS)
			(void)gw_service_stop(p, gw_roles_stops[s->next]);
	if (s->next == GW_ROLES_STOPS)
		loop_stop(p->loop, EXIT_SUCCESS);
}

void gw_stop_service_gone(struct gw_parent *p)
{
	go_on(p);
}

void gw_stop_child_gone(struct gw_parent *p)
{
	if (!gw_pool_is_empty(&p->pool))
		return;
	(void)gw_service_stop(p, gw_roles_stops[p->stop.next]);
	go_on(p);
}

static void on_deadline(void *ctx)
{
	struct gw_parent *p = ctx;
	log_ev(LOG_LEVEL_WARN, "stop.forced");
	gw_pool_kill_all(&p->pool);
	gw_service_kill_all(p);
	loop_stop(p->loop, EXIT_SUCCESS);
}

void gw_stop_begin(struct gw_parent *p)
{
	if (p->stop.on)
		return;
	log_ev(LOG_LEVEL_INFO, "stopping");
	p->stop = (struct gw_stop){ .on = true, .deadline = { .fire = on_deadline, .ctx = p } };
	loop_timer_set(p->loop, &p->stop.deadline, DEADLINE_US);
	gw_listen_stop_all(p);
	gw_pool_stop(p, goodbye);
	gw_stop_child_gone(p);
}
