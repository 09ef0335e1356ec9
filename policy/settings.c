#include "policy/settings.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pol_settings_init(struct pol_settings *s, struct pol_queries *sql)
{
	*s = (struct pol_settings){ .sql = sql, .env_allow = "LANG,LC_*,TERM,COLORTERM,TZ", .backoff_s = 16, .away_s = 300 };
}

static const char *value_of(const struct pg_result *res, const char *key)
{
	for (int i = 0; i < pg_rows(res); i++)
		if (pg_text(res, i, 0) && strcmp(pg_text(res, i, 0), key) == 0 && pg_text(res, i, 1))
			return pg_text(res, i, 1);
	return "";
}

static void escrow_load(struct pol_settings *s, const char *text)
{
	size_t n = 0;

	s->has_escrow = sodium_base642bin(s->escrow, sizeof s->escrow, text, strlen(text), NULL, &n, NULL,
				sodium_base64_VARIANT_ORIGINAL) == 0 &&
			n == sizeof s->escrow;
	if (!s->has_escrow && text[0])
		log_ev(LOG_LEVEL_ERROR, "settings.bad", LOG_S("key", "escrow.public"));
}

static void settings_loaded(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_settings *s = ctx;

	if (code < 0) {
		log_err(LOG_LEVEL_WARN, "settings.unread", err);
		return;
	}
	const char *en = value_of(res, "banner.text"), *zh = value_of(res, "banner.text.zh");
	int n = snprintf(s->banner, sizeof s->banner, "%s%s%s", en, en[0] && zh[0] ? "\n" : "", zh);
	if (n >= (int)sizeof s->banner) { /* never half a character */
		size_t cut = sizeof s->banner - 1;
		while (cut > 0 && ((uint8_t)s->banner[cut - 1] & 0xc0) == 0x80)
			cut--;
		s->banner[cut ? cut - 1 : 0] = '\0';
	}
	(void)snprintf(s->env_allow, sizeof s->env_allow, "%s", value_of(res, "env.allow"));
	escrow_load(s, value_of(res, "escrow.public"));
	s->backoff_s = (uint32_t)strtoul(value_of(res, "login.backoff"), NULL, 10);
	s->notice_s = (uint32_t)strtoul(value_of(res, "session.notice"), NULL, 10);
	s->away_s = (uint32_t)strtoul(value_of(res, "console.away"), NULL, 10);
	s->loaded = true;
}

void pol_settings_load(struct pol_settings *s)
{
	pol_query(s->sql, POL_SQL("select key, value from api.settings()"), settings_loaded, s);
}

static void settings_heard(void *ctx, const char *payload)
{
	(void)payload;
	pol_settings_load(ctx);
}

void pol_settings_listen(struct pol_settings *s)
{
	if (pg_listen(s->sql->pg, "yanmen_settings", settings_heard, s) < 0)
		log_ev(LOG_LEVEL_WARN, "settings.unheard");
}
