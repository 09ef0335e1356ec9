#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/broker.h"
#include "policy/call.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* token add: the text is made here, goes into the file once, and the database keeps its hash. */
enum { BYTES = 32, TEXT = 4 + 44, ARGS_MAX = 32768 };
struct token_new {
	char text[TEXT]; /* with the NUL */
};

static void token_free(struct pol_call *c)
{
	secret_wipe(c->state, sizeof(struct token_new));
}

static void added(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	struct token_new *t = c->state;

	if (code == 0) {
		char line[TEXT];
		memcpy(line, t->text, TEXT - 1);
		line[TEXT - 1] = '\n';
		ssize_t n = write(c->fd, line, sizeof line);
		secret_wipe(line, sizeof line);
		if (n != (ssize_t)sizeof line) {
			pol_call_fail(c, -EIO, "the file could not be written; revoke this token, see: token list");
			return;
		}
	}
	pol_call_sql_answer(c, code, res, err);
}

void pol_command_token_add(struct pol_call *c)
{
	struct token_new *t = pol_call_state(c, sizeof *t, token_free);
	uint8_t bytes[BYTES], hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof hash + 1];
	struct buf args;
	struct json j;

	randombytes_buf(bytes, sizeof bytes);
	(void)snprintf(t->text, sizeof t->text, "ymt_");
	(void)sodium_bin2base64(t->text + 4, TEXT - 4, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	secret_wipe(bytes, sizeof bytes);
	(void)crypto_hash_sha256(hash, (const uint8_t *)t->text, TEXT - 1);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	json_str(&j, "hash", span_str(hex));
	json_end(&j);
	pol_call_sql(c, &args, added);
	buf_done(&args);
}
