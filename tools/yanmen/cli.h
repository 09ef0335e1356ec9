#ifndef TOOLS_YANMEN_CLI_H
#define TOOLS_YANMEN_CLI_H
#include "gateway/core/buf.h"
#include "gateway/core/conf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct err;
/*
 * cli - what every file of the CLI shares.
 *
 * main.c     global options, finds the command           command.c  the table: one row a command
 * args.c     argv by a row of the table                  say.c      words for the person, exit codes
 * connect.c  the talk with the broker                    table.c    answers as aligned columns
 * remote.c   the same, over HTTPS                        remote_find.c  where that is
 * the rest: one file for each command that does more than ask the broker
 */
enum cli_exit { CLI_DONE, CLI_FAILED, CLI_USAGE, CLI_NOT_FOUND, CLI_NOT_ALLOWED };

struct cli_remote;
struct cli {
	struct conf conf;
	const char *config; /* its path */
	bool json;
	bool zh;
	const struct cli_remote *remote; /* the gateway is elsewhere (remote.h); NULL = here */
};

enum cli_kind {
	CLI_WORD,    /* positional */
	CLI_WORDS,   /* the positionals that are left, at least one */
	CLI_TEXT,    /* --name VALUE */
	CLI_MANY,    /* --name VALUE, may be repeated */
	CLI_SPREAD,  /* as CLI_MANY, and takes the positionals that are left over: --network A B */
	CLI_FLAG,    /* --name */
	CLI_LINES,   /* --name FILE: each line of the file is a value; may be repeated */
	CLI_SECRET,  /* --name FILE: goes as a sealed memfd, never as text */
	CLI_CONTENT, /* --name FILE: a document; goes the same way */
	CLI_SQL,     /* --name FILE: SQL, in UTF-8; goes the same way */
	CLI_SINCE,   /* --name 1h | 30m | 7d | RFC3339: a time, back from now */
	CLI_UNTIL,   /* the same, ahead from now */
	CLI_SECONDS, /* --name 30m: a duration */
};
struct cli_param {
	enum cli_kind kind;
	const char *name; /* "--role", or the word of a positional in the usage line */
	const char *key;  /* of the broker's argument; NULL: stays here */
	bool needed;
	uint8_t choice;         /* of those with the same number, one must be given (see cli_command.choices) */
	const char *kind_value; /* given: the argument "kind" has this value */
	const char *fixed;      /* CLI_FLAG: the value sent */
};
struct cli_call;
enum { CLI_PARAMS = 28, CLI_CHOICES = 2, CLI_VALUES = 512 };
struct cli_choice {
	bool at_most_one;
	const char *en, *zh; /* said when none, or more than one, was given */
};
struct cli_command {
	const char *words; /* as typed; also the broker's name for it, unless `wire` is set */
	const char *wire;
	const char *form;    /* what follows the words */
	const char *en, *zh; /* what it does, one line */
	const char *example; /* behind "yanmen " */
	const char *notes_en, *notes_zh;
	const char *columns; /* of a list, for a person: keys with commas between; NULL = all */
	bool offline;        /* needs no configuration */
	bool here;           /* works on the gateway itself alone */
	struct cli_param params[CLI_PARAMS];
	struct cli_choice choices[CLI_CHOICES];
	int (*run)(const struct cli *cli, struct cli_call *call); /* NULL: ask the broker, show the answer */
};
extern const struct cli_command cli_commands[];
extern const size_t cli_commands_n;

struct cli_value {
	const struct cli_param *param;
	const char *text; /* from argv, or owned by the call's lines */
};
/* One command as it was typed. */
struct cli_call {
	const struct cli_command *command;
	struct cli_value values[CLI_VALUES];
	size_t n;
	char *owned[CLI_VALUES]; /* texts that did not come from argv */
	size_t owned_n;
	int secret; /* descriptor, -1 = none */
};
#endif
