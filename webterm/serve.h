#ifndef WEB_SERVE_H
#define WEB_SERVE_H
struct web_request;
/*
 * serve - gives a request that was judged good to the part that answers it.
 */
void web_serve(struct web_request *r);
#endif
