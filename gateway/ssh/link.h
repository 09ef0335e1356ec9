#ifndef GATEWAY_SSH_LINK_H
#define GATEWAY_SSH_LINK_H
#include "gateway/proto.h"
#include "gateway/session.h"
#include "gateway/ssh/flow.h"
#include "gateway/ssh/say.h"
#include "gateway/xfer/command.h"
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <stdbool.h>
#include <stdint.h>
struct err;
struct pollfd;
struct secret;
struct gw_ssh_forward;
struct gw_ssh_menu;
struct gw_ssh_reverse;
/*
 * link - what the files of the SSH worker share: one client connection, its target connection, its channels.
 *
 * Files:   ssh.c contract and warm-up, serve.c the loop, front.c the user's side, ask.c his second factor, back.c the target's side, channel.c one
 *          channel's callbacks, start.c how a channel gets going, relay.c its life and end, flow.c the bytes, files.c files, menu.c and
 *          choose.c the menu, forward.c connections to other targets through this one, local.c to the target's own loopback, reverse.c
 *          ports of the target that lead to the client, lend.c the client's agent and screen, remote.c channels that the target opens,
 *          end.c ending and locking, probe.c host keys, rotate.c passwords of accounts, algo.c what we agree to, pty.c the request for a terminal, request.c and say.c words.
 * Rule:    libssh callbacks run from inside libssh functions, also nested.  They only note things in these structs (and
 *          ask the broker at a login); whatever calls libssh happens in the loop.  Client and target have an ssh_event
 *          each, so that one's failure inside libssh never counts as the other's.
 * Units:   times in microseconds of clock_mono_us.
 * Owns:    a link owns both SSH sessions and its channels; the harness owns the rest.
 */
enum {
	GW_SSH_CHANNELS = 16,
	GW_SSH_FORWARDS = 32,    /* to other targets, to the target's loopback, and those that the target opens, together */
	GW_SSH_LISTENERS = 16,   /* ports of the target that lead to the client */
	GW_SSH_X11_BYTES = 1024, /* of a screen's protocol and cookie, each */
	GW_SSH_ENV = 32,         /* variables a channel */
	GW_SSH_ENV_BYTES = 4096, /* of one variable, name and value */
	GW_SSH_COMMAND_BYTES = 32768,
	GW_SSH_SIGNALS = 8,
	GW_SSH_TRIES = 6,
	GW_SSH_KEYS_OFFERED = 20,
	GW_SSH_LOGIN_US = 120 * 1000 * 1000,
	GW_SSH_ENROL_US = 600 * 1000 * 1000, /* who enrols must find his telephone first */
	GW_SSH_TARGET_US = 25 * 1000 * 1000,
	GW_SSH_FLUSH_US = 300 * 1000,
};

enum gw_ssh_start {
	GW_SSH_START_NONE,
	GW_SSH_START_SHELL,
	GW_SSH_START_EXEC,
	GW_SSH_START_SUBSYSTEM,
	/* no session channels: a connection to the target's loopback ... */
	GW_SSH_START_LOCAL,
	/* ... and what the target opens: from a port that leads to the client, to the client's agent, to its screen */
	GW_SSH_START_REVERSE,
	GW_SSH_START_AGENT,
	GW_SSH_START_X11,
};

enum gw_ssh_phase {
	GW_SSH_CH_COLLECT,  /* pty and environment come in, no start yet */
	GW_SSH_CH_MENU,     /* chooses the target */
	GW_SSH_CH_WAIT,     /* for the target */
	GW_SSH_CH_ASKED,    /* the broker */
	GW_SSH_CH_OPENING,  /* a channel to the other side */
	GW_SSH_CH_REQUESTS, /* pty, environment, start */
	GW_SSH_CH_RUN,
	GW_SSH_CH_CLOSING, /* our side has nothing more to say; until both peers have closed */
};

struct gw_ssh_env {
	char *name, *value;
};

struct gw_ssh_channel {
	struct gw_ssh_link *link;
	struct gw_ssh_channel *next;
	uint32_t number;
	enum gw_ssh_phase phase;
	ssh_channel front, back;
	struct ssh_channel_callbacks_struct front_cb, back_cb;
	struct gw_ssh_flow in, out, err, own; /* own: our words to the user */
	/* what the client asked for */
	bool pty, resized;
	char term[64];
	uint32_t columns, rows;
	struct gw_ssh_env env[GW_SSH_ENV];
	size_t env_n, step; /* step: next request to send */
	enum gw_ssh_start start;
	char *command;   /* exec string, subsystem name, or destination */
	char *to_host, *from_host; /* of a channel that is no session's: where to, and (opened by the target) who */
	uint16_t to_port, from_port;
	uint32_t feature;
	uint32_t lends, asking; /* WIRE_FEATURE_AGENT, WIRE_FEATURE_X11; the bits that the broker is to answer next */
	struct {
		bool single;
		char *protocol, *cookie; /* the client's own, made for this */
		int screen;
	} x11;
	char *signals[GW_SSH_SIGNALS];
	size_t signals_n;
	/* files */
	struct xfer_command moves; /* what the request says of them; protocol 0 = no file transfer */
	struct xfer *xfer;         /* reads the channel, while it can */
	uint32_t rsync;            /* number of the stream in the ledger, while it runs */
	bool refusal_said[2];      /* up, down */
	/* how it ends */
	bool opened;       /* FRAME_OPEN is written */
	bool front_open;   /* the client knows the channel */
	bool back_open;    /* the target knows the channel */
	bool recorded_end; /* FRAME_CLOSE is written */
	bool in_eof_sent, front_eof_sent, exit_sent, front_close_sent, back_close_sent;
	bool front_closed, back_closed; /* by the peer */
	int64_t abandoned_us;           /* the client closed with bytes under way to the target */
	bool has_exit;
	uint32_t exit_status;
	char exit_signal[32]; /* "" = a status */
	bool exit_core;
	/* screen key-frames */
	struct term_screen *screen;
	uint64_t drawn_at; /* `out.total` at the last one */
	int64_t drawn_us;
};

enum gw_ssh_back { GW_SSH_BACK_NONE, GW_SSH_BACK_CONNECT, GW_SSH_BACK_LOGIN, GW_SSH_BACK_UP, GW_SSH_BACK_FAILED };
enum gw_ssh_method { GW_SSH_TRY_NONE, GW_SSH_TRY_PASSWORD, GW_SSH_TRY_ASKED, GW_SSH_TRY_AGENT };

/* One of the two SSH connections. */
struct gw_ssh_side {
	ssh_session ssh;
	ssh_event event;
	int fd;
	bool listening; /* the session is in the event */
	struct ssh_counter_struct wire, packets;
	uint64_t heard;       /* packets.in_packets when we last looked */
	int64_t heard_us;     /* when something was heard */
	int64_t keepalive_us; /* next one */
	bool asked, busy;     /* a keep-alive is not answered; a global request of ours is out */
	bool queued;          /* the last write went to libssh's queue behind a key exchange ... */
	uint64_t queued_at;   /* ... when so many packets had left */
};

/* What `warm` makes. */
struct gw_ssh {
	struct gw_session *gw;
	ssh_bind bind;
	struct gw_ssh_side probe;
};

struct gw_ssh_link {
	struct gw_session *gw;
	struct gw_ssh_side client, target;
	struct ssh_server_callbacks_struct server_cb;
	enum gw_ssh_lang lang;
	int64_t started_us;
	/* login */
	bool exchanged, authenticated, banner_sent;
	unsigned tries, offers;
	char login[512]; /* the name of the first try */
	struct gw_login who;
	struct {
		bool on, asked; /* the first factor was right; a question is out */
		uint8_t step;   /* enum wire_factor_step */
		unsigned begun;
		char user[65];
		struct secret *show; /* while he enrols: what he must see */
	} factor;
	/* target */
	enum gw_ssh_back back;
	enum gw_ssh_method method;
	struct gw_grant grant;
	bool granted;
	int64_t granted_us, back_deadline_us;
	int agent_fd;
	struct secret *password;
	unsigned prompts;
	/* channels */
	struct gw_ssh_channel *channels;
	uint32_t last_number;
	struct gw_ssh_forward *forwards;
	struct gw_ssh_reverse *reverse; /* NULL until a port is asked for */
	uint32_t lent;                  /* WIRE_FEATURE_AGENT, WIRE_FEATURE_X11: what the target may reach */
	unsigned remote_refused;        /* channels that the target opened in vain */
	uint32_t files; /* number of the last event about files */
	struct gw_ssh_menu *menu; /* of the one channel in GW_SSH_CH_MENU */
	int64_t input_us;         /* last sign of life of the person */
	bool locked, draw_all;
	/* end */
	bool over;          /* the loop ends */
	bool silent;        /* nobody is left to read the reason */
	char reason[256];   /* for the audit, first one stays */
	char farewell[512]; /* for the person, in their language */
	uint8_t scratch[GW_SSH_FLOW_CHUNK];
};

/* end.c */
void gw_ssh_end(struct gw_ssh_link *l, const char *reason, const char *farewell);
void gw_ssh_end_quietly(struct gw_ssh_link *l, const char *reason);
void gw_ssh_end_say(struct gw_ssh_link *l, enum gw_ssh_say what, const char *reason);
void gw_ssh_end_recording(struct gw_ssh_link *l);
void gw_ssh_end_flush(struct gw_ssh_link *l);
void gw_ssh_end_lock(struct gw_ssh_link *l, bool locked);

/* front.c */
int gw_ssh_front_open(struct gw_ssh_link *l, ssh_bind bind, int fd, struct err *err);
void gw_ssh_front_step(struct gw_ssh_link *l);

/* ask.c */
void gw_ssh_ask_open(struct gw_ssh_link *l); /* the first factor was right, the second is wanted */
bool gw_ssh_ask_is_on(const struct gw_ssh_link *l);
int gw_ssh_ask_message(struct gw_ssh_link *l, ssh_message m); /* 0: answered; 1: libssh refuses it */
void gw_ssh_ask_done(struct gw_ssh_link *l);

/* back.c */
/* Asks the broker; 0: a grant, and the target is on its way (or the link is ending). */
int gw_ssh_back_choose(struct gw_ssh_link *l, const char *target, const char *account, struct err *err);
void gw_ssh_back_step(struct gw_ssh_link *l);
void gw_ssh_back_done(struct gw_ssh_link *l);

/* side.c */
int gw_ssh_side_init(struct gw_ssh_side *s, ssh_session ssh, int fd);
void gw_ssh_side_listen(struct gw_ssh_side *s); /* after the first step of the handshake */
bool gw_ssh_side_is_up(const struct gw_ssh_side *s);
/* May more be written, or does libssh still hold what the socket or a key exchange did not take? */
bool gw_ssh_side_takes(const struct gw_ssh_side *s);
/* Lets libssh send (and read) what it can now: one writer that waits for the loop after each packet would be overtaken
 * by the reader of the other side.  True when it takes again. */
bool gw_ssh_side_flush(struct gw_ssh_side *s);
/* Bytes taken (0 while keys are exchanged), or -EPIPE. */
int gw_ssh_side_write(struct gw_ssh_side *s, ssh_channel to, bool to_err, const void *p, uint32_t n);
short gw_ssh_side_events(const struct gw_ssh_side *s);
void gw_ssh_side_turn(struct gw_ssh_side *s); /* reads and writes what is there, a bounded number of times */
/* May a global request be sent?  libssh has one place for an answer, and a keep-alive's may be in it. */
bool gw_ssh_side_is_free(struct gw_ssh_side *s);
/* Sends keep-alives; false when the peer was silent for four of them. */
bool gw_ssh_side_lives(struct gw_ssh_side *s, int64_t now, int64_t every_us);
void gw_ssh_side_done(struct gw_ssh_side *s);

/* channel.c */
ssh_channel gw_ssh_channel_new(struct gw_ssh_link *l);
struct gw_ssh_channel *gw_ssh_channel_of(struct gw_ssh_link *l, ssh_channel front); /* takes front */
void gw_ssh_channel_attach_back(struct gw_ssh_channel *c, ssh_channel back);        /* takes back */
bool gw_ssh_channel_is_session(const struct gw_ssh_channel *c);
size_t gw_ssh_channel_count(const struct gw_ssh_link *l, bool session); /* of one sort */
void gw_ssh_channel_free(struct gw_ssh_channel *c);
void gw_ssh_channel_say(struct gw_ssh_channel *c, enum gw_ssh_say what, const char *arg);
/* One line on the person's screen: on the terminal, or on stderr. */
void gw_ssh_channel_line(struct gw_ssh_channel *c, const char *line);

/* start.c */
void gw_ssh_start_step(struct gw_ssh_channel *c);
void gw_ssh_start_opened(struct gw_ssh_link *l, uint32_t channel, uint32_t request, int code, const char *say);
/* One line, exit status 254, close. */
void gw_ssh_start_refuse(struct gw_ssh_channel *c, const char *line);
void gw_ssh_start_note(struct gw_ssh_channel *c, const char *kind, const char *text);
void gw_ssh_start_note_of(struct gw_ssh_link *l, uint32_t number, const char *kind, const char *text);
void gw_ssh_start_record(struct gw_ssh_channel *c, uint8_t type, struct buf *body); /* a frame that always fits */

/* files.c */
bool gw_ssh_files_reads(const struct gw_ssh_channel *c); /* are its bytes read as those of files? */
int gw_ssh_files_start(struct gw_ssh_channel *c, struct err *err);
/* A flow that its reader cannot read goes on as a recorded stream, or the channel ends where a direction is not allowed. */
int gw_ssh_files_check(struct gw_ssh_channel *c, struct err *err);
void gw_ssh_files_end(struct gw_ssh_channel *c);

/* relay.c */
int gw_ssh_relay_step(struct gw_ssh_channel *c, bool *moved, struct err *err);
bool gw_ssh_relay_is_over(const struct gw_ssh_channel *c);
int gw_ssh_relay_record_end(struct gw_ssh_channel *c, struct err *err);
int gw_ssh_relay_screen(struct gw_ssh_channel *c, int64_t now, bool at_once, struct err *err);

/* choose.c */
void gw_ssh_choose_open(struct gw_ssh_channel *c);
void gw_ssh_choose_step(struct gw_ssh_channel *c);
void gw_ssh_choose_close(struct gw_ssh_link *l);

/* forward.c */
/* A message that asks for a channel to somewhere: 0 = answered, 1 = libssh is to refuse it. */
int gw_ssh_forward_asked(struct gw_ssh_link *l, ssh_message m);
size_t gw_ssh_forward_count(const struct gw_ssh_link *l); /* of GW_SSH_FORWARDS */
/* Fills p, which has room for GW_SSH_FORWARDS; returns how many.  took: what poll(2) said of them. */
size_t gw_ssh_forward_poll(struct gw_ssh_link *l, struct pollfd *p);
void gw_ssh_forward_took(struct gw_ssh_link *l, const struct pollfd *p);
void gw_ssh_forward_step(struct gw_ssh_link *l, bool *moved);
void gw_ssh_forward_free_all(struct gw_ssh_link *l);

/* local.c */
/* Is that a connection to the loopback of the target that this link has or will have? */
bool gw_ssh_local_is(const struct gw_ssh_link *l, ssh_message m);
int gw_ssh_local_asked(struct gw_ssh_link *l, ssh_message m); /* 0 = answered, 1 = libssh is to refuse it */
int gw_ssh_local_record(struct gw_ssh_channel *c, struct err *err); /* no content is stored, both ways are digested */
int gw_ssh_local_open(struct gw_ssh_channel *c); /* SSH_OK, SSH_AGAIN, or the channel is refused */
/* May the next bytes of this flow go on?  Always true for channels of another kind. */
bool gw_ssh_local_passes(struct gw_ssh_channel *c, struct gw_ssh_flow *f);

/* reverse.c */
/* tcpip-forward or its end.  0: it is answered later, in its turn; 1 = libssh is to refuse it. */
int gw_ssh_reverse_asked(struct gw_ssh_link *l, ssh_message m);
bool gw_ssh_reverse_answered(struct gw_ssh_link *l, uint32_t number, int code); /* by the broker; false: not its number */
bool gw_ssh_reverse_waits(const struct gw_ssh_link *l);
bool gw_ssh_reverse_leads(const struct gw_ssh_link *l, int port); /* may the target open channels from this port? */
void gw_ssh_reverse_step(struct gw_ssh_link *l);
void gw_ssh_reverse_free(struct gw_ssh_link *l);

/* lend.c */
void gw_ssh_lend_agent(ssh_session s, ssh_channel ch, void *ctx); /* what the client asks for, libssh's callbacks */
void gw_ssh_lend_x11(ssh_session s, ssh_channel ch, int single, const char *protocol, const char *cookie, uint32_t screen,
	void *ctx);
uint32_t gw_ssh_lend_next(const struct gw_ssh_channel *c); /* the next feature to ask for, behind the start's own; 0 */
void gw_ssh_lend_answered(struct gw_ssh_channel *c, uint32_t feature, int code, const char *say);
int gw_ssh_lend_request(struct gw_ssh_channel *c, uint32_t feature); /* SSH_OK, SSH_AGAIN */
void gw_ssh_lend_free(struct gw_ssh_channel *c);

/* remote.c */
int gw_ssh_remote_message(ssh_session s, ssh_message m, void *ctx); /* the target's, libssh's callback */
int gw_ssh_remote_open(struct gw_ssh_channel *c); /* SSH_OK, SSH_AGAIN, or the channel is refused */

/* serve.c, probe.c, rotate.c */
int gw_ssh_serve(void *state, int client_fd, struct err *err);
int gw_ssh_probe(void *state, const struct gw_proto_look *at, struct buf *ret_host_key, struct buf *ret_banner,
	struct err *err);
uint8_t gw_ssh_rotate(void *state, const struct gw_proto_rotate *job, bool *ret_sent);
#endif
