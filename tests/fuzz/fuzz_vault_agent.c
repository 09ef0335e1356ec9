/* The agent protocol: whatever a worker writes, only a login as the allowed account is signed, and not more than once. */
#include "policy/vault/agent.h"
#include "policy/vault/key.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include <stdlib.h>

enum { USES = 1 };

/* What was signed, once more, from the frame itself. */
static void check_signed(struct span frame, const struct vault_key *key)
{
	struct rd r = rd_of(frame);
	struct vault_agent_login l;

	(void)rd_u32be(&r);
	(void)rd_u8(&r);
	struct span blob = rd_str32be(&r), data = rd_str32be(&r);
	if (!span_eq(blob, buf_span(&key->blob)) || vault_agent_login_get(data, &l, NULL) < 0 ||
		!span_is(l.user, "cyadmin") || !span_eq(l.blob, blob) || !span_is(l.algorithm, "ssh-ed25519"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t seed[32] = { 1, 2, 3 };
	scoped(vault_key_done) struct vault_key key = { 0 };
	scoped(buf_done) struct buf out = { 0 };
	struct span in = span_of(data, n);
	int count = 0;

	if (vault_key_ed25519(seed, &key, NULL) < 0)
		abort();
	struct vault_agent a = { .key = &key, .blob = buf_span(&key.blob), .login = span_str("cyadmin"), .uses = USES };
	buf_init(&out, VAULT_AGENT_ANSWER_MAX);
	for (int r = 1; r > 0;) {
		int signed_it = 0;
		buf_clear(&out);
		r = vault_agent_answer(&a, in, &out, &signed_it, NULL);
		if (signed_it)
			check_signed(in, &key);
		count += signed_it;
		if (r > (int)in.n || count > USES || (r > 0 && out.len < 5) || (r == 0 && out.len > 0))
			abort();
		if (r > 0)
			in = span_of(in.p + r, in.n - (size_t)r);
	}
	return 0;
}
