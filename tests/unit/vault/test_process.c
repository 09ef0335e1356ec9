#include "tests/unit/vault/bench.h"
#include "gateway/core/msg.h"
#include "gateway/core/proc.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* The real binary, in its sandbox where the build has one: what the unit tests try inside works there too. */
static const char *binary;
static const char bound[] = "account=cyadmin\ntarget=1\naddress=127.0.0.1\nport=22\nhost_key=";
enum { WORKER = 5 };

struct desk {
	pid_t pid;
	int pidfd, parent, broker, worker;
	uint8_t body[MSG_BODY_MAX];
	size_t n;
	int fd;
};

static int key_file(size_t n)
{
	uint8_t bytes[64] = { 3 };
	int fd = memfd_create("master", MFD_CLOEXEC);

	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int start(struct desk *d, size_t key_n)
{
	const char *const argv[] = { binary, NULL };
	int sv[2], key = key_file(key_n);

	*d = (struct desk){ .broker = -1, .worker = -1, .fd = -1 };
	assert_int_equal(msg_pair(sv), 0);
	const int fds[] = { sv[1], key };
	struct proc_spec spec = { .path = binary, .argv = argv, .fds = fds, .n_fds = 2, .die_with_parent = true };
	int r = proc_start(&spec, &d->pid, &d->pidfd, NULL);
	close(sv[1]);
	close(key);
	d->parent = sv[0];
	return r;
}

static int status_of(struct desk *d)
{
	int status = 0;

	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	close(d->pidfd);
	scope_close(&d->broker);
	scope_close(&d->worker);
	scope_close(&d->parent);
	scope_close(&d->fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int answer(struct desk *d, int sock)
{
	uint16_t type = 0;

	scope_close(&d->fd);
	int r = msg_recv(sock, &type, d->body, sizeof d->body, &d->fd, NULL);
	d->n = r < 0 ? 0 : (size_t)r;
	return r < 0 ? r : type;
}

#define GET(d, message, m) assert_int_equal(wire_##message##_get(span_of((d)->body, (d)->n), m, NULL), 0)

static void hello(struct desk *d)
{
	struct wire_hello m;
	int sv[2];

	assert_int_equal(answer(d, d->parent), WIRE_T_hello);
	GET(d, hello, &m);
	assert_int_equal(m.role, WIRE_VAULT);
	assert_true(span_is(m.build, wire_build));
	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(wire_peer_send(d->parent, &(struct wire_peer){ .role = WIRE_BROKER }, sv[1]), 0);
	close(sv[1]);
	d->broker = sv[0];
	assert_int_equal(msg_pair(sv), 0);
	assert_int_equal(
		wire_attach_send(d->parent, &(struct wire_attach){ .role = WIRE_SSH, .worker = WORKER }, sv[1]), 0);
	close(sv[1]);
	d->worker = sv[0];
}

static void seal_key(struct desk *d, const char *type, const char *bits, const char *format, struct buf *sealed)
{
	struct bench_folder folder;
	char path[128];
	struct wire_sealed a;
	int memfd = -1;

	bench_folder_new(&folder);
	(void)snprintf(path, sizeof path, "%s/key", folder.path);
	bench_keygen(path, type, bits, "", format);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(secret_to_memfd(file, 16384, &memfd, NULL), 0);
	close(file);
	bench_folder_done(&folder);
	struct wire_seal m = { .kind = WIRE_SECRET_KEY, .bound = span_str(bound) };
	assert_int_equal(wire_seal_send(d->broker, &m, memfd), 0);
	close(memfd);
	assert_int_equal(answer(d, d->broker), WIRE_T_sealed);
	GET(d, sealed, &a);
	assert_int_equal(a.code, 0);
	buf_init(sealed, 65536);
	buf_put_span(sealed, a.sealed);
}

static void read_all(int fd, uint8_t *p, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = read(fd, p + got, n - got);
		assert_true(r > 0);
		got += (size_t)r;
	}
}

/* The body of one agent answer; returns its length. */
static size_t agent_answer(int stream, uint8_t *p, size_t cap)
{
	uint8_t head[4];

	read_all(stream, head, 4);
	size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	assert_true(n > 0 && n <= cap);
	read_all(stream, p, n);
	return n;
}

static void use_and_sign(struct desk *d, struct span sealed, const char *algorithm)
{
	struct wire_allow m = { .worker = WORKER,
		.id.b = { 1 },
		.kind = WIRE_SECRET_KEY,
		.login = span_str("cyadmin"),
		.sealed = sealed,
		.bound = span_str(bound),
		.uses = 1 };
	struct wire_allow_answer a;
	scoped(buf_done) struct buf data = { 0 }, frame = { 0 };
	uint8_t body[16384];

	assert_int_equal(wire_allow_send(d->broker, &m, -1), 0);
	assert_int_equal(answer(d, d->broker), WIRE_T_allow_answer);
	GET(d, allow_answer, &a);
	assert_int_equal(a.code, 0);
	assert_int_equal(wire_use_send(d->worker, &(struct wire_use){ .id.b = { 1 } }, -1), 0);
	assert_int_equal(answer(d, d->worker), WIRE_T_use_agent);
	assert_int_equal(write(d->fd, "\0\0\0\1\x0b", 5), 5);
	size_t n = agent_answer(d->fd, body, sizeof body);
	struct rd r = rd_of(span_of(body + 5, n - 5));
	struct bench_login l = BENCH_LOGIN("cyadmin", algorithm, rd_str32be(&r));
	buf_init(&data, 16384);
	buf_init(&frame, 16384);
	bench_login_put(&l, &data);
	bench_sign_put(l.blob, buf_span(&data), 0, &frame);
	assert_int_equal(write(d->fd, frame.data, frame.len), (ssize_t)frame.len);
	(void)agent_answer(d->fd, body, sizeof body);
	assert_int_equal(body[0], 14);
}

static void signs_with_every_kind_of_key_inside_its_sandbox(void **state)
{
	static const struct {
		const char *type, *bits, *format, *algorithm;
	} keys[] = { { "ed25519", NULL, NULL, "ssh-ed25519" }, { "rsa", "3072", NULL, "rsa-sha2-512" },
		{ "rsa", "2048", "PEM", "rsa-sha2-256" }, { "ecdsa", "256", NULL, "ecdsa-sha2-nistp256" },
		{ "ecdsa", "384", "PKCS8", "ecdsa-sha2-nistp384" }, { "ecdsa", "521", "PEM", "ecdsa-sha2-nistp521" } };
	struct desk d;

	(void)state;
	assert_int_equal(start(&d, 32), 0);
	hello(&d);
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		scoped(buf_done) struct buf sealed = { 0 };
		seal_key(&d, keys[i].type, keys[i].bits, keys[i].format, &sealed);
		use_and_sign(&d, buf_span(&sealed), keys[i].algorithm);
	}
	assert_int_equal(wire_stop_send(d.parent, &(struct wire_stop){ 0 }, -1), 0);
	assert_int_equal(status_of(&d), 0);
}

static void ends_with_its_parent(void **state)
{
	struct desk d;

	(void)state;
	assert_int_equal(start(&d, 32), 0);
	hello(&d);
	scope_close(&d.parent);
	assert_int_equal(status_of(&d), 0);
}

static void does_not_start_with_a_wrong_key_file(void **state)
{
	static const size_t sizes[] = { 0, 31, 33 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct desk d;
		assert_int_equal(start(&d, sizes[i]), 0);
		assert_int_equal(answer(&d, d.parent), -EPIPE);
		assert_int_equal(status_of(&d), 1);
	}
}

static void keeps_no_descriptor_of_the_key_file(void **state)
{
	struct desk d;
	char path[64], target[64] = { 0 };

	(void)state;
	assert_int_equal(start(&d, 32), 0);
	hello(&d);
	(void)snprintf(path, sizeof path, "/proc/%d/fd/4", d.pid);
	ssize_t n = readlink(path, target, sizeof target - 1); /* closed, reused, or not ours to see */
	assert_true(n < 0 || !strstr(target, "master"));
	scope_close(&d.parent);
	assert_int_equal(status_of(&d), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_with_every_kind_of_key_inside_its_sandbox),
		cmocka_unit_test(ends_with_its_parent),
		cmocka_unit_test(does_not_start_with_a_wrong_key_file),
		cmocka_unit_test(keeps_no_descriptor_of_the_key_file),
	};
	if (argc < 2)
		return 2;
	binary = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
