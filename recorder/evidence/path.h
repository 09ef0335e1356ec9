#ifndef EVIDENCE_PATH_H
#define EVIDENCE_PATH_H
#include "gateway/core/id.h"
/*
 * path - where a recording lies below the recordings directory: "YYYY-MM/<id>.ymr", the month (UTC) from the id's own
 * time (RFC 9562 section 5.7), so that an id is enough to find its file.
 * "open/<id>" is an empty file beside it while the recording is not sealed.
 */
enum { EVIDENCE_PATH = 64, EVIDENCE_PATH_MONTH = 7 };
#define EVIDENCE_PATH_OPEN "open"
void evidence_path(const struct id *id, char ret[static EVIDENCE_PATH]);
void evidence_path_tombstone(const struct id *id, char ret[static EVIDENCE_PATH]); /* "YYYY-MM/<id>.ymt" */
void evidence_path_open(const struct id *id, char ret[static EVIDENCE_PATH]);
#endif
