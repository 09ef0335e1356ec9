/* A client's certificate, and a public key: nothing is read beside them, and a verdict is one of the words. */
#include "gateway/core/sshkey.h"
#include "policy/login/usercert.h"
#include <stdlib.h>

static void lies_in(struct span part, const uint8_t *data, size_t n)
{
	if (part.n > n || (part.n && (part.p < data || part.p + part.n > data + n)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* of the CA that signed the seeds */
	static const uint8_t ca[crypto_sign_PUBLICKEYBYTES] = { 0x25, 0x34, 0xd5, 0xea, 0x41, 0xb8, 0x7a, 0x36, 0xb5,
		0xbe, 0x84, 0x74, 0x46, 0x6a, 0x1c, 0xd1, 0xfa, 0x34, 0xd2, 0xac, 0xfc, 0x5f, 0x72, 0xac, 0x45, 0xd2,
		0xb1, 0xa9, 0x9e, 0x07, 0x44, 0x98 };
	static const char *const from[] = { "10.1.2.3", "fd12::1", "192.0.2.7", "" };
	struct pol_usercert c;
	struct sshkey key;

	if (sshkey_get(span_of(data, n), &key, NULL) == 0) {
		lies_in(key.fields, data, n);
		if (pol_usercert_is(span_of(data, n)))
			abort();
	}
	if (pol_usercert_get(span_of(data, n), &c) < 0)
		return 0;
	const struct span parts[] = { c.key.fields, c.key_id, c.principals, c.critical, c.extensions, c.ca, c.signature,
		c.text };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		lies_in(parts[i], data, n);
	if (!pol_usercert_is(span_of(data, n)) || n > POL_USERCERT_MAX || c.text.p != data ||
		c.text.n + 4 + c.signature.n != n)
		abort();
	for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
		const struct pol_usercert_ask ask = {
			.ca = ca, .user = "alice", .address = from[i], .now_s = 1767229200
		};
		if (pol_usercert_judge(&c, &ask) >= POL_USERCERT_VERDICTS)
			abort();
	}
	return 0;
}
