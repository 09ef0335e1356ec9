#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H
#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/loop.h"
#include "gateway/core/msg.h"
#include "gateway/core/permit.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/tombstone.h"
#include "recorder/seal.h"
#include "recorder/store.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * recorder - the state of the receiving thread, shared by the files of this folder.
 *
 * One thread receives, counts credits, fans out to watchers and talks; it never writes or syncs a file.  What has to do
 * with files goes to the seal threads as jobs (seal.h) and to the sync thread (sync.h), and comes back as their answers.
 *
 *   begin -> CREATING -> OPEN -(FRAME_FINISH, end of the worker, failure)-> ENDING -> SIGNING -> SEALING -> SYNCING -> told, gone
 *            a recovered file starts in RECOVERING and goes on to SIGNING.
 */
struct rec_live;
struct rec_sync;
struct recorder;

#define REC_SECOND (INT64_C(1000) * 1000)
enum {
	REC_CREDIT = 256 * 1024,   /* bytes of frames a worker may send before some are given back */
	REC_AHEAD = 1024 * 1024,   /* given back on receipt while less than this of a recording is unwritten, ... */
	REC_AHEAD_ALL = 64 * 1024 * 1024, /* ... and less than this of all; else when all of it is written */
	REC_CREDIT_SLACK = 1024 * 1024, /* for frames that must not wait: key-frames, the end of a channel */
	REC_CREDIT_STEP = 64 * 1024,
	REC_CHUNK = 64 * 1024,     /* frames go to a seal thread when so many are together */
	REC_CHUNK_MAX = REC_CHUNK + MSG_BODY_MAX,
	REC_CHUNK_AGE_US = 150 * 1000,
	REC_FLUSH_US = 100 * 1000, /* how often chunks are looked at: none waits longer than both together */
	REC_SYNC_US = 400 * 1000,
	REC_REST_BYTES = 1024,     /* a turn with less is followed by a rest */
	REC_REST_US = 2000,
	REC_RETRY_US = 250 * 1000,
	REC_SIGN_MAX = 64,         /* signatures asked for at once */
};
#define REC_ANCHOR_US (60 * REC_SECOND)
#define REC_STALL_MAX_US (8 * REC_SECOND)
#define REC_RESERVE_BYTES (INT64_C(1) << 20) /* set aside for each open recording */

enum rec_state {
	REC_CREATING = 1, REC_RECOVERING, REC_OPEN, REC_ENDING, REC_SIGNING, REC_SEALING, REC_SYNCING, REC_UNTOLD, REC_GONE,
	REC_REMOVING, /* remove.c: no recording, but the same signatures and jobs */
};

struct rec_worker {
	struct rec_worker *next;
	struct recorder *r;
	uint64_t number;
	int sock;
	struct loop_io io;
	struct msgq *out;
	struct permit permit;
	struct rec *rec; /* what it records into, or NULL */
};

struct rec {
	struct rec *next;
	struct recorder *r;
	struct rec_worker *worker;
	uint64_t worker_number;
	int fd;                   /* the store's */
	struct rec_store store;   /* belongs to the seal thread while jobs > 0 */
	struct id id;
	enum rec_state state;
	unsigned jobs;            /* under way */
	bool in_sync;             /* part of the sync round */
	bool finished;            /* FRAME_FINISH was seen */
	bool failed;
	uint8_t final;            /* UNTOLD: enum wire_recording_state */
	char why[160];            /* failed: for the broker */
	int64_t started_us, ended_us;
	/* frames on their way */
	struct buf chunk;
	uint64_t chunk_seq, seen_seq;
	int64_t chunk_at_us;      /* clock_mono_us of the first byte */
	struct rec *pending_next; /* chunks in the order of their age */
	bool pending;
	size_t under_way;         /* bytes received and not yet written */
	size_t uncredited;        /* received and not yet given back */
	uint64_t tried_seq;       /* the last message that a seal thread was through with, written or not */
	size_t tried_bytes;
	/* how far it is */
	struct evidence_chain written, durable; /* in the file; on disk */
	struct evidence_chain syncing;          /* as far as the sync round goes */
	uint64_t written_seq, syncing_seq, durable_seq; /* frames messages */
	uint64_t bytes;
	bool dirty, fresh;        /* written since the last sync round; since the last anchor */
	int64_t stalled_us;       /* clock_mono_us when writing began to fail; 0 = it works */
	struct err stall;         /* why */
	/* signatures */
	uint8_t sign_what;        /* enum wire_sign_what; 0 = none wanted */
	uint64_t sign_ticket;     /* 0 = not asked yet */
	struct rec *sign_next;
	struct wire_sign claim;   /* what is or was to be signed */
	struct wire_sig signature; /* of the last checkpoint, over signed_at */
	struct evidence_chain signed_at;
	int64_t signed_us, anchor_us;
	struct rec_live *live;
};

struct recorder {
	struct loop *loop;
	struct conf conf;
	int dir;
	struct loop_io parent, vault, broker, seal_io, sync_io;
	struct msgq *vault_out, *broker_out;
	bool has_seal_key, stopping;
	uint8_t seal_key[32];
	struct rec_seal *seal;
	struct rec_sync *sync;
	bool syncing;
	struct rec *recs, *pending_first, **pending_last, *sign_first, **sign_last;
	struct rec_worker *workers;
	size_t took;              /* bytes of frames in this turn */
	size_t under_way;         /* of all recordings */
	unsigned open, signing;   /* recordings that reserve space; signatures asked for */
	uint64_t tickets;
	uint8_t space_state;
	int64_t space_said_us, stop_by_us;
	struct loop_timer flush_timer, sync_timer, retry_timer, space_timer, stop_timer;
};

/* ---- recorder.c ---- */
/* r is zeroed but for loop and conf; syncer: syncfs, or a test's. */
int rec_open(struct recorder *r, int parent, int dir, int (*syncer)(int fd), struct err *err);
void rec_close(struct recorder *r); /* finishes what is under way, syncs */

/* ---- parent.c ---- */
int rec_parent_init(struct recorder *r, int sock, struct err *err);
void rec_parent_read(struct recorder *r); /* what it has said so far */
void rec_parent_stop(struct recorder *r); /* seals everything, then stops the loop */

/* ---- peer.c: broker and vault ---- */
int rec_peer_set(struct recorder *r, uint8_t role, int sock, struct err *err);
void rec_peer_done(struct recorder *r);
bool rec_peer_answer(struct recorder *r, const struct wire_recording_answer *m); /* false: the broker is away */
void rec_peer_begun(struct recorder *r, const struct id *id, int code, const char *say);
bool rec_peer_space(struct recorder *r, const struct wire_space *m);
bool rec_peer_sign(struct recorder *r, const struct wire_sign *m); /* false: the vault is away */

/* ---- worker.c ---- */
int rec_worker_add(struct recorder *r, uint64_t number, int sock, struct err *err);
struct rec_worker *rec_worker_find(struct recorder *r, uint64_t number);
void rec_worker_begin(struct rec_worker *w, struct rec *rec);
void rec_worker_leave(struct rec_worker *w);      /* no recording any more: what still comes is thrown away */
void rec_worker_last(struct rec_worker *w); /* takes what it has sent, then drops it */
void rec_worker_drop(struct rec_worker *w); /* its recording ends, as closed or crashed */
void rec_worker_sealed(struct rec *rec, size_t bytes); /* so much of it is written */
void rec_worker_credit(struct rec *rec); /* gives back what may be given back now */
void rec_worker_durable(struct rec *rec);
void rec_worker_unrecorded(struct rec *rec, int code, const char *say); /* and takes the recording away from it */
void rec_worker_keyframe(struct rec *rec);

/* ---- recording.c: one recording's life ---- */
struct rec *rec_new(struct recorder *r, const struct id *id, enum rec_state state);
struct rec *rec_find(struct recorder *r, const struct id *id);
int rec_begin(struct recorder *r, const struct wire_begin *m, struct err *err); /* 0: begin_answer will follow */
int rec_take(struct rec *rec, const struct wire_frames *m, struct err *err);
void rec_end(struct rec *rec);                    /* in order when FRAME_FINISH was seen, else as crashed */
void rec_fail(struct rec *rec, const struct err *why);
void rec_recover_all(struct recorder *r);         /* seals what an earlier recorder left open */
void rec_ask(struct recorder *r, const struct id *id); /* answers the broker */
void rec_gone(struct rec *rec);                   /* frees it as soon as nothing holds it any more */
void rec_free_all(struct recorder *r);

/* ---- remove.c: retention, on the broker's word ---- */
void rec_remove(struct recorder *r, const struct wire_remove *m); /* answers the broker */
void rec_remove_signed(struct rec *rec, const struct wire_sig *signature);
void rec_remove_done(struct rec *rec, const struct rec_job *job);

/* ---- jobs.c: to the seal threads and back ---- */
struct rec_job *rec_jobs_new(enum rec_job_kind kind);
void rec_jobs_give(struct rec *rec, struct rec_job *job);
void rec_jobs_end(struct rec *rec);               /* asks for the end */
void rec_jobs_done(void *ctx, uint32_t events);

/* ---- sign.c: signatures and what the broker is told ---- */
void rec_sign_want(struct rec *rec, uint8_t what, const struct evidence_chain *at);
void rec_sign_claim(struct rec *rec, const struct wire_sign *claim); /* any other text; the ticket is filled in */
void rec_sign_pump(struct recorder *r);
void rec_sign_again(struct recorder *r);          /* a new vault: ask all again */
void rec_sign_forget(struct rec *rec);
void rec_sign_answer(struct recorder *r, const struct wire_sign_answer *m);
bool rec_sign_tell(struct rec *rec, uint8_t state); /* recording_answer, enum wire_recording_state; false: no broker */
void rec_sign_final(struct rec *rec, uint8_t state); /* the same, as soon as there is a broker; then it is gone */
void rec_sign_tell_all(struct recorder *r);       /* a broker is there */

/* ---- flow.c: chunks, sync rounds, retries ---- */
void rec_flow_init(struct recorder *r);
void rec_flow_pending(struct rec *rec);
void rec_flow_submit(struct rec *rec);            /* its chunk goes to a seal thread */
void rec_flow_written(struct rec *rec, const struct rec_job *job); /* all given so far is in the file */
void rec_flow_stalled(struct rec *rec, const struct err *err);
void rec_flow_synced(void *ctx, uint32_t events);

/* ---- space.c ---- */
void rec_space_init(struct recorder *r);
int rec_space_take(struct recorder *r, struct err *err); /* room for one more recording? */

/* ---- live.c: watchers ---- */
int rec_live_add(struct rec *rec, int sock, uint32_t pace_ms, struct err *err); /* pace_ms: wire_watch */
int rec_live_meta(struct rec *rec, struct span meta, int64_t now_us);
void rec_live_frames(struct rec *rec, struct span frames, bool has_keys);
void rec_live_end(struct rec *rec); /* watchers get what is left, then the end of file */
void rec_live_free(struct rec *rec);
#endif
