#include "gateway/core/charset.h"
#include "gateway/core/json.h"
#include "webterm/term/panel.h"
#include <string.h>

enum { JSON_MAX = WEB_FRAME_MAX - 5, WORDS_MAX = 1024 };

static void send_filed(struct web_term *t, uint32_t id, struct buf *b)
{
	web_term_desk_send(&t->desk, &(struct web_term_frame){ .type = WEB_FRAME_FILED, .id = id, .body = buf_span(b) });
	buf_done(b);
}

static void open_object(struct json *j, struct buf *b, bool ok)
{
	buf_init(b, JSON_MAX);
	json_open(j, b);
	json_obj(j, NULL);
	json_bool(j, "ok", ok);
}

void web_term_filed_refuse(struct web_term *t, uint32_t id, const char *code, struct span say)
{
	struct buf b;
	struct json j;
	say.n = say.n < WORDS_MAX ? say.n : WORDS_MAX;
	open_object(&j, &b, false);
	json_str(&j, "code", span_str(code));
	json_str(&j, "say", say);
	json_end(&j);
	send_filed(t, id, &b);
}

void web_term_filed_fail(struct web_term *t, struct web_term_job *j, const char *code, struct span say)
{
	web_term_filed_refuse(t, j->id, code, say);
	web_term_job_over(t, j);
}

void web_term_filed_say(struct web_term *t, struct web_term_job *j, const char *code, enum web_term_say say)
{
	web_term_filed_fail(t, j, code, span_str(web_term_say(t->zh, say)));
}

void web_term_filed_status(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_answer *a)
{
	static const char ours[] = "Yanmen: ";
	size_t n = sizeof ours - 1;
	if (a->text.n > n && memcmp(a->text.p, ours, n) == 0) { /* the gateway's own word, in both languages */
		struct span half = web_term_say_half(span_of(a->text.p + n, a->text.n - n), t->zh);
		static const char zh[] = "雁门：";
		if (t->zh && half.n > sizeof zh && memcmp(half.p, zh, sizeof zh - 1) == 0)
			half = span_of(half.p + sizeof zh - 1, half.n - (sizeof zh - 1));
		web_term_filed_fail(t, j, "refused", half);
	} else if (a->status == SFTP_NO_SUCH_FILE) {
		web_term_filed_say(t, j, "absent", WEB_TERM_SAY_ABSENT);
	} else if (a->status == SFTP_PERMISSION_DENIED) {
		web_term_filed_say(t, j, "denied", WEB_TERM_SAY_DENIED);
	} else if (a->status == SFTP_OP_UNSUPPORTED) {
		web_term_filed_say(t, j, "unsupported", WEB_TERM_SAY_UNSUPPORTED);
	} else {
		web_term_filed_say(t, j, "failed", WEB_TERM_SAY_FAILED);
	}
}

void web_term_filed_done(struct web_term *t, struct web_term_job *j)
{
	struct buf b;
	struct json o;
	open_object(&o, &b, true);
	json_bool(&o, "done", true);
	if (j->transfer)
		json_num(&o, "size", (int64_t)j->next);
	json_end(&o);
	send_filed(t, j->id, &b);
	web_term_job_over(t, j);
}

void web_term_filed_begun(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_attributes *a)
{
	struct buf b;
	struct json o;
	j->going = true;
	open_object(&o, &b, true);
	json_bool(&o, "done", false);
	json_num(&o, "from", (int64_t)j->from);
	if (a && a->flags & SFTP_ATTR_SIZE)
		json_num(&o, "size", (int64_t)a->size);
	if (a && a->flags & SFTP_ATTR_TIME)
		json_num(&o, "mtime", a->mtime);
	if (a && a->flags & SFTP_ATTR_MODE)
		json_num(&o, "mode", a->mode & 07777);
	json_end(&o);
	send_filed(t, j->id, &b);
}

void web_term_filed_path(struct web_term *t, struct web_term_job *j, struct span path)
{
	struct buf b, text;
	struct json o;
	path.n = path.n < WEB_TERM_PATH_MAX ? path.n : WEB_TERM_PATH_MAX;
	buf_init(&text, 4 * WEB_TERM_PATH_MAX);
	charset_to_utf8(t->charset, path, &text);
	open_object(&o, &b, true);
	json_bool(&o, "done", true);
	json_str(&o, "path", buf_span(&text));
	json_end(&o);
	send_filed(t, j->id, &b);
	buf_done(&text);
	web_term_job_over(t, j);
}

static const char *kind_of(uint32_t mode)
{
	switch (mode & 0170000) {
	case 0040000:
		return "folder";
	case 0100000:
		return "file";
	case 0120000:
		return "link";
	default:
		return "other";
	}
}

void web_term_filed_put_entry(struct json *j, const struct web_term_entry *e)
{
	const struct web_term_sftp_attributes *a = &e->attributes;
	json_obj(j, NULL);
	json_str(j, "name", span_str(e->name));
	json_str(j, "kind", span_str(kind_of(a->mode)));
	if (a->flags & SFTP_ATTR_SIZE)
		json_num(j, "size", (int64_t)a->size);
	if (a->flags & SFTP_ATTR_TIME)
		json_num(j, "mtime", a->mtime);
	if (a->flags & SFTP_ATTR_MODE)
		json_num(j, "mode", a->mode & 07777);
	if (a->flags & SFTP_ATTR_OWNER) {
		json_num(j, "uid", a->uid);
		json_num(j, "gid", a->gid);
	}
	if (e->to)
		json_str(j, "to", span_str(e->to));
	if (e->leads)
		json_str(j, "leads", span_str(kind_of(e->leads)));
	json_end(j);
}

void web_term_filed_entry(struct web_term *t, struct web_term_job *j, const struct web_term_entry *e)
{
	struct buf b;
	struct json o;
	open_object(&o, &b, true);
	json_bool(&o, "done", true);
	json_arr(&o, "entries");
	web_term_filed_put_entry(&o, e);
	json_end(&o);
	json_end(&o);
	send_filed(t, j->id, &b);
	web_term_job_over(t, j);
}

void web_term_filed_list(struct web_term *t, const struct web_term_job *j, struct span entries, bool more)
{
	struct buf b;
	struct json o;
	open_object(&o, &b, true);
	json_bool(&o, "more", more);
	buf_put(&b, ",\"entries\":[", 12);
	buf_put_span(&b, entries);
	buf_put(&b, "]", 1);
	json_end(&o);
	send_filed(t, j->id, &b);
}
