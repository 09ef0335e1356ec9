#include "gateway/core/charset.h"
#include "gateway/core/frame.h"
#include "gateway/core/json.h"
#include "gateway/ssh/link.h"
#include <sodium.h>
#include <string.h>

/* Cut so that a frame takes them, though each byte may become six. */
enum { PATH_SHOWN_MAX = 4096 };

/* In UTF-8, whatever the target's character set. */
static void show(struct gw_ssh_channel *c, struct span path, struct buf *ret)
{
	buf_init(ret, 4 * PATH_SHOWN_MAX);
	if (path.n > PATH_SHOWN_MAX)
		path.n = PATH_SHOWN_MAX;
	charset_to_utf8(c->link->grant.charset, path, ret);
	if (ret->len > PATH_SHOWN_MAX)
		ret->len = PATH_SHOWN_MAX;
}

static void record(struct gw_ssh_channel *c, const struct xfer_event *e)
{
	struct buf b;
	struct json j;
	char hex[65];
	buf_init(&b, FRAME_BODY_MAX);
	json_open(&j, &b);
	json_obj(&j, NULL);
	json_num(&j, "number", e->number);
	json_str(&j, "protocol", span_str(wire_file_protocol_name((uint8_t)e->protocol)));
	json_str(&j, "op", span_str(wire_file_op_name((uint8_t)e->op)));
	json_str(&j, "state", span_str(wire_file_state_name((uint8_t)e->state)));
	json_str(&j, "path", e->path);
	if (e->to.n > 0)
		json_str(&j, "to", e->to);
	if ((e->op == WIRE_FILE_UPLOAD || e->op == WIRE_FILE_DOWNLOAD) && e->state != WIRE_FILE_BEGUN) {
		json_num(&j, "size", (int64_t)e->size);
		json_num(&j, "from", (int64_t)e->from);
		json_num(&j, "ranges", e->ranges);
	}
	if (e->hashed) {
		sodium_bin2hex(hex, sizeof hex, e->sha256, sizeof e->sha256);
		json_str(&j, "sha256", span_str(hex));
	}
	if (e->kept)
		json_bool(&j, "kept", true);
	if (*e->why)
		json_str(&j, "why", span_str(e->why));
	json_end(&j);
	gw_ssh_start_record(c, FRAME_FILE, &b);
	buf_done(&b);
}

/* Clients show their own words for a refused request: ours come once beside them. */
static void tell_person(struct gw_ssh_channel *c, const struct xfer_event *e)
{
	if (e->state != WIRE_FILE_REFUSED || e->op == WIRE_FILE_UNREADABLE)
		return;
	bool down = e->op == WIRE_FILE_DOWNLOAD;
	if (!c->refusal_said[down])
		gw_ssh_channel_say(c, down ? GW_SSH_SAY_NO_DOWNLOAD : GW_SSH_SAY_NO_UPLOAD, NULL);
	c->refusal_said[down] = true;
}

static void on_event(void *ctx, const struct xfer_event *event)
{
	struct gw_ssh_channel *c = ctx;
	struct xfer_event shown = *event;
	const struct xfer_event *e = &shown;
	struct buf path, to;
	show(c, event->path, &path);
	show(c, event->to, &to);
	shown.path = buf_span(&path);
	shown.to = buf_span(&to);
	struct wire_file m = {
		.channel = c->number,
		.number = e->number,
		.protocol = (uint8_t)e->protocol,
		.op = (uint8_t)e->op,
		.state = (uint8_t)e->state,
		.size = e->size,
		.from = e->from,
		.ranges = e->ranges,
		.sha256 = span_of(e->sha256, e->hashed ? sizeof e->sha256 : 0),
		.kept = e->kept,
		.path = e->path,
		.to = e->to,
		.why = span_str(e->why),
	};
	record(c, e);
	gw_ledger_tell(c->link->gw, &m);
	tell_person(c, e);
	buf_done(&path);
	buf_done(&to);
}

/* ---- rsync: the stream, not its files ---- */

static struct gw_ssh_flow *stream_of(struct gw_ssh_channel *c)
{
	return c->moves.side == XFER_UP ? &c->in : &c->out;
}

static void rsync_tell(struct gw_ssh_channel *c, struct xfer_event *e)
{
	struct buf paths;
	buf_init(&paths, 2 * GW_SSH_COMMAND_BYTES);
	for (size_t i = 0; i < c->moves.args_n; i++)
		buf_printf(&paths, "%s%s", i > 0 ? " " : "", c->moves.args[i]);
	e->number = c->rsync;
	e->protocol = WIRE_FILE_RSYNC;
	e->op = c->moves.side == XFER_UP ? WIRE_FILE_UPLOAD : WIRE_FILE_DOWNLOAD;
	e->path = buf_span(&paths);
	on_event(c, e);
	buf_done(&paths);
}

static void rsync_end(struct gw_ssh_channel *c)
{
	const struct gw_ssh_flow *f = stream_of(c);
	bool whole = c->has_exit && !*c->exit_signal && c->exit_status == 0;
	struct xfer_event e = { .state = whole ? WIRE_FILE_COMPLETE : WIRE_FILE_PARTIAL, .size = f->total, .ranges = 1,
		.why = "size and hash of the rsync stream" };
	e.hashed = gw_ssh_flow_hash(f, e.sha256);
	rsync_tell(c, &e);
	c->rsync = 0;
}

/* ---- life ---- */

bool gw_ssh_files_reads(const struct gw_ssh_channel *c)
{
	return c->moves.protocol == WIRE_FILE_SFTP || c->moves.protocol == WIRE_FILE_SCP;
}

int gw_ssh_files_start(struct gw_ssh_channel *c, struct err *err)
{
	const struct gw_grant *g = &c->link->grant;
	if (c->moves.protocol == WIRE_FILE_RSYNC) {
		c->rsync = ++c->link->files;
		rsync_tell(c, &(struct xfer_event){ .state = WIRE_FILE_BEGUN, .why = "" });
		return g->stream_max > 0 ? 0 : gw_ssh_flow_limit(stream_of(c), UINT64_MAX, err);
	}
	if (!gw_ssh_files_reads(c))
		return 0;
	struct xfer_config config = {
		.protocol = c->moves.protocol,
		.command = &c->moves,
		.upload = g->features & WIRE_FEATURE_UPLOAD,
		.download = g->features & WIRE_FEATURE_DOWNLOAD,
		.keep = { [XFER_UP] = g->features & WIRE_FEATURE_KEEP_UPLOAD, [XFER_DOWN] = g->features & WIRE_FEATURE_KEEP_DOWNLOAD },
		.keep_max = g->keep_max,
		.number = &c->link->files,
		.event = on_event,
		.ctx = c,
	};
	c->xfer = c->in.xfer = c->out.xfer = xfer_new(&config);
	c->in.frame = FRAME_IN;
	return 0;
}

static int as_stream(struct gw_ssh_flow *f, uint64_t stream_max, struct err *err)
{
	f->xfer = NULL;
	f->owed = f->drop = 0;
	f->lost = false;
	f->total = 0;
	return stream_max > 0 && !f->digest ? gw_ssh_flow_limit(f, stream_max, err) : 0;
}

int gw_ssh_files_check(struct gw_ssh_channel *c, struct err *err)
{
	const uint32_t both = WIRE_FEATURE_UPLOAD | WIRE_FEATURE_DOWNLOAD;
	if (!c->in.lost && !c->out.lost)
		return 0;
	const char *why = c->in.lost && *c->in.why ? c->in.why : c->out.lost && *c->out.why ? c->out.why : c->in.why;
	xfer_lost(c->xfer, why);
	if ((c->link->grant.features & both) != both) {
		gw_ssh_start_refuse(c, gw_ssh_say(c->link->lang, GW_SSH_SAY_UNREADABLE));
		c->in.lost = c->out.lost = false;
		return 0;
	}
	gw_ssh_start_note(c, "stream", why);
	int r = as_stream(&c->in, c->link->grant.stream_max, err);
	return r < 0 ? r : as_stream(&c->out, c->link->grant.stream_max, err);
}

void gw_ssh_files_end(struct gw_ssh_channel *c)
{
	c->xfer = c->in.xfer = c->out.xfer = xfer_free(c->xfer);
	if (c->rsync)
		rsync_end(c);
}
