#include "webterm/term/panel.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_FULL = 256 * 1024, SERIAL_MAX = 0xffffff, RAW_MODE = 07777 };

static unsigned number_of(const struct web_term_files *f, const struct web_term_job *j)
{
	return (unsigned)(j - f->jobs);
}

struct web_term_job *web_term_job_new(struct web_term_files *f, enum web_term_op op, uint32_t id)
{
	struct web_term_job *free_one = NULL;
	bool transfer = op == WEB_TERM_OP_GET || op == WEB_TERM_OP_PUT;
	unsigned transfers = 0;
	for (unsigned i = 0; i < WEB_TERM_JOBS; i++) {
		struct web_term_job *j = &f->jobs[i];
		transfers += j->op != WEB_TERM_OP_NONE && j->transfer;
		if (j->op == WEB_TERM_OP_NONE && !free_one)
			free_one = j;
	}
	if (!free_one || (transfer && transfers == WEB_TERM_TRANSFERS))
		return NULL;
	*free_one = (struct web_term_job){ .op = op, .id = id, .transfer = transfer };
	buf_init(&free_one->held, WEB_FRAME_CREDIT);
	return free_one;
}

struct web_term_job *web_term_job_find(struct web_term_files *f, uint32_t id)
{
	for (unsigned i = 0; f && i < WEB_TERM_JOBS; i++)
		if (f->jobs[i].op != WEB_TERM_OP_NONE && !f->jobs[i].told && f->jobs[i].id == id)
			return &f->jobs[i];
	return NULL;
}

void web_term_job_drop(struct web_term_job *j)
{
	web_term_job_pop(j, j->n);
	web_term_list_free(j);
	buf_done(&j->held);
	free(j->path);
	free(j->to);
	*j = (struct web_term_job){ 0 };
}

bool web_term_job_may_ask(const struct web_term *t, const struct web_term_job *j)
{
	return j->n < WEB_TERM_DEPTH && t->files->out.len - t->files->out_at < OUT_FULL;
}

struct web_term_asked *web_term_job_ask(struct web_term *t, struct web_term_job *j, struct web_term_sftp_ask *q)
{
	assert(j->n < WEB_TERM_DEPTH);
	j->serial = (j->serial + 1) & SERIAL_MAX;
	q->id = number_of(t->files, j) | j->serial << 8;
	web_term_sftp_put(&t->files->out, q);
	struct web_term_asked *asked = &j->ring[(j->first + j->n++) % WEB_TERM_DEPTH];
	*asked = (struct web_term_asked){ .serial = j->serial, .type = q->type, .at = q->at, .len = q->len };
	buf_init(&asked->data, WEB_TERM_PIECE);
	return asked;
}

void web_term_job_pop(struct web_term_job *j, unsigned n)
{
	for (; n > 0; n--) {
		buf_done(&j->ring[j->first].data);
		j->first = (j->first + 1) % WEB_TERM_DEPTH;
		j->n--;
	}
}

/* ---- its beginning ---- */

static void begin_file(struct web_term *t, struct web_term_job *j)
{
	struct web_term_sftp_ask q = { .type = SFTP_OPEN, .path = span_str(j->path), .flags = SFTP_OPEN_READ };
	if (j->op == WEB_TERM_OP_PUT)
		q.flags = SFTP_OPEN_WRITE | (j->from > 0     ? 0
					     : j->overwrite ? SFTP_OPEN_CREAT | SFTP_OPEN_TRUNC
							    : SFTP_OPEN_CREAT | SFTP_OPEN_EXCL);
	(void)web_term_job_ask(t, j, &q);
}

void web_term_job_begin(struct web_term *t, struct web_term_job *j)
{
	static const uint8_t types[] = {
		[WEB_TERM_OP_LIST] = SFTP_OPENDIR, [WEB_TERM_OP_STAT] = SFTP_LSTAT, [WEB_TERM_OP_REALPATH] = SFTP_REALPATH,
		[WEB_TERM_OP_MKDIR] = SFTP_MKDIR, [WEB_TERM_OP_RENAME] = SFTP_RENAME, [WEB_TERM_OP_REMOVE] = SFTP_REMOVE,
		[WEB_TERM_OP_RMDIR] = SFTP_RMDIR, [WEB_TERM_OP_CHMOD] = SFTP_SETSTAT,
	};
	j->begun = true;
	if (j->transfer) {
		begin_file(t, j);
		return;
	}
	struct web_term_sftp_ask q = { .type = types[j->op], .path = span_str(j->path), .to = span_str(j->to),
		.mode = j->mode & RAW_MODE };
	(void)web_term_job_ask(t, j, &q);
}

/* ---- its end ---- */

static void settle(struct web_term *t, struct web_term_job *j)
{
	if (!j->told || j->n > 0)
		return;
	if (!j->open) {
		web_term_job_drop(j);
		return;
	}
	j->open = false;
	struct web_term_sftp_ask q = { .type = SFTP_CLOSE, .path = span_of(j->handle, j->handle_n) };
	(void)web_term_job_ask(t, j, &q);
}

void web_term_job_over(struct web_term *t, struct web_term_job *j)
{
	j->told = true;
	buf_done(&j->held);
	j->held_at = 0;
	settle(t, j);
}

/* ---- answers ---- */

static struct web_term_asked *find_asked(struct web_term_job *j, uint32_t serial)
{
	for (unsigned i = 0; i < j->n; i++) {
		struct web_term_asked *q = &j->ring[(j->first + i) % WEB_TERM_DEPTH];
		if (q->serial == serial && !q->answered)
			return q;
	}
	return NULL;
}

static bool is_an_act(uint8_t type)
{
	static const uint8_t acts[] = { SFTP_CLOSE, SFTP_WRITE, SFTP_SETSTAT, SFTP_REMOVE, SFTP_MKDIR, SFTP_RMDIR, SFTP_RENAME };
	return memchr(acts, type, sizeof acts) != NULL;
}

/* What may follow what: anything else is no SFTP server. */
static bool is_an_answer(const struct web_term_asked *q, const struct web_term_sftp_answer *a)
{
	switch (a->type) {
	case SFTP_STATUS:
		return a->status == SFTP_EOF  ? q->type == SFTP_READ || q->type == SFTP_READDIR
		       : a->status == SFTP_OK ? is_an_act(q->type)
					      : true;
	case SFTP_HANDLE:
		return (q->type == SFTP_OPEN || q->type == SFTP_OPENDIR) && a->text.n <= 256;
	case SFTP_DATA:
		return q->type == SFTP_READ && a->text.n > 0 && a->text.n <= q->len;
	case SFTP_ATTRS:
		return q->type == SFTP_LSTAT || q->type == SFTP_STAT || q->type == SFTP_FSTAT;
	case SFTP_NAME:
		return q->type == SFTP_READDIR || q->type == SFTP_REALPATH || q->type == SFTP_READLINK;
	default:
		return false;
	}
}

static void on_handle(struct web_term_job *j, struct span handle)
{
	memcpy(j->handle, handle.p, handle.n);
	j->handle_n = handle.n;
	j->open = true;
}

/* An operation that takes one answer. */
static void on_simple(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_answer *a)
{
	struct web_term_sftp_answer names = *a;
	struct web_term_sftp_attributes attributes;
	struct web_term_entry e;
	struct span name;
	if (a->type == SFTP_STATUS) {
		web_term_filed_done(t, j);
	} else if (a->type == SFTP_ATTRS) {
		web_term_list_entry(t, span_str(j->path), &a->attributes, &e);
		web_term_filed_entry(t, j, &e);
		web_term_list_entry_free(&e);
	} else if (a->count > 0 && web_term_sftp_name(&names.names, &name, &attributes)) {
		web_term_filed_path(t, j, name);
	} else {
		t->files->broken = true;
	}
}

static bool is_error(const struct web_term_asked *q, const struct web_term_sftp_answer *a)
{
	bool may_fail = q->type == SFTP_READLINK || (q->type == SFTP_STAT); /* of a link in a list */
	bool over = a->status == SFTP_EOF || a->status == SFTP_OK;
	return a->type == SFTP_STATUS && !over && !may_fail;
}

/* Version 3 has one number for all kinds of failure: is it that the new name is taken? */
static bool looks_why(struct web_term *t, struct web_term_job *j, const struct web_term_asked *q, const struct web_term_sftp_answer *a)
{
	bool fresh = j->op == WEB_TERM_OP_PUT && q->type == SFTP_OPEN && !j->overwrite && j->from == 0;
	if (a->status != SFTP_FAILURE || j->why || !(fresh || j->op == WEB_TERM_OP_MKDIR || j->op == WEB_TERM_OP_RENAME))
		return false;
	struct web_term_sftp_ask look = { .type = SFTP_LSTAT, .path = span_str(j->to ? j->to : j->path) };
	j->why = true;
	(void)web_term_job_ask(t, j, &look);
	return true;
}

void web_term_job_answer(struct web_term *t, const struct web_term_sftp_answer *a)
{
	struct web_term_files *f = t->files;
	struct web_term_job *j = (a->id & 0xff) < WEB_TERM_JOBS ? &f->jobs[a->id & 0xff] : NULL;
	struct web_term_asked *q = j && j->op != WEB_TERM_OP_NONE ? find_asked(j, a->id >> 8) : NULL;
	if (!q || !is_an_answer(q, a)) {
		f->broken = true;
		return;
	}
	q->answered = true;
	if (a->type == SFTP_HANDLE)
		on_handle(j, a->text);
	if (j->told) {
		/* nobody waits for it */
	} else if (j->why) {
		bool taken = a->type == SFTP_ATTRS;
		web_term_filed_say(t, j, taken ? "exists" : "failed", taken ? WEB_TERM_SAY_EXISTS : WEB_TERM_SAY_FAILED);
	} else if (is_error(q, a)) {
		if (!looks_why(t, j, q, a))
			web_term_filed_status(t, j, a);
	} else if (j->op == WEB_TERM_OP_LIST) {
		web_term_list_answer(t, j, q, a);
	} else if (j->op == WEB_TERM_OP_GET) {
		web_term_get_answer(t, j, q, a);
	} else if (j->op == WEB_TERM_OP_PUT) {
		web_term_put_answer(t, j, q, a);
	} else {
		on_simple(t, j, a);
	}
	while (j->n > 0 && j->ring[j->first].answered && (j->told || j->op != WEB_TERM_OP_GET))
		web_term_job_pop(j, 1);
	settle(t, j);
}

void web_term_job_pump(struct web_term *t, struct web_term_job *j)
{
	if (j->op == WEB_TERM_OP_NONE || j->told)
		return;
	if (!j->begun && web_term_job_may_ask(t, j))
		web_term_job_begin(t, j);
	if (j->op == WEB_TERM_OP_LIST)
		web_term_list_pump(t, j);
	else if (j->op == WEB_TERM_OP_GET)
		web_term_get_pump(t, j);
	else if (j->op == WEB_TERM_OP_PUT)
		web_term_put_pump(t, j);
}
