#include "tests/unit/vault/desk.h"
#include "gateway/core/clock.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

const char desk_bound[] = "account=cyadmin\ntarget=12\naddress=10.0.0.5\nport=22\nhost_key=";
const struct id desk_session = { .b = { 1, 2, 3 } };

void desk_pump(struct desk *d)
{
	for (int i = 0; i < 4; i++)
		loop_turn(d->vault->loop, 0);
}

int desk_wired(struct desk *d, uint8_t role, uint64_t worker)
{
	int sv[2];

	assert_int_equal(msg_pair(sv), 0);
	if (worker == 0)
		assert_int_equal(wire_peer_send(d->parent, &(struct wire_peer){ .role = role }, sv[1]), 0);
	else
		assert_int_equal(
			wire_attach_send(d->parent, &(struct wire_attach){ .role = role, .worker = worker }, sv[1]), 0);
	close(sv[1]);
	desk_pump(d);
	return sv[0];
}

int desk_open(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	int sv[2];

	assert_non_null(d);
	clock_fake(INT64_C(1000000000));
	d->fd = -1;
	d->vault = malloc(sizeof *d->vault);
	assert_non_null(d->vault);
	assert_int_equal(vault_keys_derive(bench_master, &d->keys, NULL), 0);
	assert_int_equal(msg_pair(sv), 0);
	d->parent = sv[0];
	assert_int_equal(vault_peer_start(d->vault, d->keys, sv[1], NULL), 0);
	d->recorder = desk_wired(d, WIRE_RECORDER, 0);
	d->broker = desk_wired(d, WIRE_BROKER, 0);
	d->worker = desk_wired(d, WIRE_SSH, DESK_WORKER);
	d->other = desk_wired(d, WIRE_SSH, DESK_OTHER);
	d->reader = desk_wired(d, WIRE_READER, DESK_READER);
	*state = d;
	return 0;
}

int desk_close(void **state)
{
	struct desk *d = *state;
	int control = d->vault->control.fd;

	clock_fake(0);
	vault_peer_stop(d->vault);
	close(control);
	vault_keys_free(d->keys);
	free(d->vault);
	int *all[] = { &d->parent, &d->broker, &d->recorder, &d->worker, &d->other, &d->reader, &d->fd };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		scope_close(all[i]);
	free(d);
	return 0;
}

/* The answer that waits at `sock`; 0 when there is none, -EPIPE when the vault has closed it. */
int desk_answer(struct desk *d, int sock)
{
	uint16_t type = 0;

	desk_pump(d);
	scope_close(&d->fd);
	int r = msg_recv_now(sock, &type, d->body, sizeof d->body, &d->fd, NULL);
	d->n = r < 0 ? 0 : (size_t)r;
	return r == -EAGAIN ? 0 : r < 0 ? r : type;
}

int desk_memfd(struct span bytes)
{
	int file = memfd_create("file", MFD_CLOEXEC), sealed = -1;

	assert_int_equal(write(file, bytes.p, bytes.n), (ssize_t)bytes.n);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(secret_to_memfd(file, 32768, &sealed, NULL), 0);
	close(file);
	return sealed;
}

/* Returns the code; *sealed and *public_key get copies. */
int64_t desk_seal(struct desk *d, uint8_t kind, const char *secret, struct buf *sealed, struct buf *public_key)
{
	struct wire_seal m = { .ticket = 5, .kind = kind, .bound = span_str(desk_bound) };
	struct wire_sealed a;
	int fd = secret ? desk_memfd(span_str(secret)) : -1;

	assert_int_equal(wire_seal_send(d->broker, &m, fd), 0);
	scope_close(&fd);
	assert_int_equal(desk_answer(d, d->broker), WIRE_T_sealed);
	GET(d, sealed, &a);
	assert_int_equal(a.ticket, 5);
	assert_true((a.code == 0) == (a.sealed.n > 0) && (a.code == 0) == (a.say.n == 0));
	buf_init(sealed, 65536);
	buf_put_span(sealed, a.sealed);
	buf_init(public_key, 65536);
	buf_put_span(public_key, a.public_key);
	return a.code;
}

int64_t desk_allow(struct desk *d, const struct desk_allow *a)
{
	struct wire_allow m = { .ticket = 6,
		.worker = a->worker,
		.id = desk_session,
		.kind = a->kind,
		.login = span_str(a->login),
		.sealed = a->sealed,
		.bound = span_str(a->bound),
		.uses = a->uses };
	struct wire_allow_answer got;

	assert_int_equal(wire_allow_send(d->broker, &m, -1), 0);
	assert_int_equal(desk_answer(d, d->broker), WIRE_T_allow_answer);
	GET(d, allow_answer, &got);
	assert_int_equal(got.ticket, 6);
	assert_true((got.code == 0) == (got.say.n == 0));
	return got.code;
}

int desk_use(struct desk *d, int sock)
{
	assert_int_equal(wire_use_send(sock, &(struct wire_use){ .id = desk_session }, -1), 0);
	return desk_answer(d, sock);
}
