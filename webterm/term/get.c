#include "webterm/term/panel.h"

enum { PIECE = WEB_FRAME_MAX - 5, FOLDER = 0040000, KIND = 0170000 };

static void on_attributes(struct web_term *t, struct web_term_job *j, const struct web_term_sftp_attributes *a)
{
	j->size = a->flags & SFTP_ATTR_SIZE ? a->size : 0;
	j->next = j->from;
	if ((a->mode & KIND) == FOLDER)
		web_term_filed_say(t, j, "folder", WEB_TERM_SAY_FOLDER);
	else if (j->from > j->size)
		web_term_filed_say(t, j, "shorter", WEB_TERM_SAY_SHORTER);
	else
		web_term_filed_begun(t, j, a);
}

static void send_piece(struct web_term *t, const struct web_term_job *j, struct span data)
{
	web_term_desk_send(&t->desk, &(struct web_term_frame){ .type = WEB_FRAME_CHUNK_OF, .id = j->id, .body = data });
}

/* A read that got less than it asked for is asked again for the rest, in its place. */
static void ask_rest(struct web_term *t, struct web_term_job *j, struct web_term_asked *q, size_t got)
{
	struct web_term_sftp_ask rest = { .type = SFTP_READ, .path = span_of(j->handle, j->handle_n), .at = q->at + got,
		.len = q->len - (uint32_t)got };
	rest.id = (uint32_t)(j - t->files->jobs);
	j->serial = (j->serial + 1) & 0xffffff;
	rest.id |= j->serial << 8;
	web_term_sftp_put(&t->files->out, &rest);
	buf_done(&q->data);
	q->serial = j->serial;
	q->answered = false;
	q->at = rest.at;
	q->len = rest.len;
}

/* What is at the front goes to the browser, in the order of the file. */
static void deliver(struct web_term *t, struct web_term_job *j)
{
	while (!j->told && j->n > 0 && j->ring[j->first].answered) {
		struct web_term_asked *q = &j->ring[j->first];
		if (q->type == SFTP_READ && q->ended) {
			send_piece(t, j, (struct span){ 0 });
			web_term_job_pop(j, 1);
			j->told = true; /* what else is in flight is behind the end */
			return;
		}
		size_t got = q->data.len;
		if (got > 0)
			send_piece(t, j, buf_span(&q->data));
		if (q->type == SFTP_READ && got < q->len) {
			ask_rest(t, j, q, got);
			return;
		}
		web_term_job_pop(j, 1);
	}
}

void web_term_get_answer(struct web_term *t, struct web_term_job *j, struct web_term_asked *q, const struct web_term_sftp_answer *a)
{
	if (q->type == SFTP_FSTAT && a->type == SFTP_ATTRS)
		on_attributes(t, j, &a->attributes);
	else if (q->type == SFTP_READ && a->type == SFTP_DATA)
		buf_put_span(&q->data, a->text);
	else if (q->type == SFTP_READ)
		q->ended = true;
	deliver(t, j);
}

void web_term_get_pump(struct web_term *t, struct web_term_job *j)
{
	struct web_term_sftp_ask q = { .type = SFTP_FSTAT, .path = span_of(j->handle, j->handle_n) };
	if (!j->open || !web_term_job_may_ask(t, j))
		return;
	if (!j->going) {
		if (j->n == 0)
			(void)web_term_job_ask(t, j, &q);
		return;
	}
	/* Beyond the size that the target told one read at a time: the file may have grown, or be one that has no size. */
	while (web_term_job_may_ask(t, j) && j->credit > 0 && (j->next < j->size || j->n == 0)) {
		uint64_t n = j->credit < PIECE ? j->credit : PIECE;
		q = (struct web_term_sftp_ask){ .type = SFTP_READ, .path = span_of(j->handle, j->handle_n), .at = j->next, .len = (uint32_t)n };
		(void)web_term_job_ask(t, j, &q);
		j->next += n;
		j->credit -= n;
	}
}
