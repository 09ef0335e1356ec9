#include "tools/yanmen/wrap.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

static const char by_passphrase[8] = { 'y', 'a', 'n', 'm', 'e', 'n', 'P', '1' };
static const char by_key[8] = { 'y', 'a', 'n', 'm', 'e', 'n', 'E', '1' };
enum { OPS_MAX = 16, SALT = crypto_pwhash_SALTBYTES, NONCE = crypto_secretbox_NONCEBYTES };
#define MEMORY_MAX (UINT64_C(1) << 30)

static int too_long(struct span key_file, struct err *err)
{
	if (key_file.n > 0 && key_file.n <= CLI_WRAP_KEY_MAX)
		return 0;
	return fault(err, -EMSGSIZE, "the key file is empty or too long", "%zu bytes", key_file.n);
}

struct cost {
	uint64_t ops, memory;
};

static int derive(struct span passphrase, const struct cost *cost, const uint8_t *salt, struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *key = NULL;

	int r = secret_new(crypto_secretbox_KEYBYTES, &key, err);
	if (r < 0)
		return r;
	if (crypto_pwhash(secret_bytes(key), crypto_secretbox_KEYBYTES, (const char *)passphrase.p, passphrase.n, salt,
		    cost->ops, (size_t)cost->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fault(err, -ENOMEM, "not enough memory for the passphrase", "argon2id with %llu bytes",
			(unsigned long long)cost->memory);
	*ret = take(key);
	return 0;
}

int cli_wrap_passphrase_put(struct span key_file, struct span passphrase, struct buf *out, struct err *err)
{
	static const struct cost cost = { crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE };
	scoped(secret_scope) struct secret *key = NULL;
	uint8_t salt[SALT], nonce[NONCE];

	randombytes_buf(salt, sizeof salt);
	randombytes_buf(nonce, sizeof nonce);
	int r = too_long(key_file, err);
	if (r == 0)
		r = derive(passphrase, &cost, salt, &key, err);
	if (r < 0)
		return r;
	buf_put(out, by_passphrase, sizeof by_passphrase);
	wr_le(out, cost.ops, 8);
	wr_le(out, cost.memory, 8);
	buf_put(out, salt, sizeof salt);
	buf_put(out, nonce, sizeof nonce);
	uint8_t *room = buf_room(out, key_file.n + crypto_secretbox_MACBYTES);
	if (!room)
		return fault(err, -EMSGSIZE, "internal error", "no room for a wrapped key");
	crypto_secretbox_easy(room, key_file.p, key_file.n, nonce, secret_span(key).p);
	buf_grew(out, key_file.n + crypto_secretbox_MACBYTES);
	return 0;
}

int cli_wrap_passphrase_get(struct span in, struct span passphrase, struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *key = NULL, *plain = NULL;
	struct rd r = rd_of(in);

	bool ours = span_eq(rd_bytes(&r, sizeof by_passphrase), span_of(by_passphrase, sizeof by_passphrase));
	struct cost cost = { .ops = rd_u64le(&r) };
	cost.memory = rd_u64le(&r);
	struct span salt = rd_bytes(&r, SALT), nonce = rd_bytes(&r, NONCE);
	if (r.bad || !ours || cost.ops < crypto_pwhash_OPSLIMIT_MIN || cost.ops > OPS_MAX ||
		cost.memory < crypto_pwhash_MEMLIMIT_MIN || cost.memory > MEMORY_MAX || r.n <= crypto_secretbox_MACBYTES ||
		r.n > CLI_WRAP_KEY_MAX + crypto_secretbox_MACBYTES)
		return fault(err, -EPROTO, "this is no key wrapped by a passphrase", "%zu bytes", in.n);
	int code = derive(passphrase, &cost, salt.p, &key, err);
	if (code == 0)
		code = secret_new(r.n - crypto_secretbox_MACBYTES, &plain, err);
	if (code < 0)
		return code;
	if (crypto_secretbox_open_easy(secret_bytes(plain), r.p, r.n, nonce.p, secret_span(key).p) != 0)
		return fault(err, -EACCES, "wrong passphrase, or the file was altered", "the wrapped key does not open");
	*ret = take(plain);
	return 0;
}

int cli_wrap_sealed_put(struct span key_file, const uint8_t public_key[static CLI_WRAP_PUBLIC], struct buf *out, struct err *err)
{
	int r = too_long(key_file, err);
	if (r < 0)
		return r;
	buf_put(out, by_key, sizeof by_key);
	uint8_t *room = buf_room(out, key_file.n + crypto_box_SEALBYTES);
	if (!room || crypto_box_seal(room, key_file.p, key_file.n, public_key) != 0)
		return fault(err, -EINVAL, "the auditor's public key is damaged", "crypto_box_seal");
	buf_grew(out, key_file.n + crypto_box_SEALBYTES);
	return 0;
}

int cli_wrap_sealed_get(struct span in, const uint8_t secret_key[static 32], struct secret **ret, struct err *err)
{
	scoped(secret_scope) struct secret *plain = NULL;
	uint8_t public_key[CLI_WRAP_PUBLIC];
	struct rd r = rd_of(in);

	if (!span_eq(rd_bytes(&r, sizeof by_key), span_of(by_key, sizeof by_key)) || r.bad || r.n <= crypto_box_SEALBYTES ||
		r.n > CLI_WRAP_KEY_MAX + crypto_box_SEALBYTES)
		return fault(err, -EPROTO, "this is no key sealed to the auditor's key", "%zu bytes", in.n);
	int code = secret_new(r.n - crypto_box_SEALBYTES, &plain, err);
	if (code < 0)
		return code;
	if (crypto_scalarmult_base(public_key, secret_key) != 0 ||
		crypto_box_seal_open(secret_bytes(plain), r.p, r.n, public_key, secret_key) != 0)
		return fault(err, -EACCES, "another auditor's key, or the file was altered", "the sealed key does not open");
	*ret = take(plain);
	return 0;
}
