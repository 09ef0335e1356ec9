#ifndef EXPORT_FILE_H
#define EXPORT_FILE_H
#include "export/feed.h"
#include <stdbool.h>
/*
 * file - the sink that appends JSON lines to a file.
 *
 * Shape:   export/line.h.  The file is made 0640 in its folder; one that is there must be a regular file, closed to others.
 * Arrived: when it is on disk (fdatasync).
 * Rotate:  a file that was moved away or removed is made anew within a second; one that was cut goes on at its new end.
 * Errors:  what could not be written whole is taken back, and comes again when there is room.  A line that a crash left torn
 *          is ended by a line feed, and comes again whole.
 * Owns:    the descriptor of the file; the folder's is borrowed.
 */
struct export_file {
	struct export_feed feed;
	int folder, fd;
	const char *name; /* in the folder */
	struct buf out;
	bool waits; /* the feed was asked for a page */
	bool unwritten; /* the last page could not be: the next one tells */
	int64_t again_us;
};
/* folder and name are set before.  destination is borrowed. */
void export_file_open(struct export_file *f, struct loop *loop, struct pg *pg, const char *destination);
void export_file_done(struct export_file *f);
#endif
