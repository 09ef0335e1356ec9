#ifndef POL_COMMANDS_H
#define POL_COMMANDS_H
#include "gateway/core/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct pol_call;
/*
 * commands - THE command table: every change and every look that a person can have goes through one of these rows.
 *
 * Purpose: the CLI and the console's REST API are skins over it, so no door can do what another can't, and nothing escapes the
 *          audit: `sql` checks the permission, does the change and writes its audit row in one transaction.
 * Shape:   run NULL: a plain command, sql(caller, args) is all of it.  Otherwise run does the steps around it.
 */
enum { POL_ARGS_MAX = 28 };
enum pol_arg_flag { POL_ARG_REQUIRED = 1, POL_ARG_REPEATED = 2 };
struct pol_arg {
	const char *key;
	uint8_t flags;
	uint16_t max; /* bytes of a value; 0 = 255 */
};
enum pol_command_fd {
	POL_FD_NONE,
	POL_FD_SECRET_MAYBE /* a sealed memfd */,
	POL_FD_FILE /* regular */,
	POL_FD_SOCKET /* SEQPACKET */,
	POL_FD_FILE_MAYBE /* regular; without one the answer has what the file would */,
	POL_FD_CONTENT /* a sealed memfd: a document */,
	POL_FD_SQL /* a sealed memfd: what is to run on a database */,
};

struct pol_command {
	const char *name, *permission, *sql;
	uint8_t fd;        /* enum pol_command_fd */
	uint16_t within_s; /* 0 = 30 */
	void (*run)(struct pol_call *c);
	struct pol_arg args[POL_ARGS_MAX]; /* ends with key NULL */
};
extern const struct pol_command pol_commands[];
extern const size_t pol_commands_n;
const struct pol_command *pol_commands_find(struct span name);

/* ---- what run points to ---- */
void pol_command_user_add(struct pol_call *c); /* account.c */
void pol_command_user_disable(struct pol_call *c);
void pol_command_certificate_issue(struct pol_call *c); /* certificate.c */
void pol_command_certificate_ca(struct pol_call *c);
void pol_command_factor_codes(struct pol_call *c); /* factor.c */
void pol_command_token_add(struct pol_call *c); /* token.c */
void pol_command_access_add(struct pol_call *c);
void pol_command_me_confirm(struct pol_call *c); /* me.c */
void pol_command_password(struct pol_call *c);
void pol_command_me_key_add(struct pol_call *c);
void pol_command_passkey_add(struct pol_call *c); /* passkey.c */
void pol_command_user_remove(struct pol_call *c);
void pol_command_account_set(struct pol_call *c);
void pol_command_cloud_secret(struct pol_call *c); /* cloud.c */
void pol_command_cloud_open(struct pol_call *c);
void pol_command_target_add(struct pol_call *c); /* target.c */
void pol_command_target_test(struct pol_call *c);
void pol_command_target_repin(struct pol_call *c);
void pol_command_account_rotate(struct pol_call *c); /* rotate.c */
void pol_command_template_apply(struct pol_call *c); /* template.c */
void pol_command_target_remove(struct pol_call *c); /* remove.c */
void pol_command_account_remove(struct pol_call *c);
void pol_command_channel(struct pol_call *c); /* channel.c */
void pol_command_channel_test(struct pol_call *c);
void pol_command_import_run(struct pol_call *c); /* import.c */
void pol_command_session_watch(struct pol_call *c); /* session.c */
void pol_command_session_kill(struct pol_call *c);
void pol_command_session_lock(struct pol_call *c);
void pol_command_session_unlock(struct pol_call *c);
void pol_command_session_message(struct pol_call *c);
void pol_command_recording_export(struct pol_call *c); /* recording.c */
void pol_command_file_export(struct pol_call *c);
void pol_command_recording_index(struct pol_call *c);
void pol_command_recording_verify(struct pol_call *c);
void pol_command_replay(struct pol_call *c);
void pol_command_document_put(struct pol_call *c); /* document.c */
void pol_command_document_get(struct pol_call *c);
void pol_command_rule_try(struct pol_call *c); /* rule.c */
void pol_command_rule_check(struct pol_call *c);
void pol_command_sql_check(struct pol_call *c);
void pol_command_sql_request(struct pol_call *c); /* sql_request.c */
void pol_command_sql_request_show(struct pol_call *c);
void pol_command_audit_search(struct pol_call *c); /* search.c */
void pol_command_audit_save(struct pol_call *c);
void pol_command_audit_export(struct pol_call *c); /* audit.c */
void pol_command_audit_verify(struct pol_call *c);
void pol_command_retention_run(struct pol_call *c); /* retention.c */
void pol_command_backup_sign(struct pol_call *c); /* backup.c */
void pol_command_key_rotate(struct pol_call *c); /* rekey.c */
void pol_command_public_keys(struct pol_call *c); /* doctor.c */
void pol_command_doctor(struct pol_call *c);
#endif
