#include "tests/unit/vault/desk.h"
#include "gateway/core/clock.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER = 8192 };

/* Everything that the stream says within this turn; -1 when it is closed. */
static ssize_t stream_ask(struct desk *d, int stream, struct span question, uint8_t *ret, size_t cap)
{
	if (question.n > 0)
		assert_int_equal(write(stream, question.p, question.n), (ssize_t)question.n);
	desk_pump(d);
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

/* Asks for a signature over a login as cyadmin. */
static ssize_t ask_signature(
	struct desk *d, int stream, struct span blob, const char *algorithm, uint8_t ret[static ANSWER])
{
	scoped(buf_done) struct buf data = { 0 }, frame = { 0 };
	struct bench_login l = BENCH_LOGIN("cyadmin", algorithm, blob);

	buf_init(&data, 8192);
	buf_init(&frame, 16384);
	bench_login_put(&l, &data);
	bench_sign_put(blob, buf_span(&data), 0, &frame);
	return stream_ask(d, stream, buf_span(&frame), ret, ANSWER);
}

static int open_stream(struct desk *d, uint8_t kind, const char *file, struct buf *public_key)
{
	scoped(buf_done) struct buf sealed = { 0 };

	assert_int_equal(desk_seal(d, kind, file, &sealed, public_key), 0);
	assert_int_equal(
		desk_allow(d, &(struct desk_allow){ DESK_WORKER, kind, "cyadmin", buf_span(&sealed), desk_bound, 1 }),
		0);
	assert_int_equal(desk_use(d, d->worker), WIRE_T_use_agent);
	assert_true(d->fd >= 0);
	return take_fd(d->fd);
}

static void signs_with_a_key_that_stays_inside(void **state)
{
	struct desk *d = *state;
	struct bench_folder folder;
	char path[128];
	scoped(buf_done) struct buf file = { 0 }, public_file = { 0 }, public_key = { 0 };
	uint8_t got[ANSWER], blob_room[4096];
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
	n = ask_signature(d, stream, blob, "ssh-ed25519", got);
	assert_int_equal(n, 4 + 1 + 4 + 4 + 11 + 4 + 64);
	assert_int_equal(got[4], 14);
	/* the one signature is used: the next is refused and the stream ends */
	n = ask_signature(d, stream, blob, "ssh-ed25519", got);
	assert_int_equal(n, 5);
	assert_int_equal(got[4], 5);
	assert_int_equal(stream_ask(d, stream, (struct span){ 0 }, got, sizeof got), -1);
	assert_int_equal(d->vault->streams.n, 0);
}

static void signs_for_a_fresh_certificate_of_the_ca(void **state)
{
	struct desk *d = *state;
	scoped(buf_done) struct buf public_key = { 0 }, again = { 0 };
	uint8_t got[ANSWER], first[4096];
	ssize_t n;

	scoped(scope_close) int stream = open_stream(d, WIRE_SECRET_CA, NULL, &public_key);
	assert_memory_equal(public_key.data, "ssh-ed25519 ", 12);
	n = stream_ask(d, stream, span_of("\0\0\0\1\x0b", 5), got, sizeof got);
	struct span blob = listed(got, (size_t)n);
	assert_true(blob.n < sizeof first);
	memcpy(first, blob.p, blob.n);
	assert_memory_equal(first + 4, "ssh-ed25519-cert-v01@openssh.com", 32);
	n = ask_signature(d, stream, span_of(first, blob.n), "ssh-ed25519-cert-v01@openssh.com", got);
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
	assert_int_equal(wire_forget_send(d->broker, &(struct wire_forget){ .worker = DESK_WORKER }, -1), 0);
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
		desk_pump(d);
	}
	assert_true(sent < 1000 * sizeof flood); /* ended after its sixteen requests */
	assert_int_equal(d->vault->streams.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(signs_with_a_key_that_stays_inside),
		CASE(signs_for_a_fresh_certificate_of_the_ca),
		CASE(a_stream_ends_on_garbage_and_with_forget),
		CASE(a_stream_ends_with_its_worker_and_its_time),
		CASE(a_stream_that_is_not_read_stops_being_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
