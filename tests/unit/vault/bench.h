#ifndef TESTS_UNIT_VAULT_BENCH_H
#define TESTS_UNIT_VAULT_BENCH_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "gateway/core/buf.h"
#include "gateway/core/id.h"
#include "policy/vault/keys.h"
/* bench - what the vault's tests share: real keys from ssh-keygen, and the bytes that a client signs to log in. */

/* A fresh folder below /tmp, removed with all in it by bench_folder_done. */
struct bench_folder {
	char path[64];
};
void bench_folder_new(struct bench_folder *f);
void bench_folder_done(struct bench_folder *f);

/* Runs a program to its end; its standard output into `out` when given.  Returns its exit code. */
int bench_run(struct buf *out, const char *const *argv);
#define RUN(out, ...) bench_run(out, (const char *const[]){ __VA_ARGS__, NULL })
/* Reads a file whole. */
void bench_file(const char *path, struct buf *out);
void bench_write(const char *path, struct span bytes);
/* ssh-keygen: path gets the private key, path.pub the public one.  extra: more options, NULL-terminated, at most 8. */
void bench_keygen(const char *path, const char *type, const char *bits, const char *passphrase, const char *format);

/* RFC 4252 section 7. */
struct bench_login {
	const char *user, *service, *method, *algorithm;
	struct span blob;
	uint8_t type, has_signature;
	size_t session_id_n;
};
#define BENCH_LOGIN(u, a, b)                                                                                           \
	{                                                                                                              \
		.user = u, .service = "ssh-connection", .method = "publickey", .algorithm = a, .blob = b, .type = 50,  \
		.has_signature = 1, .session_id_n = 32                                                                 \
	}
void bench_login_put(const struct bench_login *l, struct buf *out);
/* A sign request's frame: u32 length | 13 | blob | data | flags. */
void bench_sign_put(struct span blob, struct span data, uint32_t flags, struct buf *out);

extern const uint8_t bench_master[VAULT_KEYS_MASTER]; /* 00 01 02 ... 1f */
#endif
