#ifndef CORE_WIRE_H
#define CORE_WIRE_H
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "gateway/core/rd.h"
#include <stdint.h>
struct err;
struct msgq;
/*
 * wire - everything that our processes say to each other.  The only list.
 *
 * One message is one row of WIRE_MESSAGES: name, number, fields.  The table yields `struct wire_<name>`,
 * wire_<name>_put and wire_<name>_get; a body is its fields in order, little-endian, strings and blobs with a u32
 * length, nothing behind the last field.  wire_<name>_get borrows: spans point into the body.  Numbers are never
 * reused; a changed message gets a new number.
 *
 * Who may say what, and when, stands in each receiver's permit table (gateway/core/permit.h).
 * Descriptors: where a row says +fd, exactly one comes with the message.
 * Trust:   workers and readers are hostile to every service; services trust parent and each other only as far
 *          as these rows go.  Identity is the socket a message came by, never a field.
 */

/* Field kinds: U8 U16 U32 U64 I64, STR (bytes, u32 length), ID (16), H32 (32 bytes), SIG (64 bytes). */
#define WIRE_MESSAGES(M) \
	/* ---- parent <-> every process ---- */ \
	M(hello, 0x0001, WIRE_HELLO_F)          /* process -> parent    ready; the build must match        */ \
	M(peer, 0x0002, WIRE_PEER_F)            /* parent -> service    +fd: your socket to that role, replaces an older one */ \
	M(attach, 0x000e, WIRE_ATTACH_F)        /* parent -> service    +fd: the socket of one worker      */ \
	M(client, 0x000d, WIRE_CLIENT_F)        /* parent -> worker     +fd: the client connection (none for a probe or reader) */ \
	M(replace, 0x0005, WIRE_PEER_F)         /* parent -> worker     +fd: a new socket to a restarted service */ \
	M(gone, 0x0006, WIRE_GONE_F)            /* parent -> broker     that worker has ended              */ \
	M(control, 0x0007, WIRE_CONTROL_F)      /* broker, vault -> parent -> worker   end, lock or unlock */ \
	M(want, 0x000f, WIRE_WANT_F)            /* broker -> parent     a probe, a reader or a terminal, please; +fd: a worker for that client */ \
	M(stop, 0x0009, WIRE_NONE_F)            /* parent -> process    finish and exit                    */ \
	M(synced, 0x000a, WIRE_NONE_F)          /* parent -> broker     every living worker has been attached (after a start) */ \
	M(authenticated, 0x000b, WIRE_NONE_F)   /* worker -> parent     no longer counts as before login   */ \
	/* ---- worker <-> broker ---- */ \
	M(login, 0x0101, WIRE_LOGIN_F)          /* worker -> broker */ \
	M(login_answer, 0x0181, WIRE_LOGIN_ANSWER_F) \
	M(login_scramble, 0x0111, WIRE_LOGIN_SCRAMBLE_F) /* worker -> broker   instead of login; login_answer is ours */ \
	M(targets, 0x0102, WIRE_TARGETS_F)      /* worker -> broker     the menu's page                    */ \
	M(targets_answer, 0x0182, WIRE_TARGETS_ANSWER_F) \
	M(target, 0x0103, WIRE_TARGET_F)        /* worker -> broker     the choice                         */ \
	M(grant, 0x0191, WIRE_GRANT_F)          /* broker -> worker     +fd: the target connection         */ \
	M(deny, 0x0184, WIRE_DENY_F)            /* broker -> worker     instead of grant                   */ \
	M(rules, 0x0192, WIRE_RULES_F)          /* broker -> worker     SQL rules in force, after a grant and after each change */ \
	M(statement, 0x0112, WIRE_STATEMENT_F)  /* worker -> broker     one that was refused, or that a rule wants to be told of */ \
	M(thread, 0x0113, WIRE_THREAD_F)        /* worker -> broker     what the target calls this connection */ \
	M(thread_of, 0x0114, WIRE_THREAD_F)     /* worker -> broker     what does it call that one of ours? */ \
	M(thread_answer, 0x0193, WIRE_THREAD_ANSWER_F) \
	M(again, 0x0115, WIRE_NONE_F)           /* worker -> broker     a second connection to its target, to cancel what runs there; once */ \
	M(again_answer, 0x0195, WIRE_DENY_F)    /* broker -> worker     code 0 +fd, and the vault gives the secret once more */ \
	M(permit, 0x0118, WIRE_PERMIT_F)        /* worker -> broker     may this run, by an approved request? */ \
	M(permit_answer, 0x0198, WIRE_PERMIT_ANSWER_F) \
	M(permit_done, 0x0119, WIRE_PERMIT_DONE_F) /* worker -> broker   how a statement went that was permitted */ \
	M(reached, 0x0104, WIRE_REACHED_F)      /* worker -> broker     how the login to the target went   */ \
	M(open, 0x0105, WIRE_OPEN_F)            /* worker -> broker     may this channel request run?      */ \
	M(open_answer, 0x0185, WIRE_OPEN_ANSWER_F) \
	M(file, 0x0110, WIRE_FILE_F)            /* worker -> broker     of a file transfer; said again until it is answered */ \
	M(file_answer, 0x0190, WIRE_SEQ_F)      /* broker -> worker     written down, all up to seq        */ \
	M(end, 0x0106, WIRE_END_F)              /* worker -> broker     the session is over, why           */ \
	M(end_answer, 0x0186, WIRE_NONE_F)      /* broker -> worker     written down                       */ \
	M(probe, 0x0187, WIRE_PROBE_F)          /* broker -> probe worker   +fd: read this target's host key */ \
	M(probe_answer, 0x0107, WIRE_PROBE_ANSWER_F) \
	M(rotate, 0x0189, WIRE_ROTATE_F)        /* broker -> probe worker   +fd: change a password on this target, or try one */ \
	M(rotate_answer, 0x0109, WIRE_ROTATE_ANSWER_F) \
	M(welcome, 0x0194, WIRE_WELCOME_F)      /* broker -> worker     right after attach                 */ \
	M(factor, 0x0130, WIRE_FACTOR_F)        /* worker -> broker     a step of the second factor        */ \
	M(factor_answer, 0x01b0, WIRE_FACTOR_ANSWER_F) \
	M(jump, 0x0120, WIRE_JUMP_F)            /* worker -> broker     may this connection be forwarded?  */ \
	M(refused, 0x0121, WIRE_REFUSED_F)      /* worker -> broker     a client asked for what it did not get, for the audit */ \
	M(jump_answer, 0x01a0, WIRE_DENY_F)     /* broker -> worker     code 0 +fd: a stream to the worker that serves it */ \
	/* ---- worker, reader, broker, recorder <-> vault ---- */ \
	M(factor_new, 0x0131, WIRE_FACTOR_NEW_F)/* broker -> vault      a new TOTP secret, or new recovery codes */ \
	M(factor_made, 0x01b1, WIRE_FACTOR_MADE_F) \
	M(factor_check, 0x0132, WIRE_FACTOR_CHECK_F) /* broker -> vault  is this the code?               */ \
	M(factor_checked, 0x01b2, WIRE_FACTOR_CHECKED_F) \
	M(serves, 0x0232, WIRE_WORKER_F)        /* parent -> vault      that worker has an SSH client now: it may ask host_sign */ \
	M(host_key, 0x0230, WIRE_NONE_F)        /* worker -> vault      once                               */ \
	M(host_key_answer, 0x02b0, WIRE_HOST_KEY_F) \
	M(host_sign, 0x0231, WIRE_HOST_SIGN_F)  /* worker -> vault      a key exchange with its client; one question at a time */ \
	M(host_sign_answer, 0x02b1, WIRE_HOST_SIGN_ANSWER_F) \
	M(use, 0x0202, WIRE_USE_F)              /* worker, reader -> vault   once an ALLOW                 */ \
	M(use_secret, 0x0282, WIRE_TEXT_F)      /* the password, or a reader's 32-byte recording key       */ \
	M(use_agent, 0x0283, WIRE_NONE_F)       /* +fd: a stream that speaks the ssh-agent protocol        */ \
	M(use_denied, 0x0284, WIRE_DENY_F) \
	M(allow, 0x0203, WIRE_ALLOW_F)          /* broker -> vault      that worker may use this, once     */ \
	M(allow_answer, 0x0285, WIRE_TICKET_F) \
	M(forget, 0x0204, WIRE_WORKER_F)        /* broker -> vault      drop what that worker was allowed  */ \
	M(seal, 0x0205, WIRE_SEAL_F)            /* broker -> vault      +fd: a secret in a sealed memfd (none for CA) */ \
	M(make, 0x0209, WIRE_MAKE_F)            /* broker -> vault      a new random password, sealed; `sealed` is the answer */ \
	M(rebind, 0x0206, WIRE_REBIND_F)        /* broker -> vault      same secret, other binding         */ \
	M(sealed, 0x0286, WIRE_SEALED_F)        /* answer to seal and rebind                               */ \
	M(publics, 0x0207, WIRE_NONE_F)         /* any service -> vault                                    */ \
	M(publics_answer, 0x0287, WIRE_PUBLICS_F) \
	M(sign, 0x0208, WIRE_SIGN_F)            /* recorder, broker -> vault   a checkpoint or an audit head */ \
	M(sign_answer, 0x0288, WIRE_SIGN_ANSWER_F) \
	M(certify, 0x0220, WIRE_CERTIFY_F)      /* broker -> vault      a certificate over a user's key, by the users' CA */ \
	M(certified, 0x02a0, WIRE_CERTIFIED_F) \
	M(unseal, 0x0221, WIRE_UNSEAL_F)        /* notify -> vault      how a channel is reached           */ \
	M(unsealed, 0x02a1, WIRE_UNSEALED_F) \
	/* ---- a new master key: broker -> parent -> vault, and back ---- */ \
	M(rekey, 0x0210, WIRE_REKEY_F)          /* broker -> parent; parent -> vault   +fd there: an empty file for the new key */ \
	M(rekey_answer, 0x0290, WIRE_TICKET_F)  /* vault -> parent      it stands in the file; parent -> broker: the vault runs with it */ \
	/* ---- worker, broker <-> recorder ---- */ \
	M(frames, 0x0301, WIRE_FRAMES_F)        /* worker -> recorder; recorder -> watcher; reader -> broker  gateway/core/frame.h */ \
	M(credit, 0x0381, WIRE_CREDIT_F)        /* recorder -> worker   bytes received, may be sent again  */ \
	M(durable, 0x0382, WIRE_DURABLE_F)      /* recorder -> worker   frames messages up to seq are on disk */ \
	M(keyframe, 0x0383, WIRE_NONE_F)        /* recorder -> worker   a watcher joined: screen, please   */ \
	M(unrecorded, 0x0384, WIRE_DENY_F)      /* recorder -> worker   recording failed: end the session  */ \
	M(begin, 0x0302, WIRE_BEGIN_F)          /* broker -> recorder   that worker's frames are this session */ \
	M(begin_answer, 0x0385, WIRE_BEGIN_ANSWER_F) \
	M(watch, 0x0303, WIRE_WATCH_F)          /* broker -> recorder   +fd: a watcher's socket            */ \
	M(watch_answer, 0x0386, WIRE_TICKET_F) \
	M(recording, 0x0304, WIRE_ONE_ID_F)     /* broker -> recorder   what became of it? (reconciliation) */ \
	M(recording_answer, 0x0387, WIRE_RECORDED_F) /* also unasked, when a recording is sealed or anchored  */ \
	M(remove, 0x0310, WIRE_REMOVE_F)        /* broker -> recorder   a whole recording goes, a tombstone stays */ \
	M(removed, 0x0390, WIRE_REMOVED_F) \
	M(space, 0x0388, WIRE_SPACE_F)          /* recorder -> broker   when the state changes, and each minute */ \
	/* ---- reader <-> broker ---- */ \
	M(read, 0x0401, WIRE_READ_F)            /* broker -> reader     +fd: write the result there        */ \
	M(read_opened, 0x0481, WIRE_READ_OPENED_F) /* reader -> broker  its header: the sealed key         */ \
	M(read_allowed, 0x0402, WIRE_TICKET_F)  /* broker -> reader     answer to read_opened: now `use` at the vault, or why not */ \
	M(read_done, 0x0482, WIRE_READ_DONE_F)  /* reader -> broker */ \
	/* ---- broker <-> argon2 helper ---- */ \
	M(pwhash, 0x0501, WIRE_PWHASH_F)        /* +fd with op NEW: the password in a sealed memfd         */ \
	M(pwhash_answer, 0x0581, WIRE_PWHASH_ANSWER_F) \
	M(passkey, 0x0502, WIRE_PASSKEY_F)      /* broker -> helper     is this the passkey?               */ \
	M(passkey_answer, 0x0582, WIRE_PASSKEY_ANSWER_F) \
	/* ---- web <-> broker.  A browser that logs in has a socket of its own: there `login`, `factor`, `passkey_*`, then `enter` ---- */ \
	M(visit, 0x0805, WIRE_VISIT_F)          /* web -> broker        +fd: the broker's end of that socket */ \
	M(enter, 0x0808, WIRE_ENTER_F)          /* visitor -> broker    logged in: a console session, please; once */ \
	M(enter_answer, 0x0888, WIRE_ENTER_ANSWER_F) \
	M(ask, 0x0802, WIRE_ASK_F)              /* web -> broker        a command of the table, as whoever the token is; +fd as in `command` */ \
	M(ask_answer, 0x0882, WIRE_ASK_ANSWER_F) /* one or more; the last has more = 0 */ \
	M(terminal, 0x0803, WIRE_TERMINAL_F)    /* web -> broker        open one, or have an open one again */ \
	M(terminal_answer, 0x0883, WIRE_TERMINAL_ANSWER_F) /* code 0 +fd: the socket that speaks `term` */ \
	M(leave, 0x0804, WIRE_LEAVE_F)          /* web -> broker        nobody came back to that terminal: end it */ \
	M(passkey_begin, 0x0806, WIRE_NONE_F)   /* visitor -> broker    a challenge, please: in place of a password or a code */ \
	M(passkey_asked, 0x0886, WIRE_PASSKEY_ASKED_F) \
	M(passkey_use, 0x0807, WIRE_PASSKEY_USE_F) /* visitor -> broker the browser's answer to it; factor_answer is ours */ \
	/* ---- a browser's terminal: broker -> term, then web <-> term on the same socket ---- */ \
	M(term_begin, 0x0701, WIRE_TERM_BEGIN_F) /* broker -> term      +fd: the stream to its SSH worker; first, once */ \
	M(term, 0x0702, WIRE_TERM_F)            /* web <-> term         webterm/frame.h                    */ \
	/* ---- CLI <-> broker, on the local socket ---- */ \
	M(command, 0x0601, WIRE_COMMAND_F)      /* +fd where the command takes a secret, an output or a watcher's socket */ \
	M(result, 0x0681, WIRE_RESULT_F)        /* one or more; the last has more = 0                      */

/* F(kind, field) */
#define WIRE_NONE_F(F)
#define WIRE_TEXT_F(F) F(STR, text)
#define WIRE_WORKER_F(F) F(U64, worker)
#define WIRE_TICKET_F(F) F(U64, ticket) F(I64, code) F(STR, say)
#define WIRE_ONE_ID_F(F) F(ID, id)
#define WIRE_HELLO_F(F) F(U8, role) F(STR, build)
#define WIRE_PEER_F(F) F(U8, role) /* enum wire_role */
/* worker: unique for ever (parent's start time, then a counter).  job: enum wire_job.  ticket: of `want`.
 * resumed: 1 when the service is new and the worker is not.  outer: the worker whose client this one's client came
 * through (then address and port are that one's, and ticket is of `want`); 0 = none.  door: enum wire_door.
 * target: the one that the listening socket is for, or empty.  plain: 1 = a client may log in without TLS. */
#define WIRE_ATTACH_F(F) \
	F(U64, worker) F(U8, role) F(U8, job) F(U64, ticket) F(STR, address) F(U16, port) F(U8, resumed) F(U64, outer) F(STR, target)
#define WIRE_CLIENT_F(F) F(U64, worker) F(U8, job) F(STR, address) F(U16, port) F(U8, door) F(STR, target) F(U8, plain)
/* text: the login banner, may be empty.  greeting: of a SQL door, what a server of the bound target said last (`detail` of
 * `reached`), or of the shared port what the settings say; may be empty. */
#define WIRE_WELCOME_F(F) F(STR, text) F(STR, greeting)
#define WIRE_GONE_F(F) F(U64, worker) F(I64, status) /* waitpid status */
#define WIRE_CONTROL_F(F) F(U64, worker) F(U8, op) F(STR, reason) /* enum wire_control_op */
/* role: the worker that is to do it.  outer, door: of WIRE_JOB_SESSION, as above.  address, port: of the browser that a session without an outer worker belongs to */
#define WIRE_WANT_F(F) F(U64, ticket) F(U8, job) F(U8, role) F(U64, outer) F(U8, door) F(STR, address) F(U16, port)
/* user: the login name as typed (user, user#target, user#account#target).  proof: password, or the public key blob
 * (RFC 4253 section 6.6) or a certificate over it (OpenSSH's PROTOCOL.certkeys).  KEY_OFFERED asks whether signing is worth it; KEY says that libssh verified it.
 * INNER: user is the account; who it is, the broker knows from the outer connection. */
#define WIRE_LOGIN_F(F) F(U8, method) F(STR, user) F(STR, proof)
/* plugin: enum wire_scramble.  challenge: what the client was sent; answer: what it made of that and its password. */
#define WIRE_LOGIN_SCRAMBLE_F(F) F(U8, plugin) F(STR, user) F(STR, challenge) F(STR, answer)
/* verdict: enum wire_login_verdict.  say: one line for the person, in both languages where it matters. */
#define WIRE_LOGIN_ANSWER_F(F) F(U8, verdict) F(STR, user) F(STR, target) F(STR, account) F(STR, say)
/* begin: 1 = the person is about to be asked, answer is empty; 0 = answer is what was typed. */
#define WIRE_FACTOR_F(F) F(U8, begin) F(STR, answer)
/* step: enum wire_factor_step.  id: ENROL: `use` it at the vault, once, for what the person must see: the TOTP secret in
 * base32 and the recovery codes, a line each; zero = the same as before.  user, target, account: as in login_answer; ENROL names the user too. */
#define WIRE_FACTOR_ANSWER_F(F) F(U8, step) F(ID, id) F(STR, user) F(STR, target) F(STR, account) F(STR, say)
/* sealed: empty = a new secret; else new recovery codes for that one.  worker: who may see them, as id; 0 = the broker
 * (recovery codes only). */
#define WIRE_FACTOR_NEW_F(F) F(U64, ticket) F(U64, worker) F(ID, id) F(STR, bound) F(STR, sealed)
/* hashes: 32 bytes a recovery code.  codes: a line each, only when worker was 0. */
#define WIRE_FACTOR_MADE_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(STR, sealed) F(STR, hashes) F(STR, codes)
#define WIRE_FACTOR_CHECK_F(F) F(U64, ticket) F(STR, sealed) F(STR, bound) F(STR, typed) F(U64, last_step)
/* step: the time step that the code is of, always later than last_step; 0 = it is none.  recovery: the hash of what was
 * typed, when that has the form of a recovery code; else zero. */
#define WIRE_FACTOR_CHECKED_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(U64, step) F(H32, recovery)
#define WIRE_TARGETS_F(F) F(STR, search) F(U32, offset)
/* rows: count times { STR target, STR account, STR cluster, STR address } ; total matches.  say: why there are none just now */
#define WIRE_TARGETS_ANSWER_F(F) F(U32, count) F(U32, total) F(STR, rows) F(STR, say)
#define WIRE_TARGET_F(F) F(STR, target) F(STR, account)
/* auth: enum wire_auth.  host_key: pinned blob; of a database 32 bytes, SHA-256 of its TLS public key, or empty where an administrator
 * has said that it has no TLS; else empty with WIRE_AUTH_NONE alone.  database: the default one, or empty.  features: WIRE_FEATURE_* bits.  limits 0 = none.
 * charset: enum charset, of what the target says and reads.  legacy: 1 = old algorithms will do for this target. */
#define WIRE_GRANT_F(F) \
	F(ID, session) F(STR, target) F(STR, account) F(STR, cluster) F(U8, auth) F(STR, host_key) F(U32, features) \
	F(U64, idle_s) F(U64, total_s) F(U64, stream_max) F(U64, keep_max) F(STR, env_allow) F(STR, rule) \
	F(U8, charset) F(U8, legacy) F(STR, database)
#define WIRE_DENY_F(F) F(I64, code) F(STR, say)
/* One version of the rules comes in one message or more; the last has more = 0, and only then it is in force.  user, role: whose session
 * it is.  otherwise: enum decide_sql_action; approval: 1 = `approve` asks, 0 = it refuses.  rows: count times { I64 id, U8 action, STR user, role,
 * dialect, database, tables, program, from, hours, U64 classes, flags, without, I64 statements, rows, STR say }, in their order. */
#define WIRE_RULES_F(F) \
	F(U64, version) F(U8, more) F(STR, user) F(STR, role) F(U8, otherwise) F(U8, approval) F(U32, count) F(STR, rows)
/* verdict: enum decide_sql_action; rule: its id, 0 = the default; number: of the statement, as in its frame; text: masked */
#define WIRE_STATEMENT_F(F) F(U8, verdict) F(I64, rule) F(U64, number) F(STR, text) F(STR, fingerprint)
/* thread: `thread`: the target's number of this connection; `thread_of`: a number of ours, the low half of that worker's */
#define WIRE_THREAD_F(F) F(U64, thread)
/* code: 0, or -ENOENT: none of this person's connections to this target and account */
#define WIRE_THREAD_ANSWER_F(F) F(I64, code) F(U64, thread)
/* digest: SHA-256 of the bytes that the client sent, from the first statement to the end of the last, without blanks and separators around; database: the
 * one in use, or empty */
#define WIRE_PERMIT_F(F) F(STR, digest) F(STR, database)
/* request: by which it may, once; 0 = no, and `why`.  Statements n to n + count - 1 of it.  rows: so many may each of them change, -1 = nobody said.
 * stop: 1 = behind one that failed the rest does not run. */
#define WIRE_PERMIT_ANSWER_F(F) F(U64, request) F(U32, n) F(U32, count) F(I64, rows) F(U8, stop) F(STR, why)
/* state: enum wire_ran.  rows: -1 = the server named none.  code, sqlstate, words: of its error */
#define WIRE_PERMIT_DONE_F(F) \
	F(U64, request) F(U32, n) F(U8, state) F(I64, rows) F(U64, us) F(U32, code) F(STR, sqlstate) F(STR, words)
/* outcome: enum wire_outcome.  detail: why not; of a database that was reached: how it greets, for `welcome`.  presented: the host key blob the target showed, when it changed. */
#define WIRE_REACHED_F(F) F(U8, outcome) F(STR, detail) F(STR, presented)
/* request: one of WIRE_FEATURE_*.  text: exec string, subsystem name, ... ; answered before it runs. */
#define WIRE_OPEN_F(F) F(U32, channel) F(U32, request) F(STR, text)
#define WIRE_OPEN_ANSWER_F(F) F(U32, channel) F(U32, request) F(I64, code) F(STR, say)
/* what: "forward" (to the target's loopback), "reverse", "agent", "x11", "channel" (of another type); text: details of whoever asked; reason: why */
#define WIRE_REFUSED_F(F) F(STR, what) F(STR, text) F(STR, reason)
/* host, port: as the client says it, RFC 4254 section 7.2; origin: whom it forwards for, for the audit */
#define WIRE_JUMP_F(F) F(STR, host) F(U32, port) F(STR, origin)
#define WIRE_SEQ_F(F) F(U64, seq)
/* seq goes up by one from 1, a session.  number: of the file or operation, in the session; an upload or download comes twice,
 * BEGUN and how it ended.  size: bytes that passed, of the file's from `from` on, in so many ranges; sha256: 32 bytes, or
 * empty where it is not known.  kept: 1 = the recording holds all of these bytes (FRAME_CONTENT). */
#define WIRE_FILE_F(F) \
	F(U64, seq) F(U32, channel) F(U32, number) F(U8, protocol) F(U8, op) F(U8, state) F(U64, size) F(U64, from) \
	F(U32, ranges) F(STR, sha256) F(U8, kept) F(STR, path) F(STR, to) F(STR, why)
#define WIRE_END_F(F) F(STR, reason) F(U64, in_bytes) F(U64, out_bytes)
#define WIRE_PROBE_F(F) F(U64, ticket) F(STR, pinned) F(U8, legacy) /* prefer the pinned key's type */
#define WIRE_PROBE_ANSWER_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(STR, host_key) F(STR, banner)
/* op: enum wire_rotate_op.  means: enum wire_rotate_means; host_key: the pinned one, of a database the SHA-256 of its TLS public key; host: what
 * the target is called, for TLS.  login, auth, secret: who logs in, enum wire_auth, and what to `use` at the vault for that.  account, fresh:
 * CHANGE: whose password is changed, to which one. */
#define WIRE_ROTATE_F(F) \
	F(U64, ticket) F(U8, op) F(U8, means) F(STR, host) F(STR, login) F(U8, auth) F(ID, secret) F(STR, account) F(ID, fresh) \
	F(STR, host_key) F(U8, legacy)
/* how: enum wire_rotate_how.  sent: 1 = the target may have the fresh password. */
#define WIRE_ROTATE_ANSWER_F(F) F(U64, ticket) F(U8, how) F(U8, sent)
/* key: the public half of the gateway's SSH host key, Ed25519 */
#define WIRE_HOST_KEY_F(F) F(H32, key)
/* key: as answered to host_key; hash: the exchange hash H of RFC 4253 section 8, 32, 48 or 64 bytes */
#define WIRE_HOST_SIGN_F(F) F(H32, key) F(STR, hash)
/* code: 0, or -ESTALE: the gateway has another host key now */
#define WIRE_HOST_SIGN_ANSWER_F(F) F(I64, code) F(SIG, signature)
#define WIRE_USE_F(F) F(ID, id)
/* kind: enum wire_secret.  sealed, bound: a credential; RECORDING: sealed = the recording's sealed key, bound empty.
 * login: the account name that a signature may name.  uses: signatures allowed.  legacy: 1 = also with SHA-1. */
#define WIRE_ALLOW_F(F) \
	F(U64, ticket) F(U64, worker) F(ID, id) F(U8, kind) F(STR, login) F(STR, sealed) F(STR, bound) F(U32, uses) \
	F(U8, legacy)
/* ca, host, users: 1 = that key changes too, 0 = it stays */
#define WIRE_REKEY_F(F) F(U64, ticket) F(U8, ca) F(U8, host) F(U8, users)
#define WIRE_SEAL_F(F) F(U64, ticket) F(U8, kind) F(STR, bound)
#define WIRE_MAKE_F(F) F(U64, ticket) F(STR, bound) F(U8, length) /* of its characters, 8 to 64 */
#define WIRE_REBIND_F(F) F(U64, ticket) F(STR, sealed) F(STR, bound) F(STR, rebound)
/* public_key: OpenSSH one-line form of a KEY or CA; https://host[:port] of a HOOK; else empty */
#define WIRE_SEALED_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(STR, sealed) F(STR, public_key)
/* evidence: the evidence keys, oldest first, as a public key file (recorder/evidence/keys.h); seal: X25519, recording keys
 * are sealed to it; ca (targets trust it), host, users (the CA of certificates to log in here with): OpenSSH one-line. */
#define WIRE_PUBLICS_F(F) F(U32, generation) F(STR, evidence) F(H32, seal) F(STR, ca) F(STR, host) F(STR, users)
/* key: the public key blob; principal: the user; sources: networks with commas between, empty = from anywhere; times since 1970.
 * certificate: its blob. */
#define WIRE_CERTIFY_F(F) \
	F(U64, ticket) F(U64, serial) F(STR, key) F(STR, key_id) F(STR, principal) F(STR, sources) F(U64, after_s) F(U64, before_s)
#define WIRE_CERTIFIED_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(STR, certificate)
/* Of kind MAIL or HOOK alone.  secret: as it was sealed, empty when code is not 0. */
#define WIRE_UNSEAL_F(F) F(U64, ticket) F(STR, sealed) F(STR, bound)
#define WIRE_UNSEALED_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(STR, secret)
/* what: enum wire_sign_what.  The vault signs the domain-separated text of docs/RECORDING.md, nothing else. */
#define WIRE_SIGN_F(F) F(U64, ticket) F(U8, what) F(ID, id) F(U64, seq) F(H32, hash) F(I64, time_us)
#define WIRE_SIGN_ANSWER_F(F) F(U64, ticket) F(SIG, signature)
/* seq goes up by one from 1, a recording (or a watcher).  Only bytes of `frames` count against the credit: 256 KiB at the
 * start, and what `credit` gives back, in steps of at least 64 KiB. */
#define WIRE_FRAMES_F(F) F(U64, seq) F(STR, frames)
/* bytes: lengths of `frames`, headers of the messages not counted */
#define WIRE_CREDIT_F(F) F(U32, bytes)
#define WIRE_DURABLE_F(F) F(U64, seq)
/* meta: JSON for the first frame.  auditor: X25519 public key that terminal input is sealed to, or empty. */
#define WIRE_BEGIN_F(F) F(U64, worker) F(ID, id) F(STR, meta) F(STR, auditor)
#define WIRE_BEGIN_ANSWER_F(F) F(ID, id) F(I64, code) F(STR, say)
/* pace_ms: at most one message in that time, whole pictures in place of what is much (0 = everything as it comes). */
#define WIRE_WATCH_F(F) F(U64, ticket) F(ID, id) F(U32, pace_ms)
/* state: enum wire_recording_state.  seq, head: last block and chain head; signature over them by the vault (zero when open). */
#define WIRE_RECORDED_F(F) \
	F(ID, id) F(U8, state) F(U64, seq) F(H32, head) F(U64, bytes) F(I64, started_us) F(I64, ended_us) F(I64, signed_us) \
	F(SIG, signature) F(STR, reason)
/* seq, head: as anchored in the audit; zero when nothing was.  reason: into the tombstone. */
#define WIRE_REMOVE_F(F) F(ID, id) F(I64, started_us) F(U64, seq) F(H32, head) F(STR, reason)
/* tombstone: recorder/evidence/tombstone.h */
#define WIRE_REMOVED_F(F) F(ID, id) F(I64, code) F(STR, say) F(STR, tombstone)
/* free_bytes: without what is set aside for open recordings */
#define WIRE_SPACE_F(F) F(U8, state) F(U64, free_bytes) F(U64, total_bytes) F(U64, floor_bytes) /* enum wire_space_state */
/* format: enum wire_read_format.  from: microseconds since the recording's beginning; of READ_SEALED bytes.
 * file: its number, of READ_FILE. */
#define WIRE_READ_F(F) F(U64, ticket) F(ID, id) F(U8, format) F(I64, from) F(U32, file)
#define WIRE_READ_OPENED_F(F) F(U64, ticket) F(STR, sealed_key)
#define WIRE_READ_DONE_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(U64, seq) F(H32, head) F(U8, state)
/* op: enum wire_pwhash_op.  hash: libsodium's string form; empty with VERIFY does the same work and fails. */
#define WIRE_PWHASH_F(F) F(U64, ticket) F(U8, op) F(STR, hash) F(STR, password)
#define WIRE_PWHASH_ANSWER_F(F) F(U64, ticket) F(I64, code) F(STR, hash)
/* op: enum wire_passkey_op.  challenge: 32 bytes.  client, auth, signature: as the browser said it.  kept: USE: authenticator data of the
 * registration, with the key.  credential: its id. */
#define WIRE_PASSKEY_F(F) \
	F(U64, ticket) F(U8, op) F(STR, rp) F(STR, origin) F(STR, challenge) F(STR, client) F(STR, auth) F(STR, signature) F(STR, credential) \
	F(STR, kept)
/* why: for the audit.  flags, counter: of the authenticator data.  algorithm: COSE's. */
#define WIRE_PASSKEY_ANSWER_F(F) F(U64, ticket) F(I64, code) F(STR, why) F(U8, flags) F(U32, counter) F(I64, algorithm)
/* rp: empty = at this address there are no passkeys.  ids: count times STR, of the person's; none = whichever the browser has.
 * totp: 1 = a code will do as well.  say: where the person's passkeys are good, when they are not here.  days: for so long a browser
 * may be remembered. */
#define WIRE_PASSKEY_ASKED_F(F) \
	F(I64, code) F(STR, say) F(STR, rp) F(STR, challenge) F(U32, count) F(STR, ids) F(U8, totp) F(U32, days)
/* handle: the user handle, which names the person where nobody has yet */
#define WIRE_PASSKEY_USE_F(F) F(STR, credential) F(STR, client) F(STR, auth) F(STR, signature) F(STR, handle)
/* address, port: of the browser, as web saw it.  origin: the page's, as web would accept it.  device: the token of a browser that is
 * remembered, 32 bytes, or empty. */
#define WIRE_VISIT_F(F) F(STR, address) F(U16, port) F(STR, origin) F(STR, device)
/* agent: the browser's name for itself, for the list of sessions; of it 200 bytes are kept.  remember: 1 = the
 * person wants this browser remembered. */
#define WIRE_ENTER_F(F) F(STR, agent) F(U8, remember)
/* token: 32 random bytes, shown this once; the broker keeps their hash.  id: of the console session, no secret.
 * device: 32 more, by which the browser is remembered for `days`; or empty. */
#define WIRE_ENTER_ANSWER_F(F) \
	F(I64, code) F(STR, say) F(STR, token) F(ID, id) F(STR, user) F(STR, role) F(STR, lang) F(STR, device) F(U32, days)
/* token: as given by enter_answer; nobody's (any more): exit is 5.  The rest as in `command`. */
#define WIRE_ASK_F(F) F(U64, ticket) F(STR, token) F(STR, address) F(STR, name) F(U32, count) F(STR, args) F(STR, lang)
#define WIRE_ASK_ANSWER_F(F) F(U64, ticket) F(U8, more) F(I64, exit) F(STR, json) F(STR, say)
/* id: zero = a new one to target and account (empty = the only or default one); else that one again. */
#define WIRE_TERMINAL_F(F) \
	F(U64, ticket) F(STR, token) F(STR, address) F(U16, port) F(ID, id) F(STR, target) F(STR, account) F(STR, lang)
/* code: -EKEYEXPIRED signed out, -ENOENT no such terminal or target (or not his), -EACCES not now, -EAGAIN too many or away. */
#define WIRE_TERMINAL_ANSWER_F(F) F(U64, ticket) F(I64, code) F(STR, say) F(ID, id)
#define WIRE_LEAVE_F(F) F(ID, id)
/* account: whom to name at the SSH login; host_key: the gateway's, which the worker must show, its blob; charset: enum charset, of the target */
/* paste: enum wire_paste; paste_max: bytes of one, 0 = what the terminal holds; no_copy: the page is told not to; layer: enum wire_layer. */
#define WIRE_TERM_BEGIN_F(F) \
	F(STR, target) F(STR, account) F(STR, lang) F(STR, host_key) F(U8, charset) F(U8, paste) F(U32, paste_max) F(U8, no_copy) \
	F(U8, layer)
#define WIRE_TERM_F(F) F(STR, frame)
/* name: "user add".  args: count times { STR key, STR value }, positional keys as the command table names them. */
#define WIRE_COMMAND_F(F) F(STR, name) F(U32, count) F(STR, args) F(STR, lang)
/* exit: the CLI's exit code.  json: a piece of the answer (array of objects for lists); say: why it failed. */
#define WIRE_RESULT_F(F) F(U8, more) F(I64, exit) F(STR, json) F(STR, say)

enum wire_role { /* also the order in which the parent starts services */
	WIRE_PARENT = 1, WIRE_VAULT, WIRE_RECORDER, WIRE_PWHASH, WIRE_BROKER, WIRE_SSH, WIRE_READER,
	WIRE_CLI, /* in `peer` to the broker: the listening local socket of the CLI */
	WIRE_EXPORT,
	WIRE_WEB,
	WIRE_TERM,    /* a browser's terminal: an SSH client of ours */
	WIRE_BROWSER, /* in `peer` to web: the listening socket of the browsers */
	WIRE_NOTIFY,
	WIRE_MYSQL,
	WIRE_TDS,
};
enum wire_paste { WIRE_PASTE_ALLOW, WIRE_PASTE_ASK, WIRE_PASTE_DENY, WIRE_PASTES };
enum wire_layer { WIRE_LAYER_L0, WIRE_LAYER_L1, WIRE_LAYER_L3, WIRE_LAYERS }; /* of command control: yanmen.layer_of */
enum wire_job { WIRE_JOB_SESSION = 1, WIRE_JOB_PROBE, WIRE_JOB_READ,
	WIRE_JOB_TERM,  /* fd of `want` and `client`: its socket, on which the broker and then web speak */
	WIRE_JOB_VISIT, /* never of the parent: the broker's own, for `visit` */
};
/* The worker in `factor_new` when a browser enrols: at the vault yanmen-web may `use` what is allowed to this one.  No worker
 * has this number: theirs are microseconds since 1970. */
#define WIRE_WORKER_WEB UINT64_C(1)
enum wire_door { /* how a client comes to its worker */
	WIRE_DOOR_CLIENT,  /* from the network: it logs in */
	WIRE_DOOR_INNER,   /* SSH through another connection (ProxyJump): that one's user, for one target */
	WIRE_DOOR_FORWARD, /* any bytes through another connection, to one port of one target */
};
enum wire_control_op { WIRE_END_SESSION = 1, WIRE_LOCK, WIRE_UNLOCK, WIRE_NOTICE /* a line for the person */ };
enum wire_login_method { WIRE_LOGIN_PASSWORD = 1, WIRE_LOGIN_KEY_OFFERED, WIRE_LOGIN_KEY, WIRE_LOGIN_INNER = 16 };
enum wire_scramble { WIRE_SCRAMBLE_NATIVE = 1, /* mysql_native_password */ WIRE_SCRAMBLE_SHA2 /* caching_sha2_password */ };
enum wire_ran { WIRE_RAN_OK = 1, WIRE_RAN_FAILED, WIRE_RAN_SKIPPED, WIRE_RAN_UNKNOWN, WIRE_RANS };
enum wire_login_verdict { WIRE_LOGIN_OK = 1, WIRE_LOGIN_DENIED, WIRE_LOGIN_KEY_WELCOME, WIRE_LOGIN_UNAVAILABLE,
	WIRE_LOGIN_FACTOR, /* so far right: now the second factor, by `factor` */
};
enum wire_factor_step {
	WIRE_FACTOR_CODE = 1,    /* ask for a code, of the app or a recovery code */
	WIRE_FACTOR_ENROL,       /* show the secret, ask for a code of it */
	WIRE_FACTOR_CODES,       /* show the recovery codes, ask whether they are kept */
	WIRE_FACTOR_OK,          /* logged in */
	WIRE_FACTOR_DENIED,      /* wrong; may be begun again */
	WIRE_FACTOR_UNAVAILABLE,
};
enum wire_auth { WIRE_AUTH_PASSWORD = 1, WIRE_AUTH_KEY, WIRE_AUTH_CA, WIRE_AUTH_NONE /* a forward */ };
enum wire_secret { WIRE_SECRET_PASSWORD = 1, WIRE_SECRET_KEY, WIRE_SECRET_CA, WIRE_SECRET_RECORDING, WIRE_SECRET_TOTP,
	WIRE_SECRET_MAIL, /* the password of a mail channel */
	WIRE_SECRET_HOOK, /* the URL of a webhook or a robot; in a second line the key to sign with, if there is one */
	WIRE_SECRET_SHOWN, /* a person sees it at the console: yanmen-web may use it, no worker */
	WIRE_SECRET_API,   /* of an access key, for programs: sealed, and so far nobody may use it */
};
enum wire_feature {
	WIRE_FEATURE_SHELL = 1 << 0,
	WIRE_FEATURE_EXEC = 1 << 1,
	WIRE_FEATURE_SFTP = 1 << 2, /* the sftp subsystem */
	WIRE_FEATURE_SCP = 1 << 3,  /* exec of scp -t / -f, the old protocol */
	WIRE_FEATURE_UPLOAD = 1 << 4, /* files to the target: within sftp and scp, and of rsync */
	WIRE_FEATURE_DOWNLOAD = 1 << 5,
	WIRE_FEATURE_FORWARD = 1 << 6, /* -L and -D: connections to the target from the client's side */
	WIRE_FEATURE_REVERSE = 1 << 7, /* -R: connections to the client from the target's side */
	WIRE_FEATURE_AGENT = 1 << 8,   /* the client's key agent, lent to the target */
	WIRE_FEATURE_X11 = 1 << 9,     /* the client's screen, lent to the target */
	WIRE_FEATURE_KEEP_UPLOAD = 1 << 10, /* contents of files that go up are recorded: a duty, not a right */
	WIRE_FEATURE_KEEP_DOWNLOAD = 1 << 11,
	WIRE_FEATURE_QUERY = 1 << 12,       /* statements to a database */
	WIRE_FEATURE_INFILE = 1 << 13,      /* ... that read a file of the client: LOAD DATA LOCAL */
	WIRE_FEATURE_KEEP = WIRE_FEATURE_KEEP_UPLOAD | WIRE_FEATURE_KEEP_DOWNLOAD,
};
enum wire_file_protocol { WIRE_FILE_SFTP = 1, WIRE_FILE_SCP, WIRE_FILE_RSYNC, WIRE_FILE_PROTOCOLS };
enum wire_file_op {
	WIRE_FILE_UPLOAD = 1, WIRE_FILE_DOWNLOAD, WIRE_FILE_RENAME, WIRE_FILE_REMOVE, WIRE_FILE_MKDIR, WIRE_FILE_RMDIR,
	WIRE_FILE_SETSTAT, WIRE_FILE_SYMLINK, WIRE_FILE_HARDLINK, WIRE_FILE_COPY,
	WIRE_FILE_UNREADABLE, /* the channel is no file transfer any more: a stream (FAILED), or ended (REFUSED) */
	WIRE_FILE_OPS,
};
enum wire_file_state {
	WIRE_FILE_BEGUN = 1, /* an upload or download, before its first byte; other operations come once */
	WIRE_FILE_COMPLETE,  /* closed in order and nothing failed; a download: to the end of the file */
	WIRE_FILE_PARTIAL,   /* cut, closed before the end, or not all of it was written */
	WIRE_FILE_FAILED,    /* the target said no */
	WIRE_FILE_REFUSED,   /* we did */
	WIRE_FILE_STATES,
};
enum wire_outcome {
	WIRE_REACHED_OK = 1, WIRE_REACHED_HOST_KEY_CHANGED, WIRE_REACHED_LOGIN_REFUSED, WIRE_REACHED_STALLED,
	WIRE_REACHED_BROKEN,
};
enum wire_rotate_op { WIRE_ROTATE_CHANGE = 1, WIRE_ROTATE_TRY /* logs in, and that is all */ };
enum wire_rotate_means { WIRE_ROTATE_SSH = 1, WIRE_ROTATE_MYSQL, WIRE_ROTATE_TDS };
enum wire_rotate_how {
	WIRE_ROTATE_DONE = 1,
	WIRE_ROTATE_NO_LOGIN, /* the target refused the login */
	WIRE_ROTATE_HOST_KEY, /* another one than the pinned */
	WIRE_ROTATE_NO_WAY,   /* the account may not change that password: neither root, nor sudo, nor its own by passwd */
	WIRE_ROTATE_REFUSED,  /* the target's program ended with an error */
	WIRE_ROTATE_BROKEN,   /* the connection */
	WIRE_ROTATE_LATE,
	WIRE_ROTATE_NO_SECRET, /* the vault gave none */
	WIRE_ROTATE_UNKNOWN,   /* a server, or a way to log in, that is not known here */
	WIRE_ROTATE_HOWS,
};
enum wire_sign_what {
	WIRE_SIGN_CHECKPOINT = 1, WIRE_SIGN_CLOSE, WIRE_SIGN_CRASHED, WIRE_SIGN_AUDIT,
	WIRE_SIGN_KEY,       /* a successor: seq is its number, hash its public half; the vault does it when it rotates */
	WIRE_SIGN_TOMBSTONE, /* a recording that was removed: hash of the tombstone */
	WIRE_SIGN_BACKUP,    /* hash of a backup's manifest; seq its files */
};
enum wire_recording_state {
	WIRE_RECORDING_UNKNOWN = 1, WIRE_RECORDING_OPEN, WIRE_RECORDING_CLOSED, WIRE_RECORDING_CRASHED,
	WIRE_RECORDING_FAILED,
};
enum wire_space_state {
	WIRE_SPACE_OK = 1,
	WIRE_SPACE_LOW,  /* below the floor: nothing new is recorded */
	WIRE_SPACE_WARN, /* an early warning */
	WIRE_SPACE_OVER, /* so far below it that running recordings are ended, for the sake of the database */
};
enum wire_read_format {
	WIRE_READ_FRAMES = 1, /* for replay: frames messages in a row on the descriptor, a socket */
	WIRE_READ_ASCIICAST, WIRE_READ_TEXT, WIRE_READ_JSONL,
	WIRE_READ_SEALED,     /* the file as it lies, for offline verification */
	WIRE_READ_VERIFY,     /* nothing is written; the answer tells */
	WIRE_READ_LINES,      /* for searching: frames messages to the broker, an OUT or ERR frame a line of text */
	WIRE_READ_FILE,       /* the kept contents of one file; +fd: a file, each byte in its place, or a stream */
	WIRE_READ_INDEX,      /* what is in it and when: docs/RECORDING.md, "Index" */
	WIRE_READ_CSV,        /* statements of a database, a row each */
};
enum wire_exit { WIRE_EXIT_UNRECORDED = 3 }; /* exit status of a worker (in `gone`) whose recorder was lost */
enum wire_pwhash_op { WIRE_PWHASH_VERIFY = 1, WIRE_PWHASH_NEW };
enum wire_passkey_op { WIRE_PASSKEY_NEW = 1, WIRE_PASSKEY_USE };

/* ---- what the table yields ---- */
#define WIRE_C_U8 uint8_t
#define WIRE_C_U16 uint16_t
#define WIRE_C_U32 uint32_t
#define WIRE_C_U64 uint64_t
#define WIRE_C_I64 int64_t
#define WIRE_C_STR struct span
#define WIRE_C_ID struct id
#define WIRE_C_H32 struct wire_h32
#define WIRE_C_SIG struct wire_sig
struct wire_h32 {
	uint8_t b[32];
};
struct wire_sig {
	uint8_t b[64];
};

#define WIRE_FIELD(kind, field) WIRE_C_##kind field;
#define WIRE_STRUCT(name, number, fields) \
	struct wire_##name { \
		fields(WIRE_FIELD) char wire_end_; /* a message may have no field */ \
	};
WIRE_MESSAGES(WIRE_STRUCT)

#define WIRE_NUMBER(name, number, fields) WIRE_T_##name = number,
enum wire_type { WIRE_MESSAGES(WIRE_NUMBER) };

/* get: 0 or -EBADMSG; the body must hold exactly the fields.  send: blocks; queue: into a msgq. */
#define WIRE_CODEC(name, number, fields) \
	void wire_##name##_put(struct buf *b, const struct wire_##name *m); \
	int wire_##name##_get(struct span body, struct wire_##name *ret, struct err *err); \
	int wire_##name##_send(int sock, const struct wire_##name *m, int fd); \
	int wire_##name##_queue(struct msgq *q, const struct wire_##name *m, int fd);
WIRE_MESSAGES(WIRE_CODEC)

const char *wire_type_name(uint16_t type); /* "login"; "?" */
const char *wire_role_name(uint8_t role);  /* "broker" */
const char *wire_file_protocol_name(uint8_t protocol); /* "sftp"; "?", as the next two */
const char *wire_file_op_name(uint8_t op);             /* "upload" */
const char *wire_file_state_name(uint8_t state);       /* "begun" */
extern const char wire_build[];            /* the build id that HELLO carries */

#endif
