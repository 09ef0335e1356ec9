#ifndef POL_ROTATE_JOB_H
#define POL_ROTATE_JOB_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "policy/rotate/rotate.h"
struct pg_result;
/*
 * job - one run of a rotation, and its errands: each is a connection and a worker of its own.
 *
 * Files:   rotate.c the list of jobs and the clock, run.c the states, errand.c one connection to the target.
 * Owns:    a job is freed by job_end alone.
 */
struct pol_rotate_login { /* who logs in, with what */
	char account[65];
	uint8_t auth; /* enum wire_auth */
	struct buf sealed, bound;
};

struct pol_rotate_job {
	struct pol_rotate_job *next;
	struct pol_rotate *r;
	struct pol_broker *b;
	int64_t id;
	char id_text[24];
	json_t *facts;
	struct buf fresh, old, host_key;
	pol_rotate_done *done; /* NULL: nobody waits */
	void *ctx;
	/* the errand that is under way */
	uint8_t op; /* enum wire_rotate_op */
	bool certain; /* what the target was told to do is over */
	struct pol_rotate_login login;
	struct id secret_id, fresh_id;
	uint64_t worker;
	int fd;
	void (*came_back)(struct pol_rotate_job *j, uint8_t how, bool sent);
	void (*before_sending)(struct pol_rotate_job *j); /* calls pol_rotate_errand_send, or ends the job */
};

const char *pol_rotate_word(const json_t *o, const char *key);

/* rotate.c: frees the job, then tells who waits. */
void pol_rotate_job_end(struct pol_rotate_job *j, const json_t *result, int code, const char *say);

/* run.c */
void pol_rotate_run(struct pol_rotate_job *j);

/* errand.c: logs in as j->login and does j->op; came_back gets enum wire_rotate_how. */
void pol_rotate_errand(struct pol_rotate_job *j);
void pol_rotate_errand_send(struct pol_rotate_job *j);
void pol_rotate_errand_drop(struct pol_rotate_job *j);
#endif
