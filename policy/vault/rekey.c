#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "gateway/core/wire.h"
#include "policy/vault/ring.h"
#include "policy/vault/vault.h"
#include <errno.h>
#include <unistd.h>

static int write_all(int fd, struct span s, struct err *err)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fault(err, n < 0 ? -errno : -EIO, "the new key file cannot be written", "write: %m");
		s = span_of(s.p + n, s.n - (size_t)n);
	}
	return 0;
}

/* What stands in the file now must be what a new vault can start with. */
static int try_file(int fd, uint32_t generation, struct err *err)
{
	struct vault_keys *again = NULL;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return fault(err, -errno, "the new key file cannot be read", "lseek: %m");
	int r = vault_keys_read(fd, &again, err);
	if (r == 0 && again->generation != generation)
		r = fault(err, -EIO, "the new key file cannot be read", "generation %u", again->generation);
	vault_keys_free(again);
	return r;
}

int vault_rekey(const struct vault_keys *k, const struct wire_rekey *m, int fd, struct err *err)
{
	scoped(secret_scope) struct secret *master = NULL, *file = NULL;

	int r = secret_new(VAULT_KEYS_MASTER, &master, err);
	if (r < 0)
		return r;
	randombytes_buf(secret_bytes(master), VAULT_KEYS_MASTER);
	struct vault_ring_wish w = {
		.master = secret_bytes(master), .ca = m->ca != 0, .host = m->host != 0, .users = m->users != 0,
		.now_us = clock_wall_us()
	};
	r = vault_ring_next(k, &w, &file, err);
	if (r == 0)
		r = write_all(fd, secret_span(file), err);
	if (r == 0)
		r = try_file(fd, k->generation + 1, err);
	if (r == 0)
		log_ev(LOG_LEVEL_INFO, "vault.rekeyed", LOG_N("generation", k->generation + 1));
	return r;
}
