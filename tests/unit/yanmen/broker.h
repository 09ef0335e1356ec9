#ifndef TESTS_UNIT_YANMEN_BROKER_H
#define TESTS_UNIT_YANMEN_BROKER_H
#include "tests/unit/core/unit.h"
#include "gateway/core/buf.h"
#include "gateway/core/msg.h"
#include <sys/types.h>
/* broker - runs the real CLI and plays the broker for it: socket, command, answers, files. */
struct bench {
	char dir[64], conf[96];
	int listening, client; /* the CLI's connection; -1 */
	pid_t pid;
	int out, err;    /* files with what it printed */
	int fd;          /* that came with the command; -1 */
	char args[8192]; /* key=value;... */
	char out_text[65536], err_text[65536];
};
extern const char *bench_program;

void bench_open(struct bench *b);
void bench_close(struct bench *b);
const char *bench_path(struct bench *b, const char *name); /* below dir; valid until the next but three calls */
/* Starts `yanmen --config CONF ARGS...`. */
void bench_start(struct bench *b, const char *const *args);
/* Waits for its command. */
void bench_command(struct bench *b, const char *name);
void bench_answer(struct bench *b, int more, int exit, const char *json, const char *say);
int bench_end(struct bench *b); /* its exit code; fills out_text and err_text */
void bench_write(const char *path, struct span bytes, unsigned mode);
#define START(b, ...) bench_start(b, (const char *const[]){ __VA_ARGS__, NULL })
#endif
