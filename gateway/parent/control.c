#include "gateway/parent/control.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "gateway/parent/parent.h"
#include <errno.h>

int gw_control_taken(struct gw_parent *p, struct span body, struct err *err)
{
	struct wire_control m;
	int r = wire_control_get(body, &m, err);
	if (r < 0)
		return r;
	if (m.op < WIRE_END_SESSION || m.op > WIRE_NOTICE)
		return fault(err, -EBADMSG, "", "control op %u", m.op);
	struct gw_child *c = gw_pool_find(&p->pool, m.worker);
	if (!c)
		return 0;
	log_ev(LOG_LEVEL_INFO, "worker.control", LOG_N("worker", m.worker), LOG_N("op", m.op));
	if (m.op == WIRE_END_SESSION)
		gw_child_end(c, m.reason);
	else
		gw_child_control(c, m.op, m.reason);
	return 0;
}

/* Who may do that job?  A forward carries bytes, and a look at a database is of its protocol. */
static bool may_do(const struct gw_parent *p, const struct wire_want *m)
{
	bool sql = m->role == WIRE_MYSQL || m->role == WIRE_TDS;

	switch (m->job) {
	case WIRE_JOB_SESSION:
	case WIRE_JOB_PROBE:
		return m->role == WIRE_SSH || (sql && m->door != WIRE_DOOR_FORWARD && gw_roles_is_used(gw_roles_of(m->role), &p->conf));
	case WIRE_JOB_READ:
		return m->role == WIRE_READER;
	default:
		return m->role == WIRE_TERM;
	}
}

/* A session without an outer worker is a browser's: its address must be one. */
static bool makes_sense(const struct gw_parent *p, const struct wire_want *m, int fd)
{
	bool session = m->job == WIRE_JOB_SESSION;
	bool inner = m->door == WIRE_DOOR_INNER || (m->outer && m->door == WIRE_DOOR_FORWARD);

	if (m->job < WIRE_JOB_SESSION || m->job > WIRE_JOB_TERM || !may_do(p, m) || (session || m->job == WIRE_JOB_TERM) != (fd >= 0))
		return false;
	return session ? inner && (m->outer || gw_client_is_address(m->address)) : m->door == WIRE_DOOR_CLIENT;
}

int gw_control_wanted(struct gw_parent *p, struct span body, int *fd, struct err *err)
{
	struct wire_want m;
	int r = wire_want_get(body, &m, err);
	if (r < 0)
		return r;
	if (!makes_sense(p, &m, *fd))
		return fault(err, -EBADMSG, "", "want job %u of %s, door %u", m.job, wire_role_name(m.role), m.door);
	if (gw_stop_is_on(p))
		return 0;
	if (m.job == WIRE_JOB_SESSION) {
		gw_clients_inner(p, &m, take_fd(*fd));
		return 0;
	}
	struct gw_job *job = gw_client_probe(p, m.ticket, m.job, m.role);
	if (!job)
		return 0; /* the broker's own deadline tells the person */
	job->fd = take_fd(*fd);
	if (m.job == WIRE_JOB_READ)
		gw_pool_read(&p->pool, job);
	else
		gw_pool_submit(&p->pool, job);
	return 0;
}
