#include "tools/yanmen/manifest.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/core/wire.h"
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char first[] = "yanmen-backup-1\n";
static const char signature_word[] = "yanmen-backup-signature-1 ";
enum { DIGITS = 18 };

void cli_manifest_done(struct cli_manifest *m)
{
	free(m->files);
	*m = (struct cli_manifest){ 0 };
}

/* A path that stays below the backup's folder, whoever wrote it. */
static bool path_is_good(const char *path)
{
	size_t n = strlen(path);

	if (n == 0 || n > CLI_MANIFEST_PATH || path[0] == '/' || path[n - 1] == '/' || strstr(path, "//"))
		return false;
	for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
		if (part[0] == '.')
			return false;
	return strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") == n;
}

int cli_manifest_add(struct cli_manifest *m, const struct cli_manifest_file *f, struct err *err)
{
	if (!path_is_good(f->path))
		return fault(err, -EPROTO, "a backup holds no file of that name", "path of %zu bytes", strlen(f->path));
	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 64;
		struct cli_manifest_file *files = reallocarray(m->files, room, sizeof *files);
		if (!files)
			return fault(err, -ENOMEM, "internal error", "no memory for %zu files", room);
		m->files = files;
		m->room = room;
	}
	m->files[m->n++] = *f;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct cli_manifest_file *)a)->path, ((const struct cli_manifest_file *)b)->path);
}

void cli_manifest_sort(struct cli_manifest *m)
{
	if (m->n > 1)
		qsort(m->files, m->n, sizeof *m->files, by_path);
}

static int path_is(const void *path, const void *file)
{
	return strcmp(path, ((const struct cli_manifest_file *)file)->path);
}

const struct cli_manifest_file *cli_manifest_find(const struct cli_manifest *m, const char *path)
{
	return m->n > 0 ? bsearch(path, m->files, m->n, sizeof *m->files, path_is) : NULL;
}

void cli_manifest_put(struct buf *b, const struct cli_manifest *m)
{
	char hex[2 * CLI_MANIFEST_HASH + 1];

	buf_printf(b, "%smade_us %" PRId64 "\ngeneration %" PRIu32 "\n", first, m->made_us, m->generation);
	for (size_t i = 0; i < m->n; i++) {
		sodium_bin2hex(hex, sizeof hex, m->files[i].sha256, CLI_MANIFEST_HASH);
		buf_printf(b, "file %s %" PRIu64 " %s\n", hex, m->files[i].size, m->files[i].path);
	}
}

/* ---- reading ---- */

static bool skip(struct span *in, const char *word)
{
	size_t n = strlen(word);

	if (in->n < n || memcmp(in->p, word, n) != 0)
		return false;
	*in = span_of(in->p + n, in->n - n);
	return true;
}

static bool number(struct span *in, char behind, uint64_t *ret)
{
	uint64_t v = 0;
	size_t n = 0;

	while (n < in->n && n <= DIGITS && in->p[n] >= '0' && in->p[n] <= '9')
		v = v * 10 + (uint64_t)(in->p[n++] - '0');
	if (n == 0 || n > DIGITS || n == in->n || in->p[n] != (uint8_t)behind || (n > 1 && in->p[0] == '0'))
		return false;
	*in = span_of(in->p + n + 1, in->n - n - 1);
	*ret = v;
	return true;
}

static bool file_line(struct span *in, struct cli_manifest_file *ret)
{
	char hex[2 * CLI_MANIFEST_HASH + 1];
	size_t got = 0;

	*ret = (struct cli_manifest_file){ 0 };
	if (!skip(in, "file ") || in->n < sizeof hex)
		return false;
	memcpy(hex, in->p, sizeof hex - 1);
	hex[sizeof hex - 1] = '\0';
	*in = span_of(in->p + sizeof hex - 1, in->n - sizeof hex + 1);
	if (strspn(hex, "0123456789abcdef") != sizeof hex - 1 ||
		sodium_hex2bin(ret->sha256, sizeof ret->sha256, hex, sizeof hex - 1, NULL, &got, NULL) != 0 || !skip(in, " ") ||
		!number(in, ' ', &ret->size))
		return false;
	const uint8_t *nl = in->n ? memchr(in->p, '\n', in->n) : NULL;
	size_t n = nl ? (size_t)(nl - in->p) : 0;
	if (n == 0 || n > CLI_MANIFEST_PATH || memchr(in->p, 0, n))
		return false;
	memcpy(ret->path, in->p, n);
	*in = span_of(nl + 1, in->n - n - 1);
	return true;
}

static int broken(const struct cli_manifest *m, struct err *err)
{
	return fault(err, -EPROTO, "the manifest is damaged or was altered", "behind file %zu", m->n);
}

static int get(struct span in, struct cli_manifest *m, struct err *err)
{
	uint64_t made = 0, generation = 0;
	struct cli_manifest_file f;

	if (!skip(&in, first) || !skip(&in, "made_us ") || !number(&in, '\n', &made) || !skip(&in, "generation ") ||
		!number(&in, '\n', &generation) || generation == 0 || generation > EVIDENCE_KEYS_MAX)
		return fault(err, -EPROTO, "this is no backup of Yanmen", "its first lines are others");
	m->made_us = (int64_t)made;
	m->generation = (uint32_t)generation;
	while (in.n > 0) {
		if (!file_line(&in, &f) || cli_manifest_add(m, &f, err) < 0 ||
			(m->n > 1 && by_path(&m->files[m->n - 2], &m->files[m->n - 1]) >= 0))
			return broken(m, err);
	}
	return 0;
}

int cli_manifest_get(struct span in, struct cli_manifest *ret, struct err *err)
{
	struct cli_manifest m = { 0 };

	int r = get(in, &m, err);
	if (r < 0)
		cli_manifest_done(&m);
	else
		*ret = m;
	return r;
}

/* ---- the signature ---- */

void cli_manifest_hash(struct span text, uint8_t ret[static CLI_MANIFEST_HASH])
{
	crypto_hash_sha256(ret, text.p, text.n);
}

void cli_manifest_signature_put(struct buf *b, const struct cli_manifest_signature *s)
{
	char text[sodium_base64_ENCODED_LEN(EVIDENCE_SIGNATURE, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof text, s->signature, sizeof s->signature, sodium_base64_VARIANT_ORIGINAL);
	buf_printf(b, "%s%" PRId64 " %s\n", signature_word, s->time_us, text);
}

int cli_manifest_signature_get(struct span in, struct cli_manifest_signature *ret, struct err *err)
{
	struct cli_manifest_signature s = { 0 };
	uint64_t time_us = 0;
	size_t got = 0;

	if (!skip(&in, signature_word) || !number(&in, ' ', &time_us) || in.n == 0 || in.p[in.n - 1] != '\n' ||
		sodium_base642bin(s.signature, sizeof s.signature, (const char *)in.p, in.n - 1, NULL, &got, NULL,
			sodium_base64_VARIANT_ORIGINAL) != 0 ||
		got != sizeof s.signature)
		return fault(err, -EPROTO, "the signature of the manifest is damaged", "%zu bytes", in.n);
	s.time_us = (int64_t)time_us;
	*ret = s;
	return 0;
}

int cli_manifest_check(
	struct span text, size_t n, const struct cli_manifest_signature *s, const struct evidence_keys *keys, struct err *err)
{
	struct evidence_sign_claim claim = { .what = WIRE_SIGN_BACKUP, .seq = n, .time_us = s->time_us };

	cli_manifest_hash(text, claim.hash);
	int r = evidence_keys_check(keys, &claim, s->signature, err);
	return r < 0 ? fault(err, r, "the manifest was altered: its signature does not match", "%zu files", n) : 0;
}
