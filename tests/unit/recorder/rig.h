#ifndef TESTS_RECORDER_RIG_H
#define TESTS_RECORDER_RIG_H
#include "tests/unit/core/unit.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "recorder/evidence/check.h"
#include "recorder/recorder.h"
#include "recorder/sync.h"
#include "tests/unit/evidence/sample.h"
/*
 * rig - a recorder with real threads and a real directory; parent, broker, vault and workers are the test.
 *
 * The clock is a fake one: each turn of the loop takes 20 ms of it, so that minutes pass in milliseconds.
 */
struct rig {
	struct recorder r;
	struct sample_keys keys;
	char path[64];
	int dir;
	int parent, broker, vault; /* our ends; -1: away */
	uint64_t workers;
	/* what the broker heard last, and how often */
	struct wire_begin_answer begun;
	struct wire_recording_answer answer;
	struct wire_space space;
	struct wire_watch_answer watched;
	unsigned begun_n, answer_n, space_n, watched_n;
	char say[256], reason[256];
};
enum { RIG_WORKER_SEES_EOF = -1 };

void rig_open(struct rig *g, const char *on /* a directory to make the recordings in, or NULL */);
void rig_close(struct rig *g);   /* removes the recordings */
void rig_crash(struct rig *g);   /* the process dies: nothing is sealed */
void rig_start(struct rig *g);   /* and another one starts on the same directory */
void rig_vault(struct rig *g, bool there);
void rig_broker(struct rig *g, bool there);
void rig_turn(struct rig *g);
/* Turns until the condition holds, at most 20 s of the fake clock. */
#define RIG_UNTIL(g, condition) \
	do { \
		bool rig_holds_ = (condition); \
		for (int rig_n_ = 0; rig_n_ < 1000 && !rig_holds_; rig_n_++) { \
			rig_turn(g); \
			rig_holds_ = (condition); \
		} \
		_assert_true(cast_to_largest_integral_type(rig_holds_), #condition, __FILE__, __LINE__); \
	} while (0)

/* A worker with a recording: returns its end of the socket. */
int rig_worker(struct rig *g, uint64_t *ret_number);
int rig_begin(struct rig *g, struct id *ret_id, struct span auditor);
void rig_ask_begin(struct rig *g, uint64_t worker, const struct id *id, struct span auditor);
/* One message of one frame. */
void rig_frame(int worker, uint64_t seq, uint8_t type, uint32_t channel, struct span body);
/* The next message on a socket: its type, 0 none, RIG_WORKER_SEES_EOF.  The body stays valid until the next call. */
int rig_hear(int sock, struct span *ret_body);
/* The file of a recording. */
int rig_file(struct rig *g, const struct id *id);
bool rig_is_marked_open(struct rig *g, const struct id *id);
void rig_verify(struct rig *g, const struct id *id, struct evidence_verdict *ret);
/* All frames of a recording, decrypted, one after the other. */
void rig_decode(struct rig *g, const struct id *id, struct buf *out);
#endif
