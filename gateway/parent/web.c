#include "gateway/parent/web.h"
#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/parent/files.h"
#include "gateway/parent/listen.h"
#include "gateway/parent/pem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static int folder(const struct conf *conf, char *ret, size_t size, struct err *err)
{
	char libexec[256];
	if (conf->web_files[0]) {
		snprintf(ret, size, "%s", conf->web_files);
		return 0;
	}
	int r = gw_files_libexec(conf, libexec, sizeof libexec, err);
	if (r == 0)
		snprintf(ret, size, "%s/../../share/yanmen/console", libexec);
	return r;
}

static int open_folder(const struct conf *conf, int *ret_fd, struct err *err)
{
	char path[320], say[160];
	int r = folder(conf, path, sizeof path, err);
	if (r < 0)
		return r;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(say, sizeof say, "cannot open the console's folder, set web.files: %.100s", path);
		return fault(err, -errno, say, "%m");
	}
	*ret_fd = fd;
	return 0;
}

int gw_web_open(const struct conf *conf, enum gw_roles_gift gift, int *ret_fd, struct err *err)
{
	if (gift == GW_GIFT_WEB_FILES)
		return open_folder(conf, ret_fd, err);
	if (gift == GW_GIFT_WEB_KEY)
		return gw_pem_open(GW_PEM_KEY, "web", conf->web_key, ret_fd, err);
	return gw_pem_open(GW_PEM_OPEN, "web", conf->web_certificate, ret_fd, err);
}

int gw_web_check(const struct conf *conf, struct err *err)
{
	bool sql = conf->listen_mysql[0] || conf->listen_tds[0];
	int r = 0;
	for (enum gw_roles_gift gift = GW_GIFT_WEB_FILES; r == 0 && gift <= GW_GIFT_WEB_KEY; gift++) {
		if (!conf->listen_web[0] && (!sql || gift == GW_GIFT_WEB_FILES))
			continue;
		scoped(scope_close) int fd = -1;
		r = gw_web_open(conf, gift, &fd, err);
	}
	return r;
}

int gw_web_listen(const struct conf *conf, int *ret_fd, struct err *err)
{
	uint16_t port = 0;
	*ret_fd = -1;
	if (!conf->listen_web[0])
		return 0;
	int r = gw_listen_open(conf->listen_web, ret_fd, &port, err);
	if (r == 0)
		log_ev(LOG_LEVEL_INFO, "web.listening", LOG_S("on", conf->listen_web), LOG_N("port", port));
	return r;
}
