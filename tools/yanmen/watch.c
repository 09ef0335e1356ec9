#include "tools/yanmen/watch.h"
#include "gateway/core/scope.h"
#include "tools/yanmen/live.h"
#include "tools/yanmen/say.h"
#include "tools/yanmen/show.h"

static int follow(struct cli_live *l, struct cli_show *s, const struct cli_command *c)
{
	for (;;) {
		struct frame f;
		char key = 0;
		switch (cli_live_wait(l, -1, true, &key)) {
		case CLI_LIVE_FRAMES:
			while (cli_live_frame(l, &f) > 0)
				cli_show_frame(s, &f);
			cli_show_flush(s);
			if (l->frames < 0) /* a broken frame */
				return cli_live_finish(l, c);
			break;
		case CLI_LIVE_ANSWER:
			if (l->answer.exit != CLI_DONE)
				return cli_live_finish(l, c);
			cli_show_header(s, buf_span(&l->answer.json),
				cli_say_text(l->cli, "live; Ctrl-C ends the watching", "实时观看;Ctrl-C 结束观看"));
			break;
		case CLI_LIVE_END:
			return cli_live_finish(l, c);
		case CLI_LIVE_STOP:
			return CLI_DONE;
		case CLI_LIVE_BROKEN:
			return l->answer.exit;
		default:
			break;
		}
	}
}

int cli_watch(const struct cli *cli, struct cli_call *call)
{
	scoped(cli_live_close) struct cli_live live;
	scoped(cli_show_done) struct cli_show show;

	cli_show_init(&show, cli);
	int exit = cli_live_open(&live, cli, call);
	return exit != 0 ? exit : follow(&live, &show, call->command);
}
