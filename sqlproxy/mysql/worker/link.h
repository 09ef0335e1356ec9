#ifndef GW_MYSQL_LINK_H
#define GW_MYSQL_LINK_H
#include "gateway/core/err.h"
#include "gateway/rules.h"
#include "gateway/session.h"
#include "policy/decide/net.h"
#include "sqlproxy/classify/classify.h"
#include "sqlproxy/mysql/flags.h"
#include "sqlproxy/mysql/front.h"
#include "sqlproxy/mysql/login.h"
#include "sqlproxy/mysql/param.h"
#include "sqlproxy/mysql/result.h"
#include "sqlproxy/mysql/stream.h"
#include "sqlproxy/mysql/worker/side.h"
/*
 * link - one client's connection to one database: what the files of this folder share.
 *
 * Order:   front (the client's login) -> back (ours at the target) -> settle (how the session reads statements) -> relay.  The first three wait for
 *          their peer; relay is one loop over both.
 * A command: read whole (COMMAND_MAX) -> command.c knows it -> statement.c classifies, judges and records -> it goes out, or an error goes back -> the
 *          reply passes until result.c says that it is over -> its outcome is recorded.  One at a time: what a client sends meanwhile waits.
 * Units:   clock_mono_us.
 * Owns:    everything here lives as long as the process.
 */
enum {
	GW_MYSQL_COMMAND_MAX = 16 * 1024 * 1024, /* a statement that is held to be read */
	GW_MYSQL_OUT_HIGH = 256 * 1024,          /* bytes for a peer that does not take them: nothing more is read for it */
	GW_MYSQL_CHUNK = 64 * 1024,
	GW_MYSQL_CHANNEL = 1,
	GW_MYSQL_SHOWN = 32 * 1024,              /* bytes of a statement in its frame */
	GW_MYSQL_ID_OURS = -1,                   /* COM_STMT_EXECUTE of MariaDB: the statement that was prepared last */
};
struct gw_mysql { /* of the process */
	struct gw_session *gw;
	SSL_CTX *tls; /* NULL = there is no certificate */
};

enum gw_mysql_phase {
	GW_MYSQL_IDLE,   /* the next command is read */
	GW_MYSQL_RAW,    /* it was judged; its bytes are being recorded */
	GW_MYSQL_REPLY,  /* it went out */
	GW_MYSQL_INFILE, /* the client sends a file */
};

struct gw_mysql_prepared {
	struct gw_mysql_prepared *next;
	uint32_t id;
	uint16_t params;
	struct mysql_param_type *types; /* of the last execution that named them */
	bool typed;
	uint8_t *sent;                  /* a byte a parameter: its value came as long data */
	struct decide_sql_statement *statements; /* as classified when it was prepared; names behind them */
	size_t n, weight;
	uint64_t classes, flags;
	uint8_t fingerprint[CLASSIFY_FINGERPRINT];
	char database[MYSQL_TRACK_NAME + 1]; /* its names are of that one, whichever is the current one when it runs */
	struct buf masked;
};

struct gw_mysql_statement { /* that is under way */
	uint64_t number;
	uint8_t com;
	bool told;      /* it has a frame, and wants an outcome */
	bool shown;     /* ... which holds its text to the end */
	bool may_infile;
	bool dynamic;   /* its text can undo what we know of the session */
	int64_t started_us;
	struct classify_mode after;
	bool uses;      /* it may change the database */
	struct span raw; /* of `command`: recorded before it goes out; empty = not */
	size_t raw_at;
	enum mysql_result_kind reply;
	struct gw_mysql_prepared *preparing;
	struct gw_permit permit; /* its request is 0: it needs none */
};

struct gw_mysql_link {
	struct gw_session *gw;
	SSL_CTX *tls;
	struct gw_grant grant;
	struct gw_login who;
	struct gw_mysql_side client, target;
	struct mysql_front front;
	struct mysql_login login;
	struct decide_net_addr from;

	/* how the session reads statements */
	struct classify_mode mode;
	bool tracks; /* the server tells of changes */
	char database[MYSQL_TRACK_NAME + 1]; /* "" = not known */

	enum gw_mysql_phase phase;
	struct mysql_stream in;    /* the client's commands */
	bool too_long;             /* the command that comes in is over GW_MYSQL_COMMAND_MAX */
	uint8_t reply_seq;         /* number of the first packet of its reply */
	struct buf command, rewritten; /* rewritten: goes out in its stead, where it is not empty */
	struct buf offered;        /* the statement, where it may read a file of the client */
	struct mysql_result result;
	struct gw_mysql_statement now;
	struct gw_mysql_prepared *prepared;
	size_t prepared_n, prepared_weight;
	uint32_t last_prepared;
	bool has_last_prepared;
	struct classify_batch batch; /* of the statement in hand; large */
	struct decide_sql_statement facts[CLASSIFY_STATEMENTS];
	uint64_t statements;

	bool granted, locked, over;
	bool closing; /* over, and the last things are being done */
	int64_t granted_us, input_us;
	char reason[256]; /* of the end */
};

/* ---- link.c ---- */
/* The session ends; the first reason stays.  A client that may hear it gets it as an error packet. */
void gw_mysql_link_end(struct gw_mysql_link *l, const char *reason);
/* Waits for a side (events of poll) and the harness; 0, -ETIMEDOUT, or -ECANCELED when it is over. */
int gw_mysql_link_wait(struct gw_mysql_link *l, struct gw_mysql_side *side, int64_t due_us, struct err *err);
/* A packet of a login or of one of our own questions: not over MYSQL_PACKET_MAX.  The payload lives until the next call. */
int gw_mysql_link_packet(struct gw_mysql_link *l, struct gw_mysql_side *side, int64_t due_us, struct mysql_packet *ret, struct err *err);
int gw_mysql_link_flush(struct gw_mysql_link *l, struct gw_mysql_side *side, int64_t due_us, struct err *err);
int gw_mysql_link_tls(struct gw_mysql_link *l, struct gw_mysql_side *side, SSL_CTX *ctx, bool server, int64_t due_us, struct err *err);
/* An error packet for the client; the words in English and Chinese become what its character set can show. */
void gw_mysql_link_refuse(struct gw_mysql_link *l, uint8_t seq, uint16_t code, const char *state, struct span words);

/* ---- front.c, back.c, settle.c: 0 or an error, after which the client has its error packet ---- */
int gw_mysql_front_login(struct gw_mysql_link *l, struct err *err);
int gw_mysql_back_login(struct gw_mysql_link *l, struct err *err);
/* The login alone, over a side that is connected: `login` as mysql_login_start wants it. */
int gw_mysql_back_talk(struct gw_mysql_link *l, struct gw_mysql_side *side, struct mysql_login *login, int64_t due_us, struct err *err);
/* Asks the target for sql_mode, character set and database, and to be told when they change. */
int gw_mysql_settle(struct gw_mysql_link *l, struct err *err);

/* ---- relay.c ---- */
void gw_mysql_relay(struct gw_mysql_link *l);
/* The command goes to the target, and a reply of this kind is expected. */
void gw_mysql_relay_forward(struct gw_mysql_link *l, enum mysql_result_kind kind);
void gw_mysql_relay_send(struct gw_mysql_link *l); /* ... and none is */

/* ---- cancel.c: the statement that runs at the target ends; its connection is not needed for that ---- */
void gw_mysql_cancel(struct gw_mysql_link *l);

/* ---- command.c: a whole command is in `command` ---- */
void gw_mysql_command(struct gw_mysql_link *l);
void gw_mysql_command_too_long(struct gw_mysql_link *l);

/* ---- statement.c ---- */
struct gw_mysql_said { /* a statement, or what stands for one */
	const char *kind;    /* "query", "prepare", "execute", "command" */
	struct span text;    /* as the client sent it */
	struct span masked;  /* of "execute" and "command": known already; else empty */
	uint64_t classes;    /* of "command": what it is; nothing is classified then */
	struct span params;  /* JSON, or empty */
	const struct gw_mysql_prepared *prepared; /* of "execute": judged by this one */
};
/* Classifies (but for "execute"), judges, records, tells.  True: it may go out.  False: the client has its error. */
bool gw_mysql_statement(struct gw_mysql_link *l, const struct gw_mysql_said *said);
/* An error of our own as the whole reply; it is the outcome of what was told. */
void gw_mysql_statement_refuse(struct gw_mysql_link *l, uint16_t code, const char *state, struct span words);

/* ---- permit.c ---- */
/* May the statement in hand, which rules want approved, run?  With 0 a request for it is used up: it goes out now.  Otherwise err->say has why not. */
int gw_mysql_permit(struct gw_mysql_link *l, const struct gw_mysql_said *said, struct err *err);
/* How it went, to the request. */
void gw_mysql_permit_ran(struct gw_mysql_link *l);

/* ---- mode.c: what the reply says of how the next statement is read ---- */
void gw_mysql_mode_after(struct gw_mysql_link *l);

/* ---- kill.c ---- */
/* A statement that kills: its text with the target's number in `ret`.  0: nothing to change; 1: `ret` is to be sent; -ENOENT: not one that may be
 * killed by who did not get a rule for it. */
int gw_mysql_kill(struct gw_mysql_link *l, struct span text, struct buf *ret);
/* The same for a bare number. */
int gw_mysql_kill_number(struct gw_mysql_link *l, uint64_t number, uint64_t *ret);

/* ---- prepared.c ---- */
struct gw_mysql_prepared *gw_mysql_prepared_find(struct gw_mysql_link *l, uint32_t id);
/* From the statement in hand; NULL: there are too many. */
struct gw_mysql_prepared *gw_mysql_prepared_new(struct gw_mysql_link *l, struct span masked);
void gw_mysql_prepared_keep(struct gw_mysql_link *l, struct gw_mysql_prepared *p, uint32_t id, uint16_t params);
void gw_mysql_prepared_free(struct gw_mysql_link *l, struct gw_mysql_prepared *p);
void gw_mysql_prepared_drop(struct gw_mysql_link *l, uint32_t id);
void gw_mysql_prepared_clear(struct gw_mysql_link *l);

/* ---- record.c: frames; an error ends the session ---- */
struct gw_mysql_frame {
	const struct gw_mysql_said *said;
	struct span masked;
	uint64_t classes, flags;
	const uint8_t *fingerprint;
	uint8_t verdict;
	int64_t rule;
};
void gw_mysql_record_open(struct gw_mysql_link *l);
void gw_mysql_record_statement(struct gw_mysql_link *l, const struct gw_mysql_frame *f);
void gw_mysql_record_outcome(struct gw_mysql_link *l);
void gw_mysql_record_close(struct gw_mysql_link *l);
#endif
