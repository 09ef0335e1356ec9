#ifndef WEB_FRAMES_H
#define WEB_FRAMES_H
#include "webterm/socket.h"
/*
 * frames - a session live, or its recording: the commands `session watch` and `replay`, whose frames a browser decodes.
 *
 * Shape:   binary messages, each some whole frames of gateway/core/frame.h; at the end the text {"end": say}, say "" when all
 *          went well.
 * Flow:    one message of the recorder or reader is held; its socket is not read until the browser has taken that.  A watcher
 *          that is slow is skipped by the recorder and joins anew with a key-frame.
 */
extern const struct web_socket_kind web_frames_watch, web_frames_replay;
#endif
