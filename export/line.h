#ifndef EXPORT_LINE_H
#define EXPORT_LINE_H
#include "export/row.h"
/*
 * line - a row as one line of JSON, with its line feed.
 *
 * Shape:   {"seq":1,"uid":...,"time":...,"event":...,"severity":"notice","outcome":"success","actor":...,"user":...,"target":...,
 *          "account":...,"session":...,"ip":...,"body":{...},"hash":...}; what a row has not is left out.
 * Limits:  EXPORT_LINE_MAX: a body is 450,000 bytes at most, and one byte becomes six at most.
 * Trust:   as export/row.h.
 */
enum { EXPORT_LINE_MAX = 4 << 20 };
void export_line_put(struct buf *out, const struct export_row *row);
#endif
