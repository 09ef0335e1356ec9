#ifndef XFER_INSIDE_H
#define XFER_INSIDE_H
#include "gateway/xfer/sum.h"
#include "gateway/xfer/xfer.h"
/*
 * inside - what the files of this folder share: the state of one channel.
 *
 * Files:   xfer.c the contract, tell.c events, sum.c hashes, scp.c, and SFTP: up.c the client's packets, down.c the target's,
 *          asked.c requests in flight, file.c open files;
 *          keep.c contents.
 */
struct xfer_file { /* open on the target */
	bool used, closing, closed; /* closing: the client has said close; closed: the target has answered */
	bool append;        /* offsets of writes mean nothing */
	bool reads, writes; /* as it was opened */
	bool failed, ended; /* a write was refused by the target; a read met the end */
	uint64_t known_size, short_end; /* as the target said; where a read got less than it asked for */
	bool size_known;
	unsigned pending;   /* reads and writes in flight */
	uint8_t handle[256];
	size_t handle_n;
	char *path;
	uint32_t number[2]; /* by enum xfer_side; 0 = nothing passed that way */
	struct xfer_sum sum[2];
};

/* A request that the target has not answered. */
enum xfer_asked_kind {
	XFER_ASKED_FREE, XFER_ASKED_OTHER, XFER_ASKED_READ, XFER_ASKED_WRITE, XFER_ASKED_OPEN, XFER_ASKED_CLOSE,
	XFER_ASKED_FSTAT, XFER_ASKED_STAT, XFER_ASKED_OP,
};
struct xfer_asked {
	uint32_t id;
	uint8_t kind; /* enum xfer_asked_kind */
	uint8_t op;   /* of XFER_ASKED_OP: enum wire_file_op */
	uint16_t file;
	uint32_t len; /* of a read; pflags of an open */
	uint64_t at;
	char *path, *to; /* of an open, a stat, an op */
};
struct xfer_table {
	struct xfer_asked *slots; /* a hash table by id */
	size_t size, n, bytes;    /* bytes: of the paths */
};

enum xfer_mode { XFER_AT_HEAD, XFER_IN_DATA, XFER_IN_REST, XFER_IN_REFUSED };
struct xfer_stream { /* one direction */
	enum xfer_mode mode;
	uint64_t left;  /* of what `mode` names */
	uint64_t at;    /* of the data, in the file */
	uint16_t file;
	bool bulk;      /* the rest need not be recorded */
};

struct xfer_scp {
	bool greeted;     /* the receiver's first word has come */
	uint8_t pending;  /* what the receiver has to answer: 'C' 'D' 'E' 'T', 1 the end of a file, 0 nothing */
	bool trailer;     /* the sender's last word about a file is due */
	bool failed;
	uint64_t left;
	uint32_t number;
	bool open;
	char *path, *folder, *name;
	struct xfer_sum sum;
};

/* What the target said of a path a moment ago: some clients read exactly so much, and never meet the end. */
enum { XFER_SIZES = 16 };
struct xfer_size {
	char *path;
	uint64_t size;
};

struct xfer {
	struct xfer_config config;
	bool lost, greeted[2]; /* SFTP: init, version */
	struct buf answer;
	size_t pool;
	struct xfer_stream stream[2];
	struct xfer_table asked;
	struct xfer_file files[XFER_FILES];
	size_t files_n; /* the highest that is used, and one */
	struct xfer_size sizes[XFER_SIZES]; /* a ring */
	unsigned sizes_at;
	struct xfer_scp scp;
};

/* xfer.c: what a feed function returns. */
void xfer_pass(struct xfer_cut *ret, size_t n, bool bulk);
void xfer_hold(struct xfer_cut *ret, bool wait);
void xfer_lose(struct xfer *x, struct xfer_cut *ret, const char *why);

/* tell.c */
uint32_t xfer_tell_number(struct xfer *x);
struct xfer_op_of {
	enum wire_file_op op;
	struct span path, to;
};
void xfer_tell_op(struct xfer *x, const struct xfer_op_of *op, enum wire_file_state state, const char *why);
void xfer_tell_begun(struct xfer *x, enum xfer_side side, uint32_t number, const char *path);
/* Ends the sum. */
void xfer_tell_ended(struct xfer *x, enum xfer_side side, const struct xfer_event *what, struct xfer_sum *sum);

/* asked.c */
bool xfer_asked_room(const struct xfer_table *t);
struct xfer_asked *xfer_asked_find(const struct xfer_table *t, uint32_t id);
/* NULL when the id is in flight already. */
struct xfer_asked *xfer_asked_add(struct xfer_table *t, uint32_t id, enum xfer_asked_kind kind);
void xfer_asked_paths(struct xfer_table *t, struct xfer_asked *a, struct span path, struct span to);
char *xfer_asked_path(struct xfer_table *t, struct xfer_asked *a); /* takes it away, yours to free */
void xfer_asked_drop(struct xfer_table *t, struct xfer_asked *a);
void xfer_asked_done(struct xfer_table *t);

/* file.c */
struct xfer_file *xfer_file_open(struct xfer *x, struct span handle, const struct xfer_asked *asked);
struct xfer_file *xfer_file_find(struct xfer *x, struct span handle);
void xfer_file_sized(struct xfer *x, char *path, uint64_t size); /* takes the path */
void xfer_file_forget(struct xfer *x);
void xfer_file_begin(struct xfer *x, struct xfer_file *f, enum xfer_side side); /* tells of it, unless it did */
void xfer_file_data(struct xfer *x, struct xfer_file *f, enum xfer_side side, uint64_t at, struct span data);
/* Tells of it once it is closed and nothing is in flight; why: at once, as partial. */
void xfer_file_settle(struct xfer *x, struct xfer_file *f, const char *why);

/* up.c, down.c, scp.c */
void xfer_up_feed(struct xfer *x, uint8_t *p, size_t n, struct xfer_cut *ret);
void xfer_down_feed(struct xfer *x, const uint8_t *p, size_t n, struct xfer_cut *ret);
void xfer_scp_feed(struct xfer *x, enum xfer_side side, const uint8_t *p, size_t n, struct xfer_cut *ret);
void xfer_scp_end(struct xfer *x, const char *why);
#endif
