#ifndef WEBTERM_TERM_PANEL_H
#define WEBTERM_TERM_PANEL_H
#include "webterm/term/files.h"
#include "webterm/term/say.h"
#include "webterm/term/sftp.h"
#include "webterm/term/term.h"
/*
 * panel - what the files of the file panel share.  files.c the channel and the browser's requests, job.c a request's life,
 * list.c, get.c, put.c the three that take more than one answer, filed.c the words of an answer.
 *
 * A job is told once that it is over (`told`); then it waits for the answers that are still in flight, closes what it had open, and is
 * free.  Each request of SFTP has the id job | serial << 8, so that an answer finds its job.
 */
enum { WEB_TERM_JOBS = 32, WEB_TERM_TRANSFERS = 16, WEB_TERM_DEPTH = 32, WEB_TERM_PATH_MAX = 4096, WEB_TERM_PIECE = 32 * 1024 };

enum web_term_op {
	WEB_TERM_OP_NONE, WEB_TERM_OP_LIST, WEB_TERM_OP_STAT, WEB_TERM_OP_REALPATH, WEB_TERM_OP_MKDIR, WEB_TERM_OP_RENAME, WEB_TERM_OP_REMOVE,
	WEB_TERM_OP_RMDIR, WEB_TERM_OP_CHMOD, WEB_TERM_OP_GET, WEB_TERM_OP_PUT,
};

struct web_term_asked { /* a request of SFTP in flight, or answered out of turn */
	uint32_t serial;
	uint8_t type; /* enum sftp_type */
	bool answered, ended;
	uint64_t at;  /* in the file; of a link, its entry */
	uint32_t len;
	struct buf data;
};

struct web_term_entry {
	char *name, *to; /* UTF-8; to: of a link, or NULL */
	char *raw;       /* a link's name as the target has it */
	struct web_term_sftp_attributes attributes;
	uint32_t leads;  /* mode of what a link leads to; 0 = unknown */
};

struct web_term_job {
	enum web_term_op op; /* NONE = free */
	uint32_t id;
	bool begun, told, transfer;
	bool why;        /* it failed, and is being looked into */
	char *path, *to; /* as the target has them */
	uint32_t mode;
	uint64_t from;
	bool overwrite;
	/* SFTP */
	uint32_t serial;
	struct web_term_asked ring[WEB_TERM_DEPTH]; /* from `first` on, in the order of asking */
	unsigned first, n;
	uint8_t handle[256];
	size_t handle_n;
	bool open;
	/* a transfer */
	bool going;      /* the browser knows that it began */
	uint64_t size, next;
	uint64_t credit; /* of a download */
	struct buf held; /* of an upload: not asked yet */
	size_t held_at;
	uint32_t owed;   /* credit to give back */
	bool ended, closing;
	/* a list */
	struct web_term_entry *entries;
	size_t entries_n, linked; /* linked: entries before that one were looked at for links */
	bool over;
};

enum web_term_channel { WEB_TERM_CHANNEL_NONE, WEB_TERM_CHANNEL_OPEN, WEB_TERM_CHANNEL_REQUEST, WEB_TERM_CHANNEL_HELLO, WEB_TERM_CHANNEL_UP };
struct web_term_files {
	enum web_term_channel phase;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	struct buf in, out, words; /* words: of a refusal, on stderr */
	size_t in_at, out_at;
	bool more, broken, closed;
	bool was_up;
	char refused[512]; /* words; "" = it was not */
	struct web_term_job jobs[WEB_TERM_JOBS];
};

/* job.c */
struct web_term_job *web_term_job_new(struct web_term_files *f, enum web_term_op op, uint32_t id);
struct web_term_job *web_term_job_find(struct web_term_files *f, uint32_t id); /* one that is not told yet, or NULL */
void web_term_job_begin(struct web_term *t, struct web_term_job *j);
/* Asks for q->type; the id is set here.  The caller knows that the ring has room. */
struct web_term_asked *web_term_job_ask(struct web_term *t, struct web_term_job *j, struct web_term_sftp_ask *q);
bool web_term_job_may_ask(const struct web_term *t, const struct web_term_job *j);
void web_term_job_answer(struct web_term *t, const struct web_term_sftp_answer *a); /* may set files->broken */
void web_term_job_pop(struct web_term_job *j, unsigned n); /* the n first of the ring */
void web_term_job_pump(struct web_term *t, struct web_term_job *j);
/* Its browser has been told; free once nothing is in flight. */
void web_term_job_over(struct web_term *t, struct web_term_job *j);
void web_term_job_drop(struct web_term_job *j);
/* filed.c: over, with words */
void web_term_filed_fail(struct web_term *t, struct web_term_job *j, const char *code, struct span say);
void web_term_filed_say(struct web_term *t, struct web_term_job *j, const char *code, enum web_term_say say);
void web_term_filed_status(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_answer *a);
/* {"ok":false} without a job; {"ok":true} of one that is over now */
void web_term_filed_refuse(struct web_term *t, uint32_t id, const char *code, struct span say);
void web_term_filed_done(struct web_term *t, struct web_term_job *j);
void web_term_filed_begun(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_attributes *a);
void web_term_filed_path(struct web_term *t, struct web_term_job *j, struct span path);
void web_term_filed_entry(struct web_term *t, struct web_term_job *j, const struct web_term_entry *e);
void web_term_filed_list(struct web_term *t, const struct web_term_job *j, struct span entries, bool more);
struct json;
void web_term_filed_put_entry(struct json *j, const struct web_term_entry *e);
/* list.c, get.c, put.c: an answer to that request of theirs (a status that is an error never comes); more requests where there is room */
void web_term_list_answer(struct web_term *t, struct web_term_job *j, struct web_term_asked *q, const struct web_term_sftp_answer *a);
void web_term_list_pump(struct web_term *t, struct web_term_job *j);
void web_term_list_free(struct web_term_job *j);
void web_term_list_entry(const struct web_term *t, struct span name, const struct web_term_sftp_attributes *a, struct web_term_entry *ret);
void web_term_list_entry_free(struct web_term_entry *e);
void web_term_get_answer(struct web_term *t, struct web_term_job *j, struct web_term_asked *q, const struct web_term_sftp_answer *a);
void web_term_get_pump(struct web_term *t, struct web_term_job *j);
void web_term_put_answer(struct web_term *t, struct web_term_job *j, struct web_term_asked *q, const struct web_term_sftp_answer *a);
void web_term_put_pump(struct web_term *t, struct web_term_job *j);
#endif
