#ifndef EVIDENCE_TEXT_H
#define EVIDENCE_TEXT_H
#include "gateway/core/charset.h"
#include "gateway/core/frame.h"
#include <stdbool.h>
/*
 * text - the frames of a recording with what client and target said in UTF-8, whatever the target's character set.
 *
 * Shape:   give it every frame in order: FRAME_META names the set ("charset", missing = UTF-8), FRAME_IN, FRAME_OUT and
 *          FRAME_ERR come back as UTF-8, all others as they are.  A character may be cut by the end of a frame.
 * Limits:  EVIDENCE_TEXT_CHANNELS open at once; of more, a cut character is broken.
 * Owns:    the body of an answer lives until the next call.
 * Trust:   frames are hostile; with UTF-8, broken bytes pass.
 */
enum { EVIDENCE_TEXT_CHANNELS = 256 };
struct evidence_text {
	uint8_t charset;
	struct evidence_text_channel {
		bool used;
		uint32_t number;
		struct charset_decoder in, out, err;
	} channels[EVIDENCE_TEXT_CHANNELS];
	struct buf text;
};
void evidence_text_init(struct evidence_text *t);
void evidence_text_done(struct evidence_text *t);
struct frame evidence_text_of(struct evidence_text *t, const struct frame *f);
#endif
