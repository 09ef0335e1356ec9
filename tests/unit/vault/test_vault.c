#include "tests/unit/vault/bench.h"
#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include "policy/vault/key.h"
#include "policy/vault/vault.h"
#include "recorder/evidence/sign.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* The vault in this process; the test is parent, broker, recorder, reader and workers. */
enum { WORKER = 11, OTHER = 12, READER = 13 };
static const char bound[] = "account=cyadmin\ntarget=12\naddress=10.0.0.5\nport=22\nhost_key=";
static const struct id session = { .b = { 1, 2, 3 } };

struct desk {
	struct vault *vault;
	struct vault_keys *keys;
	int parent, broker, recorder, worker, other, reader;
	uint8_t body[MSG_BODY_MAX];
	size_t n;
	int fd; /* that came with the last answer */
};

static void pump(struct desk *d)
{
	for (int i = 0; i < 4; i++)
		loop_turn(d->vault->loop, 0);
}

static int wired(struct desk *d, uint8_t role, uint64_t worker)
{
	int sv[2];

	assert_int_equal(msg_pair(sv), 0);
	if (worker == 0)
		assert_int_equal(wire_peer_send(d->parent, &(struct wire_peer){ .role = role }, sv[1]), 0);
	else
		assert_int_equal(wire_attach_send(d->parent, &(struct wire_attach){ .role = role, .worker = worker }, sv[1]), 0);
	close(sv[1]);
	pump(d);
	return sv[0];
}

static int desk_open(void **state)
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
	d->recorder = wired(d, WIRE_RECORDER, 0);
	d->broker = wired(d, WIRE_BROKER, 0);
	d->worker = wired(d, WIRE_SSH, WORKER);
	d->other = wired(d, WIRE_SSH, OTHER);
	d->reader = wired(d, WIRE_READER, READER);
	*state = d;
	return 0;
}

static int desk_close(void **state)
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
static int answer(struct desk *d, int sock)
{
	uint16_t type = 0;

	pump(d);
	scope_close(&d->fd);
	int r = msg_recv_now(sock, &type, d->body, sizeof d->body, &d->fd, NULL);
	d->n = r < 0 ? 0 : (size_t)r;
	return r == -EAGAIN ? 0 : r < 0 ? r : type;
}

#define GET(d, message, m) assert_int_equal(wire_##message##_get(span_of((d)->body, (d)->n), m, NULL), 0)

static int memfd_of(struct span bytes)
{
	int file = memfd_create("file", MFD_CLOEXEC), sealed = -1;

	assert_int_equal(write(file, bytes.p, bytes.n), (ssize_t)bytes.n);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(secret_to_memfd(file, 32768, &sealed, NULL), 0);
	close(file);
	return sealed;
}

/* Returns the code; *sealed and *public_key get copies. */
static int64_t seal(struct desk *d, uint8_t kind, const char *secret, struct buf *sealed, struct buf *public_key)
{
	struct wire_seal m = { .ticket = 5, .kind = kind, .bound = span_str(bound) };
	struct wire_sealed a;
	int fd = secret ? memfd_of(span_str(secret)) : -1;

	assert_int_equal(wire_seal_send(d->broker, &m, fd), 0);
	scope_close(&fd);
	assert_int_equal(answer(d, d->broker), WIRE_T_sealed);
	GET(d, sealed, &a);
	assert_int_equal(a.ticket, 5);
	assert_true((a.code == 0) == (a.sealed.n > 0) && (a.code == 0) == (a.say.n == 0));
	buf_init(sealed, 65536);
	buf_put_span(sealed, a.sealed);
	buf_init(public_key, 65536);
	buf_put_span(public_key, a.public_key);
	return a.code;
}

struct allow {
	uint64_t worker;
	uint8_t kind;
	const char *login;
	struct span sealed;
	const char *bound;
	uint32_t uses;
};

static int64_t allow(struct desk *d, const struct allow *a)
{
	struct wire_allow m = { .ticket = 6, .worker = a->worker, .id = session, .kind = a->kind, .login = span_str(a->login),
		.sealed = a->sealed, .bound = span_str(a->bound), .uses = a->uses };
	struct wire_allow_answer got;

	assert_int_equal(wire_allow_send(d->broker, &m, -1), 0);
	assert_int_equal(answer(d, d->broker), WIRE_T_allow_answer);
	GET(d, allow_answer, &got);
	assert_int_equal(got.ticket, 6);
	assert_true((got.code == 0) == (got.say.n == 0));
	return got.code;
}

static int use(struct desk *d, int sock)
{
	assert_int_equal(wire_use_send(sock, &(struct wire_use){ .id = session }, -1), 0);
	return answer(d, sock);
}

static void allow_password(struct desk *d, uint64_t worker)
{
	scoped(buf_done) struct buf sealed = { 0 }, public_key = { 0 };

	assert_int_equal(seal(d, WIRE_SECRET_PASSWORD, "open sesame\n", &sealed, &public_key), 0);
	assert_int_equal(public_key.len, 0);
	assert_int_equal(allow(d, &(struct allow){ worker, WIRE_SECRET_PASSWORD, "", buf_span(&sealed), bound, 0 }), 0);
}

static void gives_a_password_once_to_its_worker(void **state)
{
	struct desk *d = *state;
	struct wire_use_secret m;
	struct wire_use_denied denied;

	allow_password(d, WORKER);
	assert_int_equal(use(d, d->worker), WIRE_T_use_secret);
	GET(d, use_secret, &m);
	assert_true(span_is(m.text, "open sesame"));
	assert_int_equal(use(d, d->worker), WIRE_T_use_denied);
	GET(d, use_denied, &denied);
	assert_int_equal(denied.code, -EACCES);
	assert_true(denied.say.n > 0);
}

static void gives_nothing_to_another_worker_or_a_reader(void **state)
{
	struct desk *d = *state;

	allow_password(d, WORKER);
	assert_int_equal(use(d, d->other), WIRE_T_use_denied);
	assert_int_equal(use(d, d->reader), WIRE_T_use_denied);
	assert_int_equal(use(d, d->worker), WIRE_T_use_secret);
}

static void a_reader_gets_no_credential(void **state)
{
	struct desk *d = *state;

	allow_password(d, READER);
	assert_int_equal(use(d, d->reader), WIRE_T_use_denied);
}

static void forgets_when_told_and_after_its_time(void **state)
{
	struct desk *d = *state;

	allow_password(d, WORKER);
	assert_int_equal(wire_forget_send(d->broker, &(struct wire_forget){ .worker = WORKER }, -1), 0);
	pump(d);
	assert_int_equal(use(d, d->worker), WIRE_T_use_denied);
	allow_password(d, WORKER);
	clock_advance(VAULT_STORE_LIFE_US);
	assert_int_equal(use(d, d->worker), WIRE_T_use_denied);
}

static void forgets_with_the_workers_socket(void **state)
{
	struct desk *d = *state;

	allow_password(d, WORKER);
	scope_close(&d->worker);
	pump(d);
	assert_int_equal(d->vault->store.n, 0);
	d->worker = wired(d, WIRE_SSH, WORKER);
	assert_int_equal(use(d, d->worker), WIRE_T_use_denied);
}

static void refuses_a_changed_binding_and_another_kind(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf sealed = { 0 }, public_key = { 0 };

	assert_int_equal(seal(d, WIRE_SECRET_PASSWORD, "open sesame", &sealed, &public_key), 0);
	struct allow a = { WORKER, WIRE_SECRET_PASSWORD, "", buf_span(&sealed), bound, 0 };
	a.bound = "account=cyadmin\ntarget=12\naddress=10.0.0.6\nport=22\nhost_key=";
	assert_int_equal(allow(d, &a), -EACCES);
	a.bound = bound;
	a.kind = WIRE_SECRET_CA;
	a.login = "cyadmin";
	a.uses = 1;
	assert_int_equal(allow(d, &a), -EACCES);
	a.kind = WIRE_SECRET_RECORDING;
	assert_int_equal(allow(d, &a), -EPROTO);
	assert_int_equal(use(d, d->worker), WIRE_T_use_denied);
}

static void refuses_a_signature_without_login_or_without_end(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf sealed = { 0 }, public_key = { 0 };

	assert_int_equal(seal(d, WIRE_SECRET_CA, NULL, &sealed, &public_key), 0);
	struct allow a = { WORKER, WIRE_SECRET_CA, "", buf_span(&sealed), bound, 1 };
	assert_int_equal(allow(d, &a), -EINVAL);
	a.login = "cyadmin";
	a.uses = 0;
	assert_int_equal(allow(d, &a), -EINVAL);
	a.uses = 1000;
	assert_int_equal(allow(d, &a), -EINVAL);
	a.uses = 1;
	assert_int_equal(allow(d, &a), 0);
}

/* Everything that the stream says within this turn; -1 when it is closed. */
static ssize_t stream_ask(struct desk *d, int stream, struct span question, uint8_t *ret, size_t cap)
{
	if (question.n > 0)
		assert_int_equal(write(stream, question.p, question.n), (ssize_t)question.n);
	pump(d);
	ssize_t n = recv(stream, ret, cap, MSG_DONTWAIT);
	return n > 0 ? n : n == 0 ? -1 : 0;
}

/* One key's blob out of a list answer. */
static struct span listed(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(span_of(p, n));

	assert_int_equal(rd_u32be(&r), n - 4);
	assert_int_equal(rd_u8(&r), 12);
	assert_int_equal(rd_u32be(&r), 1);
	struct span blob = rd_str32be(&r);
	(void)rd_str32be(&r);
	assert_true(rd_done(&r));
	return blob;
}

static void ask_signature(struct desk *d, int stream, struct span blob, const char *user, const char *algorithm, ssize_t *ret_n,
	uint8_t *ret, size_t cap)
{
	scoped(buf_done) struct buf data = { 0 }, frame = { 0 };
	struct bench_login l = BENCH_LOGIN(user, algorithm, blob);

	buf_init(&data, 8192);
	buf_init(&frame, 16384);
	bench_login_put(&l, &data);
	bench_sign_put(blob, buf_span(&data), 0, &frame);
	*ret_n = stream_ask(d, stream, buf_span(&frame), ret, cap);
}

static int open_stream(struct desk *d, uint8_t kind, const char *file, struct buf *public_key)
{
	scoped(buf_done) struct buf sealed = { 0 };

	assert_int_equal(seal(d, kind, file, &sealed, public_key), 0);
	assert_int_equal(allow(d, &(struct allow){ WORKER, kind, "cyadmin", buf_span(&sealed), bound, 1 }), 0);
	assert_int_equal(use(d, d->worker), WIRE_T_use_agent);
	assert_true(d->fd >= 0);
	return take_fd(d->fd);
}

static void signs_with_a_key_that_stays_inside(void **state)
{
	struct desk *d = *state;
	struct bench_folder folder;
	char path[128];
	scoped(buf_done) struct buf file = { 0 }, public_file = { 0 }, public_key = { 0 };
	uint8_t got[8192], blob_room[4096];
	ssize_t n;

	bench_folder_new(&folder);
	(void)snprintf(path, sizeof path, "%s/key", folder.path);
	bench_keygen(path, "ed25519", NULL, "", NULL);
	bench_file(path, &file);
	(void)snprintf(path, sizeof path, "%s/key.pub", folder.path);
	bench_file(path, &public_file);
	bench_folder_done(&folder);
	scoped(scope_close) int stream = open_stream(d, WIRE_SECRET_KEY, buf_str(&file), &public_key);
	assert_memory_equal(public_file.data, public_key.data, public_key.len);
	n = stream_ask(d, stream, span_of("\0\0\0\1\x0b", 5), got, sizeof got);
	assert_true(n > 0);
	struct span blob = listed(got, (size_t)n);
	memcpy(blob_room, blob.p, blob.n);
	blob.p = blob_room;
	ask_signature(d, stream, blob, "cyadmin", "ssh-ed25519", &n, got, sizeof got);
	assert_int_equal(n, 4 + 1 + 4 + 4 + 11 + 4 + 64);
	assert_int_equal(got[4], 14);
	/* the one signature is used: the next is refused and the stream ends */
	ask_signature(d, stream, blob, "cyadmin", "ssh-ed25519", &n, got, sizeof got);
	assert_int_equal(n, 5);
	assert_int_equal(got[4], 5);
	assert_int_equal(stream_ask(d, stream, (struct span){ 0 }, got, sizeof got), -1);
	assert_int_equal(d->vault->streams.n, 0);
}

static void signs_for_a_fresh_certificate_of_the_ca(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf public_key = { 0 }, again = { 0 };
	uint8_t got[8192], first[4096];
	ssize_t n;

	scoped(scope_close) int stream = open_stream(d, WIRE_SECRET_CA, NULL, &public_key);
	assert_memory_equal(public_key.data, "ssh-ed25519 ", 12);
	n = stream_ask(d, stream, span_of("\0\0\0\1\x0b", 5), got, sizeof got);
	struct span blob = listed(got, (size_t)n);
	assert_true(blob.n < sizeof first);
	memcpy(first, blob.p, blob.n);
	assert_memory_equal(first + 4, "ssh-ed25519-cert-v01@openssh.com", 32);
	ask_signature(d, stream, span_of(first, blob.n), "cyadmin", "ssh-ed25519-cert-v01@openssh.com", &n, got, sizeof got);
	assert_int_equal(got[4], 14);
	scoped(scope_close) int second = open_stream(d, WIRE_SECRET_CA, NULL, &again);
	n = stream_ask(d, second, span_of("\0\0\0\1\x0b", 5), got, sizeof got);
	blob = listed(got, (size_t)n);
	assert_memory_not_equal(first + 72, blob.p + 72, 36); /* another key */
}

static void a_stream_ends_on_garbage_and_with_forget(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf public_key = { 0 }, again = { 0 };
	uint8_t got[64];

	scoped(scope_close) int stream = open_stream(d, WIRE_SECRET_CA, NULL, &public_key);
	assert_int_equal(stream_ask(d, stream, span_of("\xff\xff\xff\xff", 4), got, sizeof got), -1);
	scoped(scope_close) int second = open_stream(d, WIRE_SECRET_CA, NULL, &again);
	assert_int_equal(stream_ask(d, second, (struct span){ 0 }, got, sizeof got), 0);
	assert_int_equal(wire_forget_send(d->broker, &(struct wire_forget){ .worker = WORKER }, -1), 0);
	assert_int_equal(stream_ask(d, second, (struct span){ 0 }, got, sizeof got), -1);
	assert_int_equal(d->vault->streams.n, 0);
}

static void a_stream_ends_with_its_worker_and_its_time(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf public_key = { 0 }, again = { 0 };
	uint8_t got[64];

	scoped(scope_close) int stream = open_stream(d, WIRE_SECRET_CA, NULL, &public_key);
	clock_advance(VAULT_STREAM_LIFE_US);
	assert_int_equal(stream_ask(d, stream, (struct span){ 0 }, got, sizeof got), -1);
	scoped(scope_close) int second = open_stream(d, WIRE_SECRET_CA, NULL, &again);
	scope_close(&d->worker);
	assert_int_equal(stream_ask(d, second, (struct span){ 0 }, got, sizeof got), -1);
}

/* A peer that writes and never reads holds at most its socket's room and one answer. */
static void a_stream_that_is_not_read_stops_being_served(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf public_key = { 0 };
	uint8_t flood[4096];
	size_t sent = 0;

	scoped(scope_close) int stream = open_stream(d, WIRE_SECRET_CA, NULL, &public_key);
	memset(flood, 0, sizeof flood);
	for (size_t i = 0; i + 5 <= sizeof flood; i += 5)
		memcpy(flood + i, "\0\0\0\1\x0b", 5);
	for (int i = 0; i < 1000; i++) {
		ssize_t n = send(stream, flood, sizeof flood - sizeof flood % 5, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			break;
		sent += (size_t)n;
		pump(d);
	}
	assert_true(sent < 1000 * sizeof flood); /* ended after its sixteen requests */
	assert_int_equal(d->vault->streams.n, 0);
}

static void seals_only_what_can_be_used(void **state)
{
	static const struct {
		uint8_t kind;
		const char *text;
		const char *say;
	} cases[] = {
		{ WIRE_SECRET_PASSWORD, "", "a password file must hold one line, the password" },
		{ WIRE_SECRET_PASSWORD, "\n", "a password file must hold one line, the password" },
		{ WIRE_SECRET_PASSWORD, "two\nlines\n", "a password file must hold one line, the password" },
		{ WIRE_SECRET_PASSWORD, NULL, "a password or a key must be given, in a file" },
		{ WIRE_SECRET_KEY, NULL, "a password or a key must be given, in a file" },
		{ WIRE_SECRET_KEY, "not a key", "this is not a private key file that can be read" },
		{ WIRE_SECRET_RECORDING, "x", "internal error" },
		{ 99, "x", "internal error" },
	};
	struct desk *d = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		scoped(buf_done) struct buf sealed = { 0 }, public_key = { 0 };
		struct wire_sealed a;
		assert_true(seal(d, cases[i].kind, cases[i].text, &sealed, &public_key) < 0);
		GET(d, sealed, &a);
		assert_true(span_is(a.say, cases[i].say));
	}
}

static void seals_nothing_without_a_binding_or_from_a_pipe(void **state)
{
	struct desk *d = *state;
	struct wire_seal m = { .ticket = 5, .kind = WIRE_SECRET_PASSWORD };
	struct wire_sealed a;
	int fd = memfd_of(span_str("secret")), sv[2];

	assert_int_equal(wire_seal_send(d->broker, &m, fd), 0);
	assert_int_equal(answer(d, d->broker), WIRE_T_sealed);
	GET(d, sealed, &a);
	assert_int_equal(a.code, -EINVAL);
	close(fd);
	assert_int_equal(pipe2(sv, O_CLOEXEC), 0); /* it could block the vault for ever */
	m.bound = span_str(bound);
	assert_int_equal(wire_seal_send(d->broker, &m, sv[0]), 0);
	assert_int_equal(answer(d, d->broker), WIRE_T_sealed);
	GET(d, sealed, &a);
	assert_int_equal(a.code, -EPROTO);
	close(sv[0]);
	close(sv[1]);
}

static void rebinds_what_it_can_open_and_nothing_else(void **state)
{
	static const char elsewhere[] = "account=cyadmin\ntarget=12\naddress=10.0.0.9\nport=22\nhost_key=";
	struct desk *d = *state;
	scoped(buf_done) struct buf sealed = { 0 }, public_key = { 0 }, moved = { 0 };
	struct wire_sealed a;

	assert_int_equal(seal(d, WIRE_SECRET_PASSWORD, "open sesame", &sealed, &public_key), 0);
	struct wire_rebind m = { .ticket = 9, .sealed = buf_span(&sealed), .bound = span_str(elsewhere), .rebound = span_str(bound) };
	assert_int_equal(wire_rebind_send(d->broker, &m, -1), 0);
	assert_int_equal(answer(d, d->broker), WIRE_T_sealed);
	GET(d, sealed, &a);
	assert_int_equal(a.code, -EACCES);
	assert_int_equal(a.ticket, 9);
	m.bound = span_str(bound);
	m.rebound = span_str(elsewhere);
	assert_int_equal(wire_rebind_send(d->broker, &m, -1), 0);
	assert_int_equal(answer(d, d->broker), WIRE_T_sealed);
	GET(d, sealed, &a);
	assert_int_equal(a.code, 0);
	buf_init(&moved, 65536);
	buf_put_span(&moved, a.sealed);
	struct allow old = { WORKER, WIRE_SECRET_PASSWORD, "", buf_span(&moved), bound, 0 };
	assert_int_equal(allow(d, &old), -EACCES);
	old.bound = elsewhere;
	assert_int_equal(allow(d, &old), 0);
	assert_int_equal(use(d, d->worker), WIRE_T_use_secret);
}

static void a_reader_gets_the_key_of_its_recording(void **state)
{
	static const uint8_t recording_key[32] = { 4, 5, 6 };
	struct desk *d = *state;
	struct wire_use_secret m;
	uint8_t sealed[32 + crypto_box_SEALBYTES];

	crypto_box_seal(sealed, recording_key, 32, d->keys->seal_public);
	struct allow a = { READER, WIRE_SECRET_RECORDING, "", span_of(sealed, sizeof sealed), "", 0 };
	assert_int_equal(allow(d, &a), 0);
	assert_int_equal(use(d, d->reader), WIRE_T_use_secret);
	GET(d, use_secret, &m);
	assert_true(span_eq(m.text, span_of(recording_key, 32)));
	a.worker = WORKER; /* a worker never gets one */
	assert_int_equal(allow(d, &a), 0);
	assert_int_equal(use(d, d->worker), WIRE_T_use_denied);
	sealed[40] ^= 1;
	assert_int_equal(allow(d, &a), -EACCES);
	a.sealed.n--;
	assert_int_equal(allow(d, &a), -EPROTO);
}

static void gives_the_host_key_once(void **state)
{
	struct desk *d = *state;
	struct wire_host_keys_answer m;
	scoped(vault_key_done) struct vault_key k = { 0 };
	scoped(buf_done) struct buf line = { 0 };

	assert_int_equal(wire_host_keys_send(d->worker, &(struct wire_host_keys){ 0 }, -1), 0);
	assert_int_equal(answer(d, d->worker), WIRE_T_host_keys_answer);
	GET(d, host_keys_answer, &m);
	assert_int_equal(vault_key_parse(m.text, &k, NULL), 0);
	buf_init(&line, 256);
	vault_key_line(&k, &line);
	assert_true(span_eq(buf_span(&line), buf_span(&d->vault->host_line)));
	assert_int_equal(wire_host_keys_send(d->worker, &(struct wire_host_keys){ 0 }, -1), 0);
	assert_int_equal(answer(d, d->worker), -EPIPE);
}

static void signs_for_the_recorder_what_is_the_recorders(void **state)
{
	struct desk *d = *state;
	struct wire_publics_answer publics;
	struct wire_sign_answer a;

	assert_int_equal(wire_publics_send(d->recorder, &(struct wire_publics){ 0 }, -1), 0);
	assert_int_equal(answer(d, d->recorder), WIRE_T_publics_answer);
	GET(d, publics_answer, &publics);
	assert_memory_equal(publics.seal.b, d->keys->seal_public, 32);
	assert_memory_equal(publics.ca.p, "ssh-ed25519 AAAA", 16);
	struct wire_h32 public = publics.sign;
	struct wire_sign m = { .ticket = 3, .what = WIRE_SIGN_CLOSE, .id = session, .seq = 77, .time_us = 1234, .hash.b = { 8 } };
	assert_int_equal(wire_sign_send(d->recorder, &m, -1), 0);
	assert_int_equal(answer(d, d->recorder), WIRE_T_sign_answer);
	GET(d, sign_answer, &a);
	assert_int_equal(a.ticket, 3);
	struct evidence_sign_claim claim = { .what = WIRE_SIGN_CLOSE, .id = session, .seq = 77, .time_us = 1234, .hash = { 8 } };
	assert_int_equal(evidence_sign_check(&claim, a.signature.b, public.b, NULL), 0);
	claim.seq++;
	assert_true(evidence_sign_check(&claim, a.signature.b, public.b, NULL) < 0);
	m.what = WIRE_SIGN_AUDIT;
	assert_int_equal(wire_sign_send(d->recorder, &m, -1), 0);
	assert_int_equal(answer(d, d->recorder), -EPIPE);
}

static void signs_for_the_broker_only_the_audit(void **state)
{
	static const uint8_t not[] = { WIRE_SIGN_CHECKPOINT, WIRE_SIGN_CLOSE, WIRE_SIGN_CRASHED, 0, 5, 255 };
	struct desk *d = *state;
	struct wire_sign m = { .ticket = 3, .what = WIRE_SIGN_AUDIT };

	assert_int_equal(wire_sign_send(d->broker, &m, -1), 0);
	assert_int_equal(answer(d, d->broker), WIRE_T_sign_answer);
	for (size_t i = 0; i < COUNT_OF(not); i++) {
		m.what = not[i];
		assert_int_equal(wire_sign_send(d->broker, &m, -1), 0);
		assert_int_equal(answer(d, d->broker), -EPIPE);
		close(d->broker);
		d->broker = wired(d, WIRE_BROKER, 0);
	}
}

/* Every message of the table, with an empty body, from every kind of peer. */
static void ends_a_peer_that_asks_what_it_may_not(void **state)
{
#define NUMBER(name, number, fields) number,
	static const uint16_t all[] = { WIRE_MESSAGES(NUMBER) 0, 0xffff };
	static const struct {
		uint8_t role;
		uint64_t worker;
		uint16_t may[6];
	} peers[] = {
		{ WIRE_SSH, 100, { WIRE_T_host_keys, WIRE_T_use } },
		{ WIRE_READER, 101, { WIRE_T_use, WIRE_T_publics } },
		{ WIRE_RECORDER, 0, { WIRE_T_sign, WIRE_T_publics } },
		{ WIRE_BROKER, 0, { WIRE_T_allow, WIRE_T_forget, WIRE_T_seal, WIRE_T_rebind, WIRE_T_publics, WIRE_T_sign } },
	};
	struct desk *d = *state;

	for (size_t p = 0; p < COUNT_OF(peers); p++)
		for (size_t i = 0; i < COUNT_OF(all); i++) {
			bool may = false;
			for (size_t k = 0; k < 6; k++)
				may = may || (peers[p].may[k] == all[i] && all[i] != 0);
			int sock = wired(d, peers[p].role, peers[p].worker);
			assert_int_equal(msg_send(sock, all[i], (struct span){ 0 }, -1), 0);
			int r = answer(d, sock);
			/* an empty body is malformed for all but two, which may be asked so */
			if (may && (all[i] == WIRE_T_host_keys || all[i] == WIRE_T_publics))
				assert_true(r > 0);
			else
				assert_int_equal(r, -EPIPE);
			close(sock);
		}
}

static void a_new_socket_replaces_the_older_one(void **state)
{
	struct desk *d = *state;
	uint8_t byte;

	int again = wired(d, WIRE_BROKER, 0);
	assert_int_equal(recv(d->broker, &byte, 1, MSG_DONTWAIT), 0);
	close(d->broker);
	d->broker = again;
	allow_password(d, WORKER);
	assert_int_equal(use(d, d->worker), WIRE_T_use_secret);
}

static void ends_with_its_parent(void **state)
{
	struct desk *d = *state;

	scope_close(&d->parent);
	assert_int_equal(loop_run(d->vault->loop), 0);
}

static void ends_when_the_parent_talks_nonsense(void **state)
{
	struct desk *d = *state;

	assert_int_equal(wire_peer_send(d->parent, &(struct wire_peer){ .role = WIRE_PWHASH }, d->broker), 0);
	assert_int_equal(loop_run(d->vault->loop), 1);
	assert_int_equal(wire_attach_send(d->parent, &(struct wire_attach){ .role = WIRE_BROKER, .worker = 3 }, d->broker), 0);
	assert_int_equal(loop_run(d->vault->loop), 1);
	assert_int_equal(wire_peer_send(d->parent, &(struct wire_peer){ .role = WIRE_BROKER }, -1), 0);
	assert_int_equal(loop_run(d->vault->loop), 1);
	assert_int_equal(wire_stop_send(d->parent, &(struct wire_stop){ 0 }, -1), 0);
	assert_int_equal(loop_run(d->vault->loop), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(gives_a_password_once_to_its_worker),
		CASE(gives_nothing_to_another_worker_or_a_reader),
		CASE(a_reader_gets_no_credential),
		CASE(forgets_when_told_and_after_its_time),
		CASE(forgets_with_the_workers_socket),
		CASE(refuses_a_changed_binding_and_another_kind),
		CASE(refuses_a_signature_without_login_or_without_end),
		CASE(signs_with_a_key_that_stays_inside),
		CASE(signs_for_a_fresh_certificate_of_the_ca),
		CASE(a_stream_ends_on_garbage_and_with_forget),
		CASE(a_stream_ends_with_its_worker_and_its_time),
		CASE(a_stream_that_is_not_read_stops_being_served),
		CASE(seals_only_what_can_be_used),
		CASE(seals_nothing_without_a_binding_or_from_a_pipe),
		CASE(rebinds_what_it_can_open_and_nothing_else),
		CASE(a_reader_gets_the_key_of_its_recording),
		CASE(gives_the_host_key_once),
		CASE(signs_for_the_recorder_what_is_the_recorders),
		CASE(signs_for_the_broker_only_the_audit),
		CASE(ends_a_peer_that_asks_what_it_may_not),
		CASE(a_new_socket_replaces_the_older_one),
		CASE(ends_with_its_parent),
		CASE(ends_when_the_parent_talks_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
