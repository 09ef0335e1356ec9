/* The functions, and the real binary (its path is the argument) over socket pairs, in its sandbox. */
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/proc.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/pwhash/pwhash.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
/* after the standard headers */
#include <cmocka.h>

static const char *binary;

static int memfd(const void *p, size_t n, bool seal)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	if (seal)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	return fd;
}

static int new_hash(const void *p, size_t n, char hash[static crypto_pwhash_STRBYTES])
{
	scoped(scope_close) int fd = memfd(p, n, true);

	return pwhash_new(fd, span_str(""), hash, NULL);
}

static void a_new_hash_is_argon2id_of_our_cost_and_fits_its_password_alone(void **state)
{
	const struct pwhash *p = *state;
	char hash[crypto_pwhash_STRBYTES], again[crypto_pwhash_STRBYTES];

	assert_int_equal(new_hash("correct horse\n", 14, hash), 0);
	assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	assert_int_equal(pwhash_verify(p, span_str(hash), span_str("correct horse")), 0);
	assert_int_equal(pwhash_verify(p, span_str(hash), span_str("correct horsf")), -EACCES);
	assert_int_equal(pwhash_verify(p, span_str(hash), span_str("correct horse\n")), -EACCES);
	assert_int_equal(pwhash_verify(p, span_str(hash), (struct span){ 0 }), -EACCES);
	assert_int_equal(new_hash("correct horse", 13, again), 0);
	assert_string_not_equal(hash, again);
}

static void takes_8_to_1024_bytes_from_a_sealed_memfd_only(void **state)
{
	static uint8_t lots[PWHASH_MAX + 2];
	char hash[crypto_pwhash_STRBYTES] = "";
	scoped(scope_close) int open_fd = memfd("long enough", 11, false);

	(void)state;
	memset(lots, 'x', sizeof lots);
	assert_int_equal(new_hash("1234567", 7, hash), -EINVAL);
	assert_int_equal(new_hash("1234567\n", 8, hash), -EINVAL);
	assert_int_equal(new_hash("", 0, hash), -EINVAL);
	assert_int_equal(new_hash(lots, PWHASH_MAX + 1, hash), -EINVAL);
	assert_int_equal(new_hash(lots, PWHASH_MAX + 2, hash), -EINVAL);
	assert_int_equal(pwhash_new(open_fd, span_str(""), hash, NULL), -EPROTO);
	assert_string_equal(hash, "");
	assert_int_equal(new_hash(lots, PWHASH_MAX, hash), 0);
	assert_int_equal(new_hash("12345678", 8, hash), 0);
}

static void a_password_over_the_limit_never_fits(void **state)
{
	static uint8_t lots[PWHASH_MAX + 1];
	const struct pwhash *p = *state;
	char hash[crypto_pwhash_STRBYTES];

	memset(lots, 'x', sizeof lots);
	assert_int_equal(new_hash(lots, PWHASH_MAX, hash), 0);
	assert_int_equal(pwhash_verify(p, span_str(hash), span_of(lots, PWHASH_MAX)), 0);
	assert_int_equal(pwhash_verify(p, span_str(hash), span_of(lots, PWHASH_MAX + 1)), -EACCES);
}

static void the_dummy_is_nobodys_password(void **state)
{
	const struct pwhash *p = *state;

	assert_int_equal(pwhash_verify(p, (struct span){ 0 }, (struct span){ 0 }), -EACCES);
	assert_int_equal(pwhash_verify(p, (struct span){ 0 }, span_str("password")), -EACCES);
	assert_int_equal(pwhash_verify(p, span_str(p->dummy), span_str("")), -EACCES);
}

/* The least of some rounds: noise only adds. */
/* Processor time: another test that runs beside this one is not counted. */
static int64_t worked_us(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t least_us(const struct pwhash *p, struct span hash, struct span password)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < 7; i++) {
		int64_t from = worked_us();
		assert_int_equal(pwhash_verify(p, hash, password), -EACCES);
		int64_t took = worked_us() - from;
		least = took < least ? took : least;
	}
	return least;
}

static void an_unknown_user_takes_as_long_as_a_wrong_password(void **state)
{
	static const char *const odd[] = { "", "nonsense", "$argon2id$v=19$m=19456,t=2,p=1$broken",
		"$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ" };
	const struct pwhash *p = *state;
	char hash[crypto_pwhash_STRBYTES];

	assert_int_equal(new_hash("correct horse", 13, hash), 0);
	int64_t wrong = least_us(p, span_str(hash), span_str("wrong horse"));
	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		int64_t unknown = least_us(p, span_str(odd[i]), span_str("wrong horse"));
		assert_true(unknown > wrong / 2 && unknown < wrong * 2);
	}
}

/* ---- the binary ---- */
struct helper {
	int control, broker;
	int pidfd;
	pid_t pid;
};

static void expect(int sock, uint16_t type, uint8_t *body, size_t cap, size_t *ret_n)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	uint16_t got;
	int fd, n;

	assert_int_equal(poll(&p, 1, 10000), 1);
	n = msg_recv_now(sock, &got, body, cap, &fd, NULL);
	assert_true(n >= 0);
	assert_int_equal(fd, -1);
	assert_int_equal(got, type);
	*ret_n = (size_t)n;
}

static void give_broker(struct helper *h)
{
	struct wire_peer peer = { .role = WIRE_BROKER };
	int pair[2];

	assert_int_equal(msg_pair(pair), 0);
	assert_int_equal(wire_peer_send(h->control, &peer, pair[1]), 0);
	close(pair[1]);
	h->broker = pair[0];
}

static struct helper helper_start(void)
{
	struct helper h;
	struct wire_hello hello;
	uint8_t body[512];
	size_t n;
	int pair[2];

	assert_int_equal(msg_pair(pair), 0);
	const struct proc_spec spec = { .path = binary, .argv = (const char *const[]){ "yanmen-pwhash", NULL },
		.fds = &pair[1], .n_fds = 1, .die_with_parent = true };
	assert_int_equal(proc_start(&spec, &h.pid, &h.pidfd, NULL), 0);
	close(pair[1]);
	h.control = pair[0];
	expect(h.control, WIRE_T_hello, body, sizeof body, &n);
	assert_int_equal(wire_hello_get(span_of(body, n), &hello, NULL), 0);
	assert_int_equal(hello.role, WIRE_PWHASH);
	assert_true(span_is(hello.build, wire_build));
	give_broker(&h);
	return h;
}

static int ended(struct helper *h)
{
	struct pollfd p = { .fd = h->pidfd, .events = POLLIN };
	int status = -1;

	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	close(h->pidfd);
	return status;
}

static int64_t answer(struct helper *h, uint64_t ticket, char hash[static crypto_pwhash_STRBYTES])
{
	struct wire_pwhash_answer a;
	uint8_t body[512];
	size_t n;

	expect(h->broker, WIRE_T_pwhash_answer, body, sizeof body, &n);
	assert_int_equal(wire_pwhash_answer_get(span_of(body, n), &a, NULL), 0);
	assert_int_equal(a.ticket, ticket);
	assert_true(a.hash.n < crypto_pwhash_STRBYTES);
	memcpy(hash, a.hash.p, a.hash.n);
	hash[a.hash.n] = '\0';
	return a.code;
}

static int64_t verify(struct helper *h, const char *hash, const char *password)
{
	struct wire_pwhash ask = {
		.ticket = 7, .op = WIRE_PWHASH_VERIFY, .hash = span_str(hash), .password = span_str(password)
	};
	char none[crypto_pwhash_STRBYTES];

	assert_int_equal(wire_pwhash_send(h->broker, &ask, -1), 0);
	int64_t code = answer(h, 7, none);
	assert_string_equal(none, "");
	return code;
}

static int64_t make(struct helper *h, const char *password, char hash[static crypto_pwhash_STRBYTES])
{
	struct wire_pwhash ask = { .ticket = UINT64_MAX, .op = WIRE_PWHASH_NEW };
	scoped(scope_close) int fd = password ? memfd(password, strlen(password), true) : -1;

	assert_int_equal(wire_pwhash_send(h->broker, &ask, fd), 0);
	return answer(h, UINT64_MAX, hash);
}

static void the_helper_makes_and_verifies_and_ends_with_its_parent(void **state)
{
	struct helper h = helper_start();
	char hash[crypto_pwhash_STRBYTES], none[crypto_pwhash_STRBYTES];

	(void)state;
	assert_int_equal(make(&h, "correct horse\n", hash), 0);
	assert_int_equal(verify(&h, hash, "correct horse"), 0);
	assert_int_equal(verify(&h, hash, "wrong horse"), -EACCES);
	assert_int_equal(verify(&h, "", "correct horse"), -EACCES);
	assert_int_equal(make(&h, "short", none), -EINVAL);
	assert_string_equal(none, "");
	assert_int_equal(make(&h, NULL, none), -EBADMSG);
	close(h.control);
	assert_int_equal(ended(&h), 0);
	close(h.broker);
}

static void questions_in_a_row_are_answered_in_order(void **state)
{
	struct helper h = helper_start();
	char none[crypto_pwhash_STRBYTES];

	(void)state;
	for (uint64_t t = 1; t <= 5; t++) {
		struct wire_pwhash ask = { .ticket = t, .op = WIRE_PWHASH_VERIFY, .password = span_str("x") };
		assert_int_equal(wire_pwhash_send(h.broker, &ask, -1), 0);
	}
	for (uint64_t t = 1; t <= 5; t++)
		assert_int_equal(answer(&h, t, none), -EACCES);
	assert_int_equal(msg_send(h.control, WIRE_T_stop, (struct span){ 0 }, -1), 0);
	assert_int_equal(ended(&h), 0);
	close(h.control);
	close(h.broker);
}

static void a_broker_that_ends_or_talks_nonsense_is_dropped_and_the_next_one_served(void **state)
{
	struct helper h = helper_start();
	struct pollfd p;
	char none[crypto_pwhash_STRBYTES];

	(void)state;
	close(h.broker);
	give_broker(&h);
	assert_int_equal(msg_send(h.broker, WIRE_T_pwhash, span_str("cut"), -1), 0);
	p = (struct pollfd){ .fd = h.broker, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_true(p.revents & POLLHUP);
	close(h.broker);
	give_broker(&h);
	assert_int_equal(make(&h, "correct horse", none), 0);
	close(h.broker);
	close(h.control);
	assert_int_equal(ended(&h), 0);
}

static void nonsense_from_the_parent_ends_it(void **state)
{
	struct helper h = helper_start();
	int status;

	(void)state;
	assert_int_equal(msg_send(h.control, WIRE_T_client, (struct span){ 0 }, -1), 0);
	status = ended(&h);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	close(h.control);
	close(h.broker);
}

static int setup(void **state)
{
	static struct pwhash p;

	*state = &p;
	return pwhash_init(&p, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_hash_is_argon2id_of_our_cost_and_fits_its_password_alone),
		cmocka_unit_test(takes_8_to_1024_bytes_from_a_sealed_memfd_only),
		cmocka_unit_test(a_password_over_the_limit_never_fits),
		cmocka_unit_test(the_dummy_is_nobodys_password),
		cmocka_unit_test(an_unknown_user_takes_as_long_as_a_wrong_password),
		cmocka_unit_test(the_helper_makes_and_verifies_and_ends_with_its_parent),
		cmocka_unit_test(questions_in_a_row_are_answered_in_order),
		cmocka_unit_test(a_broker_that_ends_or_talks_nonsense_is_dropped_and_the_next_one_served),
		cmocka_unit_test(nonsense_from_the_parent_ends_it),
	};

	if (argc != 2)
		return 2;
	binary = argv[1];
	return cmocka_run_group_tests(tests, setup, NULL);
}
