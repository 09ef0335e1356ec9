#ifndef READER_READER_H
#define READER_READER_H
#include "gateway/core/wire.h"
#include "recorder/evidence/keys.h"
#include "recorder/reader/out.h"
#include "recorder/reader/source.h"
#include <stdint.h>
struct err;
struct secret;
/*
 * reader - one authorised opening of one recording.
 *
 * Order:   read + descriptor from the broker -> open the file -> sandbox -> read_opened -> (read_allowed, key) or (public
 *          key, to verify) -> write -> read_done -> exit.
 * Trust:   the file and the frames in it are hostile; after the sandbox this process can only read its file, write to the
 *          one descriptor and talk on its three sockets.
 */
struct reader {
	int parent, broker, vault, dir;
	int file, target; /* -1: none; target: where the result goes */
	bool asked;       /* `ask` was heard */
	bool is_open;     /* being recorded, or not yet sealed after a crash */
	struct wire_read ask;
	struct reader_out out;
	struct evidence_verdict verdict; /* seq 0 and state 0 until known */
};

/* ---- talk.c ---- */
/* Waits for `read`; 0 = the parent wants us to leave. */
int reader_talk_ask(struct reader *r, struct err *err);
int reader_talk_opened(struct reader *r, struct span sealed_key);
int reader_talk_done(struct reader *r, int code, const char *say); /* waits until the broker hangs up, a while */
/* The recording's key, when the broker has told the vault. */
int reader_talk_key(struct reader *r, struct secret **ret, struct err *err);
int reader_talk_sign_keys(struct reader *r, struct evidence_keys *ret, struct err *err);

/* ---- work.c ---- */
int reader_work(struct reader *r, struct err *err);
#endif
