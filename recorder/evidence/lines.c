#include "recorder/evidence/lines.h"
#include "gateway/core/json.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/utf8.h"
#include <jansson.h>
#include <sodium.h>

static void json_scope(json_t **j)
{
	json_decref(*j);
}

static bool is_text(struct span s)
{
	while (s.n > 0) {
		uint32_t c;
		size_t n = utf8_get(s, &c);
		if (n == 0)
			return false;
		s = span_of(s.p + n, s.n - n);
	}
	return true;
}

static void put_base64(struct json *j, const char *key, struct span bytes)
{
	size_t n = sodium_base64_ENCODED_LEN(bytes.n, sodium_base64_VARIANT_ORIGINAL);
	scoped(scope_free) char *text = malloc(n);

	if (text)
		json_str(j, key, span_str(sodium_bin2base64(text, n, bytes.p, bytes.n, sodium_base64_VARIANT_ORIGINAL)));
}

static void put_bytes(struct json *j, struct span bytes)
{
	if (is_text(bytes))
		json_str(j, "text", bytes);
	else
		put_base64(j, "base64", bytes);
}

/* Written by a worker: only what parses stands as JSON in our line. */
static void put_document(struct json *j, struct span text)
{
	scoped(json_scope) json_t *doc = json_loadb((const char *)text.p, text.n, 0, NULL);
	scoped(scope_free) char *line = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	if (line)
		json_raw(j, "body", span_str(line));
	else
		put_bytes(j, text);
}

static void put_size(struct json *j, struct rd *r)
{
	uint32_t columns = rd_u32le(r), rows = rd_u32le(r);

	json_num(j, "columns", columns);
	json_num(j, "rows", rows);
}

static void put_digest(struct json *j, struct rd *r)
{
	uint8_t direction = rd_u8(r);
	uint64_t total = rd_u64le(r);
	struct span hash = rd_bytes(r, 32);
	char hex[65] = "";

	if (!r->bad)
		sodium_bin2hex(hex, sizeof hex, hash.p, hash.n);
	json_str(j, "direction", span_str(frame_type_name(direction)));
	json_num(j, "total", (int64_t)total);
	json_str(j, "sha256", span_str(hex));
}

static void put_keys(struct json *j, struct rd *r)
{
	json_num(j, "length", rd_u32le(r));
	if (!r->bad && r->n > 0)
		put_base64(j, "sealed", span_of(r->p, r->n));
}

/* Megabytes of a file are no line. */
static void put_content(struct json *j, struct rd *r)
{
	json_num(j, "file", rd_u32le(r));
	json_num(j, "offset", (int64_t)rd_u64le(r));
	json_num(j, "length", r->bad ? 0 : (int64_t)r->n);
}

/* What client and target said. */
static void put_said(struct json *j, struct evidence_text *t, const struct frame *f, struct span shown)
{
	if (t->charset == CHARSET_UTF8) {
		put_bytes(j, f->body);
		return;
	}
	json_str(j, "text", shown);
	put_base64(j, "base64", f->body);
}

void evidence_lines_put(struct evidence_text *t, const struct frame *f, struct buf *out)
{
	struct frame shown = evidence_text_of(t, f);
	struct rd r = rd_of(f->body);
	struct json j;

	json_open(&j, out);
	json_obj(&j, NULL);
	json_num(&j, "time_us", (int64_t)f->time_us);
	json_str(&j, "type", span_str(frame_type_name(f->type)));
	json_num(&j, "channel", f->channel);
	switch (f->type) {
	case FRAME_IN:
	case FRAME_OUT:
	case FRAME_ERR:
		put_said(&j, t, f, shown.body);
		break;
	case FRAME_KEYS:
		put_keys(&j, &r);
		break;
	case FRAME_SIZE:
		put_size(&j, &r);
		break;
	case FRAME_SCREEN:
		put_size(&j, &r);
		put_bytes(&j, span_of(r.p, r.n));
		break;
	case FRAME_DIGEST:
		put_digest(&j, &r);
		break;
	case FRAME_CONTENT:
		put_content(&j, &r);
		break;
	case FRAME_CLOSE:
		break;
	default:
		put_document(&j, f->body);
		break;
	}
	json_end(&j);
	buf_put(out, "\n", 1);
}
