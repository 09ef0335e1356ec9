/* The menu: first two bytes are the terminal's size, the rest keys.  It never shows more than the terminal has. */
#include "gateway/core/rd.h"
#include "gateway/ssh/menu.h"
#include <stdlib.h>
#include <string.h>

static void fill(struct gw_ssh_menu *m)
{
	struct buf rows;
	uint32_t count = 0, total = m->filter[0] ? 3 : 70;
	buf_init(&rows, 16384);
	for (uint32_t i = m->offset; i < total && count < 40; i++, count++)
		for (int field = 0; field < 4; field++)
			wr_str32le(&rows, span_str(i % 2 ? "web" : "\xe4\xb8\xad"));
	if (!gw_ssh_menu_filled(m, count, total, buf_span(&rows)))
		abort();
	buf_done(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct gw_ssh_menu m;
	if (n < 2)
		return 0;
	gw_ssh_menu_init(&m, data[0] & 1, 1U + data[0], 1U + data[1]);
	struct span in = span_of(data + 2, n - 2);
	for (size_t steps = 0;; steps++) {
		enum gw_ssh_menu_act act = gw_ssh_menu_feed(&m, &in);
		if (steps > 4 * n + 8)
			abort(); /* no way forward */
		if (act == GW_SSH_MENU_FETCH)
			fill(&m);
		else if (act == GW_SSH_MENU_LEAVE || act == GW_SSH_MENU_NONE)
			break;
		else if (act == GW_SSH_MENU_PICK && m.at >= m.n)
			abort();
		else if (act == GW_SSH_MENU_DRAW) {
			struct buf out;
			buf_init(&out, 1 << 20);
			gw_ssh_menu_draw(&m, &out);
			if (out.failed || m.n > gw_ssh_menu_page(&m))
				abort();
			buf_done(&out);
		}
	}
	if (strlen(m.line) != m.line_n)
		abort();
	return 0;
}
