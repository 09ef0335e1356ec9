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

/* token add: the text is made here, goes once into the file, or without one into the answer, and the database keeps its hash. */
enum { BYTES = 32, TEXT = 4 + 44, ARGS_MAX = 32768, ANSWER_MAX = 32768 };
struct token_new {
	char text[TEXT]; /* with the NUL */
};

static void token_free(struct pol_call *c)
{
	secret_wipe(c->state, sizeof(struct token_new));
}

static bool write_line(int fd, const struct token_new *t)
{
	char line[TEXT];

	memcpy(line, t->text, TEXT - 1);
	line[TEXT - 1] = '\n';
	ssize_t n = write(fd, line, sizeof line);
	secret_wipe(line, sizeof line);
	return n == (ssize_t)sizeof line;
}

/* The row's facts, an object, with the token in front of the others. */
static void answer_with(struct pol_call *c, const struct token_new *t, struct span facts)
{
	char answer[ANSWER_MAX];

	int n = snprintf(answer, sizeof answer, "{\"token\":\"%s\",%.*s", t->text, (int)(facts.n - 1), (const char *)facts.p + 1);
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
		pol_call_fail(c, -EIO, "the file could not be written; revoke this token, see: token list");
	else
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
