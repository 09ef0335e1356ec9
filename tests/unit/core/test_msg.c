#include "tests/unit/core/pair.h"
#include "gateway/core/err.h"
#include "gateway/core/msg.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

/* sendmsg of these very bytes with n descriptors. */
static void send_raw(int sock, const void *bytes, size_t len, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char raw[CMSG_SPACE(8 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (n > 0) {
		m.msg_control = control.raw;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &m, 0), len);
}

static void carries_type_body_and_descriptor(void **state)
{
	struct pair *p = *state;
	uint16_t type = 0;
	char body[16];
	int fd = -1;
	assert_int_equal(msg_send(p->a, 0x0301, span_of("hello", 5), p->a), 0);
	assert_int_equal(msg_recv(p->b, &type, body, sizeof body, &fd, NULL), 5);
	assert_int_equal(type, 0x0301);
	assert_memory_equal(body, "hello", 5);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	scope_close(&fd);
	assert_int_equal(msg_send(p->a, 1, (struct span){ 0 }, -1), 0);
	assert_int_equal(msg_recv(p->b, &type, body, sizeof body, &fd, NULL), 0);
	assert_int_equal(fd, -1);
}

static void the_longest_body_passes_and_one_more_does_not(void **state)
{
	struct pair *p = *state;
	static uint8_t body[MSG_BODY_MAX + 1], got[MSG_BODY_MAX];
	uint16_t type = 0;
	int fd = -1;
	body[MSG_BODY_MAX - 1] = 42;
	assert_int_equal(msg_send(p->a, 9, span_of(body, MSG_BODY_MAX), -1), 0);
	assert_int_equal(msg_recv(p->b, &type, got, sizeof got, &fd, NULL), MSG_BODY_MAX);
	assert_int_equal(got[MSG_BODY_MAX - 1], 42);
	assert_int_equal(msg_send(p->a, 9, span_of(body, sizeof body), -1), -EMSGSIZE);
}

static void refuses_several_descriptors_and_closes_them_all(void **state)
{
	struct pair *p = *state;
	static const uint8_t head[8] = { 1, 0, MSG_VERSION, 0, 0, 0, 0, 0 };
	int before = open_fds();
	for (size_t n = 2; n <= 8; n++) {
		int fds[8] = { p->a, p->a, p->a, p->a, p->a, p->a, p->a, p->a }, fd = -1;
		uint16_t type = 0;
		struct err err = { 0 };
		send_raw(p->a, head, sizeof head, fds, n);
		assert_int_equal(msg_recv(p->b, &type, NULL, 0, &fd, &err), -EBADMSG);
		assert_int_equal(fd, -1);
		assert_int_equal(open_fds(), before);
	}
}

static void refuses_bad_headers_and_closes_the_descriptor(void **state)
{
	struct pair *p = *state;
	static const struct {
		size_t n;
		uint8_t bytes[12];
	} wrong[] = {
		{ 1, { 1 } },                                    /* cut */
		{ 7, { 1, 0, 1, 0, 0, 0, 0 } },
		{ 8, { 1, 0, 2, 0, 0, 0, 0, 0 } },               /* another version */
		{ 8, { 1, 0, 0, 0, 0, 0, 0, 0 } },
		{ 8, { 1, 0, 1, 1, 0, 0, 0, 0 } },               /* flags */
		{ 8, { 1, 0, 1, 0, 1, 0, 0, 0 } },               /* lengths that do not match */
		{ 9, { 1, 0, 1, 0, 0, 0, 0, 0, 7 } },
		{ 9, { 1, 0, 1, 0, 2, 0, 0, 0, 7 } },
		{ 8, { 1, 0, 1, 0, 0, 0, 0, 1 } },
		{ 12, { 1, 0, 1, 0, 4, 0, 0, 0, 1, 2, 3, 4 } },  /* more than the receiver's room of 3 */
	};
	int before = open_fds();
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		uint16_t type = 0;
		char body[3];
		int fd = -1;
		send_raw(p->a, wrong[i].bytes, wrong[i].n, &p->a, 1);
		assert_int_equal(msg_recv(p->b, &type, body, sizeof body, &fd, NULL), -EBADMSG);
		assert_int_equal(fd, -1);
		assert_int_equal(open_fds(), before);
	}
}

static void a_closed_peer_is_epipe_both_ways(void **state)
{
	struct pair *p = *state;
	uint16_t type = 0;
	int fd = -1;
	assert_int_equal(msg_send(p->a, 5, (struct span){ 0 }, -1), 0);
	scope_close(&p->a);
	assert_int_equal(msg_recv(p->b, &type, NULL, 0, &fd, NULL), 0); /* what was sent before still arrives */
	assert_int_equal(type, 5);
	assert_int_equal(msg_recv(p->b, &type, NULL, 0, &fd, NULL), -EPIPE);
	assert_int_equal(msg_send(p->b, 5, (struct span){ 0 }, -1), -EPIPE);
}

static void an_empty_packet_is_the_end_and_its_descriptor_is_closed(void **state)
{
	struct pair *p = *state;
	uint16_t type = 0;
	int fd = -1, before = open_fds();
	send_raw(p->a, "", 0, &p->a, 1);
	assert_int_equal(msg_recv(p->b, &type, NULL, 0, &fd, NULL), -EPIPE);
	assert_int_equal(open_fds(), before);
}

static void the_now_forms_do_not_block(void **state)
{
	struct pair *p = *state;
	static uint8_t body[32768];
	uint16_t type = 0;
	int fd = -1, r;
	assert_int_equal(msg_recv_now(p->b, &type, body, sizeof body, &fd, NULL), -EAGAIN);
	do
		r = msg_send_now(p->a, 1, span_of(body, sizeof body), -1);
	while (r == 0);
	assert_int_equal(r, -EAGAIN);
}

static void a_bigger_send_buffer_holds_more(void **state)
{
	struct pair *p = *state;
	static uint8_t body[MSG_BODY_MAX];
	int n = 0;
	msg_sndbuf(p->a, 1 << 20);
	while (msg_send_now(p->a, 1, span_of(body, sizeof body), -1) == 0)
		n++;
	assert_true(n >= 4);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		WITH_PAIR(carries_type_body_and_descriptor), WITH_PAIR(the_longest_body_passes_and_one_more_does_not),
		WITH_PAIR(refuses_several_descriptors_and_closes_them_all),
		WITH_PAIR(refuses_bad_headers_and_closes_the_descriptor), WITH_PAIR(a_closed_peer_is_epipe_both_ways),
		WITH_PAIR(an_empty_packet_is_the_end_and_its_descriptor_is_closed), WITH_PAIR(the_now_forms_do_not_block),
		WITH_PAIR(a_bigger_send_buffer_holds_more),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
