/*
 * rotate_try KIND change|verify WHERE TLS ACCOUNT PASSWORD-FILE [NEW-FILE] - one call of gateway/rotate/means.h.
 *
 * KIND mysql or tds; WHERE a port of 127.0.0.1 or the path of a unix socket; TLS local, off, ca:FILE or pin:FILE
 * (certificates, PEM; the account's host name is "localhost"); YANMEN_TRY_MS in the environment is the deadline.
 * Prints one line: 0, or the error's name, a tab and its words; then its detail.
 */
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/rotate/means.h"
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

typedef int change_fn(int fd, const struct rotate_login *login, const struct secret *fresh, struct err *err);
typedef int verify_fn(int fd, const struct rotate_login *login, struct err *err);
static const struct kind {
	const char *name;
	change_fn *change;
	verify_fn *verify;
} kinds[] = {
	{ "mysql", rotate_mysql_change, rotate_mysql_verify },
	{ "tds", rotate_tds_change, rotate_tds_verify },
};

static struct secret *read_file(const char *path)
{
	static uint8_t bytes[SECRET_MAX];
	struct secret *s = NULL;
	FILE *f = fopen(path, "re");
	if (!f)
		err(2, "%s", path);
	size_t n = fread(bytes, 1, sizeof bytes, f);
	(void)fclose(f);
	if (secret_of(span_of(bytes, n), &s, NULL) < 0)
		errx(2, "%s", path);
	return s;
}

static int dial(const char *where)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	bool local = where[0] == '/';
	in.sin_port = htons((uint16_t)strtoul(where, NULL, 10));
	(void)snprintf(un.sun_path, sizeof un.sun_path, "%s", where);
	int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr *to = local ? (const struct sockaddr *)&un : (const struct sockaddr *)&in;
	if (fd < 0 || connect(fd, to, local ? sizeof un : sizeof in) < 0)
		err(2, "connect to %s", where);
	return fd;
}

static void choose_tls(const char *text, struct rotate_login *login)
{
	if (strcmp(text, "local") == 0 || strcmp(text, "off") == 0) {
		login->tls = text[0] == 'l' ? ROTATE_TLS_LOCAL : ROTATE_TLS_OFF;
		return;
	}
	bool pin = strncmp(text, "pin:", 4) == 0;
	login->ca_pem = secret_span(read_file(strchr(text, ':') + 1)); /* lives as long as the program */
	login->tls = pin ? ROTATE_TLS_PIN : ROTATE_TLS_CA;
	if (pin && tls_key_fingerprint(login->ca_pem, login->pin, NULL) < 0)
		errx(2, "no certificate in %s", text);
}

int main(int argc, char **argv)
{
	if (argc < 7)
		errx(2, "see try.c");
	const struct kind *kind = &kinds[strcmp(argv[1], "tds") == 0];
	const char *ms = getenv("YANMEN_TRY_MS");
	scoped(secret_scope) struct secret *secret = read_file(argv[6]), *fresh = argc > 7 ? read_file(argv[7]) : NULL;
	struct rotate_login login = { .account = argv[5],
		.secret = secret,
		.host = "localhost",
		.deadline_us = clock_mono_us() + 1000 * (ms ? strtoll(ms, NULL, 10) : 60000) };
	struct err e = { 0 };
	scoped(scope_close) int fd = dial(argv[3]);
	choose_tls(argv[4], &login);
	int r = fresh ? kind->change(fd, &login, fresh, &e) : kind->verify(fd, &login, &e);
	(void)printf("%s\t%s\n%s\n", r < 0 ? strerrorname_np(-r) : "0", e.say, e.detail);
	return r < 0;
}
