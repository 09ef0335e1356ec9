#ifndef MYSQL_TRACK_H
#define MYSQL_TRACK_H
#include "gateway/core/buf.h"
#include <stdbool.h>
/*
 * track - what an OK packet says of its session: sql_mode, character set, database.
 *
 * Source:  MySQL "Client/Server Protocol": OK_Packet, Session State Information; MariaDB "OK_Packet".
 * Limits:  values as below; one that is longer makes `lost` true: something changed and nobody knows to what.
 * Errors:  -EPROTO cut.  Owns: copies.  Trust: the server is hostile.
 */
enum { MYSQL_TRACK_VALUE = 1024, MYSQL_TRACK_NAME = 256 };
struct mysql_track {
	bool has_mode, has_charset, has_database, lost;
	char mode[MYSQL_TRACK_VALUE + 1], charset[64 + 1], database[MYSQL_TRACK_NAME + 1];
};
int mysql_track_read(struct mysql_track *t, struct span information);
#endif
