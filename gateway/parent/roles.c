#include "gateway/parent/roles.h"
#include "gateway/core/conf.h"
#include "gateway/core/scope.h"
#include <assert.h>

#define USER(field) offsetof(struct conf, field)
enum { MANY = 65536, FEW = 128, MIB = 1024 * 1024 };

/* Services in the order in which they start; an earlier one is ready before a later one needs it. */
const struct gw_roles_row gw_roles[] = {
	{ .role = WIRE_VAULT, .binary = "yanmen-vault", .user = USER(user_vault), .gifts = { GW_GIFT_KEY },
	  .count = 1, .nofile = MANY, .memlock_bytes = 256 * MIB },
	{ .role = WIRE_RECORDER, .binary = "yanmen-recorder", .user = USER(user_recorder),
	  .gifts = { GW_GIFT_CONFIG, GW_GIFT_RECORDINGS }, .count = 1, .nofile = MANY, .memlock_bytes = 64 * MIB },
	{ .role = WIRE_PWHASH, .binary = "yanmen-pwhash", .user = USER(user_pwhash),
	  .count = 2, .nofile = FEW, .memlock_bytes = MIB },
	{ .role = WIRE_BROKER, .binary = "yanmen-broker", .user = USER(user_broker),
	  .gifts = { GW_GIFT_CONFIG, GW_GIFT_SPOOL }, .count = 1, .nofile = MANY, .memlock_bytes = 8 * MIB },
	{ .role = WIRE_EXPORT, .binary = "yanmen-export", .user = USER(user_export),
	  .gifts = { GW_GIFT_CONFIG, GW_GIFT_SIEM_FOLDER, GW_GIFT_SIEM_CA, GW_GIFT_SIEM_CERTIFICATE, GW_GIFT_SIEM_KEY },
	  .count = 1, .nofile = FEW, .memlock_bytes = MIB },
	{ .role = WIRE_NOTIFY, .binary = "yanmen-notify", .user = USER(user_notify),
	  .gifts = { GW_GIFT_CONFIG }, .count = 1, .nofile = FEW, .memlock_bytes = MIB },
	{ .role = WIRE_WEB, .binary = "yanmen-web", .user = USER(user_web),
	  .gifts = { GW_GIFT_CONFIG, GW_GIFT_WEB_FILES, GW_GIFT_WEB_CERTIFICATE, GW_GIFT_WEB_KEY },
	  .count = 1, .nofile = MANY, .memlock_bytes = 8 * MIB },
	{ .role = WIRE_SSH, .binary = "yanmen-ssh", .user = USER(user_worker),
	  .gifts = { GW_GIFT_BROKER, GW_GIFT_VAULT, GW_GIFT_RECORDER },
	  .nofile = FEW, .memlock_bytes = MIB, .die_with_parent = true },
	{ .role = WIRE_MYSQL, .binary = "yanmen-mysql", .user = USER(user_worker),
	  .gifts = { GW_GIFT_BROKER, GW_GIFT_VAULT, GW_GIFT_RECORDER, GW_GIFT_WEB_CERTIFICATE, GW_GIFT_WEB_KEY },
	  .nofile = FEW, .memlock_bytes = MIB, .die_with_parent = true },
	{ .role = WIRE_TDS, .binary = "yanmen-tds", .user = USER(user_worker),
	  .gifts = { GW_GIFT_BROKER, GW_GIFT_VAULT, GW_GIFT_RECORDER, GW_GIFT_WEB_CERTIFICATE, GW_GIFT_WEB_KEY },
	  .nofile = FEW, .memlock_bytes = MIB, .die_with_parent = true },
	{ .role = WIRE_READER, .binary = "yanmen-reader", .user = USER(user_reader),
	  .gifts = { GW_GIFT_BROKER, GW_GIFT_VAULT, GW_GIFT_RECORDINGS },
	  .nofile = FEW, .memlock_bytes = MIB, .die_with_parent = true },
	{ .role = WIRE_TERM, .binary = "yanmen-term", .user = USER(user_term),
	  .nofile = FEW, .memlock_bytes = MIB, .die_with_parent = true },
};
const size_t gw_roles_n = COUNT_OF(gw_roles);

const struct gw_roles_pair gw_roles_pairs[] = {
	{ WIRE_VAULT, WIRE_RECORDER },
	{ WIRE_VAULT, WIRE_BROKER },
	{ WIRE_RECORDER, WIRE_BROKER },
	{ WIRE_PWHASH, WIRE_BROKER },
	{ WIRE_WEB, WIRE_BROKER },
	{ WIRE_WEB, WIRE_VAULT },
	{ WIRE_NOTIFY, WIRE_VAULT },
};
const size_t gw_roles_pairs_n = COUNT_OF(gw_roles_pairs);

/* The web is the door of the browsers.  The recorder tells the broker what it sealed, and needs the vault's signature for that.  The export and the messages may be busy with a
 * name server: nobody waits for them. */
const uint8_t gw_roles_stops[GW_ROLES_STOPS] = { WIRE_WEB, WIRE_RECORDER, WIRE_BROKER, WIRE_PWHASH, WIRE_VAULT,
	WIRE_EXPORT, WIRE_NOTIFY };

const struct gw_roles_row *gw_roles_of(uint8_t role)
{
	for (size_t i = 0; i < gw_roles_n; i++)
		if (gw_roles[i].role == role)
			return &gw_roles[i];
	assert(false && "every role that is started has a row");
	return NULL;
}

bool gw_roles_is_used(const struct gw_roles_row *row, const struct conf *conf)
{
	switch (row->role) {
	case WIRE_EXPORT:
		return conf_has_siem(conf);
	case WIRE_WEB:
	case WIRE_TERM:
		return conf->listen_web[0] != 0;
	case WIRE_MYSQL:
		return conf->listen_mysql[0] != 0;
	case WIRE_TDS:
		return conf->listen_tds[0] != 0;
	default:
		return true;
	}
}

const char *gw_roles_user(const struct gw_roles_row *row, const struct conf *conf)
{
	return (const char *)conf + row->user;
}
