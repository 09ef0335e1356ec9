#ifndef EXPORT_TEXT_H
#define EXPORT_TEXT_H
#include "gateway/core/buf.h"
/*
 * text - the JSON of a body, made fit for one line.
 *
 * What must not stand raw in a line (control characters, line separators, bidi overrides) becomes \u00nn, which inside a
 * JSON string is the same character; bytes outside UTF-8 become U+FFFD.  Characters are never cut.
 */
/* Appends what fits into most bytes; how many bytes of `json` were taken. */
size_t export_text_put(struct buf *out, struct span json, size_t most);
#endif
