/* inject PID NUMBER [ARGUMENT...] - one system call in a running process.
 * Prints "killed by SIGNAL" or "returned VALUE". */
#include "tests/integration/inject/inject.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	long args[6] = { 0 };
	struct inject_result result;
	if (argc < 3 || argc > 9) {
		fprintf(stderr, "usage: inject PID NUMBER [ARGUMENT...]\n");
		return 2;
	}
	for (int i = 3; i < argc; i++)
		args[i - 3] = strtol(argv[i], NULL, 0);
	pid_t pid = (pid_t)strtol(argv[1], NULL, 10);
	int r = inject_seize(pid, false);
	if (r == 0)
		r = inject_call(pid, strtol(argv[2], NULL, 0), args, &result);
	if (r < 0) {
		fprintf(stderr, "inject: %s\n", strerror(-r));
		return 1;
	}
	if (result.signal)
		printf("killed by %d\n", result.signal);
	else
		printf("returned %ld\n", result.value);
	return 0;
}
