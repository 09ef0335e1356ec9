#include "policy/vault/totp.h"
#include "gateway/core/rd.h"
#include "gateway/core/secret.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>

enum { RECOVERY_CHARS = 10, RECOVERY_HALF = 5, BITS = 5, MODULUS = 1000000 };
static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char domain[] = "yanmen recovery"; /* with its NUL */

uint32_t vault_totp_code(const uint8_t secret[static VAULT_TOTP_SECRET], uint64_t step)
{
	uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	for (int i = 7; i >= 0; i--, step >>= 8)
		counter[i] = (uint8_t)step;
	if (!HMAC(EVP_sha1(), secret, VAULT_TOTP_SECRET, counter, sizeof counter, mac, &n) || n != 20)
		return UINT32_MAX;
	const uint8_t *p = mac + (mac[19] & 15);
	uint32_t v = (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	secret_wipe(mac, sizeof mac);
	return v % MODULUS;
}

/* What was typed without blanks and -, in lower case; 0 when it is too long for any code. */
static size_t squeeze(struct span typed, char ret[static RECOVERY_CHARS + 1])
{
	size_t n = 0;

	if (typed.n > VAULT_TOTP_TYPED_MAX)
		return 0;
	for (size_t i = 0; i < typed.n; i++) {
		uint8_t c = typed.p[i];
		if (c == ' ' || c == '-')
			continue;
		if (n >= RECOVERY_CHARS)
			return 0;
		ret[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	ret[n] = '\0';
	return n;
}

static bool digits_get(const char *s, size_t n, uint32_t *ret)
{
	uint32_t v = 0;

	if (n != VAULT_TOTP_DIGITS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(s[i] - '0');
	}
	*ret = v;
	return true;
}

uint64_t vault_totp_match(
	const uint8_t secret[static VAULT_TOTP_SECRET], struct span typed, int64_t now_us, uint64_t last_step)
{
	uint64_t now = (uint64_t)(now_us / 1000000 / VAULT_TOTP_STEP_S), found = 0;
	char text[RECOVERY_CHARS + 1];
	uint32_t code = 0;

	bool is_code = digits_get(text, squeeze(typed, text), &code);
	for (uint64_t step = now - VAULT_TOTP_WINDOW; step <= now + VAULT_TOTP_WINDOW; step++) {
		bool same = vault_totp_code(secret, step) == code;
		found = same && is_code && step > last_step ? step : found;
	}
	secret_wipe(text, sizeof text);
	return found;
}

/* 5 bits a character, from the left; n is a multiple of 5 bytes. */
static void base32(const uint8_t *p, size_t n, char *ret)
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= BITS; have -= BITS)
			*ret++ = alphabet[bits >> (have - BITS) & 31];
	}
	*ret = '\0';
}

void vault_totp_base32(const uint8_t secret[static VAULT_TOTP_SECRET], char ret[static VAULT_TOTP_BASE32])
{
	base32(secret, VAULT_TOTP_SECRET, ret);
	for (char *p = ret; *p; p++) /* apps want capitals */
		if (*p >= 'a')
			*p = (char)(*p - 'a' + 'A');
}

void vault_totp_recovery(char ret[static VAULT_TOTP_RECOVERY])
{
	uint8_t random[VAULT_TOTP_RECOVERY]; /* 50 bits are used */

	randombytes_buf(random, sizeof random);
	for (size_t i = 0; i < RECOVERY_CHARS; i++)
		ret[i + (i >= RECOVERY_HALF)] = alphabet[random[i] & 31];
	ret[RECOVERY_HALF] = '-';
	ret[RECOVERY_CHARS + 1] = '\0';
	secret_wipe(random, sizeof random);
}

bool vault_totp_recovery_hash(
	const uint8_t secret[static VAULT_TOTP_SECRET], struct span typed, uint8_t ret[static VAULT_TOTP_HASH])
{
	crypto_generichash_state state;
	char text[RECOVERY_CHARS + 1];

	if (squeeze(typed, text) != RECOVERY_CHARS || strspn(text, alphabet) != RECOVERY_CHARS)
		return false;
	(void)crypto_generichash_init(&state, secret, VAULT_TOTP_SECRET, VAULT_TOTP_HASH);
	(void)crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain);
	(void)crypto_generichash_update(&state, (const uint8_t *)text, RECOVERY_CHARS);
	(void)crypto_generichash_final(&state, ret, VAULT_TOTP_HASH);
	secret_wipe(text, sizeof text);
	secret_wipe(&state, sizeof state);
	return true;
}
