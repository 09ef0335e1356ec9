#ifndef TOOLS_YANMEN_WEBCERT_H
#define TOOLS_YANMEN_WEBCERT_H
#include "gateway/core/buf.h"
struct err;
/*
 * webcert - a first certificate for the console, until somebody puts a real one there: ECDSA P-256, signed by itself, ten years,
 * for localhost, 127.0.0.1, ::1 and the name of this machine.
 *
 * Owns:    PEM texts, appended to buffers of the caller (CLI_WEBCERT_MAX bytes each), who wipes the key.
 */
enum { CLI_WEBCERT_MAX = 8 << 10, CLI_WEBCERT_DAYS = 3650 };
int cli_webcert_make(const char *machine, struct buf *ret_certificate, struct buf *ret_key, struct err *err);
#endif
