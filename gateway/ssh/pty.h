#ifndef GATEWAY_SSH_PTY_H
#define GATEWAY_SSH_PTY_H
#include <libssh/libssh.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * pty - the request for a terminal that the target gets.
 *
 * Source:  RFC 4254 section 8 (modes: u8 opcode, u32be value, ends with 0); RFC 8160 (IUTF8).
 * Modes:   with libssh 0.11 or newer one is sent: IUTF8, by the target's character set, so that its line editing knows what
 *          one character is.  The client's own modes cannot be passed: libssh parses them and has no call that gives them
 *          to a server, up to 0.12.  Before 0.11 no mode can be sent.
 * Pixels:  libssh sends 0 for both.
 */
struct gw_ssh_pty {
	const char *term;
	uint32_t columns, rows;
	uint8_t charset; /* enum charset, of the target */
};
enum { GW_SSH_PTY_MODES = 6 };
/* As libssh's own: SSH_OK, SSH_AGAIN (call again), SSH_ERROR. */
int gw_ssh_pty_request(ssh_channel to, const struct gw_ssh_pty *pty);
#endif
