#ifndef TOOLS_YANMEN_REMOTE_H
#define TOOLS_YANMEN_REMOTE_H
#include "tools/yanmen/connect.h"
/*
 * remote - the talk with a gateway that is elsewhere: the same commands over HTTPS, with an API token.
 *
 * Source:  docs/API.md, "Commands" and "API tokens".
 * Where:   `--url U --token-file F [--ca FILE | --fingerprint SHA256]`, in front of the command; YANMEN_URL; and what is left of them by
 *          ~/.config/yanmen/remote: lines `key = value` with the keys url, token-file, ca and fingerprint.
 * Trust:   the server's certificate is always verified: by the system's CAs, by those of --ca alone, or by being the very one of
 *          --fingerprint.  No proxy, no redirect.  The file and the token's file belong to who calls and are nobody else's (0600).
 *          The token is in no argument and no environment.
 * Errors:  as of connect.h: 0 or an exit code that was told; the server's problem is the answer, with the exit code that the same
 *          refusal has on the gateway itself.
 */
enum { CLI_REMOTE_TEXT = 1024, CLI_REMOTE_TOKEN = 48 };
struct cli_remote {
	char url[CLI_REMOTE_TEXT], token_file[CLI_REMOTE_TEXT], ca[CLI_REMOTE_TEXT], fingerprint[CLI_REMOTE_TEXT];
};
/* Fills what is still empty from the environment and the file.  url stays empty: the gateway is here.  here: a configuration was named,
 * so nothing but an explicit --url looks elsewhere. */
int cli_remote_find(const struct cli *cli, bool here, struct cli_remote *ret);
/* One answer; fd: a sealed memfd with the secret, or -1. */
int cli_remote_ask(const struct cli *cli, const struct cli_call *call, int fd, struct cli_answer *ret);
/* A command that writes a file, into fd.  Its answer is {"output": PATH}. */
int cli_remote_file(const struct cli *cli, const struct cli_call *call, int fd, struct cli_answer *ret);

int cli_remote_token(const struct cli *cli, char ret[static CLI_REMOTE_TOKEN]); /* of its file; 0 or an exit code, told */
/* For tests: "https://host:port" and nothing behind it; 64 hexadecimal digits, with or without colons. */
bool cli_remote_url_is_good(const char *url);
bool cli_remote_fingerprint(const char *text, uint8_t ret[static 32]);
#endif
