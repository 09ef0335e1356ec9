#include "webterm/files.h"
#include "gateway/core/err.h"
#include "gateway/core/log.h"
#include "gateway/core/scope.h"
#include "webterm/answer.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 1024, BYTES_MAX = 32 << 20, NAME_SIZE = 128, NONCE = 25 };
static const char mark[] = "__CSP_NONCE__";

/* The better one first. */
static const struct {
	const char *ending, *headers;
	enum web_coding coding;
} codings[] = {
	{ ".br", "Content-Encoding: br\r\nVary: Accept-Encoding\r\n", WEB_CODING_BR },
	{ ".gz", "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n", WEB_CODING_GZIP },
};

struct file {
	char name[NAME_SIZE]; /* "/assets/index-1a2b.js" */
	struct span bytes, packed[COUNT_OF(codings)];
};

struct web_files {
	struct file *files;
	size_t n, bytes;
};

struct web_files *web_files_new(void)
{
	struct web_files *f = calloc(1, sizeof *f);
	if (!f || !(f->files = calloc(FILES_MAX, sizeof *f->files)))
		abort();
	return f;
}

struct web_files *web_files_free(struct web_files *f)
{
	for (size_t i = 0; f && i < f->n; i++) {
		free((void *)(uintptr_t)f->files[i].bytes.p);
		for (size_t c = 0; c < COUNT_OF(codings); c++)
			free((void *)(uintptr_t)f->files[i].packed[c].p);
	}
	free(f ? f->files : NULL);
	free(f);
	return NULL;
}

/* ---- reading ---- */

static struct file *find(struct web_files *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->files[i].name, name) == 0)
			return &f->files[i];
	return NULL;
}

static struct file *place(struct web_files *f, const char *name)
{
	struct file *at = find(f, name);
	if (!at && f->n < FILES_MAX) {
		at = &f->files[f->n++];
		(void)snprintf(at->name, sizeof at->name, "%s", name);
	}
	return at;
}

static int read_all(int fd, size_t n, struct span *ret)
{
	scoped(scope_free) uint8_t *bytes = malloc(n + 1);
	size_t got = 0;
	while (bytes && got < n) {
		ssize_t k = pread(fd, bytes + got, n - got, (off_t)got);
		if (k <= 0)
			return k < 0 ? -errno : -EIO;
		got += (size_t)k;
	}
	if (!bytes)
		return -ENOMEM;
	*ret = span_of(take(bytes), n);
	return 0;
}

static int take_file(struct web_files *f, int folder, const char *prefix, const char *entry)
{
	char name[NAME_SIZE];
	struct stat st;
	scoped(scope_close) int fd = openat(folder, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	int n = snprintf(name, sizeof name, "%s%s", prefix, entry);
	if (n < 0 || (size_t)n >= sizeof name || f->bytes + (size_t)st.st_size > BYTES_MAX)
		return -EMSGSIZE;
	size_t c = 0;
	while (c < COUNT_OF(codings) && (n <= 3 || strcmp(name + n - 3, codings[c].ending) != 0))
		c++;
	if (c < COUNT_OF(codings))
		name[n - 3] = 0;
	struct file *at = place(f, name);
	if (!at)
		return -EMSGSIZE;
	f->bytes += (size_t)st.st_size;
	return read_all(fd, (size_t)st.st_size, c < COUNT_OF(codings) ? &at->packed[c] : &at->bytes);
}

static int read_folder(struct web_files *f, int fd, const char *prefix, struct err *err)
{
	DIR *dir = fdopendir(fd); /* takes fd */
	if (!dir) {
		int r = fault(err, -errno, "web.files cannot be read", "%s: %m", prefix);
		(void)close(fd);
		return r;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		int r = take_file(f, dirfd(dir), prefix, e->d_name);
		if (r < 0)
			log_ev(LOG_LEVEL_WARN, "web.file", LOG_S("name", e->d_name), LOG_S("why", strerror(-r)));
	}
	(void)closedir(dir);
	return 0;
}

int web_files_read(struct web_files *f, int folder, struct err *err)
{
	int top = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = top < 0 ? fault(err, -errno, "web.files cannot be read", "%m") : read_folder(f, top, "/", err);
	int assets = r < 0 ? -1 : openat(folder, "assets", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (assets >= 0)
		r = read_folder(f, assets, "/assets/", err);
	if (r == 0 && !find(f, "/index.html"))
		r = fault(err, -ENOENT, "web.files cannot be read", "there is no index.html");
	return r;
}

/* ---- answering ---- */

static const char *type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = { { ".html", "text/html; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" }, { ".svg", "image/svg+xml" }, { ".png", "image/png" }, { ".ico", "image/x-icon" },
		{ ".woff2", "font/woff2" }, { ".json", "application/json" }, { ".webmanifest", "application/manifest+json" },
		{ ".txt", "text/plain; charset=utf-8" }, { ".wasm", "application/wasm" } };
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < COUNT_OF(types); i++)
		if (strcmp(dot, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

void web_files_file(struct web_request *r)
{
	char *path = NULL, name[NAME_SIZE];
	int n = 0;
	if (lws_http_get_uri_and_method(r->conn->wsi, &path, &n) < 0)
		n = 0;
	(void)snprintf(name, sizeof name, "%.*s", n, path ? path : "");
	const struct file *f = find(r->web->files, name);
	if (strcmp(name, "/index.html") == 0) {
		web_files_page(r);
		return;
	}
	if (!f || !f->bytes.p) {
		web_answer_problem(r, WEB_PROBLEM_NOT_FOUND, (struct span){ 0 });
		return;
	}
	struct web_answer a = { .type = type_of(f->name), .body = f->bytes, .lives = true, .forever = strncmp(name, "/assets/", 8) == 0 };
	for (size_t c = COUNT_OF(codings); c-- > 0;) {
		if (f->packed[c].p && !a.headers)
			a.headers = "Vary: Accept-Encoding\r\n";
		if (f->packed[c].p && (r->codings & codings[c].coding)) {
			a.body = f->packed[c];
			a.headers = codings[c].headers;
		}
	}
	web_answer(r, &a);
}

void web_files_page(struct web_request *r)
{
	const struct file *f = find(r->web->files, "/index.html");
	uint8_t random[16];
	char nonce[NONCE];
	struct buf body;
	if (!f) {
		web_answer_problem(r, WEB_PROBLEM_NOT_FOUND, span_str("the console's pages are not installed"));
		return;
	}
	randombytes_buf(random, sizeof random);
	(void)sodium_bin2base64(nonce, sizeof nonce, random, sizeof random, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_init(&body, 1 << 20);
	struct span rest = f->bytes;
	while (rest.n > 0) {
		const uint8_t *at = memmem(rest.p, rest.n, mark, sizeof mark - 1);
		size_t n = at ? (size_t)(at - rest.p) : rest.n;
		buf_put(&body, rest.p, n);
		if (at) {
			buf_put(&body, nonce, strlen(nonce));
			n += sizeof mark - 1;
		}
		rest = span_of(rest.p + n, rest.n - n);
	}
	web_answer(r, &(struct web_answer){
		.type = "text/html; charset=utf-8", .nonce = nonce, .body = buf_span(&body) });
	buf_done(&body);
}
