#ifndef TESTS_GATEWAY_RIG_H
#define TESTS_GATEWAY_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/frame.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/inside.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
/* A worker's session with the other ends of its sockets in the test's hands. */
struct rig {
	struct gw_session *s;
	int peer[GW_LINKS];
	/* what the events told */
	unsigned ends, locks, screens, flows, opened;
	char end_reason[256], lock_reason[256], say[160];
	char notice[256];
	bool locked;
	uint32_t channel, request;
	int code;
};
void rig_open(struct rig *r);
void rig_close(struct rig *r);
/* Receives one message from the session; it must be of that type.  The body stays valid until the next call. */
struct span rig_take(int sock, uint16_t type);
void rig_nothing(int sock);
/* A grant with this session's id; returns the peer's end of the target connection. */
int rig_grant(struct rig *r);
#endif
