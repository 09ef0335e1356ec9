#ifndef TOOLS_YANMEN_SHOW_H
#define TOOLS_YANMEN_SHOW_H
#include "gateway/core/frame.h"
#include "gateway/term/safe.h"
#include "recorder/evidence/text.h"
#include "tools/yanmen/cli.h"
/*
 * show - frames of a session on the person's terminal, or as JSON Lines.
 *
 * Terminal: output of all channels, in UTF-8 and made safe; a line between when the channel changes; notes as lines.
 * JSON:     the lines of docs/RECORDING.md, "Export: JSON Lines".
 * Trust:    frames hold what targets and users wrote: hostile.
 */
enum { CLI_SHOW_CHANNELS = 64 };
struct cli_show {
	const struct cli *cli;
	bool told; /* the header line is out */
	const char *hint; /* of the header line that a META frame makes; NULL = none */
	bool any;
	uint32_t current;
	struct cli_show_channel {
		uint32_t id;
		bool used, hidden;
		struct term_safe safe;
	} channels[CLI_SHOW_CHANNELS];
	struct evidence_text text;
	struct buf out;
};
void cli_show_init(struct cli_show *s, const struct cli *cli);
void cli_show_done(struct cli_show *s);
/* The line above: which session.  json: the facts that came with the answer, or the META frame; shown once. */
void cli_show_header(struct cli_show *s, struct span json, const char *hint);
void cli_show_frame(struct cli_show *s, const struct frame *f);
void cli_show_flush(struct cli_show *s);
/* The same session from another place on: a cleared screen, no header line. */
void cli_show_again(struct cli_show *s);
#endif
