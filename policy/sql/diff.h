#ifndef POL_SQL_DIFF_H
#define POL_SQL_DIFF_H
#include "gateway/core/buf.h"
#include "gateway/core/json.h"
/*
 * diff - what changed between two texts, line by line: for who reviews what was asked anew.
 *
 * Source:  E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986.
 * Shape:   an array under `key`: {"op": "same" | "out" | "in", "text": "…"}, the lines in their order; what is out before what is in.
 * Limits:  POL_SQL_DIFF_LINES lines of each, POL_SQL_DIFF_MOST lines that differ; beyond, all of the old is out and all of the new is in.
 *          Time and memory are bounded by MOST squared.
 * Owns:    nothing.  Trust: texts hostile, UTF-8.
 */
enum { POL_SQL_DIFF_LINES = 20000, POL_SQL_DIFF_MOST = 1000 };
void pol_sql_diff(struct json *j, const char *key, struct span before, struct span after);
#endif
