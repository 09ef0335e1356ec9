#ifndef GATEWAY_ROLES_H
#define GATEWAY_ROLES_H
#include "gateway/core/wire.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct conf;
/*
 * roles - who the processes are: the topology as data.
 *
 * Source:  docs/ARCHITECTURE.md, "The processes".
 * Shape:   one row a role: its binary, its OS user, what it holds from its start (descriptor 3 is always its socket to
 *          the parent, these follow in order), its limits.  One row a pair of services that talk with each other.
 * Units:   bytes, descriptors.
 */
enum gw_roles_gift {
	GW_GIFT_NONE,
	GW_GIFT_CONFIG,     /* files and folders that the parent opened */
	GW_GIFT_KEY,
	GW_GIFT_RECORDINGS,
	GW_GIFT_SPOOL,
	GW_GIFT_SIEM_FOLDER, /* opened anew for each process; /dev/null where the configuration has none */
	GW_GIFT_SIEM_CA,
	GW_GIFT_SIEM_CERTIFICATE,
	GW_GIFT_SIEM_KEY,
	GW_GIFT_WEB_FILES,  /* a folder; as the next two opened anew for each process */
	GW_GIFT_WEB_CERTIFICATE,
	GW_GIFT_WEB_KEY,
	GW_GIFT_BROKER,     /* one end of a socket pair to that service, for this process alone */
	GW_GIFT_VAULT,
	GW_GIFT_RECORDER,
	GW_GIFTS
};

struct gw_roles_row {
	uint8_t role;       /* enum wire_role */
	const char *binary; /* in conf.libexec_dir */
	size_t user;        /* offset of its OS user in struct conf */
	enum gw_roles_gift gifts[6]; /* ends with GW_GIFT_NONE */
	unsigned count;     /* of a service; 0: started on demand */
	long nofile, memlock_bytes;
	bool die_with_parent; /* at once; the others end by themselves when descriptor 3 closes */
};

struct gw_roles_pair {
	uint8_t a, b;
};

enum { GW_ROLES_SERVICES = 8, GW_ROLES_STOPS = 7 };
extern const struct gw_roles_row gw_roles[];
extern const size_t gw_roles_n;
extern const struct gw_roles_pair gw_roles_pairs[];
extern const size_t gw_roles_pairs_n;
/* Who is told to stop after whom: each still needs those behind it. */
extern const uint8_t gw_roles_stops[GW_ROLES_STOPS];

const struct gw_roles_row *gw_roles_of(uint8_t role);
/* Is there anything for it to do?  What is not in use is never started. */
bool gw_roles_is_used(const struct gw_roles_row *row, const struct conf *conf);
const char *gw_roles_user(const struct gw_roles_row *row, const struct conf *conf);
#endif
