#include "recorder/reader/parent.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>

bool reader_parent_leaves(int parent)
{
	uint8_t body[4096];
	uint16_t type = 0;
	scoped(scope_close) int fd = -1;
	int n = msg_recv_now(parent, &type, body, sizeof body, &fd, NULL);
	return n != -EAGAIN && (n < 0 || (type != WIRE_T_client && type != WIRE_T_replace));
}
