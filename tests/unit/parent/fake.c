/*
 * A service of no use but to watch the parent: it is vault, recorder, pwhash, broker, reader, web or term by its name, says hello,
 * tells on stderr what it is told, and answers a worker's questions with the shortest yes.
 * As broker it takes orders on the CLI's socket, as `command` messages: "end ID", "lock ID", "probe TICKET",
 * "read TICKET", "inner ID", "forward ID": a worker for a client through that one, who says "hello", and tells what he hears;
 * "browser PORT", "nowhere PORT": the same for one of a browser, from 192.0.2.5 or from nowhere; "term N": a terminal.
 */
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_MAX = 512, PARENT = 3 };
enum kind { FROM_PARENT, FROM_WORKER, FROM_PEER, CLI_LISTEN, FROM_CLI, FROM_INNER };

static const char *name;
static uint8_t role;
static struct pollfd fds[FDS_MAX];
static enum kind kinds[FDS_MAX];
static nfds_t n_fds;

static void add(int fd, enum kind kind)
{
	if (n_fds == FDS_MAX)
		exit(3);
	fds[n_fds] = (struct pollfd){ .fd = fd, .events = POLLIN };
	kinds[n_fds++] = kind;
}

static void from_parent(uint16_t type, struct span body, int fd)
{
	struct wire_attach a;
	struct wire_peer p;
	struct wire_gone g;
	struct wire_serves s;
	struct wire_client c;
	if (type == WIRE_T_client && wire_client_get(body, &c, NULL) == 0) {
		fprintf(stderr, "fake %s client job=%u .\n", name, c.job);
		add(fd, FROM_WORKER);
	} else if (type == WIRE_T_attach && wire_attach_get(body, &a, NULL) == 0) {
		fprintf(stderr, "fake %s attach worker=%ju role=%u job=%u ticket=%ju address=%.*s resumed=%u outer=%ju target=%.*s.\n", name,
			(uintmax_t)a.worker, a.role, a.job, (uintmax_t)a.ticket, (int)a.address.n,
			a.address.n ? (const char *)a.address.p : "", a.resumed, (uintmax_t)a.outer, (int)a.target.n,
			a.target.n ? (const char *)a.target.p : "");
		add(fd, FROM_WORKER);
		if (role == WIRE_BROKER && a.job == WIRE_JOB_PROBE) {
			int sv[2];
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
				exit(4);
			(void)wire_probe_send(fd, &(struct wire_probe){ .ticket = a.ticket }, sv[0]);
			close(sv[0]);
			close(sv[1]);
		}
	} else if (type == WIRE_T_peer && wire_peer_get(body, &p, NULL) == 0) {
		fprintf(stderr, "fake %s peer=%s\n", name, wire_role_name(p.role));
		add(fd, p.role == WIRE_CLI ? CLI_LISTEN : FROM_PEER);
	} else if (type == WIRE_T_serves && wire_serves_get(body, &s, NULL) == 0) {
		fprintf(stderr, "fake %s serves worker=%ju .\n", name, (uintmax_t)s.worker);
	} else if (type == WIRE_T_gone && wire_gone_get(body, &g, NULL) == 0) {
		fprintf(stderr, "fake %s gone worker=%ju status=%d\n", name, (uintmax_t)g.worker, (int)g.status);
	} else {
		fprintf(stderr, "fake %s %s\n", name, wire_type_name(type));
		if (type == WIRE_T_stop)
			exit(0);
	}
}

static void from_worker(int sock, uint16_t type, struct span body)
{
	struct wire_probe_answer p;
	struct wire_term_begin t;
	if (type == WIRE_T_term_begin && wire_term_begin_get(body, &t, NULL) == 0) {
		fprintf(stderr, "fake %s begin account=%.*s .\n", name, (int)t.account.n, (const char *)t.account.p);
	} else if (type == WIRE_T_host_key) {
		(void)wire_host_key_answer_send(sock, &(struct wire_host_key_answer){ .key.b = "KEY" }, -1);
	} else if (type == WIRE_T_login) {
		(void)wire_login_answer_send(sock, &(struct wire_login_answer){ .verdict = WIRE_LOGIN_OK }, -1);
	} else if (type == WIRE_T_probe_answer && wire_probe_answer_get(body, &p, NULL) == 0) {
		fprintf(stderr, "fake %s probed ticket=%ju key=%.*s\n", name, (uintmax_t)p.ticket, (int)p.host_key.n,
			p.host_key.n ? (const char *)p.host_key.p : "");
	}
}

static void inner(struct wire_want m)
{
	int sv[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0 || write(sv[1], "hello", 5) != 5)
		exit(7);
	m.ticket = 7;
	m.job = WIRE_JOB_SESSION;
	(void)wire_want_send(PARENT, &m, sv[0]);
	close(sv[0]);
	add(sv[1], FROM_INNER);
}

static void term(void)
{
	int sv[2];
	if (msg_pair(sv) < 0 || wire_term_begin_send(sv[1], &(struct wire_term_begin){ .account = span_str("cyadmin") }, -1) < 0)
		exit(8);
	(void)wire_want_send(PARENT, &(struct wire_want){ .job = WIRE_JOB_TERM, .role = WIRE_TERM }, sv[0]);
	close(sv[0]);
	add(sv[1], FROM_WORKER);
}

/* One line a read, the last one empty. */
static void from_inner(nfds_t i)
{
	char text[64];
	ssize_t n = read(fds[i].fd, text, sizeof text);
	fprintf(stderr, "fake %s inner said=%.*s.\n", name, n > 0 ? (int)n : 0, text);
	if (n <= 0) {
		close(fds[i].fd);
		fds[i].fd = -1;
	}
}

static void from_cli(struct span body)
{
	struct wire_command c;
	char word[64] = "";
	unsigned long long number = 0;
	if (wire_command_get(body, &c, NULL) < 0 || c.name.n >= sizeof word)
		exit(5);
	memcpy(word, c.name.p, c.name.n);
	char *space = strchr(word, ' ');
	if (!space)
		exit(6);
	number = strtoull(space + 1, NULL, 10);
	*space = 0;
	if (strcmp(word, "inner") == 0)
		inner((struct wire_want){ .role = WIRE_SSH, .outer = number, .door = WIRE_DOOR_INNER });
	else if (strcmp(word, "forward") == 0)
		inner((struct wire_want){ .role = WIRE_SSH, .outer = number, .door = WIRE_DOOR_FORWARD });
	else if (strcmp(word, "browser") == 0)
		inner((struct wire_want){ .role = WIRE_SSH, .door = WIRE_DOOR_INNER, .address = span_str("192.0.2.5"), .port = (uint16_t)number });
	else if (strcmp(word, "nowhere") == 0)
		inner((struct wire_want){ .role = WIRE_SSH, .door = WIRE_DOOR_INNER, .address = span_str("nowhere"), .port = (uint16_t)number });
	else if (strcmp(word, "term") == 0)
		term();
	else if (strcmp(word, "probe") == 0 || strcmp(word, "read") == 0)
		(void)wire_want_send(PARENT,
			&(struct wire_want){ .ticket = number, .job = word[0] == 'p' ? WIRE_JOB_PROBE : WIRE_JOB_READ,
				.role = word[0] == 'p' ? WIRE_SSH : WIRE_READER },
			-1);
	else
		(void)wire_control_send(PARENT,
			&(struct wire_control){ .worker = number,
				.op = word[0] == 'e' ? WIRE_END_SESSION : WIRE_LOCK,
				.reason = span_str("the admin says so") },
			-1);
}

static void serve(nfds_t i)
{
	static uint8_t body[MSG_BODY_MAX];
	int sock = fds[i].fd, fd = -1;
	uint16_t type = 0;
	if (kinds[i] == CLI_LISTEN) {
		add(accept4(sock, NULL, NULL, SOCK_CLOEXEC), FROM_CLI);
		return;
	}
	if (kinds[i] == FROM_INNER) {
		from_inner(i);
		return;
	}
	int n = msg_recv_now(sock, &type, body, sizeof body, &fd, NULL);
	if (n == -EAGAIN)
		return;
	if (n < 0) {
		if (kinds[i] == FROM_PARENT || role == WIRE_TERM)
			exit(0);
		close(sock);
		fds[i].fd = -1;
		return;
	}
	struct span s = span_of(body, (size_t)n);
	if (kinds[i] == FROM_PARENT)
		from_parent(type, s, fd);
	else if (kinds[i] == FROM_WORKER)
		from_worker(sock, type, s);
	else if (kinds[i] == FROM_CLI)
		from_cli(s);
}

/* A service that is started again finds its files as the first one did. */
static bool has_its_files(void)
{
	char key[33];
	if (role == WIRE_VAULT)
		return read(PARENT + 1, key, sizeof key) == 32;
	if (role == WIRE_EXPORT) /* a folder; the CA; no certificate, no key */
		return openat(PARENT + 2, ".", O_RDONLY | O_DIRECTORY) >= 0 && read(PARENT + 3, key, 2) == 2 &&
		       read(PARENT + 4, key, 1) == 0 && read(PARENT + 5, key, 1) == 0;
	if (role == WIRE_WEB) /* a folder, certificate, key */
		return openat(PARENT + 2, ".", O_RDONLY | O_DIRECTORY) >= 0 && read(PARENT + 3, key, 4) == 4 &&
		       memcmp(key, "cert", 4) == 0 && read(PARENT + 4, key, 3) == 3 && memcmp(key, "key", 3) == 0;
	if (role != WIRE_RECORDER)
		return true;
	DIR *d = fdopendir(PARENT + 2);
	return d && readdir(d) && readdir(d); /* . and .. */
}

/* One whose siem.ca is "late" has opened it, and waits for a SIGCONT before its hello. */
static void be_late(void)
{
	char text[4];
	if (role != WIRE_EXPORT || pread(6, text, sizeof text, 0) != (ssize_t)sizeof text || memcmp(text, "late", 4) != 0)
		return;
	sigset_t woken;
	int sig;
	(void)sigemptyset(&woken);
	(void)sigaddset(&woken, SIGCONT);
	(void)sigprocmask(SIG_BLOCK, &woken, NULL); /* it may come before it is waited for */
	fprintf(stderr, "fake export late pid=%d .\n", (int)getpid());
	(void)sigwait(&woken, &sig);
}

int main(int argc, char **argv)
{
	static const uint8_t roles[] = { WIRE_VAULT, WIRE_RECORDER, WIRE_PWHASH, WIRE_BROKER, WIRE_READER,
		WIRE_EXPORT, WIRE_WEB, WIRE_TERM, WIRE_NOTIFY };
	name = argc == 1 && strlen(argv[0]) > 7 ? argv[0] + 7 : "?"; /* yanmen-... */
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (strcmp(name, wire_role_name(roles[i])) == 0)
			role = roles[i];
	setvbuf(stderr, NULL, _IOLBF, 1024);
	add(PARENT, FROM_PARENT);
	be_late();
	if (!role || !has_its_files() ||
		wire_hello_send(PARENT, &(struct wire_hello){ .role = role, .build = span_str(wire_build) }, -1) < 0)
		return 2;
	for (;;) {
		if (poll(fds, n_fds, -1) < 0)
			return 1;
		nfds_t n = n_fds; /* what is added meanwhile has its turn next time */
		for (nfds_t i = 0; i < n; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				serve(i);
	}
}
