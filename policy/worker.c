#include "policy/worker.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "policy/broker.h"
#include "policy/console/terminal.h"
#include "policy/console/visit.h"
#include "policy/dial/again.h"
#include "policy/dial/jump.h"
#include "policy/dial/target.h"
#include "policy/file.h"
#include "policy/greeting.h"
#include "policy/keep/reading.h"
#include "policy/login/menu.h"
#include "policy/open.h"
#include "policy/peers.h"
#include "policy/sql/permit.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char say_restarted[] = "Yanmen was restarted. Please log in again. / 雁门已重启，请重新登录。";

struct pol_worker *pol_worker_find(struct pol_broker *b, uint64_t id)
{
	struct pol_worker *w = b->workers;

	while (w && w->id != id)
		w = w->next;
	return w;
}

const char *pol_worker_door(const struct pol_worker *w)
{
	return w->job == WIRE_JOB_VISIT ? "web" : pol_worker_is_sql(w) ? "sql" : "ssh";
}

bool pol_worker_is_sql(const struct pol_worker *w)
{
	return w->role == WIRE_MYSQL || w->role == WIRE_TDS;
}

const char *pol_worker_protocol(const struct pol_worker *w)
{
	return w->role == WIRE_MYSQL ? "mysql" : w->role == WIRE_TDS ? "tds" : "ssh";
}

void pol_worker_control(struct pol_broker *b, uint64_t worker, uint8_t op, const char *reason)
{
	struct wire_control m = { .worker = worker, .op = op, .reason = span_str(reason) };
	struct pol_worker *w = op == WIRE_END_SESSION ? pol_worker_find(b, worker) : NULL;

	if (w && w->job == WIRE_JOB_VISIT)
		link_cut(&w->link);
	else if (link_is_open(&b->parent))
		(void)link_sent(&b->parent, wire_control_queue(b->parent.q, &m, -1));
	if (w && !w->told[0])
		(void)snprintf(w->told, sizeof w->told, "%s", reason);
}

void pol_worker_break(struct pol_worker *w, const char *what)
{
	struct pol_fact f;
	struct err err;

	if (w->broken)
		return;
	w->broken = true;
	log_ev(LOG_LEVEL_ERROR, "worker.broken", LOG_S("worker", w->name), LOG_S("what", what),
		LOG_S("state", pol_permits_state_name(w->permit.state)));
	pol_fact_open(&f);
	pol_fact_text(&f, "worker", span_str(w->name));
	pol_fact_text(&f, "address", span_str(w->address));
	pol_fact_text(&f, "what", span_str(what));
	if (w->user[0])
		pol_fact_text(&f, "user", span_str(w->user));
	pol_fact_text(&f, "actor", span_str("system"));
	if (pol_facts_put(&w->b->facts, "worker.broken", &f, &err) < 0)
		log_err(LOG_LEVEL_ERROR, "audit.lost", &err);
	pol_worker_control(
		w->b, w->id, WIRE_END_SESSION, "This connection broke the gateway's rules. / 连接违反网关规则。");
}

static void got_end(struct pol_worker *w, const struct wire_end *m)
{
	pol_session_end(&w->b->facts, &w->session,
		&(struct pol_session_end){
			.state = "closed", .reason = m->reason, .in_bytes = m->in_bytes, .out_bytes = m->out_bytes });
	if (link_is_open(&w->link))
		(void)link_sent(&w->link, wire_end_answer_queue(w->link.q, &(struct wire_end_answer){ 0 }, -1));
}

static void got_reached(struct pol_worker *w, const struct wire_reached *m)
{
	pol_session_reached(&w->b->facts, &w->session, m);
	if (m->outcome == WIRE_REACHED_OK)
		return;
	w->permit.state = POL_FAILED;
	pol_session_end(&w->b->facts, &w->session, &(struct pol_session_end){ .state = "closed", .reason = m->detail });
}

/* What an earlier broker knew of this client is gone. */
static void got_lost(struct pol_worker *w, uint16_t type)
{
	if (type == WIRE_T_factor)
		pol_factor_answer(w, WIRE_FACTOR_UNAVAILABLE, say_restarted);
	else if (type == WIRE_T_targets)
		(void)link_sent(
			&w->link, wire_targets_answer_queue(w->link.q,
					  &(struct wire_targets_answer){ .say = span_str(say_restarted) }, -1));
	else
		(void)link_sent(
			&w->link, wire_deny_queue(w->link.q,
					  &(struct wire_deny){ .code = -EAGAIN, .say = span_str(say_restarted) }, -1));
}

union said {
	struct wire_login login;
	struct wire_login_scramble login_scramble;
	struct wire_statement statement;
	struct wire_thread thread;
	struct wire_thread_of thread_of;
	struct wire_again again;
	struct wire_permit permit;
	struct wire_permit_done permit_done;
	struct wire_factor factor;
	struct wire_targets targets;
	struct wire_target target;
	struct wire_reached reached;
	struct wire_open open;
	struct wire_jump jump;
	struct wire_file file;
	struct wire_refused refused;
	struct wire_end end;
	struct wire_enter enter;
	struct wire_passkey_begin passkey_begin;
	struct wire_passkey_use passkey_use;
};

/* True when the type is one of a client's worker and its body is whole. */
static int said_get(uint16_t type, struct span body, union said *m)
{
	switch (type) {
	case WIRE_T_login:
		return wire_login_get(body, &m->login, NULL);
	case WIRE_T_login_scramble:
		return wire_login_scramble_get(body, &m->login_scramble, NULL);
	case WIRE_T_statement:
		return wire_statement_get(body, &m->statement, NULL);
	case WIRE_T_thread:
		return wire_thread_get(body, &m->thread, NULL);
	case WIRE_T_thread_of:
		return wire_thread_of_get(body, &m->thread_of, NULL);
	case WIRE_T_again:
		return wire_again_get(body, &m->again, NULL);
	case WIRE_T_permit:
		return wire_permit_get(body, &m->permit, NULL);
	case WIRE_T_permit_done:
		return wire_permit_done_get(body, &m->permit_done, NULL);
	case WIRE_T_factor:
		return wire_factor_get(body, &m->factor, NULL);
	case WIRE_T_targets:
		return wire_targets_get(body, &m->targets, NULL);
	case WIRE_T_target:
		return wire_target_get(body, &m->target, NULL);
	case WIRE_T_reached:
		return wire_reached_get(body, &m->reached, NULL);
	case WIRE_T_open:
		return wire_open_get(body, &m->open, NULL);
	case WIRE_T_jump:
		return wire_jump_get(body, &m->jump, NULL);
	case WIRE_T_file:
		return wire_file_get(body, &m->file, NULL);
	case WIRE_T_refused:
		return wire_refused_get(body, &m->refused, NULL);
	case WIRE_T_end:
		return wire_end_get(body, &m->end, NULL);
	case WIRE_T_enter:
		return wire_enter_get(body, &m->enter, NULL);
	case WIRE_T_passkey_begin:
		return wire_passkey_begin_get(body, &m->passkey_begin, NULL);
	case WIRE_T_passkey_use:
		return wire_passkey_use_get(body, &m->passkey_use, NULL);
	default:
		return -EBADMSG;
	}
}

static void said_do(struct pol_worker *w, uint16_t type, const union said *m)
{
	/* A grant that an earlier broker was about to give never arrived: its session ends with the worker. */
	if ((w->permit.state == POL_LOST && type != WIRE_T_jump && type != WIRE_T_refused) || (type == WIRE_T_target && w->permit.state == POL_FAILED)) {
		got_lost(w, type);
		return;
	}
	switch (type) {
	case WIRE_T_login:
		pol_login_ask(w, &m->login);
		break;
	case WIRE_T_login_scramble:
		pol_login_scramble(w, &m->login_scramble);
		break;
	case WIRE_T_statement:
		pol_statement_told(w, &m->statement);
		break;
	case WIRE_T_thread:
		w->thread = m->thread.thread;
		break;
	case WIRE_T_thread_of:
		pol_statement_thread(w, m->thread_of.thread);
		break;
	case WIRE_T_again:
		pol_again_ask(w);
		break;
	case WIRE_T_permit:
		pol_sql_permit_ask(w, &m->permit);
		break;
	case WIRE_T_permit_done:
		pol_sql_permit_done(w, &m->permit_done);
		break;
	case WIRE_T_factor:
		pol_factor_ask(w, &m->factor);
		break;
	case WIRE_T_targets:
		pol_menu_ask(w, &m->targets);
		break;
	case WIRE_T_target:
		pol_target_ask(w, &m->target);
		break;
	case WIRE_T_reached:
		got_reached(w, &m->reached);
		break;
	case WIRE_T_open:
		pol_open_ask(w, &m->open);
		break;
	case WIRE_T_jump:
		pol_jump_ask(w, &m->jump);
		break;
	case WIRE_T_file:
		pol_file_told(w, &m->file);
		break;
	case WIRE_T_refused:
		pol_jump_refused(w, &m->refused);
		break;
	case WIRE_T_enter:
		pol_visit_enter(w->visit, &m->enter);
		break;
	case WIRE_T_passkey_begin:
		pol_passkey_begin(w);
		break;
	case WIRE_T_passkey_use:
		pol_passkey_use(w, &m->passkey_use);
		break;
	default:
		got_end(w, &m->end);
	}
}

static int answer_get(uint16_t type, struct span body, union pol_reply *m, uint64_t *ret_ticket)
{
	int r = -EBADMSG;

	if (type == WIRE_T_probe_answer) {
		r = wire_probe_answer_get(body, &m->probe, NULL);
		*ret_ticket = r < 0 ? 0 : m->probe.ticket;
	} else if (type == WIRE_T_rotate_answer) {
		r = wire_rotate_answer_get(body, &m->rotate, NULL);
		*ret_ticket = r < 0 ? 0 : m->rotate.ticket;
	} else if (type == WIRE_T_read_opened) {
		r = wire_read_opened_get(body, &m->read_opened, NULL);
		*ret_ticket = r < 0 ? 0 : m->read_opened.ticket;
	} else if (type == WIRE_T_read_done) {
		r = wire_read_done_get(body, &m->read_done, NULL);
		*ret_ticket = r < 0 ? 0 : m->read_done.ticket;
	} else if (type == WIRE_T_frames) {
		r = wire_frames_get(body, &m->frames, NULL);
	}
	return r;
}

static void worker_got(void *ctx, struct link_msg *m)
{
	struct pol_worker *w = ctx;
	union said said;
	union pol_reply reply;
	uint64_t ticket = 0;

	if (w->broken || w->unresolved)
		return;
	bool helper = w->job == WIRE_JOB_PROBE || w->job == WIRE_JOB_READ;
	int r = permit_step(&w->permit, m->type);
	if (r == 0)
		r = helper ? answer_get(m->type, m->body, &reply, &ticket) : said_get(m->type, m->body, &said);
	if (r < 0 || m->fd >= 0)
		pol_worker_break(w, wire_type_name(m->type));
	else if (m->type == WIRE_T_frames)
		pol_reading_lines(w, reply.frames.frames);
	else if (helper)
		(void)pol_ask_answer(&w->b->asks, m->type, ticket, &reply);
	else
		said_do(w, m->type, &said);
}

static void worker_free(struct pol_worker *w);

static void worker_lost(void *ctx, const struct err *why)
{
	struct pol_worker *w = ctx;

	if (why->code != -EPIPE)
		pol_worker_break(w, "no message");
	if (w->job == WIRE_JOB_VISIT)
		worker_free(w);
	/* Of others `gone` follows, with the reason. */
}

static struct pol_worker *worker_new(struct pol_broker *b, uint64_t id, uint8_t job, struct span address)
{
	struct pol_worker *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->b = b;
	w->id = id;
	w->job = job;
	(void)snprintf(w->name, sizeof w->name, "%" PRIu64, w->id);
	(void)snprintf(
		w->address, sizeof w->address, "%.*s", (int)(address.n < 63 ? address.n : 63), (const char *)address.p);
	w->permit = pol_permits_of(job, job == WIRE_JOB_PROBE  ? POL_PROBE
					: job == WIRE_JOB_READ ? POL_READ
							       : POL_LOGIN);
	pol_login_init(&w->login, w);
	pol_factor_init(&w->factor, w);
	pol_passkey_init(&w->passkey, w);
	w->link = (struct link){ .got = worker_got, .lost = worker_lost, .ctx = w };
	w->next = b->workers;
	b->workers = w;
	return w;
}

struct pol_worker *pol_worker_visit(struct pol_broker *b, struct pol_visit *visit, uint64_t id, struct span address, int fd)
{
	struct pol_worker *w = worker_new(b, id, WIRE_JOB_VISIT, address);
	struct err err = { 0 };

	w->visit = visit;
	if (link_open(&w->link, b->loop, fd, LINK_QUEUE, &err) == 0)
		return w;
	log_err(LOG_LEVEL_ERROR, "visit.open", &err);
	w->visit = NULL;
	worker_free(w);
	return NULL;
}

void pol_worker_attach(struct pol_broker *b, const struct wire_attach *m, int fd)
{
	struct pol_worker *w = worker_new(b, m->worker, m->job, m->address);
	struct err err = { 0 };

	w->role = m->role;
	(void)snprintf(w->bound, sizeof w->bound, "%.*s", (int)m->target.n, m->target.n ? (const char *)m->target.p : "");
	if (pol_worker_is_sql(w) && m->job == WIRE_JOB_SESSION)
		w->permit = pol_permits_sql();
	w->unresolved = m->resumed && m->job == WIRE_JOB_SESSION;
	if (link_open(&w->link, b->loop, fd, LINK_QUEUE, &err) < 0) {
		log_err(LOG_LEVEL_ERROR, "worker.attach", &err);
		return;
	}
	if (w->unresolved)
		link_pause(&w->link, true);
	else if (m->job == WIRE_JOB_SESSION && !m->ticket)
		pol_greeting_welcome(w);
	else if (pol_ask_answer(&b->asks, WIRE_T_attach, m->ticket, &(union pol_reply){ .worker = w }))
		return;
	else if (m->job == WIRE_JOB_SESSION) /* nobody wants it any more */
		pol_worker_control(b, w->id, WIRE_END_SESSION, say_restarted);
	else
		link_close(&w->link); /* it ends */
}

void pol_worker_resolve(struct pol_worker *w, const struct pol_session *session)
{
	if (!w->unresolved)
		return;
	w->unresolved = false;
	if (session) {
		w->session = *session;
		w->user_id = session->user_id;
		w->certificate = session->certificate;
		(void)snprintf(w->user, sizeof w->user, "%s", session->user);
	}
	w->permit.state = session ? POL_RESUMED : POL_LOST;
	link_pause(&w->link, false);
}

/* Why it ended, for who reads the session list. */
static void death(int64_t status, bool broken, char *ret, size_t size)
{
	int s = (int)status;

	if (broken)
		(void)snprintf(ret, size, "the connection broke the gateway's rules");
	else if (WIFSIGNALED(s))
		(void)snprintf(ret, size, "worker crashed (signal %d)", WTERMSIG(s));
	else if (WEXITSTATUS(s) == WIRE_EXIT_UNRECORDED)
		(void)snprintf(ret, size, "the recorder was lost");
	else
		(void)snprintf(ret, size, "worker ended without a word (status %d)", WEXITSTATUS(s));
}

static void worker_free(struct pol_worker *w)
{
	struct pol_worker **at = &w->b->workers;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	pol_statement_done(w);
	pol_target_drop(w);
	pol_again_drop(w);
	pol_jump_drop(w);
	pol_login_done(w);
	pol_factor_done(w);
	pol_passkey_done(w);
	pol_query_drop(&w->b->sql, w);
	pol_ask_drop(&w->b->asks, w);
	link_close(&w->link);
	if (w->visit)
		pol_visit_gone(w->visit);
	free(w);
}

void pol_worker_free_all(struct pol_broker *b)
{
	while (b->workers)
		worker_free(b->workers);
}

void pol_worker_gone(struct pol_broker *b, const struct wire_gone *m)
{
	struct pol_worker *w = pol_worker_find(b, m->worker);
	char reason[256];

	if (!w)
		return;
	link_drain(&w->link);
	if (w->owes)
		pol_ask_fail(&b->asks, w->owes, -EPIPE);
	/* Told to end before it had read its grant, it knew of no session to end. */
	bool obeyed = m->status == 0 && w->told[0] && !w->broken;
	if (obeyed)
		(void)snprintf(reason, sizeof reason, "%s", w->told);
	else
		death(m->status, w->broken, reason, sizeof reason);
	if (w->session.on && !obeyed)
		log_ev(LOG_LEVEL_WARN, "session.crashed", LOG_S("worker", w->name), LOG_S("reason", reason));
	pol_session_end(&b->facts, &w->session,
		&(struct pol_session_end){ .state = obeyed ? "closed" : "crashed", .reason = span_str(reason) });
	if (!id_is_zero(&w->session.id))
		pol_peers_forget(b, w->id); /* a secret that it never took */
	pol_terminal_worker_gone(b->console, w->id);
	worker_free(w);
}
