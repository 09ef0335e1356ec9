#ifndef CORE_CONF_H
#define CORE_CONF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * conf - INI configuration from one table: the table is parser, defaults and documentation.
 *
 * Shape:   [section] / key = value / # or ; comment lines.  UTF-8, lines <= 1024 bytes, file <= 64 KiB.
 * Errors:  unknown section or key, a key twice, a bad value, keys that do not go together: -EPROTO with the line number
 *          in `say`.
 * Only what is needed before the database answers stands here; everything else is rows (settings).
 */
struct conf {
	char listen_ssh[64];        /* address:port, [v6]:port */
	char listen_web[64];        /* the same; "" = no console */
	char listen_mysql[1024], listen_tds[1024]; /* doors of SQL clients: conf_door takes them off; "" = none */
	int64_t sql_plain;          /* 1: their clients may log in without TLS */
	char run_dir[96];           /* sockets; short: sun_path is 108 bytes */
	char recordings_dir[256];
	char spool_dir[256];
	char vault_key[256];        /* 0600 file with the master key */
	char schema_dir[256];       /* numbered migrations, for `yanmen migrate` */
	char samples[256];          /* script that ends the sample targets (`samples remove`), or "" */
	char database[256];         /* libpq connection string, without user */
	char user_broker[32], user_vault[32], user_recorder[32], user_reader[32], user_worker[32],
		user_pwhash[32], user_export[32], user_web[32], user_term[32], user_notify[32]; /* when root */
	char libexec_dir[256];      /* where the service binaries are; "" = beside yanmend */
	char web_files[256];        /* the console as it was built: index.html, assets/ */
	char web_certificate[256], web_key[256]; /* PEM files */
	char web_origin[288];       /* the one address that browsers know the console by, or "" = whatever they used */
	int64_t pool_warm;          /* workers kept ready */
	int64_t sessions_max;
	int64_t unauth_max;         /* connections before login, all sources */
	int64_t unauth_source_max;  /* and from one address */
	int64_t login_grace_s;
	int64_t space_warn_percent;  /* of the file system free: below it an early warning */
	int64_t space_floor_bytes;  /* free space below which nothing new is recorded */
	int64_t log_level;
	char siem_syslog[288];      /* tcp://host:port, tls://host:port, or "" */
	char siem_ca[256], siem_certificate[256], siem_key[256]; /* PEM files, of tls:// */
	char siem_file[256];        /* JSON Lines, or "" */
	int64_t siem_enterprise;    /* private enterprise number of the structured data */
};

/* PATH: of a file, absolute, or empty.  ENDPOINT: what conf_endpoint takes, or empty.  DOORS: what conf_door takes. */
enum conf_kind { CONF_TEXT, CONF_PATH, CONF_ENDPOINT, CONF_DOORS, CONF_COUNT, CONF_SECONDS, CONF_BYTES, CONF_SWITCH /* yes, no */ };
struct conf_key {
	const char *section, *key;
	enum conf_kind kind;
	size_t offset, size; /* in struct conf */
	const char *fallback;
	int64_t min, max;    /* of numbers */
	const char *about;   /* one line for the manual */
};
extern const struct conf_key conf_keys[];
extern const size_t conf_keys_n;

void conf_defaults(struct conf *c);
/* Parses text over the defaults. */
int conf_parse(const char *text, size_t n, struct conf *ret, struct err *err);
int conf_load(const char *path, struct conf *ret, struct err *err);
struct conf_endpoint {
	bool tls;
	char host[256], port[6]; /* an IPv6 address without its brackets */
};
/* "tcp://host:port" or "tls://host:port"; the host a name, an IPv4 address or [an IPv6 address]. */
bool conf_endpoint(const char *text, struct conf_endpoint *ret);
/* One door of a list "address:port, address:port TARGET": its clients come to that target and to no other. */
enum { CONF_DOORS_MAX = 16 };
struct conf_door {
	char where[64], target[256]; /* "" = any */
};
/* Takes the next one off: 1, 0 at the end, -EPROTO. */
int conf_door(const char **list, struct conf_door *ret);
bool conf_has_siem(const struct conf *c);
int conf_load_fd(int fd, struct conf *ret, struct err *err); /* reads from offset 0, keeps fd */
#endif
