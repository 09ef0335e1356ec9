#include "gateway/core/conf.h"
#include "gateway/core/buf.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024, CONF_LINE_MAX = 1024, KEYS_MAX = 64 };

#define TEXT(sec, name, field, value, why) WORDS(CONF_TEXT, sec, name, field, value, why)
#define WORDS(k, sec, name, field, value, why) \
	{ .section = sec, .key = name, .kind = k, .offset = offsetof(struct conf, field), \
	  .size = sizeof ((struct conf *)0)->field, .fallback = value, .about = why }
#define NUMBER(k, sec, name, field, value, low, high, why) \
	{ .section = sec, .key = name, .kind = k, .offset = offsetof(struct conf, field), .size = sizeof(int64_t), \
	  .fallback = value, .min = low, .max = high, .about = why }

const struct conf_key conf_keys[] = {
	TEXT("listen", "ssh", listen_ssh, "0.0.0.0:2222", "where SSH clients connect: address:port, [v6]:port"),
	TEXT("listen", "web", listen_web, "", "where browsers connect: address:port, [v6]:port; empty: no console"),
	WORDS(CONF_DOORS, "listen", "mysql", listen_mysql, "",
		"where MySQL clients connect: address:port, or address:port TARGET for a door to one target; several with commas; empty: none"),
	WORDS(CONF_DOORS, "listen", "tds", listen_tds, "", "where SQL Server clients connect; the same"),
	NUMBER(CONF_SWITCH, "sql", "plain", sql_plain, "no", 0, 1, "yes: SQL clients may log in without TLS"),
	TEXT("paths", "run", run_dir, "/run/yanmen", "sockets; a short path"),
	TEXT("paths", "recordings", recordings_dir, "/var/lib/yanmen/recordings", "where recordings are stored"),
	TEXT("paths", "spool", spool_dir, "/var/lib/yanmen/spool", "facts on their way to the database"),
	TEXT("paths", "vault_key", vault_key, "/etc/yanmen/vault.key", "file with the master key: 32 bytes, mode 0600"),
	TEXT("paths", "schema", schema_dir, YANMEN_SCHEMA_DIR, "numbered migrations"),
	TEXT("paths", "libexec", libexec_dir, "", "where the service binaries are; empty: beside yanmend"),
	TEXT("paths", "samples", samples, "", "script that ends the sample targets"),
	TEXT("database", "connect", database, "host=/run/postgresql dbname=yanmen", "libpq connection string, without user"),
	TEXT("users", "broker", user_broker, "yanmen-broker", "OS user of the broker, when started as root"),
	TEXT("users", "vault", user_vault, "yanmen-vault", "OS user of the vault"),
	TEXT("users", "recorder", user_recorder, "yanmen-recorder", "OS user of the recorder"),
	TEXT("users", "reader", user_reader, "yanmen-reader", "OS user of the readers"),
	TEXT("users", "worker", user_worker, "yanmen-worker", "OS user of workers"),
	TEXT("users", "pwhash", user_pwhash, "yanmen-pwhash", "OS user of the password helpers"),
	TEXT("users", "export", user_export, "yanmen-export", "OS user of the SIEM stream"),
	TEXT("users", "web", user_web, "yanmen-web", "OS user of the console's server"),
	TEXT("users", "term", user_term, "yanmen-term", "OS user of the browsers' terminals"),
	TEXT("users", "notify", user_notify, "yanmen-notify", "OS user of what sends messages"),
	WORDS(CONF_PATH, "web", "files", web_files, "", "folder of the console as it was built"),
	WORDS(CONF_PATH, "web", "certificate", web_certificate, "/etc/yanmen/web.crt", "PEM file: the console's certificate, and what it is signed by"),
	WORDS(CONF_PATH, "web", "key", web_key, "/etc/yanmen/web.key", "PEM file: its private key"),
	TEXT("web", "origin", web_origin, "", "the console's address as browsers see it, such as https://gate.example.com; empty: the one they used"),
	NUMBER(CONF_COUNT, "limits", "pool_warm", pool_warm, "8", 1, 256, "workers kept ready"),
	NUMBER(CONF_COUNT, "limits", "sessions", sessions_max, "2000", 1, 100000, "client connections at once"),
	NUMBER(CONF_COUNT, "limits", "unauthenticated", unauth_max, "1000", 1, 100000, "connections before login, all sources"),
	NUMBER(CONF_COUNT, "limits", "unauthenticated_source", unauth_source_max, "250", 1, 100000,
		"connections before login, one address"),
	NUMBER(CONF_SECONDS, "limits", "login_grace", login_grace_s, "2m", 5, 3600, "time to log in"),
	NUMBER(CONF_BYTES, "limits", "space_floor", space_floor_bytes, "1G", 0, INT64_MAX,
		"free space below which nothing new is recorded"),
	NUMBER(CONF_COUNT, "limits", "space_warn", space_warn_percent, "10", 0, 90,
		"percent of the file system free, below which there is a warning"),
	NUMBER(CONF_COUNT, "log", "level", log_level, "6", 3, 7, "3 error, 4 warning, 6 information, 7 debug"),
	WORDS(CONF_ENDPOINT, "siem", "syslog", siem_syslog, "",
		"each audit row goes there as syslog: tcp://host:port, tls://host:port"),
	WORDS(CONF_PATH, "siem", "ca", siem_ca, "", "PEM file: who may sign the certificate of tls://"),
	WORDS(CONF_PATH, "siem", "certificate", siem_certificate, "", "PEM file: our certificate for tls://, if it wants one"),
	WORDS(CONF_PATH, "siem", "key", siem_key, "", "PEM file: its private key"),
	WORDS(CONF_PATH, "siem", "file", siem_file, "", "each audit row goes into this file as a JSON line"),
	NUMBER(CONF_COUNT, "siem", "enterprise", siem_enterprise, "32473", 1, UINT32_MAX,
		"private enterprise number in the structured data; 32473 is everybody's example"),
};
const size_t conf_keys_n = COUNT_OF(conf_keys);
_Static_assert(COUNT_OF(conf_keys) <= KEYS_MAX, "one line a key");

struct parser {
	struct conf *conf;
	struct err *err;
	unsigned line;
	char section[32];
	unsigned given[KEYS_MAX]; /* the line of conf_keys[n]; 0 = it was not given */
};

static int wrong(const struct parser *p, const char *what)
{
	char say[160];
	(void)snprintf(say, sizeof say, "configuration line %u: %s", p->line, what);
	return fault(p->err, -EPROTO, say, "section [%s]", p->section);
}

static struct span trim(struct span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_of(s.p + 1, s.n - 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static int64_t unit_of(enum conf_kind kind, uint8_t letter)
{
	static const struct {
		enum conf_kind kind;
		uint8_t letter;
		int64_t factor;
	} units[] = {
		{ CONF_SECONDS, 's', 1 },        { CONF_SECONDS, 'm', 60 },       { CONF_SECONDS, 'h', 3600 },
		{ CONF_SECONDS, 'd', 86400 },    { CONF_BYTES, 'K', 1 << 10 },    { CONF_BYTES, 'M', 1 << 20 },
		{ CONF_BYTES, 'G', 1 << 30 },    { CONF_BYTES, 'T', 1LL << 40 },
	};
	for (size_t i = 0; i < COUNT_OF(units); i++)
		if (units[i].kind == kind && units[i].letter == letter)
			return units[i].factor;
	return 0;
}

/* Digits, then perhaps one unit letter. */
static bool number_get(struct span s, const struct conf_key *key, int64_t *ret)
{
	int64_t v = 0, factor = 1;
	size_t i = 0;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s.p[i] - '0', &v))
			return false;
	if (i == 0 || s.n - i > 1)
		return false;
	if (i < s.n)
		factor = unit_of(key->kind, s.p[i]);
	if (factor == 0 || __builtin_mul_overflow(v, factor, &v) || v < key->min || v > key->max)
		return false;
	*ret = v;
	return true;
}

static bool is_doors(const char *list)
{
	struct conf_door door;
	int r, n = 0;
	while ((r = conf_door(&list, &door)) > 0)
		n++;
	return r == 0 && n <= CONF_DOORS_MAX;
}

static bool value_put(struct conf *c, const struct conf_key *key, struct span value)
{
	char *at = (char *)c + key->offset;
	if (key->kind >= CONF_COUNT) {
		int64_t v = span_is(value, "yes");
		if (key->kind == CONF_SWITCH ? !v && !span_is(value, "no") : !number_get(value, key, &v))
			return false;
		memcpy(at, &v, sizeof v);
		return true;
	}
	if (value.n >= key->size)
		return false;
	memset(at, 0, key->size);
	if (value.n > 0)
		memcpy(at, value.p, value.n);
	struct conf_endpoint endpoint;
	return value.n == 0 || key->kind == CONF_TEXT || (key->kind == CONF_DOORS && is_doors(at)) ||
	       (key->kind == CONF_DOORS ? false : key->kind == CONF_PATH ? at[0] == '/' && at[value.n - 1] != '/' : conf_endpoint(at, &endpoint));
}

/* Letters of a host name or an IPv4 address; between brackets, of an IPv6 address. */
static bool is_host(const char *host, size_t n, bool v6)
{
	for (size_t i = 0; i < n; i++) {
		char c = host[i];
		bool hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
		bool letter = hex || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_';
		if (c != '.' && !(v6 ? hex || c == ':' : letter))
			return false;
	}
	return n > 0;
}

bool conf_endpoint(const char *text, struct conf_endpoint *ret)
{
	bool tls = strncmp(text, "tls://", 6) == 0;
	if (!tls && strncmp(text, "tcp://", 6) != 0)
		return false;
	const char *host = text + 6, *colon = strrchr(host, ':');
	bool v6 = host[0] == '[' && colon && colon > host && colon[-1] == ']';
	host += v6;
	size_t n = colon ? (size_t)(colon - host) - v6 : 0, digits = colon ? strspn(colon + 1, "0123456789") : 0;
	if (!is_host(host, n, v6) || n >= sizeof ret->host || digits == 0 || digits > 5 || colon[1] == '0' || colon[1 + digits])
		return false;
	*ret = (struct conf_endpoint){ .tls = tls };
	memcpy(ret->host, host, n);
	memcpy(ret->port, colon + 1, digits);
	return digits < 5 || strcmp(ret->port, "65535") <= 0;
}

/* A word of `list`, up to a blank or comma; its length, or -EPROTO where it does not fit. */
static int word_get(const char **list, char *ret, size_t size)
{
	size_t n = strcspn(*list, " \t,");
	if (n >= size)
		return -EPROTO;
	memcpy(ret, *list, n);
	ret[n] = 0;
	*list += n;
	*list += strspn(*list, " \t");
	return (int)n;
}

int conf_door(const char **list, struct conf_door *ret)
{
	struct conf_door door;
	*list += strspn(*list, " \t");
	if (!**list)
		return 0;
	if (word_get(list, door.where, sizeof door.where) <= 0 || !strchr(door.where, ':') ||
		word_get(list, door.target, sizeof door.target) < 0 || (**list && **list != ','))
		return -EPROTO;
	if (**list == ',' && !(*list)[1 + strspn(*list + 1, " \t")])
		return -EPROTO; /* a comma promises another one */
	*list += **list == ',';
	*ret = door;
	return 1;
}

bool conf_has_siem(const struct conf *c)
{
	return c->siem_syslog[0] || c->siem_file[0];
}

void conf_defaults(struct conf *c)
{
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < conf_keys_n; i++) {
		bool good = value_put(c, &conf_keys[i], span_str(conf_keys[i].fallback));
		assert(good);
	}
}

static bool is_text(struct span line)
{
	while (line.n > 0) {
		uint32_t c;
		size_t n = utf8_get(line, &c);
		if (n == 0 || (utf8_is_control(c) && c != '\t' && c != '\r'))
			return false;
		line = span_of(line.p + n, line.n - n);
	}
	return true;
}

static int section_line(struct parser *p, struct span line)
{
	if (line.n < 3 || line.p[line.n - 1] != ']')
		return wrong(p, "a section is written [name]");
	struct span name = { line.p + 1, line.n - 2 };
	for (size_t i = 0; i < conf_keys_n; i++)
		if (span_is(name, conf_keys[i].section)) {
			(void)snprintf(p->section, sizeof p->section, "%s", conf_keys[i].section);
			return 0;
		}
	return wrong(p, "unknown section");
}

static int key_line(struct parser *p, struct span line)
{
	const uint8_t *equals = memchr(line.p, '=', line.n);
	if (!equals)
		return wrong(p, "expected key = value");
	struct span name = trim(span_of(line.p, (size_t)(equals - line.p)));
	struct span value = trim(span_of(equals + 1, line.n - (size_t)(equals - line.p) - 1));
	for (size_t i = 0; i < conf_keys_n; i++) {
		const struct conf_key *key = &conf_keys[i];
		if (strcmp(key->section, p->section) != 0 || !span_is(name, key->key))
			continue;
		if (p->given[i])
			return wrong(p, "this key was given before");
		p->given[i] = p->line;
		return value_put(p->conf, key, value) ? 0 : wrong(p, "bad value");
	}
	return wrong(p, "unknown key");
}

static int one_line(struct parser *p, struct span line)
{
	if (line.n > CONF_LINE_MAX)
		return wrong(p, "line too long");
	if (!is_text(line))
		return wrong(p, "not UTF-8 text");
	line = trim(line);
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return 0;
	return line.p[0] == '[' ? section_line(p, line) : key_line(p, line);
}

/* A complaint at the line where that key was given. */
static int wrong_at(struct parser *p, size_t offset, const char *what)
{
	for (size_t i = 0; i < conf_keys_n; i++)
		if (conf_keys[i].offset == offset)
			p->line = p->given[i];
	return wrong(p, what);
}

/* An unprotected stream by a forgotten word is worse than none. */
static int check_siem(struct parser *p)
{
	const struct conf *c = p->conf;
	bool tls = strncmp(c->siem_syslog, "tls:", 4) == 0;
	if (tls && !c->siem_ca[0])
		return wrong_at(p, offsetof(struct conf, siem_syslog), "tls:// needs siem.ca, the file of who signs its certificate");
	if (!tls && c->siem_ca[0])
		return wrong_at(p, offsetof(struct conf, siem_ca), "this is for siem.syslog = tls://...");
	if (!tls && c->siem_certificate[0])
		return wrong_at(p, offsetof(struct conf, siem_certificate), "this is for siem.syslog = tls://...");
	if (!c->siem_key[0] != !c->siem_certificate[0])
		return wrong_at(p, c->siem_key[0] ? offsetof(struct conf, siem_key) : offsetof(struct conf, siem_certificate),
			"siem.certificate and siem.key go together");
	return 0;
}

int conf_parse(const char *text, size_t n, struct conf *ret, struct err *err)
{
	struct conf conf;
	struct parser p = { .conf = &conf, .err = err };
	if (n > FILE_MAX)
		return fault(err, -EPROTO, "the configuration is longer than 64 KiB", "%zu bytes", n);
	conf_defaults(&conf);
	struct span rest = span_of(text, n);
	while (rest.n > 0) {
		const uint8_t *feed = memchr(rest.p, '\n', rest.n);
		size_t length = feed ? (size_t)(feed - rest.p) : rest.n;
		p.line++;
		int r = one_line(&p, span_of(rest.p, length));
		if (r < 0)
			return r;
		length += feed != NULL;
		rest = span_of(rest.p + length, rest.n - length);
	}
	int r = check_siem(&p);
	if (r < 0)
		return r;
	*ret = conf;
	return 0;
}

int conf_load_fd(int fd, struct conf *ret, struct err *err)
{
	scoped(scope_free) char *text = malloc(FILE_MAX + 1);
	size_t n = 0;
	if (!text)
		return fault(err, -ENOMEM, "internal error", "no memory for the configuration");
	while (n < FILE_MAX + 1) {
		ssize_t got = pread(fd, text + n, FILE_MAX + 1 - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fault(err, -errno, "the configuration cannot be read", "pread: %m");
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return conf_parse(text, n, ret, err);
}

int conf_load(const char *path, struct conf *ret, struct err *err)
{
	scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fault(err, -errno, "the configuration cannot be opened", "%s: %m", path);
	return conf_load_fd(fd, ret, err);
}
