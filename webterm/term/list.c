#include "gateway/core/charset.h"
#include "gateway/core/json.h"
#include "webterm/term/panel.h"
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 1024, ENTRIES_MAX = 4096, FRAME_ENTRIES = WEB_FRAME_MAX - 64, LINK = 0120000, KIND = 0170000 };

static char *copy_of(struct span s)
{
	char *copy = strndup(s.n > 0 ? (const char *)s.p : "", s.n);
	if (!copy)
		abort();
	return copy;
}

static char *text_of(const struct web_term *t, struct span s)
{
	struct buf b;
	buf_init(&b, 4 * WEB_TERM_PATH_MAX);
	charset_to_utf8(t->charset, s, &b);
	char *copy = copy_of(buf_span(&b));
	buf_done(&b);
	return copy;
}

void web_term_list_entry(const struct web_term *t, struct span name, const struct web_term_sftp_attributes *a, struct web_term_entry *ret)
{
	*ret = (struct web_term_entry){ .name = text_of(t, name), .attributes = *a };
}

void web_term_list_entry_free(struct web_term_entry *e)
{
	free(e->name);
	free(e->to);
	free(e->raw);
	*e = (struct web_term_entry){ 0 };
}

void web_term_list_free(struct web_term_job *j)
{
	for (size_t i = 0; i < j->entries_n; i++)
		web_term_list_entry_free(&j->entries[i]);
	free(j->entries);
	j->entries = NULL;
	j->entries_n = j->linked = 0;
}

/* ---- telling ---- */

/* As many frames as it takes. */
static void tell_page(struct web_term *t, struct web_term_job *j)
{
	struct buf page, one;
	buf_init(&page, FRAME_ENTRIES);
	buf_init(&one, FRAME_ENTRIES);
	for (size_t i = 0; i < j->entries_n; i++) {
		struct json o;
		buf_clear(&one);
		json_open(&o, &one);
		web_term_filed_put_entry(&o, &j->entries[i]);
		if (one.failed)
			continue;
		if (page.len + one.len + 1 > FRAME_ENTRIES) {
			web_term_filed_list(t, j, buf_span(&page), true);
			buf_clear(&page);
		}
		if (page.len > 0)
			buf_put(&page, ",", 1);
		buf_put_span(&page, buf_span(&one));
	}
	if (page.len > 0)
		web_term_filed_list(t, j, buf_span(&page), true);
	buf_done(&page);
	buf_done(&one);
	web_term_list_free(j);
}

/* ---- answers ---- */

static void add_names(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_answer *a)
{
	struct rd names = a->names;
	if (a->count == 0 || a->count > ENTRIES_MAX) {
		t->files->broken = true;
		return;
	}
	j->entries = calloc(a->count, sizeof *j->entries);
	if (!j->entries)
		abort();
	for (uint32_t i = 0; i < a->count; i++) {
		struct span name;
		struct web_term_sftp_attributes attributes;
		if (!web_term_sftp_name(&names, &name, &attributes)) {
			t->files->broken = true;
			return;
		}
		bool itself = span_is(name, ".") || span_is(name, "..");
		if (itself || name.n == 0 || name.n > NAME_MAX_BYTES || memchr(name.p, 0, name.n))
			continue;
		struct web_term_entry *e = &j->entries[j->entries_n++];
		web_term_list_entry(t, name, &attributes, e);
		if ((attributes.mode & KIND) == LINK)
			e->raw = copy_of(name);
	}
}

static void add_link(struct web_term *t, struct web_term_entry *e, const struct web_term_sftp_answer *a)
{
	struct rd names = a->names;
	struct span to;
	struct web_term_sftp_attributes ignored;
	if (a->type == SFTP_ATTRS && a->attributes.flags & SFTP_ATTR_MODE)
		e->leads = a->attributes.mode;
	else if (a->type == SFTP_NAME && !e->to && a->count > 0 && web_term_sftp_name(&names, &to, &ignored))
		e->to = text_of(t, span_of(to.p, to.n < NAME_MAX_BYTES ? to.n : NAME_MAX_BYTES));
}

void web_term_list_answer(struct web_term *t, struct web_term_job *j, struct web_term_asked *q, const struct web_term_sftp_answer *a)
{
	if (q->type == SFTP_READDIR && a->type == SFTP_NAME)
		add_names(t, j, a);
	else if (q->type == SFTP_READDIR)
		j->over = true;
	else if ((q->type == SFTP_READLINK || q->type == SFTP_STAT) && q->at < j->entries_n)
		add_link(t, &j->entries[q->at], a);
}

/* ---- asking ---- */

static void ask_link(struct web_term *t, struct web_term_job *j, size_t i)
{
	struct buf path;
	buf_init(&path, WEB_TERM_PATH_MAX + NAME_MAX_BYTES + 2);
	buf_printf(&path, "%s/%s", j->path, j->entries[i].raw);
	struct web_term_sftp_ask q = { .type = SFTP_READLINK, .path = buf_span(&path) };
	web_term_job_ask(t, j, &q)->at = i;
	q.type = SFTP_STAT;
	web_term_job_ask(t, j, &q)->at = i;
	buf_done(&path);
}

void web_term_list_pump(struct web_term *t, struct web_term_job *j)
{
	if (!j->open)
		return;
	for (; j->linked < j->entries_n; j->linked++) {
		if (!j->entries[j->linked].raw)
			continue;
		if (!web_term_job_may_ask(t, j) || j->n + 2 > WEB_TERM_DEPTH)
			return;
		ask_link(t, j, j->linked);
	}
	if (j->n > 0 || !web_term_desk_is_free(&t->desk))
		return;
	tell_page(t, j);
	if (j->over) {
		web_term_filed_list(t, j, (struct span){ 0 }, false);
		web_term_job_over(t, j);
		return;
	}
	struct web_term_sftp_ask q = { .type = SFTP_READDIR, .path = span_of(j->handle, j->handle_n) };
	(void)web_term_job_ask(t, j, &q);
}
