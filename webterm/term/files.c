#include "webterm/term/files.h"
#include "gateway/core/charset.h"
#include "webterm/term/panel.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* in: new bytes are taken while it holds less than a packet. */
enum { IN_TAKE = WEB_TERM_SFTP_MAX + 4, PEER_MAX = 4 * 1024 * 1024, OUT_MAX = 2 * 1024 * 1024, WORDS_MAX = 1024, WRITE_MAX = 32 * 1024,
	PACKETS = 64 /* a turn */ };

/* ---- what libssh calls, from inside any of its functions ---- */

static int on_data(ssh_session session, ssh_channel channel, void *p, uint32_t n, int is_err, void *ctx)
{
	(void)session;
	(void)channel;
	struct web_term_files *f = ctx;
	if (is_err) {
		size_t room = WORDS_MAX - f->words.len;
		buf_put(&f->words, p, n < room ? n : room);
		return (int)n;
	}
	f->broken |= n > PEER_MAX;
	f->more = f->in.len - f->in_at >= IN_TAKE;
	if (f->more || f->broken)
		return 0;
	buf_put(&f->in, p, n);
	return (int)n;
}

static void rescue(struct web_term_files *f)
{
	if (!f->more)
		return;
	f->more = false;
	int n = ssh_channel_poll(f->channel, 0);
	uint8_t *room = n > 0 ? buf_room(&f->in, (size_t)n) : NULL;
	n = room ? ssh_channel_read_nonblocking(f->channel, room, (uint32_t)n, 0) : 0;
	if (n > 0)
		buf_grew(&f->in, (size_t)n);
}

static void on_close(ssh_session session, ssh_channel channel, void *ctx)
{
	(void)session;
	(void)channel;
	struct web_term_files *f = ctx;
	rescue(f);
	f->closed = true;
}

/* ---- the channel ---- */

static struct web_term_files *files_new(void)
{
	struct web_term_files *f = calloc(1, sizeof *f);
	if (!f)
		abort();
	buf_init(&f->in, 2 * PEER_MAX);
	buf_init(&f->out, OUT_MAX);
	buf_init(&f->words, WORDS_MAX);
	return f;
}

static void close_channel(struct web_term_files *f)
{
	if (f->channel) {
		ssh_remove_channel_callbacks(f->channel, &f->callbacks);
		(void)ssh_channel_close(f->channel);
		ssh_channel_free(f->channel);
	}
	buf_done(&f->in);
	buf_done(&f->out);
	buf_done(&f->words);
	f->channel = NULL;
	f->in_at = f->out_at = 0;
	f->more = f->broken = f->closed = f->was_up = false;
	f->phase = WEB_TERM_CHANNEL_NONE;
}

struct web_term_files *web_term_files_free(struct web_term_files *f, struct web_term *t)
{
	if (!f)
		return NULL;
	for (unsigned i = 0; i < WEB_TERM_JOBS; i++) {
		struct web_term_job *j = &f->jobs[i];
		if (j->op != WEB_TERM_OP_NONE && !j->told)
			web_term_filed_refuse(t, j->id, "lost", span_str(web_term_say(t->zh, WEB_TERM_SAY_LOST)));
		if (j->op != WEB_TERM_OP_NONE)
			web_term_job_drop(j);
	}
	close_channel(f);
	free(f);
	return NULL;
}

/* The channel has gone: everybody is told, the next request opens another. */
static void lose(struct web_term *t)
{
	struct web_term_files *f = t->files;
	const char *code = "lost";
	struct span say = span_str(web_term_say(t->zh, WEB_TERM_SAY_LOST));
	if (!f->was_up && !f->broken) {
		struct span worker = web_term_say_worker(buf_span(&f->words));
		say = worker.n > 0 ? worker : span_str(web_term_say(t->zh, WEB_TERM_SAY_NO_SFTP));
		(void)snprintf(f->refused, sizeof f->refused, "%.*s", (int)say.n, (const char *)say.p);
		say = span_str(f->refused);
		code = "refused";
	}
	for (unsigned i = 0; i < WEB_TERM_JOBS; i++) {
		struct web_term_job *j = &f->jobs[i];
		if (j->op != WEB_TERM_OP_NONE && !j->told)
			web_term_filed_refuse(t, j->id, code, say);
		if (j->op != WEB_TERM_OP_NONE)
			web_term_job_drop(j);
	}
	close_channel(f);
}

static int create(struct web_term *t)
{
	struct web_term_files *f = t->files;
	f->channel = ssh_channel_new(t->client.ssh);
	if (!f->channel)
		return SSH_ERROR;
	f->callbacks = (struct ssh_channel_callbacks_struct){
		.userdata = f,
		.channel_data_function = on_data,
		.channel_close_function = on_close,
	};
	ssh_callbacks_init(&f->callbacks);
	(void)ssh_set_channel_callbacks(f->channel, &f->callbacks);
	return SSH_OK;
}

static int open_step(struct web_term *t)
{
	struct web_term_files *f = t->files;
	switch (f->phase) {
	case WEB_TERM_CHANNEL_NONE:
		return create(t);
	case WEB_TERM_CHANNEL_OPEN:
		return ssh_channel_open_session(f->channel);
	case WEB_TERM_CHANNEL_REQUEST: {
		int r = ssh_channel_request_subsystem(f->channel, "sftp");
		if (r == SSH_OK)
			web_term_sftp_hello(&f->out);
		return r;
	}
	default:
		return SSH_AGAIN; /* up when the server has said its version */
	}
}

static void open_channel(struct web_term *t)
{
	while (t->files->phase < WEB_TERM_CHANNEL_HELLO) {
		int r = open_step(t);
		if (r == SSH_AGAIN)
			return;
		if (r != SSH_OK) {
			t->files->closed = true;
			return;
		}
		t->files->phase++;
	}
}

/* ---- bytes ---- */

static void on_packet(struct web_term *t, const struct web_term_sftp_answer *a)
{
	struct web_term_files *f = t->files;
	if (f->phase == WEB_TERM_CHANNEL_UP) {
		web_term_job_answer(t, a);
	} else if (a->type == SFTP_VERSION && a->id == 3) {
		f->phase = WEB_TERM_CHANNEL_UP;
		f->was_up = true;
	} else {
		f->broken = true;
	}
}

/* Answers are read while the browser takes what they give. */
static void read_answers(struct web_term *t, bool *moved)
{
	struct web_term_files *f = t->files;
	for (int i = 0; i < PACKETS && !f->broken && web_term_desk_is_free(&t->desk); i++) {
		struct web_term_sftp_answer a;
		if (f->in_at == f->in.len && !f->closed)
			rescue(f);
		if (f->in_at == f->in.len)
			break;
		int n = web_term_sftp_get(span_of(f->in.data + f->in_at, f->in.len - f->in_at), &a);
		f->broken |= n < 0;
		if (n == 0 && f->more && !f->closed) { /* the rest of this one lies in libssh */
			rescue(f);
			continue;
		}
		if (n <= 0)
			break;
		on_packet(t, &a);
		f->in_at += (size_t)n;
		*moved = true;
	}
	if (f->in_at == f->in.len) {
		buf_done(&f->in);
		f->in_at = 0;
	} else if (f->in_at > f->in.len / 2) { /* each byte is moved once at most */
		buf_drop(&f->in, f->in_at);
		f->in_at = 0;
	}
}

static void write_requests(struct web_term *t, bool *moved)
{
	struct web_term_files *f = t->files;
	while (f->out_at < f->out.len && web_term_client_takes(&t->client)) {
		size_t n = f->out.len - f->out_at, window = ssh_channel_window_size(f->channel);
		n = n < WRITE_MAX ? n : WRITE_MAX;
		n = n < window ? n : window;
		int w = n > 0 ? web_term_client_write(&t->client, f->channel, span_of(f->out.data + f->out_at, n)) : 0;
		if (w <= 0) {
			f->closed |= w < 0;
			return;
		}
		f->out_at += (size_t)w;
		*moved = true;
	}
	if (f->out_at == f->out.len) {
		buf_done(&f->out);
		f->out_at = 0;
	} else if (f->out_at > f->out.len / 2) {
		buf_drop(&f->out, f->out_at);
		f->out_at = 0;
	}
}

static bool has_jobs(const struct web_term_files *f)
{
	for (unsigned i = 0; i < WEB_TERM_JOBS; i++)
		if (f->jobs[i].op != WEB_TERM_OP_NONE)
			return true;
	return false;
}

void web_term_files_step(struct web_term *t, bool *moved)
{
	struct web_term_files *f = t->files;
	if (!f || (f->phase == WEB_TERM_CHANNEL_NONE && !has_jobs(f)) || t->shell.phase < WEB_TERM_SHELL_RUN)
		return;
	open_channel(t);
	if (f->phase >= WEB_TERM_CHANNEL_HELLO) {
		read_answers(t, moved);
		for (unsigned i = 0; f->phase == WEB_TERM_CHANNEL_UP && i < WEB_TERM_JOBS; i++)
			web_term_job_pump(t, &f->jobs[i]);
		if (!f->closed)
			write_requests(t, moved);
	}
	bool read = f->in_at == f->in.len || !web_term_desk_is_free(&t->desk);
	if (f->broken || f->out.failed || f->in.failed || (f->closed && (read || f->phase != WEB_TERM_CHANNEL_UP)))
		lose(t);
}

/* ---- what the browser asks ---- */

static const struct {
	const char *name;
	enum web_term_op op;
} ops[] = {
	{ "list", WEB_TERM_OP_LIST }, { "stat", WEB_TERM_OP_STAT }, { "realpath", WEB_TERM_OP_REALPATH }, { "mkdir", WEB_TERM_OP_MKDIR },
	{ "rename", WEB_TERM_OP_RENAME }, { "remove", WEB_TERM_OP_REMOVE }, { "rmdir", WEB_TERM_OP_RMDIR },
	{ "chmod", WEB_TERM_OP_CHMOD }, { "get", WEB_TERM_OP_GET }, { "put", WEB_TERM_OP_PUT },
};

static enum web_term_op op_of(const json_t *o)
{
	const char *name = json_string_value(json_object_get(o, "op"));
	for (size_t i = 0; name && i < sizeof ops / sizeof *ops; i++)
		if (strcmp(ops[i].name, name) == 0)
			return ops[i].op;
	return WEB_TERM_OP_NONE;
}

/* In the target's character set; NULL when there is none, or one that no target has. */
static char *path_of(const struct web_term *t, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	size_t n = json_string_length(v);
	if (n == 0 || n > WEB_TERM_PATH_MAX)
		return NULL;
	struct buf b;
	buf_init(&b, 2 * WEB_TERM_PATH_MAX);
	charset_from_utf8(t->charset, span_of(json_string_value(v), n), &b);
	char *path = b.failed ? NULL : strdup(buf_str(&b));
	buf_done(&b);
	return path;
}

static bool number_of(const json_t *o, const char *key, uint64_t most, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);
	json_int_t n = json_integer_value(v);
	if (v && (!json_is_integer(v) || n < 0 || (uint64_t)n > most))
		return false;
	*ret = (uint64_t)n;
	return true;
}

static bool read_request(struct web_term *t, const json_t *o, struct web_term_job *j)
{
	uint64_t mode = 0;
	j->path = path_of(t, o, "path");
	j->to = j->op == WEB_TERM_OP_RENAME ? path_of(t, o, "to") : NULL;
	j->overwrite = json_is_true(json_object_get(o, "overwrite"));
	bool good = number_of(o, "mode", 07777, &mode) && number_of(o, "from", INT64_MAX, &j->from);
	j->mode = (uint32_t)mode;
	return good && j->path && (j->to || j->op != WEB_TERM_OP_RENAME) &&
	       (j->op != WEB_TERM_OP_CHMOD || json_object_get(o, "mode"));
}

static void refuse(struct web_term *t, uint32_t id, const char *code, enum web_term_say say)
{
	web_term_filed_refuse(t, id, code, span_str(web_term_say(t->zh, say)));
}

static void cancel(struct web_term *t, struct web_term_job *j)
{
	if (j)
		web_term_filed_say(t, j, "cancelled", WEB_TERM_SAY_CANCELLED);
}

static void on_request(struct web_term *t, uint32_t id, const json_t *o)
{
	struct web_term_files *f = t->files;
	const char *name = json_string_value(json_object_get(o, "op"));
	uint64_t of = 0;
	if (name && strcmp(name, "cancel") == 0 && number_of(o, "of", UINT32_MAX, &of)) {
		cancel(t, web_term_job_find(f, (uint32_t)of));
		return;
	}
	enum web_term_op op = op_of(o);
	if (op == WEB_TERM_OP_NONE) {
		refuse(t, id, "request", WEB_TERM_SAY_REQUEST);
		return;
	}
	cancel(t, web_term_job_find(f, id));
	if (*f->refused) {
		web_term_filed_refuse(t, id, "refused", span_str(f->refused));
		return;
	}
	struct web_term_job *j = web_term_job_new(f, op, id);
	if (!j) {
		refuse(t, id, "busy", WEB_TERM_SAY_BUSY);
	} else if (!read_request(t, o, j)) {
		web_term_job_drop(j);
		refuse(t, id, "request", WEB_TERM_SAY_REQUEST);
	}
}

void web_term_files_ask(struct web_term *t, uint32_t id, struct span json)
{
	if (t->state == WEB_TERM_ENDED) {
		refuse(t, id, "lost", WEB_TERM_SAY_LOST);
		return;
	}
	if (!t->files)
		t->files = files_new();
	json_t *o = json_loadb(json.n > 0 ? (const char *)json.p : "", json.n, JSON_REJECT_DUPLICATES, NULL);
	on_request(t, id, o);
	json_decref(o);
}

void web_term_files_chunk(struct web_term *t, uint32_t id, struct span data)
{
	struct web_term_job *j = web_term_job_find(t->files, id);
	if (!j || j->op != WEB_TERM_OP_PUT || j->ended)
		return; /* it may just have failed */
	if (data.n == 0) {
		j->ended = true;
		return;
	}
	if (j->held.len - j->held_at + data.n > WEB_FRAME_CREDIT) {
		web_term_filed_say(t, j, "request", WEB_TERM_SAY_CREDIT);
		return;
	}
	if (j->held_at > 0 && j->held.len + data.n > WEB_FRAME_CREDIT) {
		buf_drop(&j->held, j->held_at);
		j->held_at = 0;
	}
	buf_put_span(&j->held, data);
}

void web_term_files_credit(struct web_term *t, uint32_t id, uint32_t bytes)
{
	struct web_term_job *j = web_term_job_find(t->files, id);
	if (j && j->op == WEB_TERM_OP_GET)
		j->credit += bytes;
}

void web_term_files_forget(struct web_term *t)
{
	struct web_term_files *f = t->files;
	for (unsigned i = 0; f && i < WEB_TERM_JOBS; i++)
		if (f->jobs[i].op != WEB_TERM_OP_NONE && !f->jobs[i].told && f->jobs[i].id < WEB_FRAME_OWN)
			web_term_job_over(t, &f->jobs[i]);
}
