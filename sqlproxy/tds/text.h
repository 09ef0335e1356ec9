#ifndef TDS_TEXT_H
#define TDS_TEXT_H
#include "gateway/core/buf.h"
/*
 * text - UTF-8 to UTF-16LE and back, and T-SQL's quotes.
 *
 * Source:  [MS-TDS] 2.2.5.1 (UNICODE_CHAR is UTF-16LE); T-SQL: 'text' doubles ', [name] doubles ].
 * Errors:  writers of text set out->failed for bytes that are no UTF-8; a broken pair that is read is U+FFFD.
 * Trust:   what is read is hostile.
 */
void tds_text_put(struct buf *out, struct span utf8);
void tds_text_get(struct span utf16, struct buf *out);
size_t tds_text_units(struct span utf8); /* UTF-16 code units of it */
/* N'text' and [name], in UTF-8. */
void tds_text_quote(struct buf *out, struct span text);
void tds_text_name(struct buf *out, struct span name);
#endif
