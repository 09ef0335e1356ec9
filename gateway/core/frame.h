#ifndef CORE_FRAME_H
#define CORE_FRAME_H
#include "gateway/core/buf.h"
#include <stdint.h>
struct err;
/*
 * frame - one entry of a recording: what happened, when, on which channel.
 *
 * Source:  docs/RECORDING.md, "Frames".
 * Shape:   u64le time_us (since 1970 UTC) | u8 type | u32le channel | u32le length | body.   17 bytes of header.
 * Limits:  length <= FRAME_BODY_MAX; a longer one is -EMSGSIZE, a cut one -EAGAIN (more to come).
 * Trust:   input hostile.
 */
enum { FRAME_HEAD = 17, FRAME_BODY_MAX = 60000 };
enum frame_type {
	FRAME_META = 1,  /* JSON: who, where, when; the recorder's first frame, once */
	FRAME_OPEN,      /* JSON: a channel was opened: kind shell|exec|subsystem|menu|forward|reverse|agent|x11, command, pty, columns, rows, env */
	FRAME_IN,        /* bytes from the client to a channel without a terminal */
	FRAME_KEYS,      /* bytes typed at a terminal.  On disk: u32le length, then empty or a sealed box to the auditor key */
	FRAME_OUT,       /* bytes from the target */
	FRAME_ERR,       /* ... its separate stderr */
	FRAME_SIZE,      /* u32le columns, u32le rows */
	FRAME_SCREEN,    /* a screen key-frame: u32le columns, u32le rows, then text with SGR and cursor sequences that
	                  * redraws it on a cleared terminal of that size */
	FRAME_DIGEST,    /* u8 direction (FRAME_IN | FRAME_OUT | FRAME_ERR), u64le total bytes, 32 bytes SHA-256 of all of
	                  * that direction: the bytes beyond the limit were not stored */
	FRAME_EXIT,      /* JSON: status, or signal */
	FRAME_CLOSE,     /* the channel is closed; empty */
	FRAME_NOTE,      /* JSON: kind locked|unlocked|refused|message..., text */
	FRAME_FINISH,    /* JSON: reason; the worker's last frame.  Without it the recording is "crashed" */
	FRAME_FILE,      /* JSON: a file moved or something was done to one, as wire.h's `file` */
	FRAME_CONTENT,   /* u32le number of a file as in FILE, u64le where in it, then its bytes that passed: only where a grant keeps
	                  * them, and in front of the FILE that ends it */
	FRAME_STATEMENT, /* JSON: what a client asked a database to run, before it went there: docs/RECORDING.md */
	FRAME_OUTCOME,   /* JSON: how that went */
	FRAME_TYPES,
};
enum { FRAME_CONTENT_HEAD = 12, FRAME_CONTENT_MAX = FRAME_BODY_MAX - FRAME_CONTENT_HEAD };
struct frame {
	uint64_t time_us;
	uint8_t type;
	uint32_t channel;
	struct span body;
};
/* Returns bytes consumed, -EAGAIN when cut, -EPROTO for an unknown type, -EMSGSIZE. */
int frame_get(struct span in, struct frame *ret, struct err *err);
void frame_put(struct buf *b, const struct frame *f);
const char *frame_type_name(uint8_t type);
#endif
