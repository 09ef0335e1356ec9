#ifndef TOOLS_YANMEN_LIVE_H
#define TOOLS_YANMEN_LIVE_H
#include "gateway/core/frame.h"
#include "gateway/core/msg.h"
#include "tools/yanmen/connect.h"
#include "tools/yanmen/tty.h"
/*
 * live - a command whose answer is a stream of frames: the broker gets one end of a socket pair, frames come out of ours.
 *
 * Events come from the person (a key, Ctrl-C), the broker (its answer) and the stream (frames, the end).
 */
struct cli_live {
	const struct cli *cli;
	int command, frames; /* sockets; frames -1 after the end */
	bool answered;
	struct cli_answer answer;
	struct cli_tty tty;
	struct span rest; /* frames of the message at hand that were not taken yet; in body */
	uint8_t body[MSG_BODY_MAX];
};
enum cli_live_event {
	CLI_LIVE_TIME,   /* nothing happened until the time was over */
	CLI_LIVE_FRAMES, /* cli_live_frame has some */
	CLI_LIVE_KEY,
	CLI_LIVE_ANSWER, /* the broker's, in `answer` */
	CLI_LIVE_END,    /* of the stream */
	CLI_LIVE_STOP,   /* the person wants the end */
	CLI_LIVE_BROKEN, /* told already */
};
int cli_live_open(struct cli_live *l, const struct cli *cli, const struct cli_call *call); /* exit code */
void cli_live_close(struct cli_live *l);
/* timeout_ms -1: for ever.  more: read the next message (all frames at hand were taken). */
enum cli_live_event cli_live_wait(struct cli_live *l, int timeout_ms, bool more, char *ret_key);
/* The next frame at hand: 1, 0 when there is none; a broken one ends the stream. */
int cli_live_frame(struct cli_live *l, struct frame *ret);
/* After the end: shows a failure, waits for an answer that is still on its way.  Exit code. */
int cli_live_finish(struct cli_live *l, const struct cli_command *c);
#endif
