#include "gateway/ssh/pty.h"
#include "gateway/core/charset.h"

#ifdef GW_SSH_PTY_HAS_MODES
enum { OP_IUTF8 = 42 };

/* Always with modes: without any, libssh 0.11 asks the terminal that it has itself, by a call that our sandbox forbids. */
int gw_ssh_pty_request(ssh_channel to, const struct gw_ssh_pty *pty)
{
	const uint8_t modes[GW_SSH_PTY_MODES] = { OP_IUTF8, 0, 0, 0, pty->charset == CHARSET_UTF8, 0 };
	return ssh_channel_request_pty_size_modes(
		to, pty->term, (int)pty->columns, (int)pty->rows, modes, sizeof modes);
}
#else
int gw_ssh_pty_request(ssh_channel to, const struct gw_ssh_pty *pty)
{
	return ssh_channel_request_pty_size(to, pty->term, (int)pty->columns, (int)pty->rows);
}
#endif
