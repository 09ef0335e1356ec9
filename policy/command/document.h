#ifndef POL_DOCUMENT_H
#define POL_DOCUMENT_H
struct err;
struct pol_broker;
struct pol_documents;
/*
 * document - documents on their way between a descriptor and the database.
 *
 * Source:  docs/decisions/0019; schema/0026.
 * Shape:   `document add` and `document update` come with a sealed memfd (POL_FD_CONTENT), `document get` with a file to write; what they
 *          are, who may see them and what is noted of it is the schema's.
 * Limits:  POL_DOCUMENT_MAX bytes, of the setting document.most fewer; a database connection of its own, so that a document keeps no
 *          login waiting; a document is held some three times while it passes (its bytes, their text form, libpq's copy of that).
 */
enum { POL_DOCUMENT_MAX = 32 << 20 };
int pol_documents_new(struct pol_documents **ret, struct pol_broker *b, const char *conninfo, struct err *err);
struct pol_documents *pol_documents_free(struct pol_documents *d);
#endif
