#include "gateway/core/clock.h"
#include "recorder/recorder.h"
#include <string.h>

static void enqueue(struct rec *rec)
{
	rec->sign_ticket = 0;
	rec->sign_next = NULL;
	*rec->r->sign_last = rec;
	rec->r->sign_last = &rec->sign_next;
}

void rec_sign_claim(struct rec *rec, const struct wire_sign *claim)
{
	rec_sign_forget(rec);
	rec->claim = *claim;
	rec->sign_what = claim->what;
	enqueue(rec);
	rec_sign_pump(rec->r);
}

void rec_sign_want(struct rec *rec, uint8_t what, const struct evidence_chain *at)
{
	struct wire_sign claim = { .what = what, .id = rec->id, .seq = at->seq, .time_us = clock_wall_us() };
	memcpy(claim.hash.b, at->hash, sizeof claim.hash.b);
	rec_sign_claim(rec, &claim);
}

void rec_sign_forget(struct rec *rec)
{
	struct recorder *r = rec->r;
	if (rec->sign_what && rec->sign_ticket)
		r->signing--;
	else if (rec->sign_what)
		for (struct rec **at = &r->sign_first; *at; at = &(*at)->sign_next)
			if (*at == rec) {
				*at = rec->sign_next;
				if (r->sign_last == &rec->sign_next)
					r->sign_last = at;
				break;
			}
	rec->sign_what = 0;
	rec->sign_ticket = 0;
}

void rec_sign_pump(struct recorder *r)
{
	while (r->sign_first && r->signing < REC_SIGN_MAX) {
		struct rec *rec = r->sign_first;
		rec->claim.ticket = ++r->tickets;
		if (!rec_peer_sign(r, &rec->claim))
			return;
		r->sign_first = rec->sign_next;
		if (!r->sign_first)
			r->sign_last = &r->sign_first;
		rec->sign_ticket = rec->claim.ticket;
		r->signing++;
	}
}

void rec_sign_again(struct recorder *r)
{
	for (struct rec *rec = r->recs; rec; rec = rec->next)
		if (rec->sign_what && rec->sign_ticket)
			enqueue(rec);
	r->signing = 0;
	rec_sign_pump(r);
}

void rec_sign_answer(struct recorder *r, const struct wire_sign_answer *m)
{
	struct rec *rec = r->recs;
	while (rec && !(rec->sign_what && rec->sign_ticket == m->ticket))
		rec = rec->next;
	if (!rec)
		return; /* it was no longer wanted */
	if (rec->state == REC_REMOVING) {
		rec_sign_forget(rec);
		rec_remove_signed(rec, &m->signature);
		rec_sign_pump(r);
		return;
	}
	struct rec_job *job = rec_jobs_new(REC_JOB_CHECKPOINT);
	job->type = rec->sign_what;
	job->checkpoint = (struct evidence_checkpoint){ .seq = rec->claim.seq, .time_us = rec->claim.time_us };
	memcpy(job->checkpoint.signature, m->signature.b, sizeof job->checkpoint.signature);
	rec->signature = m->signature;
	rec->signed_us = rec->claim.time_us;
	rec->signed_at.seq = rec->claim.seq;
	memcpy(rec->signed_at.hash, rec->claim.hash.b, sizeof rec->signed_at.hash);
	rec_sign_forget(rec);
	if (rec->state == REC_SIGNING)
		rec->state = REC_SEALING;
	else
		(void)rec_sign_tell(rec, WIRE_RECORDING_OPEN); /* the next anchor will do as well */
	rec_jobs_give(rec, job);
	rec_sign_pump(r);
}

bool rec_sign_tell(struct rec *rec, uint8_t state)
{
	const struct evidence_chain *at = rec->signed_us ? &rec->signed_at : &rec->durable;
	struct wire_recording_answer m = { .id = rec->id, .state = state, .seq = at->seq, .bytes = rec->bytes,
		.started_us = rec->started_us, .ended_us = rec->ended_us, .reason = span_str(rec->why) };
	memcpy(m.head.b, at->hash, sizeof m.head.b);
	m.signed_us = rec->signed_us;
	m.signature = rec->signature;
	return rec_peer_answer(rec->r, &m);
}

void rec_sign_final(struct rec *rec, uint8_t state)
{
	rec->final = state;
	if (rec_sign_tell(rec, state))
		rec_gone(rec);
	else
		rec->state = REC_UNTOLD;
}

void rec_sign_tell_all(struct recorder *r)
{
	for (struct rec *rec = r->recs, *next; rec; rec = next) {
		next = rec->next;
		if (rec->state == REC_UNTOLD)
			rec_sign_final(rec, rec->final);
	}
}
