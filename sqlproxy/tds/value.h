#ifndef TDS_VALUE_H
#define TDS_VALUE_H
#include "sqlproxy/tds/type.h"
/*
 * value - what a parameter says, in UTF-8: for the audit.
 *
 * Source:  [MS-TDS] 2.2.5.5.1 System Data Type Values, 2.2.5.5.4 sql_variant.
 * Shape:   numbers as T-SQL writes them, dates as ISO 8601, bytes as 0x and hex, a GUID in its usual form.
 * Limits:  the first `max` bytes of a value are read, `out` holds what it holds: what is longer is cut, at a character.
 * Trust:   input hostile; what cannot be read as its type says is shown as bytes.
 */
enum tds_value_kind { TDS_VALUE_NULL, TDS_VALUE_NUMBER, TDS_VALUE_WORDS, TDS_VALUE_BYTES };

/* `cut`: there is more of it. */
enum tds_value_kind tds_value_put(const struct tds_type *type, const struct tds_value *value, size_t max, struct buf *out, bool *cut);
#endif
