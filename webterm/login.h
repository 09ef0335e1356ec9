#ifndef WEB_LOGIN_H
#define WEB_LOGIN_H
struct web;
struct web_request;
struct web_visits;
/*
 * login - a browser's way to a console session: password, second factor, cookie.
 *
 * Purpose: yanmen-web judges nothing.  Each visit has a socket of its own to the broker and says there what an SSH worker
 *          says: login, factor, then enter; back-off, held answers and audit are the broker's.
 * Shape:   POST /api/v1/login {user, password} -> {"step": "done" | "code" | "enrol" | "codes", "visit", ...};
 *          POST /api/v1/login/passkey {} -> {"step": "passkey", "visit", "passkey": {...}};
 *          POST /api/v1/login/<visit> {answer} or {passkey}, and {remember}.  A visit is bound to its own cookie.
 * Limits:  256 visits, 2 minutes each; one question at a time; six answers.
 */
struct web_visits *web_login_new(struct web *web);
struct web_visits *web_login_free(struct web_visits *v);
void web_login_begin(struct web_request *r);
void web_login_passkey(struct web_request *r);
void web_login_step(struct web_request *r);
#endif
