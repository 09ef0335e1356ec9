#include "policy/console/caller.h"
#include "gateway/core/err.h"
#include "policy/broker.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>

enum { HASH_TEXT = 2 * crypto_hash_sha256_BYTES + 8 };

void pol_caller_address(struct span address, struct pol_caller *ret)
{
	size_t n = address.n < sizeof ret->address ? address.n : sizeof ret->address - 1;

	(void)snprintf(ret->address, sizeof ret->address, "%.*s", (int)n, (const char *)address.p);
}

void pol_caller_ask(struct pol_broker *b, struct span token, struct span address, pg_done *done, void *ctx)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct pol_caller who;
	struct buf text;

	(void)crypto_hash_sha256(hash, token.p, token.n);
	pol_caller_address(address, &who);
	buf_init(&text, HASH_TEXT);
	pg_bytea_text(span_of(hash, sizeof hash), &text);
	const char *sql = token.n == POL_CALLER_API
		? "select null, user_id, name, role, token, refused, false from api.token_caller($1::bytea, $2)"
		: "select session, user_id, name, role, null, false, due from api.console_caller($1::bytea, $2)";
	pol_query(&b->sql, POL_SQL(sql, buf_str(&text), who.address), done, ctx);
	buf_done(&text);
}

int pol_caller_get(const struct pg_result *res, struct pol_caller *ret)
{
	bool api = pg_rows(res) == 1 && !pg_text(res, 0, 0);
	struct id id;

	if (pg_rows(res) != 1)
		return -EPROTO;
	if (span_is(pg_span(res, 0, 5), "t"))
		return -EKEYEXPIRED;
	if (id_parse(pg_span(res, 0, api ? 4 : 0), &id) < 0 || !pg_text(res, 0, 2) || !pg_text(res, 0, 3))
		return -EPROTO;
	ret->session = api ? (struct id){ 0 } : id;
	ret->session_text[0] = ret->token_text[0] = '\0';
	id_text(&id, api ? ret->token_text : ret->session_text);
	ret->user_id = pg_int(res, 0, 1);
	(void)snprintf(ret->user, sizeof ret->user, "%s", pg_text(res, 0, 2));
	(void)snprintf(ret->actor, sizeof ret->actor, "user:%s", ret->user);
	(void)snprintf(ret->role, sizeof ret->role, "%s", pg_text(res, 0, 3));
	ret->due = pg_bool(res, 0, 6);
	return 0;
}

const char *pol_caller_say(int code, const struct err *err)
{
	if (code == -EPIPE || code == -EAGAIN)
		return "the database is away; try again in a minute";
	if (code == -EIO || code == -EPROTO || !err || !err->say[0])
		return "the database refused this; the broker's log has the reason";
	return err->say;
}
