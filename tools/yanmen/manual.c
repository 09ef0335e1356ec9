/*
 * manual: writes one of the texts of manual.h.  Runs at build time only.
 *
 * usage: yanmen-manual man|man-zh|bash|zsh|fish
 */
#include "tools/yanmen/manual.h"
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20 };

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	struct buf out;

	buf_init(&out, TEXT_MAX);
	if (strcmp(what, "man") == 0 || strcmp(what, "man-zh") == 0)
		cli_page_put(strcmp(what, "man-zh") == 0, &out);
	else if (strcmp(what, "bash") == 0)
		cli_complete_bash(&out);
	else if (strcmp(what, "zsh") == 0)
		cli_complete_zsh(&out);
	else if (strcmp(what, "fish") == 0)
		cli_complete_fish(&out);
	size_t n = out.failed ? 0 : fwrite(buf_str(&out), 1, out.len, stdout);
	bool good = n > 0 && n == out.len && fflush(stdout) == 0;
	buf_done(&out);
	return good ? 0 : 1;
}
