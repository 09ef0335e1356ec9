#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "policy/broker.h"
#include "policy/call.h"
#include "policy/login/login.h"
#include "policy/login/scramble.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* token add, access-password add: the text is made here, goes once into the file, or without one into the answer, and the database keeps its hash. */
enum { TOKEN_BYTES = 32, ACCESS_BYTES = 24, TEXT = 4 + 44, ARGS_MAX = 32768, ANSWER_MAX = 32768 };
struct token_new {
	const char *key; /* what it is called in the answer */
	char text[TEXT]; /* with the NUL */
};

static void token_free(struct pol_call *c)
{
	struct token_new *t = c->state;

	secret_wipe(t->text, sizeof t->text);
}

static bool write_line(int fd, const struct token_new *t)
{
	char line[TEXT + 1];

	int length = snprintf(line, sizeof line, "%s\n", t->text);
	ssize_t n = write(fd, line, (size_t)length);
	secret_wipe(line, sizeof line);
	return n == length;
}

/* The row's facts, an object, with the text in front of the others. */
static void answer_with(struct pol_call *c, const struct token_new *t, struct span facts)
{
	char answer[ANSWER_MAX];

	int n = snprintf(answer, sizeof answer, "{\"%s\":\"%s\",%.*s", t->key, t->text, (int)(facts.n - 1), (const char *)facts.p + 1);
	if (n > 0 && (size_t)n < sizeof answer)
		pol_call_answer(c, span_of(answer, (size_t)n));
	else
		pol_call_fail(c, -EMSGSIZE, "the answer is too long");
	secret_wipe(answer, sizeof answer);
}

static void added(void *ctx, int code, const struct pg_result *res, const struct err *err)
{
	struct pol_call *c = ctx;
	const struct token_new *t = c->state;
	struct span facts = code == 0 && pg_rows(res) == 1 ? pg_span(res, 0, 0) : (struct span){ 0 };

	if (c->fd < 0 && facts.n > 2)
		answer_with(c, t, facts);
	else if (code == 0 && !write_line(c->fd, t))
		pol_call_fail(c, -EIO, "the file could not be written; revoke what was made, see its list");
	else
		pol_call_sql_answer(c, code, res, err);
}

static void text_make(struct token_new *t, const char *form, size_t n)
{
	uint8_t bytes[TOKEN_BYTES];

	randombytes_buf(bytes, n);
	size_t at = (size_t)snprintf(t->text, sizeof t->text, "%s", form);
	(void)sodium_bin2base64(t->text + at, sizeof t->text - at, bytes, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	secret_wipe(bytes, sizeof bytes);
}

static void put_hex(struct json *j, const char *key, const uint8_t *hash, size_t n)
{
	char hex[2 * crypto_hash_sha256_BYTES + 1];

	sodium_bin2hex(hex, sizeof hex, hash, n);
	json_str(j, key, span_str(hex));
}

void pol_command_token_add(struct pol_call *c)
{
	struct token_new *t = pol_call_state(c, sizeof *t, token_free);
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct buf args;
	struct json j;

	t->key = "token";
	text_make(t, "ymt_", TOKEN_BYTES);
	(void)crypto_hash_sha256(hash, (const uint8_t *)t->text, strlen(t->text));
	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	put_hex(&j, "hash", hash, sizeof hash);
	json_end(&j);
	pol_call_sql(c, &args, added);
	buf_done(&args);
}

void pol_command_access_add(struct pol_call *c)
{
	struct token_new *t = pol_call_state(c, sizeof *t, token_free);
	struct pol_scramble_kept kept;
	struct buf args;
	struct json j;

	t->key = "password";
	text_make(t, POL_LOGIN_ACCESS_FORM, ACCESS_BYTES);
	pol_scramble_make(span_str(t->text), &kept);
	buf_init(&args, ARGS_MAX);
	pol_call_args_open(c, &j, &args);
	put_hex(&j, "sha1", kept.sha1, sizeof kept.sha1);
	put_hex(&j, "sha2", kept.sha2, sizeof kept.sha2);
	json_end(&j);
	pol_call_sql(c, &args, added);
	buf_done(&args);
}
