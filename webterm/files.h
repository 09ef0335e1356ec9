#ifndef WEB_FILES_H
#define WEB_FILES_H
struct err;
struct web_files;
struct web_request;
/*
 * files - the console as it was built, read into memory at the start: index.html, what lies beside it, and assets/.
 *
 * Purpose: no path of a request is ever opened; it is looked up in a table of names.
 * Shape:   name.br and name.gz beside a name are its compressed forms.  index.html is the page of every path of the console itself, with a
 *          fresh nonce for each __CSP_NONCE__ in it.
 * Limits:  32 MiB, 1,024 regular files; a name beyond them is logged and left out.
 */
struct web_files *web_files_new(void);
struct web_files *web_files_free(struct web_files *f);
int web_files_read(struct web_files *f, int folder, struct err *err); /* folder stays the caller's */
void web_files_page(struct web_request *r);
void web_files_file(struct web_request *r);
#endif
