#include "webterm/term/panel.h"

enum { CREDIT_MIN = 128 * 1024, FOLDER = 0040000, KIND = 0170000 };

static void give_credit(struct web_term *t, struct web_term_job *j, uint32_t bytes)
{
	web_term_desk_send(&t->desk, &(struct web_term_frame){ .type = WEB_FRAME_CREDIT_TAKEN, .id = j->id, .bytes = bytes });
}

static void go(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_attributes *a)
{
	j->next = j->from;
	web_term_filed_begun(t, j, a);
	give_credit(t, j, WEB_FRAME_CREDIT);
}

static void on_attributes(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_attributes *a)
{
	if (!(a->flags & SFTP_ATTR_SIZE) || a->size < j->from)
		web_term_filed_say(t, j, "shorter", WEB_TERM_SAY_SHORTER);
	else
		go(t, j, a);
}

static void on_written(struct web_term *t, struct web_term_job *j, uint32_t n)
{
	j->owed += n;
	if (j->ended || (j->owed < CREDIT_MIN && j->n > 1))
		return;
	give_credit(t, j, j->owed);
	j->owed = 0;
}

void web_term_put_answer(struct web_term *t, struct web_term_job *j, struct web_term_asked *q, const struct web_term_sftp_answer *a)
{
	if (q->type == SFTP_FSTAT && a->type == SFTP_ATTRS)
		on_attributes(t, j, &a->attributes);
	else if (q->type == SFTP_WRITE)
		on_written(t, j, q->len);
	else if (q->type == SFTP_CLOSE)
		web_term_filed_done(t, j);
}

static bool is_due(const struct web_term_job *j)
{
	size_t n = j->held.len - j->held_at;
	return n >= WEB_TERM_PIECE || (n > 0 && (j->ended || j->n == 0)); /* small pieces wait for company */
}

static void write_some(struct web_term *t, struct web_term_job *j)
{
	size_t n = j->held.len - j->held_at;
	n = n < WEB_TERM_PIECE ? n : WEB_TERM_PIECE;
	struct web_term_sftp_ask q = { .type = SFTP_WRITE, .path = span_of(j->handle, j->handle_n), .at = j->next,
		.len = (uint32_t)n, .data = span_of(j->held.data + j->held_at, n) };
	(void)web_term_job_ask(t, j, &q);
	j->next += n;
	j->held_at += n;
	if (j->held_at == j->held.len) {
		buf_clear(&j->held);
		j->held_at = 0;
	}
}

void web_term_put_pump(struct web_term *t, struct web_term_job *j)
{
	if (!j->open || j->closing)
		return;
	struct web_term_sftp_ask q = { .type = SFTP_FSTAT, .path = span_of(j->handle, j->handle_n) };
	if (!j->going) {
		if (j->from == 0)
			go(t, j, NULL);
		else if (j->n == 0)
			(void)web_term_job_ask(t, j, &q);
		return;
	}
	while (is_due(j) && web_term_job_may_ask(t, j))
		write_some(t, j);
	if (j->ended && j->n == 0 && j->held.len == 0) {
		j->closing = true;
		j->open = false;
		q.type = SFTP_CLOSE;
		(void)web_term_job_ask(t, j, &q);
	}
}
