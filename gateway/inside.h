#ifndef GATEWAY_INSIDE_H
#define GATEWAY_INSIDE_H
#include "gateway/core/buf.h"
#include "gateway/core/msg.h"
#include "gateway/rules.h"
#include "gateway/session.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
/*
 * inside - what the files of the worker harness share: the state behind gateway/session.h and the four sockets.
 *
 * Shape:   link.c owns the sockets: what may arrive on which one is its table; an arriving message only changes this
 *          state, never calls the protocol.  session.c asks questions, pump.c fires events, tap.c records.
 * Units:   times in microseconds of clock_mono_us.
 * Errors:  a message that the table does not allow now is -EBADMSG and stays in `failed`: nothing is asked after it.
 * Owns:    the four descriptors; spans of an answer point into `in` and die with the next message.
 * Trust:   broker, vault, recorder and parent are our own, but a service may have been restarted at any moment.
 */
/* What only the worker of a SQL door has. */
struct gw_sql {
	char target[256];   /* of its door, or "" */
	bool plain;
	char greeting[GW_SESSION_GREETING];
	struct secret *certificate, *key; /* PEM */
	struct gw_rules *rules;
	struct gw_rules_box *box; /* a version that is on its way */
	struct buf told;    /* u32le length, body of `statement`: what no broker took */
	uint64_t thread;    /* what the target calls this connection, for a new broker; 0 = nothing */
	bool thread_unsent;
};

enum gw_link { GW_CONTROL, GW_BROKER, GW_VAULT, GW_RECORDER, GW_LINKS };
#define GW_LINK_BIT(l) (1u << (l))
enum { GW_LINK_ALL = (1 << GW_LINKS) - 1, GW_FIRST_FD = 3, GW_TLS_FD = GW_FIRST_FD + GW_LINKS /* certificate, then key */ };

/* One blocking question; type 0 waits for a message that comes by itself. */
struct gw_ask {
	enum gw_link to;
	uint16_t type;
	struct span body;
	uint16_t answers[4]; /* ends with 0 */
	int64_t wait_us;     /* INT64_MAX = for ever */
	unsigned deaf;       /* GW_LINK_BITs that are not read meanwhile */
	bool to_the_end;     /* goes on although the session is ending */
	/* the answer */
	uint16_t got;
	struct span got_body;
	int got_fd;
	/* how far it is */
	bool sent;
};

/* One channel request that waits for its answer, or an answer that waits for the pump. */
struct gw_open {
	enum { GW_OPEN_FREE, GW_OPEN_ASKED, GW_OPEN_ANSWERED } state;
	bool sent;
	struct buf question; /* body of `open`, for asking again */
	uint32_t channel, request;
	int64_t due_us;
	int code;
	char say[160];
};

/* What was sent from when on: the age of the oldest frames that are not on disk yet. */
struct gw_tap_stamp {
	uint64_t seq; /* of the first message of this slice */
	int64_t at_us;
};
enum { GW_TAP_CREDIT = 256 * 1024, GW_TAP_STAMPS = 64 };

struct gw_tap {
	bool on;
	uint64_t seq, durable; /* of the last message sent, and of the last one on disk */
	int64_t credit;        /* below zero after frames that always fit */
	int64_t dry_us;        /* since when there is no credit; 0 = there is */
	int64_t stalled_us;    /* since when the socket takes nothing; 0 = it does */
	struct gw_tap_stamp stamps[GW_TAP_STAMPS];
	unsigned stamps_n;
	uint64_t in_bytes, out_bytes;
	struct buf out;
};

/* What was told of files and is not answered. */
struct gw_ledger {
	uint64_t seq, answered; /* of the last one told, and of the last that the broker has on disk */
	struct buf told;        /* u32le length, body; again and again */
	size_t sent;            /* bytes of `told` that this broker was sent */
};

enum gw_note { GW_NOTE_END = 1, GW_NOTE_LOCK = 2, GW_NOTE_SCREEN = 4, GW_NOTE_FLOW = 8, GW_NOTE_NOTICE = 16 };

struct gw_session {
	int fd[GW_LINKS];
	uint64_t worker;
	char address[64];
	uint8_t door;       /* enum wire_door */
	bool is_sql;        /* a worker of a SQL door: a target may be without TLS, then there is no key to know it by */
	struct wire_h32 host_key; /* public */
	int failed;         /* -EBADMSG once a service sent nonsense */
	bool stop;          /* the parent wants an unused worker to leave */
	bool authenticated, granted, ended;
	bool unrecorded;    /* it ended without its last frame */
	struct id id;       /* of the session, once granted */
	struct gw_ask *ask; /* the question that is open, one at most */
	unsigned late[GW_LINKS]; /* answers still to come to questions that were given up */
	struct gw_open opens[GW_SESSION_OPENS];
	struct buf unsent;  /* body of a `reached` that waits for a new broker */
	unsigned late_opens;
	bool welcomed;
	char banner[4096];
	struct gw_tap tap;
	struct gw_ledger ledger;
	struct gw_sql sql;
	/* for the pump */
	const struct gw_session_events *events;
	void *ctx;
	unsigned notes;     /* enum gw_note */
	bool locked;
	char end_reason[256], lock_reason[256], notice[640];
	uint8_t in[MSG_BODY_MAX];
};

/* Takes the four sockets from descriptor `first` on, in the order control, broker, vault, recorder.  s is zeroed memory
 * (`in` is large, and never touched it costs an idle worker nothing). */
void gw_session_init(struct gw_session *s, int first);
void gw_session_done(struct gw_session *s);

/* link.c.  turn: waits up to wait_us for messages of the links not in `deaf` and takes them; 0 or a negative errno.
 * A link whose peer is gone becomes -1 and that is no error. */
int gw_link_turn(struct gw_session *s, unsigned deaf, int64_t wait_us, struct err *err);
int gw_link_send(struct gw_session *s, enum gw_link to, uint16_t type, struct span body);
/* -EPROTO when the text does not fit or holds a NUL. */
int gw_link_text(struct span s, char *ret, size_t size);
void gw_link_line(struct span s, char *ret, size_t size); /* cut to fit, at a UTF-8 boundary */

/* ask.c */
int gw_ask(struct gw_session *s, struct gw_ask *ask, struct err *err);
/* A new socket came: what has no answer is asked anew. */
void gw_ask_again(struct gw_session *s, enum gw_link replaced);
void gw_ask_pending(struct gw_session *s); /* sends what could not be sent before */

/* hostkey.c: asks the vault for the public half, before there is a client. */
int gw_hostkey_fetch(struct gw_session *s, struct err *err);

/* forward.c: serves a client of WIRE_DOOR_FORWARD to its end; takes client. */
int gw_forward_serve(struct gw_session *s, int client, struct err *err);

/* errand.c: what a worker without a client does at a target: looks at its host key, or changes a password there. */
struct gw_proto;
int gw_errand(struct gw_session *s, const struct gw_proto *proto, void *state, struct err *err);

/* errand_database.c: as gw_proto's `rotate`; means: MYSQL or TDS. */
struct gw_proto_rotate;
uint8_t gw_errand_database(const struct gw_proto_rotate *job, uint8_t means, const char *host, bool *ret_sent);

/* session.c: what the vault was told that this worker may use, by its id. */
int gw_session_use_secret_of(struct gw_session *s, struct id id, struct secret **ret, struct err *err);
int gw_session_use_agent_of(struct gw_session *s, struct id id, int *ret_stream_fd, struct err *err);

/* sql.c */
void gw_sql_init(struct gw_session *s);
void gw_sql_done(struct gw_session *s);
int gw_sql_files(struct gw_session *s, int certificate, int key, struct err *err); /* reads both and closes them */
void gw_sql_again(struct gw_session *s);   /* a new broker */
void gw_sql_pending(struct gw_session *s); /* sends what was not sent */
int gw_sql_rules(struct gw_session *s, const struct wire_rules *m, struct err *err);

/* pump.c */
void gw_pump_end(struct gw_session *s, struct span reason); /* notes it; the first reason stays */
int gw_pump_answered(struct gw_session *s, const struct wire_open_answer *m);

/* ledger.c */
void gw_ledger_init(struct gw_session *s);
void gw_ledger_done(struct gw_session *s);
void gw_ledger_again(struct gw_session *s); /* a new broker */
void gw_ledger_pending(struct gw_session *s); /* sends what was not sent */
bool gw_ledger_is_sent(const struct gw_session *s);
int gw_ledger_answered(struct gw_session *s, uint64_t seq);

/* tap.c: what the recorder says. */
void gw_tap_begin(struct gw_session *s);
int gw_tap_finish(struct gw_session *s, const char *reason);
int gw_tap_credited(struct gw_session *s, uint32_t bytes);
int gw_tap_durable(struct gw_session *s, uint64_t seq);
int64_t gw_tap_lost_us(const struct gw_session *s); /* when it will be lost; INT64_MAX */
#endif
