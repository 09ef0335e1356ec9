#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "gateway/core/wire.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
struct gw_rules;
struct secret;
/*
 * session - a worker's side of the talk with broker, vault, recorder and parent.
 *
 * Asking:  gw_session_login .. gw_session_end block until the answer, with a deadline, and keep listening to the
 *          parent meanwhile (a kill is noted and fires `end` from the next pump).  A broker or vault that was restarted comes back as a
 *          new socket: the question is asked again, so they must be safe to repeat.  -ETIMEDOUT or -EPIPE: the
 *          service is away, err->say has the line for the person.  -ECANCELED: the session was ended meanwhile, err->say is
 *          the reason.  -EBADMSG: a service sent nonsense; every later question fails too.
 * Loop:    a protocol runs its own loop.  It waits for the descriptors of gw_session_fds to be readable (they can
 *          change after a pump) and for gw_session_due_us, and calls gw_session_pump, which fires the events below.
 * Ends:    all ends of a session go through gw_session_end, once.
 */
struct gw_session;

struct gw_session_events {
	/* The session is to end now; the reason is for the person's screen.  Not from inside another gw_ call. */
	void (*end)(void *ctx, const char *reason);
	void (*lock)(void *ctx, bool locked, const char *reason);
	void (*screen)(void *ctx); /* a watcher joined: record FRAME_SCREEN of each terminal channel */
	void (*flow)(void *ctx);   /* recording has room again */
	void (*opened)(void *ctx, uint32_t channel, uint32_t request, int code, const char *say);
	void (*notice)(void *ctx, const char *line); /* for the person's screen; the session goes on */
};
void gw_session_listen(struct gw_session *s, const struct gw_session_events *events, void *ctx);

enum { GW_SESSION_FDS = 3 }; /* control, broker, recorder; -1 = none just now */
void gw_session_fds(const struct gw_session *s, int ret[static GW_SESSION_FDS]);
int64_t gw_session_due_us(const struct gw_session *s); /* clock_mono_us of the next thing to do; INT64_MAX = none */
/* Never blocks.  -EPIPE: parent or recorder is gone; -EBADMSG: see above.  Either ends the session, err->say tells why. */
int gw_session_pump(struct gw_session *s, struct err *err);
/* Why it is to end, once that is known: what `end` tells or is about to tell.  NULL: it is not. */
const char *gw_session_ending(const struct gw_session *s);

const char *gw_session_client_address(const struct gw_session *s);
uint8_t gw_session_door(const struct gw_session *s); /* enum wire_door */
/* The text that admins set for people before they log in, maybe "".  The first call waits up to 1 s for it. */
const char *gw_session_banner(struct gw_session *s);
/* Tells the parent that the login grace is over for this connection; gw_session_login does it on WIRE_LOGIN_OK. */
int gw_session_authenticated(struct gw_session *s);

/* ---- the gateway's SSH host key (gateway/hostkey.c) ---- */
/* The vault's signature of an exchange hash: 32, 48 or 64 bytes.  Waits for up to 10 s, a restart of the vault included.  -ESTALE: the
 * key was changed since this worker began.  After any failure the session is to end. */
enum { GW_HOST_KEY = 32, GW_HOST_SIGNATURE = 64 };
int gw_session_host_sign(struct gw_session *s, struct span hash, uint8_t ret[static GW_HOST_SIGNATURE], struct err *err);

/* ---- before the target is known ---- */
struct gw_login {
	uint8_t verdict; /* enum wire_login_verdict */
	char user[65], target[256], account[65];
	char say[512];
};
int gw_session_login(struct gw_session *s, uint8_t method, const char *user, struct span proof, struct gw_login *ret,
	struct err *err);
/* Instead of gw_session_login, where the client sends no password: what it made of `challenge` and an access password.  plugin:
 * enum wire_scramble.  The answer is as to gw_session_login; WIRE_LOGIN_FACTOR: `say` tells the person what to do, there is nothing to ask here. */
int gw_session_login_scramble(struct gw_session *s, uint8_t plugin, const char *user, struct span challenge, struct span answer,
	struct gw_login *ret, struct err *err);
/* The second factor, after WIRE_LOGIN_FACTOR: `begin` asks what the person is to be asked, then each `typed` is an answer. */
struct gw_factor {
	uint8_t step;        /* enum wire_factor_step */
	char user[65];       /* ENROL */
	struct gw_login who; /* OK */
	struct secret *show; /* ENROL, NULL = as before: the TOTP secret in base32 and the recovery codes, a line each; the caller's */
	char say[512];
};
int gw_session_factor(struct gw_session *s, bool begin, const char *typed, struct gw_factor *ret, struct err *err);
/* rows of one menu page, in the shape of wire.h; `rows` is appended to.  -EAGAIN: there are none just now, err->say tells why. */
int gw_session_targets(struct gw_session *s, const char *search, uint32_t offset, uint32_t *ret_count,
	uint32_t *ret_total, struct buf *rows, struct err *err);

/* ---- the target ---- */
struct gw_grant {
	struct id session;
	char target[256], account[65], cluster[65], rule[129];
	uint8_t auth;             /* enum wire_auth */
	uint8_t host_key[2048];   /* pinned blob; of a database SHA-256 of its TLS public key, none = it is used without TLS */
	size_t host_key_n;
	uint32_t features;        /* WIRE_FEATURE_* */
	uint64_t idle_s, total_s; /* 0 = no limit */
	uint64_t stream_max;      /* bytes of one direction of a channel without a terminal stored in full */
	uint64_t keep_max;        /* bytes of one file's contents that are kept, where features say so */
	uint8_t charset;          /* enum charset: of what the target says and reads */
	bool legacy;              /* old algorithms will do for this target */
	char database[257];       /* to begin with, or "" */
	char env_allow[512];      /* names, comma-separated, * at the end of one matches any tail */
};
/* The broker decides, reserves, dials.  On 0 *ret_target_fd is the caller's, connected and non-blocking, and recording
 * is on.  -EACCES and others: err->say is the line for the person. */
int gw_session_target(struct gw_session *s, const char *target, const char *account, struct gw_grant *ret,
	int *ret_target_fd, struct err *err);
/* The secret of the grant, once: a password (WIRE_AUTH_PASSWORD) or a connected agent stream. */
int gw_session_use_password(struct gw_session *s, struct secret **ret, struct err *err);
int gw_session_use_agent(struct gw_session *s, int *ret_stream_fd, struct err *err);
/* How the login to the target went; anything but OK ends the session row.  OK of a database: `detail` is how it greets (its version, ...;
 * at most GW_SESSION_GREETING - 1 bytes), which gw_session_greeting gives to workers of a door to this target. */
int gw_session_reached(struct gw_session *s, uint8_t outcome, const char *detail, struct span presented,
	struct err *err);
/* May this channel request run?  Answered by the `opened` event, within 20 s; written to the audit before it is.
 * -EAGAIN when GW_SESSION_OPENS are without an answer already. */
enum { GW_SESSION_OPENS = 32 };
int gw_session_open(struct gw_session *s, uint32_t channel, uint32_t request, struct span text, struct err *err);
/* ---- a door of SQL clients ---- */
const char *gw_session_bound_target(const struct gw_session *s); /* that the listening socket is for, or "" */
bool gw_session_plain(const struct gw_session *s);               /* clients may log in without TLS */
/* What a server of the bound target said of itself the last time (detail of gw_session_reached), on a shared port what the settings say;
 * maybe "".  Waits as gw_session_banner does. */
enum { GW_SESSION_GREETING = 256 };
const char *gw_session_greeting(struct gw_session *s);
/* PEM of the console's certificate, with what it is signed by, and of its key, for a protocol with `tls` set; empty behind _done, which wipes them. */
void gw_session_tls(const struct gw_session *s, struct span *ret_certificate, struct span *ret_key);
void gw_session_tls_done(struct gw_session *s);
/* The rules in force, gateway/rules.h; a pump may bring new ones, which ends what this returned before.  NULL: none came yet, and no statement may pass. */
const struct gw_rules *gw_session_rules(const struct gw_session *s);
/* Tells the broker of a statement that was refused, or that a rule wants to be told of: its audit row.  verdict: enum decide_sql_action; rule: its
 * id; number: as in its FRAME_STATEMENT; masked: of it GW_SESSION_STATEMENT bytes are kept.  Never blocks; kept for a broker that is away, up to
 * 256 KiB, beyond that only the recording has them. */
enum { GW_SESSION_STATEMENT = 4096 };
void gw_session_statement(struct gw_session *s, uint8_t verdict, int64_t rule, uint64_t number, struct span masked, struct span fingerprint);
/* What a rule wants approved may run once where a request with its text was approved for this person, target, account and database.  Asks, and with 0
 * it is used: forward it now.  -EACCES: there is none, err has the reason; another error: nobody knows, do not forward it.
 * digest: SHA-256 of the bytes as they came, from the first statement to the end of the last (struct classify_statement), of a text without parameters. */
struct gw_permit {
	uint64_t request;
	uint32_t n, count; /* statements n to n + count - 1 of the request */
	int64_t rows;      /* so many rows may each change; -1 = nobody said */
	bool stop;         /* behind one that failed the rest does not run */
};
int gw_session_permit(struct gw_session *s, const uint8_t digest[static 32], const char *database, struct gw_permit *ret, struct err *err);
/* How one of them went; each is told once, what is not told when the session ends is UNKNOWN.  state: enum wire_ran.  rows: -1 = the server named none.  Never
 * blocks, and is kept as gw_session_statement is. */
struct gw_ran {
	uint64_t request;
	uint32_t n;
	uint8_t state;
	int64_t rows;
	uint64_t us;
	uint32_t code;
	struct span sqlstate, words;
};
void gw_session_ran(struct gw_session *s, const struct gw_ran *ran);
/* For KILL over another connection.  number: what this connection is called to its client, unique among those that are up.  thread: tells what the
 * target calls it (0 = not any more).  thread_of: what the target calls a connection of the same person to the same target and account; -ENOENT. */
uint32_t gw_session_number(const struct gw_session *s);
void gw_session_thread(struct gw_session *s, uint64_t theirs);
int gw_session_thread_of(struct gw_session *s, uint32_t ours, uint64_t *ret, struct err *err);
/* A second connection to the target and the secret once more, to cancel what runs there: once a session, also when it is ending.  Both are the
 * caller's.  Waits for GW_SESSION_AGAIN_US at most. */
enum { GW_SESSION_AGAIN_US = 700 * 1000 };
int gw_session_again(struct gw_session *s, int *ret_fd, struct secret **ret, struct err *err);
/* ---- the ledger of files (gateway/ledger.c) ---- */
/* Tells the broker of a file, and tells it again after a broker's restart until the broker has it on disk.  Never blocks; m->seq is
 * set here. */
void gw_ledger_tell(struct gw_session *s, struct wire_file *m);
/* False: so much is not answered yet that file transfers are to be held.  The answer wakes the loop. */
bool gw_ledger_room(const struct gw_session *s);

/* reason: for the audit and the session list.  Records FRAME_FINISH, waits up to 1 s for the broker.  Where recorder or
 * parent are gone nothing is said: a session without its last frame has crashed, in the list as in the recording. */
void gw_session_end(struct gw_session *s, const char *reason);

/* ---- connections through this one (gateway/jump.c) ---- */
struct gw_jump {
	const char *host; /* as the client named it */
	uint32_t port;
	const char *origin; /* whom the client forwards for: its word, for the audit */
};
/* May this connection be forwarded?  On 0 *ret_fd is the caller's: a non-blocking stream to the worker that serves it, whose
 * end is the end of the connection.  -EACCES and others: err->say is the line for the person. */
int gw_session_jump(struct gw_session *s, const struct gw_jump *to, int *ret_fd, struct err *err);

/* For the audit, after the login: the client asked for something that is refused to everybody, or that the target refused.  Does not
 * wait; what the broker cannot take just now is lost. */
void gw_session_refused(struct gw_session *s, const char *what, const char *text, const char *reason);

/* ---- recording (gateway/tap.c) ---- */
/* Bytes that may be recorded, and so read from either side, now.  0: hold all input until `flow`.  Recording is on from
 * gw_session_target to gw_session_end; otherwise 0. */
size_t gw_tap_room(const struct gw_session *s);
/* Has this been the case for longer than GW_TAP_HOLD_MAX_US?  Then the session must end: no recorder, no session.
 * gw_session_pump fires `end` then. */
enum { GW_TAP_HOLD_MAX_US = 10 * 1000 * 1000 };
bool gw_tap_is_lost(const struct gw_session *s);
/* Taken = the send to the recorder succeeded.  Splits a long body of IN, KEYS, OUT or ERR; any other over FRAME_BODY_MAX is
 * -EMSGSIZE.  -EAGAIN over gw_tap_room: nothing was taken (only for these four and CONTENT; the other types always fit). */
int gw_tap_frame(struct gw_session *s, uint8_t type, uint32_t channel, struct span body, struct err *err);
uint64_t gw_tap_bytes_in(const struct gw_session *s);  /* IN and KEYS so far */
uint64_t gw_tap_bytes_out(const struct gw_session *s); /* OUT and ERR so far, recorded or digested: see gw_tap_count */
void gw_tap_count(struct gw_session *s, uint8_t type, uint64_t bytes); /* bytes beyond stream_max */
#endif
