#ifndef NOTIFY_SEND_H
#define NOTIFY_SEND_H
#include "gateway/core/buf.h"
struct notify_job;
/*
 * send - sends one message, and waits for the answer: run by a thread of the pool, which has nothing else to do.
 *
 * Source:  libcurl; RFC 5321, RFC 3207, RFC 4954, RFC 8314, RFC 9110.
 * Mail:    STARTTLS unless the channel says tls (at once) or none; AUTH PLAIN or LOGIN, never without TLS.  Without STARTTLS where it
 *          must be, nothing is sent.  A refusal for good (550 to 554) is DEAD.
 * Web:     POST over https; 2xx is SENT, for a robot with "errcode":0 alone; redirects are not followed.
 * TLS:     1.2 or later, certificates verified against the channel's own CA, else the system's.
 * Limits:  the channel's seconds for all of it; NOTIFY_SEND_ANSWER bytes of an answer, of which the beginning is kept.
 * Trust:   the receiver is hostile.
 * Writes:  job->result, job->said.
 */
enum { NOTIFY_SEND_ANSWER = 64 << 10 };
/* ca: the system's certificates, PEM; borrowed. */
void notify_send(struct notify_job *j, struct span ca);
#endif
