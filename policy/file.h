#ifndef POL_FILE_H
#define POL_FILE_H
struct pol_worker;
struct wire_file;
/*
 * file - what a worker tells of files becomes a fact for the ledger: into the spool first, then answered.
 *
 * Source:  docs/decisions/0009-file-ledger.md.
 * Errors:  a fact that cannot be written ends the session: what the ledger does not get must not go on.
 * Trust:   the worker is hostile: numbers out of range end it.
 */
void pol_file_told(struct pol_worker *w, const struct wire_file *m);
#endif
