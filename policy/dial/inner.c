#include "policy/dial/inner.h"
#include "policy/worker.h"
#include <stdio.h>

void pol_inner_is(struct pol_worker *w, const struct pol_inner *who)
{
	w->door = who->door;
	w->through.root = who->root;
	(void)snprintf(w->through.target, sizeof w->through.target, "%s", who->target);
	w->through.port = who->port;
	w->user_id = who->user_id;
	w->certificate = who->certificate;
	(void)snprintf(w->user, sizeof w->user, "%s", who->user);
	if (who->door == WIRE_DOOR_FORWARD)
		w->permit.state = POL_CHOOSE;
	else /* no second banner */
		(void)link_sent(&w->link, wire_welcome_queue(w->link.q, &(struct wire_welcome){ 0 }, -1));
}
