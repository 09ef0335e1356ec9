#include "gateway/core/clock.h"
#include "gateway/core/err.h"
#include "gateway/core/utf8.h"
#include "gateway/ssh/algo.h"
#include "gateway/ssh/link.h"
#include <errno.h>
#include <poll.h>

enum { PROBE_US = 8 * 1000 * 1000, BANNER_MAX = 255 };

static int exchange(struct gw_ssh_side *s, const struct gw_ssh_algo_to *to, int64_t deadline, struct err *err)
{
	for (;;) {
		int r = ssh_connect(s->ssh);
		gw_ssh_side_listen(s);
		if (r == SSH_OK)
			return 0;
		if (r != SSH_AGAIN)
			return fault(err, -EPROTO,
				gw_ssh_algo_why(to, ssh_get_error(s->ssh)) == GW_SSH_ALGO_OLD
					? "the target offers only old, weak algorithms; if it must be so: target set NAME --legacy on"
					: "the target ended the connection or speaks no SSH that we accept",
				"%s", ssh_get_error(s->ssh));
		int64_t left = deadline - clock_mono_us();
		if (left <= 0)
			return fault(err, -ETIMEDOUT, "the target does not answer in time", "handshake");
		struct pollfd p = { .fd = s->fd, .events = gw_ssh_side_events(s) };
		if (poll(&p, 1, (int)(left / 1000) + 1) < 0 && errno != EINTR)
			return fault(err, -errno, "internal error", "poll");
	}
}

/* The server's version line, printable part. */
static void put_banner(const char *banner, struct buf *out)
{
	struct span in = span_str(banner);
	for (size_t n; in.n > 0 && out->len < BANNER_MAX; in.p += n, in.n -= n) {
		uint32_t c = 0;
		n = utf8_get(in, &c);
		if (n > 0 && !utf8_is_control(c))
			buf_put(out, in.p, n);
		n = n == 0 ? 1 : n;
	}
}

int gw_ssh_probe(void *state, const struct gw_proto_look *at, struct buf *ret_host_key, struct buf *ret_banner,
	struct err *err)
{
	const struct gw_ssh_algo_to to = { .fd = at->fd, .user = "probe", .pinned = at->pinned, .legacy = at->legacy };
	/* The descriptor is the caller's: the session, which would close it, is left to the end of the process. */
	struct gw_ssh_side *side = &((struct gw_ssh *)state)->probe;
	ssh_session s = gw_ssh_algo_client(&to);
	if (!s || gw_ssh_side_init(side, s, at->fd) < 0)
		return fault(err, -ENOMEM, "internal error", "no SSH session");
	int r = exchange(side, &to, clock_mono_us() + PROBE_US, err);
	if (r == 0)
		r = gw_ssh_algo_server_key(s, ret_host_key);
	if (r == 0)
		put_banner(ssh_get_serverbanner(s), ret_banner);
	return r;
}
