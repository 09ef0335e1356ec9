#include "export/line.h"
#include "export/syslog.h"
#include "gateway/core/utf8.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Any row is one message and one line: framed right, short enough, without a raw control character, UTF-8, and its structured
 * data ends where it should. */
static void check_text(struct span s)
{
	while (s.n > 0) {
		uint32_t c = 0;
		size_t n = utf8_get(s, &c);
		assert(n > 0 && (!utf8_is_control(c) || c == 0xfeff));
		s = span_of(s.p + n, s.n - n);
	}
}

/* Behind the closing bracket of the one element, which is the seventh field. */
static size_t skip_data(const char *text)
{
	const char *p = text;
	for (int blanks = 0; blanks < 7; p++)
		blanks += *p == ' ';
	assert(*p == '[');
	for (bool quoted = false; p[1]; p++) {
		if (quoted && p[0] == '\\') {
			assert(strchr("\"\\]", p[1]) && p[1]);
			p++;
		} else if (p[0] == '"') {
			quoted = !quoted;
		} else if (!quoted && p[0] == ']') {
			break;
		}
	}
	return (size_t)(p - text) + 1;
}

static void check_syslog(const struct export_row *row, const struct export_syslog_origin *origin)
{
	struct buf b;
	char *text;
	buf_init(&b, EXPORT_SYSLOG_FRAME);
	export_syslog_put(&b, origin, row);
	assert(!b.failed);
	size_t n = strtoul(buf_str(&b), &text, 10);
	assert(n <= EXPORT_SYSLOG_MAX && *text == ' ' && strlen(text + 1) == n);
	check_text(buf_span(&b));
	size_t end = skip_data(text);
	assert(strncmp(text + end, " \xef\xbb\xbf", 4) == 0);
	buf_done(&b);
}

static void check_line(const struct export_row *row)
{
	struct buf b;
	buf_init(&b, EXPORT_LINE_MAX);
	export_line_put(&b, row);
	assert(!b.failed && b.data[b.len - 1] == '\n');
	check_text(span_of(b.data, b.len - 1));
	buf_done(&b);
}

/* A byte of length, then so many bytes; the rest is the body. */
static struct span part(struct span *in)
{
	size_t n = in->n > 0 ? in->p[0] : 0;
	if (in->n > 0)
		*in = span_of(in->p + 1, in->n - 1);
	n = n < in->n ? n : in->n;
	struct span s = span_of(in->p, n);
	*in = span_of(in->p + n, in->n - n);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of(data, n);
	struct export_syslog_origin origin = { .enterprise = 32473 };
	struct span host = part(&in);
	memcpy(origin.hostname, host.p, host.n < sizeof origin.hostname ? host.n : sizeof origin.hostname - 1);
	struct export_row row = { .seq = 1, .uid = part(&in), .at = part(&in), .kind = part(&in), .actor = part(&in),
		.user = part(&in), .target = part(&in), .account = part(&in), .session = part(&in), .ip = part(&in) };
	row.body = in;
	check_syslog(&row, &origin);
	check_line(&row);
	return 0;
}
