#include "webterm/passkey.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "webterm/cookie.h"
#include <sodium.h>
#include <string.h>

void web_passkey_put(struct json *j, const struct wire_passkey_asked *m)
{
	struct rd ids = rd_of(m->ids);
	struct web_token challenge;
	char text[WEB_TOKEN_TEXT];

	json_bool(j, "totp", m->totp);
	json_str(j, "elsewhere", m->say);
	json_num(j, "remember", m->days);
	if (m->rp.n == 0 || m->challenge.n != sizeof challenge.b)
		return;
	memcpy(challenge.b, m->challenge.p, sizeof challenge.b);
	web_cookie_text(&challenge, text);
	json_obj(j, "passkey");
	json_str(j, "challenge", span_str(text));
	json_str(j, "rp", m->rp);
	json_arr(j, "credentials");
	for (uint32_t i = 0; i < m->count; i++)
		json_str(j, NULL, rd_str32le(&ids));
	json_end(j);
	json_end(j);
}

static bool part(const json_t *object, const char *key, size_t max, uint8_t room[static WEB_PASSKEY_PART], struct span *ret)
{
	const json_t *v = json_object_get(object, key);
	size_t n = 0;

	if (!json_is_string(v) || json_string_length(v) > max / 3 * 4 + 4 ||
		sodium_base642bin(room, max, json_string_value(v), json_string_length(v), NULL, &n, NULL,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	*ret = span_of(room, n);
	return true;
}

bool web_passkey_get(const json_t *object, struct web_passkey *ret)
{
	const struct {
		const char *key;
		size_t max;
		struct span *to;
	} parts[] = { { "id", 1023, &ret->m.credential }, { "client_data", WEB_PASSKEY_PART, &ret->m.client },
		{ "authenticator_data", WEB_PASSKEY_PART, &ret->m.auth }, { "signature", 1024, &ret->m.signature },
		{ "user", 64, &ret->m.handle } };

	memset(&ret->m, 0, sizeof ret->m);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (!part(object, parts[i].key, parts[i].max, ret->room[i], parts[i].to))
			return false;
	return true;
}
