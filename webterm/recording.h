#ifndef WEB_RECORDING_H
#define WEB_RECORDING_H
struct web_request;
/*
 * recording - a recording's sealed file, or a part of it, so that a download that was cut goes on where it was.
 *
 * Source:  GET /api/v1/recordings/{id}/content; RFC 9110 section 14 (Range, If-Range).
 * Shape:   the bytes come from the reader by `recording export` of the format sealed, as they are read: nothing is kept here.  Each part is an
 *          opening of its own in the audit.  A recording that goes on has no size yet: it comes whole, without ranges.
 * Errors:  as `recording export`; it needs recording.list too, for the size.
 */
void web_recording_get(struct web_request *r);
#endif
