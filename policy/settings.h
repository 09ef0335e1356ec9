#ifndef POL_SETTINGS_H
#define POL_SETTINGS_H
#include "policy/query.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/*
 * settings - the broker's copy of the settings that every login needs.
 *
 * Source:  api.settings(); read at each connect and when NOTIFY yanmen_settings says so.
 * Errors:  while the database is away the last copy holds; before the first one the defaults do.
 */
struct pol_settings {
	struct pol_queries *sql;
	char banner[4096]; /* English, then Chinese */
	char env_allow[512];
	uint8_t escrow[32]; /* X25519 key that terminal input is sealed to */
	bool has_escrow;
	uint32_t backoff_s; /* the longest delay between two guesses; 0 = none */
	uint32_t notice_s;  /* before the end of an access */
	uint32_t away_s;    /* that a terminal waits for its browser after a restart of yanmen-web */
	bool loaded;
};
void pol_settings_init(struct pol_settings *s, struct pol_queries *sql);
void pol_settings_load(struct pol_settings *s);
void pol_settings_listen(struct pol_settings *s);
#endif
