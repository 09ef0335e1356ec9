#ifndef GATEWAY_REKEY_H
#define GATEWAY_REKEY_H
#include "gateway/core/buf.h"
#include "gateway/core/loop.h"
#include <stdbool.h>
#include <stdint.h>
struct err;
struct gw_parent;
/*
 * rekey - a new master key: the file beside the old one is made here, filled by the vault, and takes the old one's name.
 *
 * Source:  docs/decisions/0006-key-rotation.md.
 * Order:   the broker's `rekey` -> an empty PATH.new, given to the vault -> its answer -> fsync, rename, fsync of the folder
 *          -> the vault is started anew, reads the new file -> answer to the broker.
 *          Killed in between, the old file or the new one stands under the name, whole; a PATH.new that was left over is
 *          removed by the next start.
 * Trust:   the broker may ask; what is in the file it never sees, nor do we look.
 */
enum gw_rekey_state { GW_REKEY_IDLE, GW_REKEY_ASKED, GW_REKEY_RESTARTING };
struct gw_rekey {
	enum gw_rekey_state state;
	uint64_t ticket;
	int fd; /* ASKED: the new file */
	bool host; /* the SSH host key changes: workers that wait have the old one */
	struct loop_timer late;
};
void gw_rekey_init(struct gw_parent *p);
int gw_rekey_asked(struct gw_parent *p, struct span body, struct err *err);    /* the broker's `rekey` */
int gw_rekey_answered(struct gw_parent *p, struct span body, struct err *err); /* the vault's `rekey_answer` */
void gw_rekey_vault_ready(struct gw_parent *p); /* wired again */
void gw_rekey_vault_gone(struct gw_parent *p);
#endif
