#ifndef WEBTERM_TERM_ZMODEM_H
#define WEBTERM_TERM_ZMODEM_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stdint.h>
/*
 * zmodem - the start of a ZMODEM transfer (rz, sz) in a terminal's output.
 *
 * Source:  The ZMODEM Inter Application File Transfer Protocol (Forsberg, 1988), sections 7.3.3 (hex headers) and 11.
 * Shape:   '*' '*' ZDLE 'B' "00" (ZRQINIT: sz) or "01" (ZRINIT: rz), 12 hex digits, CR, LF, XON.
 * Output:  a header is left out, and the line that it stands in is cleared: its two asterisks may have passed before the rest came.
 *          What the programs say when they are cancelled (CAN and backspaces) is left out as well.
 * Limits:  never more output than input, what was held counted in.  Nothing is held but the bytes from ZDLE on.
 * Trust:   input hostile: a target can start it at will, and gets eight bytes of CAN for it.
 */
struct web_term_zmodem {
	uint8_t matched; /* of the beginning of a header */
	uint8_t rest;    /* bytes of it that may come yet */
	bool cancelled, run; /* one was met; CAN or backspaces are passing */
};
/* What cancels a transfer, for the target. */
extern const char web_term_zmodem_cancel[9];
/* Appends to out; true when a start was met. */
bool web_term_zmodem_feed(struct web_term_zmodem *z, struct span in, struct buf *out);
#endif
