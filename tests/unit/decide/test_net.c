#include "gateway/core/err.h"
#include "policy/decide/net.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers */
#include <cmocka.h>

static struct decide_net_addr addr(const char *s)
{
	struct decide_net_addr a;

	assert_int_equal(decide_net_parse(span_str(s), &a), 0);
	return a;
}

static int has(const char *networks, const char *s)
{
	struct decide_net_addr a = addr(s);

	return decide_net_has(span_str(networks), &a);
}

static void an_address_lies_in_its_network_and_not_in_the_next(void **state)
{
	(void)state;
	assert_int_equal(has("10.0.0.0/8", "10.255.255.255"), 1);
	assert_int_equal(has("10.0.0.0/8", "11.0.0.0"), 0);
	assert_int_equal(has("192.168.4.0/22", "192.168.7.255"), 1);
	assert_int_equal(has("192.168.4.0/22", "192.168.8.0"), 0);
	assert_int_equal(has("10.1.2.3", "10.1.2.3"), 1);
	assert_int_equal(has("10.1.2.3/32", "10.1.2.2"), 0);
	assert_int_equal(has("0.0.0.0/0", "203.0.113.9"), 1);
	assert_int_equal(has("10.99.99.99/8", "10.1.1.1"), 1);
	assert_int_equal(has("fd00:1::/33", "fd00:1:7fff::1"), 1);
	assert_int_equal(has("fd00:1::/33", "fd00:1:8000::1"), 0);
	assert_int_equal(has("10.0.0.0/8, fd00::/8 ,192.0.2.0/24", "192.0.2.77"), 1);
	assert_int_equal(has("10.0.0.0/8,fd00::/8", "192.0.2.77"), 0);
	assert_int_equal(has("", "192.0.2.77"), 0);
}

static void ipv4_is_the_same_however_it_is_written_and_not_part_of_ipv6(void **state)
{
	(void)state;
	assert_int_equal(has("10.0.0.0/8", "::ffff:10.1.2.3"), 1);
	assert_int_equal(has("::ffff:10.0.0.0/104", "10.1.2.3"), 1);
	assert_int_equal(has("::ffff:0:0/96", "10.1.2.3"), 1);
	assert_int_equal(has("::/0", "10.1.2.3"), 0);
	assert_int_equal(has("::/0", "2001:db8::1"), 1);
	assert_int_equal(has("0.0.0.0/0", "2001:db8::1"), 0);
}

static void a_list_that_is_broken_anywhere_is_an_error_not_a_hit(void **state)
{
	static const char *const wrong[] = { "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "10.0.0/8", "/8", ",",
		"10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.0/8,,10.0.0.0/8", "10.0.0.0/8;fd00::/8", "10.0.0.0/8 fd00::/8", "fd00::/129",
		"fe80::1%eth0/64", "any", "10.0.0.0/8,nonsense", "10.0.0.0/0x8", "10.0.0.0/8888", "010.0.0.1.5" };
	struct decide_net_addr a = addr("10.1.1.1");

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(decide_net_has(span_str(wrong[i]), &a), -EPROTO);
	assert_int_equal(decide_net_has(span_of("10.0.0.0\0/8", 11), &a), -EPROTO);
}

static void addresses_come_from_text_and_from_sockets(void **state)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a010203) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr un = { .sa_family = AF_UNIX };
	struct decide_net_addr a, b = addr("10.1.2.3");

	(void)state;
	assert_int_equal(decide_net_of((const struct sockaddr *)(const void *)&v4, sizeof v4, &a), 0);
	assert_true(decide_net_eq(&a, &b));
	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.1.2.3", &v6.sin6_addr), 1);
	assert_int_equal(decide_net_of((const struct sockaddr *)(const void *)&v6, sizeof v6, &a), 0);
	assert_true(decide_net_eq(&a, &b));
	assert_int_equal(decide_net_of(&un, sizeof un, &a), -EPROTO);
	assert_int_equal(decide_net_of((const struct sockaddr *)(const void *)&v6, sizeof v4, &a), -EPROTO);
	assert_int_equal(decide_net_parse(span_str("10.1.2"), &a), -EPROTO);
	assert_int_equal(decide_net_parse(span_str(""), &a), -EPROTO);
	assert_int_equal(decide_net_parse(span_str("host.example"), &a), -EPROTO);
	assert_int_equal(decide_net_parse(span_str("fe80::1%lo"), &a), -EPROTO);
}

static void the_dialler_goes_nowhere_but_into_the_networks(void **state)
{
	static const struct {
		const char *networks, *a;
		int plain, samples;
	} rows[] = {
		{ "10.0.0.0/8", "10.0.0.1", 0, 0 },
		{ "10.0.0.0/8", "11.0.0.1", -EACCES, -EACCES },
		{ "127.0.0.0/8,::1/128", "127.0.0.1", -EACCES, 0 },
		{ "127.0.0.0/8,::1/128", "127.8.8.8", -EACCES, 0 },
		{ "127.0.0.0/8,::1/128", "::ffff:127.0.0.1", -EACCES, 0 },
		{ "127.0.0.0/8,::1/128", "::1", -EACCES, 0 },
		{ "10.0.0.0/8", "127.0.0.1", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "0.0.0.0", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "0.1.2.3", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "::ffff:0.0.0.0", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "::", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "::127.0.0.1", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "169.254.169.254", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "::ffff:169.254.169.254", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "fe80::1", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "febf::1", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "fec0::1", 0, 0 },
		{ "0.0.0.0/0,::/0", "224.0.0.1", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "239.255.255.255", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "255.255.255.255", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "240.0.0.1", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "ff02::1", -EACCES, -EACCES },
		{ "0.0.0.0/0,::/0", "223.255.255.255", 0, 0 },
		{ "0.0.0.0/0,::/0", "2001:db8::1", 0, 0 },
		{ "broken", "10.0.0.1", -EACCES, -EACCES },
		{ "", "10.0.0.1", -EACCES, -EACCES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct decide_net_addr a = addr(rows[i].a);
		struct err err = { 0 };
		assert_int_equal(decide_net_may_dial(&a, span_str(rows[i].networks), false, &err), rows[i].plain);
		assert_int_equal(err.say[0] != '\0', rows[i].plain != 0);
		assert_int_equal(decide_net_may_dial(&a, span_str(rows[i].networks), true, NULL), rows[i].samples);
	}
}

/* The slow way: bit by bit. */
static void every_prefix_length_agrees_with_comparing_bits(void **state)
{
	struct decide_net_addr base = addr("a5a5:5a5a:c3c3:3c3c:f0f0:0f0f:9696:6969");

	(void)state;
	for (unsigned flip = 0; flip < 128; flip++)
		for (unsigned prefix = 0; prefix <= 128; prefix++) {
			struct decide_net_addr a = base;
			char net[64];
			a.b[flip / 8] ^= (uint8_t)(0x80U >> flip % 8);
			(void)snprintf(net, sizeof net, "a5a5:5a5a:c3c3:3c3c:f0f0:0f0f:9696:6969/%u", prefix);
			assert_int_equal(decide_net_has(span_str(net), &a), flip >= prefix);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_lies_in_its_network_and_not_in_the_next),
		cmocka_unit_test(ipv4_is_the_same_however_it_is_written_and_not_part_of_ipv6),
		cmocka_unit_test(a_list_that_is_broken_anywhere_is_an_error_not_a_hit),
		cmocka_unit_test(addresses_come_from_text_and_from_sockets),
		cmocka_unit_test(the_dialler_goes_nowhere_but_into_the_networks),
		cmocka_unit_test(every_prefix_length_agrees_with_comparing_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
