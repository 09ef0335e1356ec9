#ifndef RECORDER_SYNC_H
#define RECORDER_SYNC_H
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * sync - the thread that makes written data durable: one syncfs for all recordings at once.
 *
 * Shape:   rec_sync_start with the descriptors concerned; rec_sync_fd becomes readable; rec_sync_finish gives back the
 *          array with a code each.  One round at a time.
 * Errors:  when syncfs fails, each file is asked by itself (fdatasync): its code says whether it lost something.
 * Owns:    the items while a round is under way; they and their descriptors must live until rec_sync_finish.
 */
struct rec_sync_item {
	int fd;
	int code;
	void *owner;
};
struct rec_sync;
/* syncer: syncfs, or a test's */
int rec_sync_new(struct rec_sync **ret, int dir, int (*syncer)(int fd), struct err *err);
struct rec_sync *rec_sync_free(struct rec_sync *s); /* finishes the round, joins; returns NULL */
int rec_sync_fd(const struct rec_sync *s);
void rec_sync_start(struct rec_sync *s, struct rec_sync_item *items, size_t n);
/* The round's items and their number; NULL while it is not done. */
struct rec_sync_item *rec_sync_finish(struct rec_sync *s, size_t *ret_n);
#endif
