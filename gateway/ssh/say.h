#ifndef GATEWAY_SSH_SAY_H
#define GATEWAY_SSH_SAY_H
#include "gateway/core/buf.h"
/*
 * say - every text that a person at an SSH client sees, English and Chinese, in one table.
 *
 * A text may hold one {}: what gw_ssh_say_put puts there.  Texts have no line ends of their own.
 * The argument can come from a service or a target: control characters become '?', it is cut at 300 bytes.
 */
enum gw_ssh_lang { GW_SSH_EN, GW_SSH_ZH, GW_SSH_LANGS };

enum gw_ssh_say {
	GW_SSH_SAY_ENDED,   /* {}: the reason */
	GW_SSH_SAY_REFUSED, /* {}: why */
	GW_SSH_SAY_LOCKED,
	GW_SSH_SAY_UNLOCKED,
	GW_SSH_SAY_NO_RECORDING,
	GW_SSH_SAY_NEEDS_TARGET,
	GW_SSH_SAY_HOST_KEY_CHANGED, /* {}: the target's name */
	GW_SSH_SAY_TARGET_STALLS,
	GW_SSH_SAY_TARGET_BROKEN,
	GW_SSH_SAY_TARGET_OLD, /* {}: the target's name */
	GW_SSH_SAY_TARGET_LOGIN,
	GW_SSH_SAY_TARGET_GONE,
	GW_SSH_SAY_TARGET_REFUSED, /* the target did not run the request */
	GW_SSH_SAY_TARGET_X11,     /* it does not want the client's screen */
	GW_SSH_SAY_CONNECTING,     /* {}: the target's name */
	GW_SSH_SAY_IDLE,
	GW_SSH_SAY_TOTAL,
	GW_SSH_SAY_SUBSYSTEM, /* {}: its name */
	GW_SSH_SAY_NO_UPLOAD,
	GW_SSH_SAY_NO_DOWNLOAD,
	GW_SSH_SAY_UNREADABLE, /* no file transfer, and files may go one way only */
	GW_SSH_SAY_INTERNAL,
	GW_SSH_SAY_FACTOR_NEXT,   /* to a client that may not be able to ask */
	GW_SSH_SAY_FACTOR_CODE,   /* the prompt */
	GW_SSH_SAY_FACTOR_ENROL,  /* above the secret */
	GW_SSH_SAY_FACTOR_TYPE,   /* below it, the prompt */
	GW_SSH_SAY_FACTOR_KEEP,   /* above the recovery codes */
	GW_SSH_SAY_FACTOR_KEPT,   /* below them, the prompt */
	GW_SSH_SAY_MENU_TITLE,
	GW_SSH_SAY_MENU_KEYS,
	GW_SSH_SAY_MENU_NONE,
	GW_SSH_SAY_MENU_FIND,
	GW_SSH_SAY_MENU_PAGE, /* {}: "3/12" */
	GW_SSH_SAYS
};

const char *gw_ssh_say(enum gw_ssh_lang lang, enum gw_ssh_say what);
void gw_ssh_say_put(struct buf *out, enum gw_ssh_lang lang, enum gw_ssh_say what, const char *arg);
/* For a disconnect message, of which OpenSSH prints all but ASCII as numbers: of a line in two languages the English half. */
void gw_ssh_say_ascii(const char *line, char *ret, size_t size);
/* The language that a locale name asks for: "zh_CN.UTF-8" is Chinese, all else English. */
enum gw_ssh_lang gw_ssh_say_lang(struct span locale);
#endif
