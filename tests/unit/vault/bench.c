#include "tests/unit/vault/bench.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

const uint8_t bench_master[VAULT_KEYS_MASTER] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };

void bench_folder_new(struct bench_folder *f)
{
	(void)snprintf(f->path, sizeof f->path, "/tmp/yanmen-vault-XXXXXX");
	assert_non_null(mkdtemp(f->path));
}

void bench_folder_done(struct bench_folder *f)
{
	assert_int_equal(RUN(NULL, "/bin/rm", "-rf", f->path), 0);
}

int bench_run(struct buf *out, const char *const *argv)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	int sv[2], status = 0;
	pid_t pid;
	ssize_t n;

	assert_int_equal(pipe2(sv, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, sv[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(sv[1]);
	for (uint8_t room[4096]; (n = read(sv[0], room, sizeof room)) > 0;)
		if (out)
			buf_put(out, room, (size_t)n);
	close(sv[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void bench_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	buf_init(out, 1 << 20);
	for (uint8_t room[4096]; (n = read(fd, room, sizeof room)) > 0;)
		buf_put(out, room, (size_t)n);
	close(fd);
}

void bench_write(const char *path, struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	close(fd);
}

void bench_keygen(const char *path, const char *type, const char *bits, const char *passphrase, const char *format)
{
	const char *argv[16] = { "/usr/bin/ssh-keygen", "-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path };
	size_t n = 10;

	if (bits) {
		argv[n++] = "-b";
		argv[n++] = bits;
	}
	if (format) {
		argv[n++] = "-m";
		argv[n++] = format;
	}
	assert_int_equal(bench_run(NULL, argv), 0);
}

void bench_login_put(const struct bench_login *l, struct buf *out)
{
	uint8_t session_id[128];

	memset(session_id, 0x5a, sizeof session_id);
	wr_str32be(out, span_of(session_id, l->session_id_n));
	wr_be(out, l->type, 1);
	wr_str32be(out, span_str(l->user));
	wr_str32be(out, span_str(l->service));
	wr_str32be(out, span_str(l->method));
	wr_be(out, l->has_signature, 1);
	wr_str32be(out, span_str(l->algorithm));
	wr_str32be(out, l->blob);
}

void bench_sign_put(struct span blob, struct span data, uint32_t flags, struct buf *out)
{
	wr_be(out, 1 + 4 + blob.n + 4 + data.n + 4, 4);
	wr_be(out, 13, 1);
	wr_str32be(out, blob);
	wr_str32be(out, data);
	wr_be(out, flags, 4);
}
