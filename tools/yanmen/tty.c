#include "tools/yanmen/tty.h"
#include "gateway/core/scope.h"
#include <errno.h>
#include <stdio.h>
#include <sys/signalfd.h>

int cli_tty_signals(sigset_t *ret_before)
{
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGHUP);
	scoped(scope_close) int fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &ends, ret_before) < 0)
		return -errno;
	return take_fd(fd);
}

int cli_tty_open(struct cli_tty *t)
{
	*t = (struct cli_tty){ .signals = -1 };
	int fd = cli_tty_signals(&t->mask);
	if (fd < 0)
		return fd;
	t->signals = fd;
	t->screen = isatty(STDOUT_FILENO);
	t->keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &t->before) == 0;
	if (t->keys) {
		struct termios now = t->before;
		now.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
		now.c_cc[VMIN] = 1;
		now.c_cc[VTIME] = 0;
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
	}
	return 0;
}

void cli_tty_close(struct cli_tty *t)
{
	if (t->signals < 0)
		return;
	/* What was shown may have left colours, the other screen, a scroll region or a hidden cursor. */
	if (t->screen)
		(void)fputs("\033[0m\033[r\033[?1049l\033[?25h\r\n", stdout);
	(void)fflush(stdout);
	if (t->keys)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
	(void)sigprocmask(SIG_SETMASK, &t->mask, NULL);
	scope_close(&t->signals);
}
