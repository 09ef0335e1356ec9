#ifndef TEST_GATEWAY_HOUSE_H
#define TEST_GATEWAY_HOUSE_H
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
/*
 * house - a folder with the real yanmend, fake services and the echo worker; what they log is waited for.
 * cmocka is included before this.
 */
enum { SECOND = 1000 * 1000, PATIENCE_US = 20 * SECOND };
static const char *yanmend, *fake, *echo_worker;

struct house {
	char dir[64];
	pid_t pid;
	int log;
	uint16_t port;
	char text[1 << 18]; /* all of its stderr so far */
	size_t n, seen;
	char line[1024];
};

static inline void in_dir(const struct house *h, const char *name, char ret[static 128])
{
	snprintf(ret, 128, "%s/%s", h->dir, name);
}

static inline void write_file(const struct house *h, const char *name, const char *text, mode_t mode)
{
	char path[128];
	in_dir(h, name, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(fd >= 0 && fchmod(fd, mode) == 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline void place(const struct house *h, const char *name, const char *program)
{
	char path[128];
	in_dir(h, name, path);
	(void)unlink(path);
	assert_int_equal(symlink(program, path), 0);
}

static inline void build(struct house *h, const char *limits)
{
	static const char *const services[] = { "yanmen-vault", "yanmen-recorder", "yanmen-pwhash", "yanmen-broker",
		"yanmen-reader", "yanmen-export", "yanmen-web", "yanmen-term", "yanmen-notify" };
	char conf[2048];
	memset(h, 0, sizeof *h);
	snprintf(h->dir, sizeof h->dir, "/tmp/yanmen-parent-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	for (size_t i = 0; i < COUNT_OF(services); i++)
		place(h, services[i], fake);
	place(h, "yanmen-ssh", echo_worker);
	place(h, "yanmen-mysql", echo_worker);
	write_file(h, "key", "0123456789abcdef0123456789abcdef", 0600);
	snprintf(conf, sizeof conf,
		"[listen]\nssh = 127.0.0.1:0\n[paths]\nrun = %s/run\nrecordings = %s/rec\nspool = %s/spool\n"
		"vault_key = %s/key\nlibexec = %s\n[users]\nbroker =\nvault =\nrecorder =\nreader =\nworker =\npwhash =\nexport =\nweb =\nterm =\nnotify =\n"
		"[limits]\npool_warm = 2\n%s",
		h->dir, h->dir, h->dir, h->dir, h->dir, limits);
	write_file(h, "conf", conf, 0600);
}

static inline void run(struct house *h)
{
	int p[2];
	char conf[128];
	in_dir(h, "conf", conf);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		dup2(p[1], 2);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a failed test leaves nothing behind */
		execl(yanmend, "yanmend", "--config", conf, (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	h->log = p[0];
}

/* Waits for a line that holds all three words ("" fits all), each line serves once; returns it. */
static const char *expect3(struct house *h, const char *a, const char *b, const char *c)
{
	int64_t due = clock_mono_us() + PATIENCE_US;
	for (;;) {
		char *end;
		while ((end = memchr(h->text + h->seen, '\n', h->n - h->seen))) {
			size_t n = (size_t)(end - h->text) - h->seen;
			snprintf(h->line, sizeof h->line, "%.*s", (int)n, h->text + h->seen);
			h->seen += n + 1;
			if (strstr(h->line, a) && strstr(h->line, b) && strstr(h->line, c))
				return h->line;
		}
		struct pollfd p = { .fd = h->log, .events = POLLIN };
		int64_t left = due - clock_mono_us();
		ssize_t n = left > 0 && poll(&p, 1, (int)(left / 1000) + 1) > 0
				    ? read(h->log, h->text + h->n, sizeof h->text - h->n)
				    : 0;
		if (n <= 0) {
			(void)fputs(h->text, stderr); /* whole: a message of cmocka's is cut */
			fail_msg("no line with \"%s\" \"%s\" \"%s\" behind byte %zu", a, b, c, h->seen);
		}
		h->n += (size_t)n;
	}
}

static const char *expect(struct house *h, const char *a)
{
	return expect3(h, a, "", "");
}

/* Back to the beginning of what was said: for lines that come in no fixed order. */
static inline void from_start(struct house *h)
{
	h->seen = 0;
}

static inline unsigned long long number_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 10);
}

static inline void open_house(struct house *h, const char *limits)
{
	build(h, limits);
	run(h);
	h->port = (uint16_t)number_after(expect(h, "ev=listening"), "port=");
	expect(h, "fake broker synced");
}

static inline void close_house(struct house *h)
{
	int status;
	if (h->pid > 0) {
		kill(h->pid, SIGTERM);
		assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(h->log);
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", h->dir);
	assert_int_equal(system(command), 0);
}

static inline int client_at(uint16_t port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0);
	return fd;
}

static inline int client(const struct house *h)
{
	return client_at(h->port);
}

/* One that is let in.  Two sockets have no order: the parent may hear a little later that there is room again. */
static inline int client_let_in(const struct house *h)
{
	for (int i = 0; i < 1000; i++) {
		char first;
		int fd = client(h);
		struct pollfd p = { .fd = fd, .events = POLLIN };
		assert_int_equal(poll(&p, 1, PATIENCE_US / 1000), 1);
		if (recv(fd, &first, 1, MSG_PEEK) > 0)
			return fd;
		close(fd);
	}
	fail_msg("nobody is let in");
	return -1;
}

/* Reads until the text came, or the end: then "" must be expected. */
static inline void hear(int fd, const char *text)
{
	char got[512] = "";
	size_t n = 0;
	while (!(text[0] && strstr(got, text))) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		assert_int_equal(poll(&p, 1, PATIENCE_US / 1000), 1);
		ssize_t r = read(fd, got + n, sizeof got - 1 - n);
		if (r <= 0) {
			assert_string_equal(text, "");
			return;
		}
		n += (size_t)r;
		got[n] = 0;
	}
}

static inline void talk(int fd, const char *text, const char *answer)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	hear(fd, answer);
}

static inline void order(const struct house *h, const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	snprintf(at.sun_path, sizeof at.sun_path, "%.80s/run/control.sock", h->dir);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(wire_command_send(fd, &(struct wire_command){ .name = span_str(name) }, -1), 0);
	close(fd);
}

static inline void kill_service(struct house *h, const char *name)
{
	char word[64];
	snprintf(word, sizeof word, "service=%s", name);
	from_start(h);
	pid_t pid = (pid_t)number_after(expect3(h, "ev=service.ready", word, ""), "child=");
	h->seen = h->n;
	assert_int_equal(kill(pid, SIGKILL), 0);
}

/* Where the parent and what it starts here lie.  False: not called as tests/unit/parent/meson.build does. */
static inline bool house_prepare(int argc, char **argv)
{
	if (argc != 4)
		return false;
	yanmend = realpath(argv[1], NULL); /* the build may name it relative to its folder */
	fake = realpath(argv[2], NULL);
	echo_worker = realpath(argv[3], NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return true;
}
#endif
