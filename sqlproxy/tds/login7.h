#ifndef TDS_LOGIN7_H
#define TDS_LOGIN7_H
#include "sqlproxy/tds/packet.h"
#include "sqlproxy/tds/version.h"
struct secret;
/*
 * login7 - a client's LOGIN7: read, and written again with another account, password and database.
 *
 * Source:  [MS-TDS] 2.2.6.4 LOGIN7 and FeatureExt.
 * Shape:   a fixed head, a table of (offset, length) and the texts that it points at, as login.h says; up to 7.1 the table is 8 bytes
 *          shorter.  What is written has its texts in the table's order, whatever order they came in.
 * Refused: with words for the client, -EACCES: integrated and federated logins (Kerberos, NTLM, Entra), a new password or a database file
 *          named at login, user instances, logins of servers among themselves, byte orders and characters other than of a PC.
 * Features: of FeatureExt only what changes no reading goes on (UTF-8, read-only replicas, global transactions); the rest (a session
 *          that can be taken up again, encrypted columns, classification, types that are not known here) the server is not asked for.
 * Limits:  128 characters a text, TDS_LOGIN7_MAX bytes; texts do not overlap.
 * Errors:  -EPROTO, -EACCES, -EMSGSIZE.  Owns: nothing; spans point into the message.  Trust: every byte is hostile.
 */
enum { TDS_LOGIN7_MAX = 65536, TDS_LOGIN7_TEXT = 128 };
enum tds_login7_text {
	TDS_LOGIN7_HOST,
	TDS_LOGIN7_USER,
	TDS_LOGIN7_PASSWORD, /* scrambled, which hides nothing */
	TDS_LOGIN7_PROGRAM,
	TDS_LOGIN7_SERVER,
	TDS_LOGIN7_EXTENSION, /* no text */
	TDS_LOGIN7_LIBRARY,
	TDS_LOGIN7_LANGUAGE,
	TDS_LOGIN7_DATABASE,
	TDS_LOGIN7_TEXTS
};
enum { /* FeatureExt, and the bits of `features` */
	TDS_FEATURE_SESSION_RECOVERY = 0x01,
	TDS_FEATURE_FEDAUTH = 0x02,
	TDS_FEATURE_COLUMN_ENCRYPTION = 0x04,
	TDS_FEATURE_GLOBAL_TRANSACTIONS = 0x05,
	TDS_FEATURE_AZURE = 0x08,
	TDS_FEATURE_CLASSIFICATION = 0x09,
	TDS_FEATURE_UTF8 = 0x0a,
};

struct tds_login7 {
	uint32_t version;
	enum tds_rank rank;
	uint32_t packet_size; /* 0: the server's choice */
	uint32_t client_program, process, timezone, lcid;
	uint8_t flags1, flags2, type_flags, flags3;
	uint8_t client[6];
	struct span text[TDS_LOGIN7_TEXTS]; /* UTF-16LE */
	struct span features;               /* FeatureExt as it came, without its end */
	uint32_t asked;                     /* bits 1 << TDS_FEATURE_...: those that go on */
	bool read_only;
};

int tds_login7_get(struct span message, struct tds_login7 *ret, struct err *err);
/* What was typed, in UTF-8. */
int tds_login7_password(const struct tds_login7 *login, struct secret **ret, struct err *err);

struct tds_login7_as {
	struct span account, password; /* UTF-8 */
	struct span database; /* UTF-8; empty: what the client asked for */
	struct span server;   /* UTF-8; the target's own name, which some servers route by */
};
/* The message (without packets) for the target.  It holds the password: who gave `out` reserved it and wipes it. */
int tds_login7_put(const struct tds_login7 *login, const struct tds_login7_as *as, struct buf *out, struct err *err);
#endif
