#ifndef POL_RECALL_H
#define POL_RECALL_H
struct pol_broker;
/*
 * recall - a broker that starts goes on counting wrong logins where the one before it stopped.
 *
 * Source:  the audit's rows of the last hour, the newest POL_RECALL_ROWS; what the spool still holds is not among them.
 * Use:     whenever the database comes; after the first answer it does nothing.  Logins ask the database behind it, so none is
 *          judged before.
 */
enum { POL_RECALL_ROWS = 8192 };
void pol_recall_look(struct pol_broker *b);
#endif
