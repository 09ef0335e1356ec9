#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/proc.h"
#include "gateway/core/scope.h"
#include "gateway/parent/parent.h"
#include "gateway/parent/siem.h"
#include "gateway/parent/web.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOFILE = 65536 };

static struct gw_parent parent;

static int usage(int code)
{
	fprintf(code ? stderr : stdout, "usage: yanmend --config FILE [--check]\n"
					"\n"
					"  --config FILE  the configuration\n"
					"  --check        say what is wrong with it, and end\n"
					"  --version      print the version\n");
	return code;
}

static int check_binaries(const struct conf *conf, struct err *err)
{
	char dir[256], path[320], say[160];
	int r = gw_files_libexec(conf, dir, sizeof dir, err);
	for (size_t i = 0; r == 0 && i < gw_roles_n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, gw_roles[i].binary);
		if (!gw_roles_is_used(&gw_roles[i], conf) || access(path, X_OK) == 0)
			continue;
		snprintf(say, sizeof say, "cannot find the program %s: set paths.libexec", gw_roles[i].binary);
		r = fault(err, -errno, say, "%s: %m", path);
	}
	return r;
}

static int check(const struct conf *conf, struct err *err)
{
	scoped(scope_close) int key = -1;
	int r = check_binaries(conf, err);
	if (r == 0)
		r = gw_siem_check(conf, err);
	if (r == 0)
		r = gw_web_check(conf, err);
	return r < 0 ? r : gw_files_key(conf, &key, err);
}

static void on_signal(void *ctx, int sig)
{
	(void)sig;
	gw_stop_begin(ctx);
}

/* Export, web and the SQL workers that wait begin anew, with their files as they are now: after a renewed certificate, or from logrotate. */
static void on_hangup(void *ctx, int sig)
{
	(void)sig;
	gw_service_renew(ctx, WIRE_EXPORT);
	gw_service_renew(ctx, WIRE_WEB);
	struct gw_parent *p = ctx;
	gw_pool_renew(&p->pool, WIRE_MYSQL);
	gw_pool_renew(&p->pool, WIRE_TDS);
}

static int set_up(struct gw_parent *p, const char *config, struct err *err)
{
	int r = check_binaries(&p->conf, err);
	if (r == 0)
		r = gw_files_open(config, &p->conf, &p->files, err);
	if (r == 0)
		r = gw_web_check(&p->conf, err);
	if (r == 0)
		r = gw_web_listen(&p->conf, &p->browsers, err);
	if (r == 0)
		r = gw_listen_open_all(p, err);
	if (r == 0)
		r = loop_new(&p->loop, err);
	if (r == 0)
		r = loop_signal(p->loop, SIGTERM, on_signal, p, err);
	if (r == 0)
		r = loop_signal(p->loop, SIGINT, on_signal, p, err);
	if (r == 0)
		r = loop_signal(p->loop, SIGHUP, on_hangup, p, err);
	if (r < 0)
		return r;
	gw_clients_init(&p->clients);
	gw_pool_init(&p->pool, p);
	gw_rekey_init(p);
	gw_service_start_all(p);
	return gw_listen_start_all(p, err);
}

static int run(const char *config)
{
	struct err err = { 0 };
	log_context("role", "parent");
	log_level_set((enum log_level)parent.conf.log_level);
	(void)signal(SIGPIPE, SIG_IGN);
	long nofile = proc_nofile_raise(NOFILE);
	if (nofile < NOFILE)
		log_ev(LOG_LEVEL_WARN, "few_descriptors", LOG_N("limit", nofile));
	if (set_up(&parent, config, &err) < 0) {
		fprintf(stderr, "yanmend: %s (%s)\n", err.say, err.detail);
		gw_service_kill_all(&parent);
		return EXIT_FAILURE;
	}
	return loop_run(parent.loop);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *config = NULL;
	bool only_check = false;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
		switch (c) {
		case 'c':
			config = optarg;
			break;
		case 'k':
			only_check = true;
			break;
		case 'v':
			puts("yanmend " YANMEN_VERSION);
			return EXIT_SUCCESS;
		default:
			return usage(c == 'h' ? EXIT_SUCCESS : 2);
		}
	if (!config || optind != argc)
		return usage(2);
	struct err err = { 0 };
	if (conf_load(config, &parent.conf, &err) < 0 || (only_check && check(&parent.conf, &err) < 0)) {
		fprintf(stderr, "yanmend: %s (%s)\n", err.say, err.detail);
		return EXIT_FAILURE;
	}
	if (only_check) {
		puts("the configuration is good");
		return EXIT_SUCCESS;
	}
	return run(config);
}
