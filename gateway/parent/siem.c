#include "gateway/parent/siem.h"
#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/scope.h"
#include "gateway/parent/pem.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int complain(struct err *err, int code, const char *what, const char *path)
{
	char say[160];
	snprintf(say, sizeof say, "%.54s: %.100s", what, path);
	errno = -code;
	return fault(err, code, say, "%m");
}

static void folder_of(const struct conf *conf, char *ret, size_t size)
{
	snprintf(ret, size, "%s", conf->siem_file);
	char *slash = strrchr(ret, '/'); /* the configuration was checked: it is absolute */
	slash[slash == ret] = 0;
}

int gw_siem_open(const struct conf *conf, enum gw_roles_gift gift, int *ret_fd, struct err *err)
{
	char folder[sizeof conf->siem_file];
	const char *path = gift == GW_GIFT_SIEM_FOLDER ? conf->siem_file
			   : gift == GW_GIFT_SIEM_CA ? conf->siem_ca
			   : gift == GW_GIFT_SIEM_KEY ? conf->siem_key
						       : conf->siem_certificate;
	bool is_folder = gift == GW_GIFT_SIEM_FOLDER;
	if (path[0] && !is_folder)
		return gw_pem_open(gift == GW_GIFT_SIEM_KEY ? GW_PEM_KEY : GW_PEM_OPEN, "siem", path, ret_fd, err);
	if (is_folder && path[0]) {
		folder_of(conf, folder, sizeof folder);
		path = folder;
	}
	int fd = open(path[0] ? path : "/dev/null", O_RDONLY | O_CLOEXEC | (path[0] ? O_DIRECTORY : 0));
	if (fd < 0)
		return complain(err, -errno, "cannot open the folder of siem.file", path);
	*ret_fd = fd;
	return 0;
}

static int check_pem(const struct conf *conf, struct err *err)
{
	static const enum gw_roles_gift gifts[] = { GW_GIFT_SIEM_CA, GW_GIFT_SIEM_CERTIFICATE, GW_GIFT_SIEM_KEY };
	int r = 0;
	for (size_t i = 0; r == 0 && i < COUNT_OF(gifts); i++) {
		scoped(scope_close) int fd = -1;
		r = gw_siem_open(conf, gifts[i], &fd, err);
	}
	return r;
}

int gw_siem_check(const struct conf *conf, struct err *err)
{
	scoped(scope_close) int folder = -1;
	struct err none = { 0 };
	int r = check_pem(conf, err);
	if (r < 0)
		return r;
	r = gw_siem_open(conf, GW_GIFT_SIEM_FOLDER, &folder, &none);
	if (r < 0 && r != -ENOENT) { /* one that is missing is made at the start */
		*err = none;
		return r;
	}
	return 0;
}

/* For the OS user of the export; ourselves when we are not root. */
static int make_folder(const struct conf *conf, const char *path, struct err *err)
{
	const struct passwd *user = NULL;
	if (mkdir(path, 0750) < 0)
		return complain(err, -errno, "cannot make the folder of siem.file", path);
	if (geteuid() == 0 && conf->user_export[0] && !(user = getpwnam(conf->user_export)))
		return complain(err, -ENOENT, "this OS user of users.export does not exist", conf->user_export);
	if (user && chown(path, user->pw_uid, user->pw_gid) < 0)
		return complain(err, -errno, "cannot give away the folder of siem.file", path);
	return 0;
}

int gw_siem_prepare(const struct conf *conf, struct err *err)
{
	scoped(scope_close) int folder = -1;
	char path[sizeof conf->siem_file];
	int r = check_pem(conf, err);
	if (r < 0 || !conf->siem_file[0])
		return r;
	if (gw_siem_open(conf, GW_GIFT_SIEM_FOLDER, &folder, err) != -ENOENT)
		return folder < 0 ? err->code : 0;
	folder_of(conf, path, sizeof path);
	return make_folder(conf, path, err);
}
