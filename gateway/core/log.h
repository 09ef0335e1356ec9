#ifndef CORE_LOG_H
#define CORE_LOG_H
#include <stddef.h>
struct err;
struct span;
/*
 * log - one logfmt line an event, to stderr, with a <priority> prefix (sd-daemon(3)).
 *
 * Shape:   <6>ev=session.open role=broker sid=... user="a b" from=10.0.0.8
 * Safety:  values are quoted when they hold anything but [A-Za-z0-9_.:/@+-], control bytes, quotes and
 *          bytes outside UTF-8 are escaped as \xNN, a value is cut at 512 bytes: no log line can be forged.
 * Context: LOG_FIELDS set once a process (role) and once a session (sid, worker) stand in every line.
 * Never log a secret; struct secret has no way in here.
 * Levels:  syslog(3) numbers: 3 error, 4 warning, 6 info, 7 debug (off unless log_level_set).
 */
enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

struct log_field {
	const char *key;   /* literal, [a-z_]+ ; NULL ends a list */
	const char *value; /* NULL is printed as "-" */
	long long number;  /* used when value is LOG_NUMBER */
};
extern const char LOG_NUMBER[]; /* marks a numeric field */

#define LOG_S(k, v) ((struct log_field){ .key = (k), .value = (v) })
#define LOG_N(k, v) ((struct log_field){ .key = (k), .value = LOG_NUMBER, .number = (long long)(v) })

/* log_ev(LOG_LEVEL_INFO, "session.open", LOG_S("user", name), LOG_N("port", port)); */
#define log_ev(level, ev, ...) \
	log_fields(level, ev, (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ) { .key = NULL } })
void log_fields(enum log_level level, const char *ev, const struct log_field *fields);
/* The one line for a failure: code, say, detail and the place of the first raise. */
void log_err(enum log_level level, const char *ev, const struct err *err);
void log_context(const char *key, const char *value); /* at most 4, value cut at 64 bytes, copied */
void log_level_set(enum log_level level);
#endif
