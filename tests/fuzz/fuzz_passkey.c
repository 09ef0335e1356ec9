#include "gateway/core/scope.h"
#include "policy/pwhash/passkey.h"
#include "webterm/passkey.h"
#include <stdlib.h>
#include <string.h>

static const uint8_t challenge[32] = { 0 };

/* A byte that says what it is, then the browser's bytes: client data, authenticator data, or the JSON around them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char client[] = "{\"type\":\"webauthn.create\",\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
				     "\"origin\":\"https://localhost\"}";
	static struct web_passkey said;
	struct wire_passkey_answer answer;
	if (n == 0)
		return 0;
	struct span in = span_of(data + 1, n - 1);
	struct wire_passkey ask = { .op = WIRE_PASSKEY_NEW, .rp = span_str("localhost"), .origin = span_str("https://localhost"),
		.challenge = span_of(challenge, sizeof challenge), .client = span_str(client), .auth = in, .credential = span_of(data, 1) };
	switch (data[0] % 4) {
	case 0:
		ask.client = in;
		ask.auth = (struct span){ 0 };
		pwhash_passkey_answer(&ask, &answer);
		if (answer.code == 0)
			abort(); /* without authenticator data nothing is right */
		break;
	case 1:
		pwhash_passkey_answer(&ask, &answer);
		if (answer.code == 0 && !(answer.flags & PASSKEY_VERIFIED))
			abort();
		break;
	case 2:
		ask.op = WIRE_PASSKEY_USE;
		ask.kept = in;
		ask.signature = span_of(data, 1);
		pwhash_passkey_answer(&ask, &answer);
		if (answer.code == 0)
			abort(); /* the client data are of a registration */
		break;
	default: {
		json_t *object = json_loadb((const char *)in.p, in.n, JSON_REJECT_DUPLICATES, NULL);
		if (web_passkey_get(object, &said) && (said.m.credential.n > 1023 || said.m.client.n > WEB_PASSKEY_PART))
			abort();
		json_decref(object);
	}
	}
	return 0;
}
