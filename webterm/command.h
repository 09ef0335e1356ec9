#ifndef WEB_COMMAND_H
#define WEB_COMMAND_H
struct web_request;
/*
 * command - every change: POST /api/v1/commands/<noun>/<verb> is the command of that name, with the rights, the checks and the
 * audit that the CLI's has, as whoever the cookie is.
 *
 * Shape:   the arguments as JSON (args.h); {"secret": "..."} goes to the broker in a sealed memfd.  200 and the command's
 *          JSON, or a problem by its exit code.
 *          A command that answers with a file: result.h.
 * Idempotency-Key: keep.h.
 */
void web_command_run(struct web_request *r);
void web_command_logout(struct web_request *r);
#endif
