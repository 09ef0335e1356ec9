#ifndef WEB_FRAME_H
#define WEB_FRAME_H
#include <stdint.h>
/*
 * frame - what a browser's terminal and its process (yanmen-term) say to each other.
 *
 * Shape:   u8 type | body to the end of the message; numbers little-endian.  One frame is one binary WebSocket message and
 *          one `term` message (gateway/core/wire.h): yanmen-web passes them on as they are.
 * Limits:  WEB_FRAME_MAX bytes with the type.
 * Output:  at most WEB_FRAME_UNREAD bytes of it are on their way, fewer to a browser that shows them slowly; ACK gives them back.
 *          A SCREEN starts the count anew.  Of INPUT no more than WEB_FRAME_HELD should be on its way beyond what TAKEN gave back;
 *          what a program does not read is held up to WEB_FRAME_HELD_MAX, what comes on top is dropped, with a NOTICE.
 * Paste:   the page says by PASTE what it pastes.  Where the grant says "deny", or paste_max, one that is not allowed is left out with a
 *          NOTICE, and so is INPUT of more than WEB_FRAME_TYPED at once, or in brackets, that no PASTE told of.
 * Screen:  SCREEN redraws the whole terminal.  Where it does not fit one frame, OUTPUT that follows at once is the rest of it.
 * Away:    HELLO with 0 columns says that nobody looks: output goes on, into the model of the screen only, until the next HELLO.
 *          Somebody who acknowledges nothing for WEB_FRAME_STALL_MS is taken for away as well (a program must not stand
 *          still because a browser was closed); his next ACK is answered with a SCREEN.
 *          Output that the program had on its way when Ctrl-C was typed may be left out in the same manner.
 * Files:   `id` is chosen by the asker: a browser's are below WEB_FRAME_OWN, those of yanmen-web itself (uploads and
 *          downloads by HTTP) from there on.  A HELLO cancels a browser's, not web's.  An id that is given again cancels the older one.
 *          Both directions begin with no credit: docs/API-terminal.md.
 * Trust:   yanmen-term takes what a browser sends as hostile; the browser what a target sends.
 */
enum {
	WEB_FRAME_MAX = 32 << 10,
	WEB_FRAME_UNREAD = 512 << 10,
	WEB_FRAME_CREDIT = 1 << 20, /* of one upload, at once */
	WEB_FRAME_HELD = 256 << 10,
	WEB_FRAME_HELD_MAX = 4 << 20,
	WEB_FRAME_TYPED = 512, /* nobody types more at once, with an input method either */
	WEB_FRAME_STALL_MS = 10000,
};
#define WEB_FRAME_OWN 0x80000000u

enum web_frame_asks { /* browser -> terminal */
	WEB_FRAME_HELLO = 0x01, /* u16 columns, u16 rows: first on each connection; answered by STATE and SCREEN.  0 columns: away */
	WEB_FRAME_INPUT = 0x02, /* bytes */
	WEB_FRAME_SIZE = 0x03,  /* u16 columns, u16 rows */
	WEB_FRAME_ACK = 0x04,   /* u32: bytes of OUTPUT that were shown since the last one */
	WEB_FRAME_PASTE = 0x05, /* u32: bytes of the INPUT that follows are pasted */
	WEB_FRAME_FILE = 0x06,  /* u32 id, JSON {"op", "path", …}: docs/API-terminal.md, "Files" */
	WEB_FRAME_CHUNK = 0x07, /* u32 id, bytes of an upload; none = its end */
	WEB_FRAME_CREDIT_GIVEN = 0x08, /* u32 id, u32 bytes: of a download, more may come */
	WEB_FRAME_END = 0x09,   /* the person is done: end the session */
};
enum web_frame_tells { /* terminal -> browser */
	WEB_FRAME_STATE = 0x81,  /* JSON {"state": "connecting" | "online" | "ended", "target", "account", "paste", "paste_max", "copy", "layer", "say", "exit", "signal"} */
	WEB_FRAME_OUTPUT = 0x82, /* bytes */
	WEB_FRAME_SCREEN = 0x83, /* u16 columns, u16 rows, bytes: what clears and draws it; unread OUTPUT counts from 0 again */
	WEB_FRAME_NOTICE = 0x84, /* JSON {"kind": "zmodem" | "input" | "paste", "say"} */
	WEB_FRAME_TAKEN = 0x85,  /* u32: bytes of INPUT that went on to the target, in steps of at least 16 KiB */
	WEB_FRAME_FILED = 0x86,  /* u32 id, JSON {"ok", "code", "say", "entries", "size", "more", …} */
	WEB_FRAME_CHUNK_OF = 0x87, /* u32 id, bytes of a download; none = its end */
	WEB_FRAME_CREDIT_TAKEN = 0x88, /* u32 id, u32 bytes: of an upload, more may be sent */
};
#endif
