#include "gateway/parent/files.h"
#include "gateway/core/conf.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "gateway/parent/siem.h"
#include "gateway/parent/web.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct owner {
	uid_t uid;
	gid_t gid;
};

/* Whom a file is given to: ourselves when we are not root. */
static int owner_of(const char *user, struct owner *ret, struct err *err)
{
	*ret = (struct owner){ geteuid(), getegid() };
	if (geteuid() != 0 || !user[0])
		return 0;
	errno = 0;
	const struct passwd *pw = getpwnam(user);
	if (!pw) {
		char say[160];
		snprintf(say, sizeof say, "the OS user %s does not exist", user);
		return fault(err, -ENOENT, say, "getpwnam: %m");
	}
	*ret = (struct owner){ pw->pw_uid, pw->pw_gid };
	return 0;
}

static int complain(struct err *err, int code, const char *what, const char *path)
{
	char say[160];
	snprintf(say, sizeof say, "%.54s: %.100s", what, path);
	errno = -code;
	return fault(err, code, say, "%m");
}

static int make_parents(const char *path)
{
	char part[256];
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int open_dir(const char *path, mode_t mode, struct owner owner, int *ret, struct err *err)
{
	int r = path[0] == '/' ? make_parents(path) : -EINVAL;
	if (r < 0)
		return complain(err, r, "cannot make the folder", path);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return complain(err, -errno, "cannot make the folder", path);
	scoped(scope_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return complain(err, -errno, "cannot open the folder", path);
	if ((st.st_uid != owner.uid || st.st_gid != owner.gid) && fchown(fd, owner.uid, owner.gid) < 0)
		return complain(err, -errno, "cannot give away the folder", path);
	/* chown(2) clears the set-group-ID bit, so the mode comes after it. */
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0)
		return complain(err, -errno, "cannot protect the folder", path);
	*ret = take_fd(fd);
	return 0;
}

int gw_files_key(const struct conf *conf, int *ret_fd, struct err *err)
{
	const char *path = conf->vault_key;
	struct owner vault;
	int r = owner_of(conf->user_vault, &vault, err);
	if (r < 0)
		return r;
	scoped(scope_close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return complain(err, -errno, "cannot open the master key", path);
	if (!S_ISREG(st.st_mode))
		return complain(err, -EINVAL, "the master key is not a regular file", path);
	if (st.st_mode & 0177)
		return complain(err, -EPERM, "the master key is open to others: chmod 0600", path);
	if (st.st_uid != 0 && st.st_uid != vault.uid && st.st_uid != geteuid())
		return complain(err, -EPERM, "the master key belongs to another user", path);
	*ret_fd = take_fd(fd);
	return 0;
}

/* ---- a new key: beside the old one, under its name with ".new" ---- */

static void new_path(const struct gw_files *f, char *ret, size_t size)
{
	snprintf(ret, size, "%s.new", f->conf->vault_key);
}

void gw_files_key_drop(const struct gw_files *f)
{
	char path[sizeof f->conf->vault_key + 8];
	new_path(f, path, sizeof path);
	(void)unlink(path);
}

int gw_files_key_new(const struct gw_files *f, int *ret_fd, struct err *err)
{
	char path[sizeof f->conf->vault_key + 8];
	struct stat old;
	new_path(f, path, sizeof path);
	if (fstat(f->fd[GW_GIFT_KEY], &old) < 0 || (unlink(path) < 0 && errno != ENOENT && errno != EROFS))
		return complain(err, -errno, "cannot make the new key file", path);
	scoped(scope_close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return complain(err, -errno, "cannot make the new key file", path);
	if ((old.st_uid != geteuid() || old.st_gid != getegid()) && fchown(fd, old.st_uid, old.st_gid) < 0) {
		int code = -errno;
		(void)unlink(path);
		return complain(err, code, "cannot give away the new key file", path);
	}
	*ret_fd = take_fd(fd);
	return 0;
}

static int sync_folder_of(const char *path)
{
	char folder[sizeof ((struct conf *)0)->vault_key];
	snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (!slash)
		return -EINVAL;
	slash[slash == folder] = 0;
	scoped(scope_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int gw_files_key_commit(struct gw_files *f, int fd, struct err *err)
{
	const char *path = f->conf->vault_key;
	char fresh[sizeof f->conf->vault_key + 8];
	new_path(f, fresh, sizeof fresh);
	if (fsync(fd) < 0 || rename(fresh, path) < 0)
		return complain(err, -errno, "cannot put the new key file in place", path);
	int r = sync_folder_of(path);
	if (r < 0) /* the name is the new file's already: go on with it */
		log_ev(LOG_LEVEL_ERROR, "rekey.unsynced", LOG_S("path", path), LOG_N("code", r));
	int key = -1;
	r = gw_files_key(f->conf, &key, err);
	if (r < 0)
		return r;
	(void)close(f->fd[GW_GIFT_KEY]);
	f->fd[GW_GIFT_KEY] = key;
	return 0;
}

int gw_files_libexec(const struct conf *conf, char *ret, size_t size, struct err *err)
{
	if (conf->libexec_dir[0]) {
		snprintf(ret, size, "%s", conf->libexec_dir);
		return 0;
	}
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);
	char *slash = n > 0 ? memrchr(ret, '/', (size_t)n) : NULL;
	if (!slash)
		return fault(err, -ENOENT, "cannot find the folder of yanmend: set paths.libexec", "readlink: %m");
	*slash = 0;
	return 0;
}

/* Bound below the locked run folder, so an old socket there is nobody's. */
static int open_cli(const struct conf *conf, int *ret, struct err *err)
{
	enum { BACKLOG = 64 };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int n = snprintf(at.sun_path, sizeof at.sun_path, "%s/control.sock", conf->run_dir);
	if (n < 0 || (size_t)n >= sizeof at.sun_path)
		return complain(err, -ENAMETOOLONG, "the path of the run folder is too long", conf->run_dir);
	struct owner broker;
	int r = owner_of(conf->user_broker, &broker, err);
	if (r < 0)
		return r;
	scoped(scope_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || (unlink(at.sun_path) < 0 && errno != ENOENT))
		return complain(err, -errno, "cannot make the control socket", at.sun_path);
	mode_t mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 ? -errno : 0;
	(void)umask(mask);
	if (r == 0 && (chown(at.sun_path, broker.uid, broker.gid) < 0 || listen(fd, BACKLOG) < 0))
		r = -errno;
	if (r < 0)
		return complain(err, r, "cannot make the control socket", at.sun_path);
	*ret = take_fd(fd);
	return 0;
}

static int open_dirs(const struct conf *conf, struct gw_files *f, struct err *err)
{
	struct owner recorder, reader, broker;
	int r = owner_of(conf->user_recorder, &recorder, err);
	if (r == 0)
		r = owner_of(conf->user_reader, &reader, err);
	if (r == 0)
		r = owner_of(conf->user_broker, &broker, err);
	if (r == 0)
		r = open_dir(conf->run_dir, 0755, (struct owner){ geteuid(), getegid() }, &f->run_dir, err);
	if (r < 0)
		return r;
	if (flock(f->run_dir, LOCK_EX | LOCK_NB) < 0)
		return complain(err, -errno, "another yanmend runs with this run folder", conf->run_dir);
	r = open_dir(conf->recordings_dir, 02750, (struct owner){ recorder.uid, reader.gid },
		&f->fd[GW_GIFT_RECORDINGS], err);
	return r < 0 ? r : open_dir(conf->spool_dir, 0700, broker, &f->fd[GW_GIFT_SPOOL], err);
}

int gw_files_lend(const struct gw_files *f, enum gw_roles_gift gift, int *ret_fd, struct err *err)
{
	if (gift >= GW_GIFT_SIEM_FOLDER && gift <= GW_GIFT_SIEM_KEY)
		return gw_siem_open(f->conf, gift, ret_fd, err);
	if (gift >= GW_GIFT_WEB_FILES && gift <= GW_GIFT_WEB_KEY)
		return gw_web_open(f->conf, gift, ret_fd, err);
	int fd = f->fd[gift];
	bool is_dir = gift == GW_GIFT_RECORDINGS || gift == GW_GIFT_SPOOL;
	int copy = is_dir ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return fault(err, -errno, "", "a descriptor for a new process: %m");
	if (!is_dir && lseek(copy, 0, SEEK_SET) < 0) {
		(void)close(copy);
		return fault(err, -EINVAL, "", "a file that cannot be read from its start");
	}
	*ret_fd = copy;
	return 0;
}

int gw_files_open(const char *config, const struct conf *conf, struct gw_files *ret, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(ret->fd); i++)
		ret->fd[i] = -1;
	ret->run_dir = ret->cli = -1;
	ret->conf = conf;
	ret->fd[GW_GIFT_CONFIG] = open(config, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (ret->fd[GW_GIFT_CONFIG] < 0)
		return complain(err, -errno, "cannot open the configuration", config);
	int r = gw_files_key(conf, &ret->fd[GW_GIFT_KEY], err);
	if (r == 0)
		r = gw_siem_prepare(conf, err);
	if (r == 0)
		r = open_dirs(conf, ret, err);
	if (r < 0)
		return r;
	gw_files_key_drop(ret); /* ours: no other yanmend runs */
	return open_cli(conf, &ret->cli, err);
}
