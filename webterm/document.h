#ifndef WEB_DOCUMENT_H
#define WEB_DOCUMENT_H
struct web_request;
/*
 * document - documents up and down: PUT /api/v1/documents, GET /api/v1/documents/<id>/content.
 *
 * Shape:   up: ?name=&about=&note= adds one, ?of=<id>&note=&edition= is a new version of it; the body goes into a memfd that is sealed and
 *          given to the broker when it is whole, as `document add` or `document update`: a cut upload leaves nothing.  Down: the
 *          broker writes into a memfd, as `document get`, and that is sent; ?version=, ?view=1.
 * Types:   the type is the database's, by the bytes.  Text, Markdown, images and PDF are shown (view=1) in a page that may do nothing;
 *          everything else is a download.
 * Limits:  8 at once; document.most, looked at before the first byte of the body is read (413).
 * Trust:   the browser's bytes are hostile, and so is what was uploaded when somebody else reads it.
 */
void web_document_put(struct web_request *r);
void web_document_get(struct web_request *r);
#endif
