#ifndef NOTIFY_MIME_H
#define NOTIFY_MIME_H
#include "gateway/core/buf.h"
#include <stdint.h>
/*
 * mime - a mail as it goes over the line.
 *
 * Source:  RFC 5322, RFC 2045 section 6.8, RFC 2047 section 4.1, RFC 3834 section 5.
 * Shape:   plain text in UTF-8, base64; CRLF.  Addresses are as the schema checks them (ASCII, no spaces); nothing else stands in a
 *          header as it came: the subject is encoded unless it is short printable ASCII.
 * Limits:  appends to out; out->failed when there is no room.
 */
struct notify_mime {
	const char *from, *to;
	const char *id; /* the same for each try: the left side of Message-ID */
	int64_t made_s; /* since 1970 */
	struct span subject, text;
};
void notify_mime_put(const struct notify_mime *m, struct buf *out);
/* One header's value, RFC 2047 where it must be. */
void notify_mime_words(struct span text, struct buf *out);
#endif
