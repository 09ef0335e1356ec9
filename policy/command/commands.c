#include "policy/command/commands.h"
#include "gateway/core/scope.h"

#define REQ POL_ARG_REQUIRED
#define REP POL_ARG_REPEATED

/* clang-format off */
const struct pol_command pol_commands[] = {
	{ "user add", "user.manage", "api.user_add", POL_FD_SECRET_MAYBE, 0, pol_command_user_add,
		{ { "name", REQ, 0 }, { "role", REQ, 0 }, { "key", REP, 16384 }, { "lang", 0, 8 } } },
	{ "user disable", "user.manage", "api.user_disable", 0, 0, pol_command_user_disable, { { "name", REQ, 0 }, { "version", 0, 9 } } },
	{ "user remove", "user.manage", "api.user_remove", 0, 0, pol_command_user_remove, { { "name", REQ, 0 }, { "version", 0, 9 } } },
	{ "user enable", "user.manage", "api.user_enable", 0, 0, NULL, { { "name", REQ, 0 }, { "version", 0, 9 } } },
	{ "user set", "user.manage", "api.user_set", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "role", 0, 0 }, { "lang", 0, 8 }, { "version", 0, 9 } } },
	{ "user rename", "user.manage", "api.user_rename", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "to", REQ, 0 }, { "version", 0, 9 } } },
	{ "user factor", "factor.manage", "api.user_factor", 0, 0, NULL, { { "name", REQ, 0 }, { "policy", REQ, 16 }, { "version", 0, 9 } } },
	{ "user password", "password.set", "api.user_password", POL_FD_SECRET_MAYBE, 0, pol_command_password, { { "name", REQ, 0 } } },
	{ "user list", "user.list", "api.user_list", 0, 0, NULL, { { 0 } } },

	{ "factor list", "factor.list", "api.factor_list", 0, 0, NULL, { { 0 } } },
	{ "factor reset", "factor.manage", "api.factor_reset", 0, 0, NULL, { { "name", REQ, 0 } } },
	{ "factor codes", "factor.manage", "api.factor_codes", POL_FD_FILE, 0, pol_command_factor_codes,
		{ { "name", REQ, 0 } } },

	{ "passkey list", "factor.list", "api.passkey_list", 0, 0, NULL, { { "user", 0, 0 } } },
	{ "passkey begin", NULL, "api.passkey_begin", 0, 0, NULL, { { 0 } } },
	{ "passkey add", NULL, "api.passkey_add", 0, 0, pol_command_passkey_add,
		{ { "name", REQ, 0 }, { "credential", REQ, 1400 }, { "client_data", REQ, 5500 }, { "authenticator_data", REQ, 5500 } } },
	{ "passkey rename", NULL, "api.passkey_rename", 0, 0, NULL, { { "id", REQ, 0 }, { "name", REQ, 0 } } },
	{ "passkey remove", NULL, "api.passkey_remove", 0, 0, NULL, { { "id", REQ, 0 } } },

	{ "me confirm", NULL, "api.me_confirm", POL_FD_SECRET_MAYBE, 0, pol_command_me_confirm, { { 0 } } },
	{ "me password", NULL, "api.me_password", POL_FD_SECRET_MAYBE, 0, pol_command_password, { { 0 } } },
	{ "me enrol", NULL, "api.me_enrol", 0, 0, NULL, { { 0 } } },
	{ "me language", NULL, "api.me_language", 0, 0, NULL, { { "lang", REQ, 8 } } },
	{ "me key-add", NULL, "api.me_key_add", 0, 0, pol_command_me_key_add, { { "key", REQ, 16384 } } },
	{ "me key-remove", NULL, "api.me_key_remove", 0, 0, NULL, { { "key", REQ, 0 } } },
	{ "device forget", NULL, "api.device_forget", 0, 0, NULL, { { "id", REQ, 0 } } },

	{ "certificate issue", "certificate.manage", "api.certificate_issue", POL_FD_FILE, 0, pol_command_certificate_issue,
		{ { "user", REQ, 0 }, { "key", REQ, 16384 }, { "for", 0, 16 }, { "from", REP, 0 } } },
	{ "certificate list", "certificate.list", "api.certificate_list", 0, 0, NULL, { { "user", 0, 0 } } },
	{ "certificate revoke", "certificate.manage", "api.certificate_revoke", 0, 0, NULL,
		{ { "serial", 0, 15 }, { "user", 0, 0 }, { "reason", 0, 500 } } },
	{ "certificate ca", NULL, NULL, 0, 0, pol_command_certificate_ca, { { 0 } } },

	{ "console list", "console.list", "api.console_list", 0, 0, NULL, { { 0 } } },
	{ "console end", "console.end", "api.console_end", 0, 0, NULL, { { "id", REQ, 0 } } },
	{ "console logout", "console.end", "api.console_logout", 0, 0, NULL, { { 0 } } },

	{ "token add", "token.own", "api.token_add", POL_FD_FILE_MAYBE, 0, pol_command_token_add,
		{ { "name", REQ, 0 }, { "scope", REQ | REP, 64 }, { "user", 0, 0 }, { "for", 0, 16 }, { "from", REP, 0 } } },
	{ "token list", "token.list", "api.token_list", 0, 0, NULL, { { 0 } } },
	{ "token revoke", "token.own", "api.token_revoke", 0, 0, NULL, { { "id", REQ, 0 } } },

	{ "group add", "group.manage", "api.group_add", 0, 0, NULL, { { "name", REQ, 0 }, { "network_default", 0, 8 } } },
	{ "group put", "group.put", "api.group_put", 0, 0, NULL, { { "group", REQ, 0 }, { "target", REQ | REP, 0 } } },
	{ "group take", "group.put", "api.group_take", 0, 0, NULL, { { "group", REQ, 0 }, { "target", REQ | REP, 0 } } },
	{ "group remove", "group.manage", "api.group_remove", 0, 0, NULL, { { "name", REQ, 0 }, { "version", 0, 9 } } },
	{ "group rename", "group.manage", "api.group_rename", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "to", REQ, 0 }, { "version", 0, 9 } } },
	{ "group list", "group.list", "api.group_list", 0, 0, NULL, { { 0 } } },
	{ "group admin", "group.manage", "api.group_admin", 0, 0, NULL, { { "group", REQ, 0 }, { "user", REQ, 0 } } },

	{ "cluster add", "cluster.manage", "api.cluster_add", 0, 0, NULL, { { "name", REQ, 0 }, { "network", REQ | REP, 0 } } },
	{ "cluster put", "cluster.put", "api.cluster_put", 0, 0, NULL, { { "cluster", REQ, 0 }, { "target", REQ | REP, 0 } } },
	{ "cluster remove", "cluster.manage", "api.cluster_remove", 0, 0, NULL, { { "name", REQ, 0 }, { "version", 0, 9 } } },
	{ "cluster set", "cluster.manage", "api.cluster_set", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "network", REQ | REP, 0 }, { "version", 0, 9 } } },
	{ "cluster rename", "cluster.manage", "api.cluster_rename", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "to", REQ, 0 }, { "version", 0, 9 } } },
	{ "cluster admin", "cluster.manage", "api.cluster_admin", 0, 0, NULL, { { "cluster", REQ, 0 }, { "user", REQ, 0 } } },
	{ "cluster list", "cluster.list", "api.cluster_list", 0, 0, NULL, { { 0 } } },

	{ "target add", "target.manage", "api.target_add", 0, 60, pol_command_target_add,
		{ { "name", REQ, 0 }, { "kind", REQ, 0 }, { "address", REQ, 300 }, { "cluster", REQ, 0 },
		  { "charset", 0, 16 }, { "legacy", 0, 8 } } },
	{ "target set", "target.manage", "api.target_set", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "address", 0, 300 }, { "charset", 0, 16 }, { "legacy", 0, 8 }, { "version", 0, 9 } } },
	{ "target rename", "target.manage", "api.target_rename", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "to", REQ, 0 }, { "version", 0, 9 } } },
	{ "target remove", "target.manage", "api.target_remove", 0, 0, pol_command_target_remove, { { "name", REQ, 0 }, { "version", 0, 9 } } },
	{ "target list", "target.list", "api.target_list", 0, 0, NULL, { { 0 } } },
	{ "target test", "target.test", "api.target_test", 0, 60, pol_command_target_test, { { "name", REQ, 0 } } },
	{ "target repin", "target.manage", "api.target_repin", 0, 3600, pol_command_target_repin,
		{ { "target", REQ | REP, 0 } } },

	{ "account set", "account.set", "api.account_set", POL_FD_SECRET_MAYBE, 0, pol_command_account_set,
		{ { "target", REQ, 0 }, { "account", REQ, 0 }, { "kind", REQ, 16 }, { "version", 0, 9 } } },
	{ "account remove", "account.set", "api.account_remove", 0, 0, pol_command_account_remove,
		{ { "target", REQ, 0 }, { "account", REQ, 0 }, { "version", 0, 9 } } },

	{ "grant add", "grant.manage", "api.grant_add", 0, 0, NULL,
		{ { "user", REQ, 0 }, { "account", REQ, 0 }, { "target", 0, 0 }, { "group", 0, 0 }, { "from", REP, 0 },
		  { "hours", 0, 512 }, { "until", 0, 0 }, { "feature", REP, 32 }, { "idle", 0, 16 }, { "total", 0, 16 },
		  { "concurrent", 0, 16 }, { "paste", 0, 8 }, { "paste_max", 0, 16 }, { "copy", 0, 8 } } },
	{ "grant remove", "grant.manage", "api.grant_remove", 0, 0, NULL, { { "id", REQ, 0 }, { "version", 0, 9 } } },
	{ "grant list", "grant.list", "api.grant_list", 0, 0, NULL, { { 0 } } },

	{ "import run", NULL, "api.import_run", 0, 0, pol_command_import_run, { { "line", REQ | REP, 4096 }, { "check", 0, 8 } } },
	{ "history list", NULL, "api.history_list", 0, 0, NULL, { { "kind", REQ, 16 }, { "name", REQ, 400 } } },
	{ "request add", "request.ask", "api.request_add", 0, 0, NULL,
		{ { "target", REQ | REP, 0 }, { "reason", REQ, 2000 }, { "until", REQ, 0 }, { "account", 0, 0 }, { "starts", 0, 0 },
		  { "kind", 0, 16 }, { "detail", 0, 4000 } } },
	{ "request list", "request.list", "api.request_list", 0, 0, NULL, { { "state", 0, 16 } } },
	{ "request show", "request.list", "api.request_show", 0, 0, NULL, { { "id", REQ, 18 } } },
	{ "request approve", "request.decide", "api.request_approve", 0, 0, NULL,
		{ { "id", REQ, 18 }, { "until", 0, 0 }, { "reason", 0, 2000 } } },
	{ "request refuse", "request.decide", "api.request_refuse", 0, 0, NULL,
		{ { "id", REQ, 18 }, { "reason", REQ, 2000 } } },
	{ "request withdraw", "request.list", "api.request_withdraw", 0, 0, NULL,
		{ { "id", REQ, 18 }, { "reason", 0, 2000 } } },
	{ "request extend", "request.ask", "api.request_extend", 0, 0, NULL,
		{ { "id", REQ, 18 }, { "until", REQ, 0 }, { "reason", REQ, 2000 } } },
	{ "preapproval add", "request.policy", "api.preapproval_add", 0, 0, NULL,
		{ { "name", REQ, 0 }, { "group", REQ, 0 }, { "longest", REQ, 16 }, { "kind", 0, 16 }, { "role", 0, 0 }, { "user", 0, 0 },
		  { "account", 0, 0 } } },
	{ "preapproval remove", "request.policy", "api.preapproval_remove", 0, 0, NULL, { { "name", REQ, 0 } } },
	{ "preapproval list", "request.policy_list", "api.preapproval_list", 0, 0, NULL, { { 0 } } },

	{ "duty list", "user.list", "api.duty_list", 0, 0, NULL, { { 0 } } },
	{ "duty separate", "duty.manage", "api.duty_separate", 0, 0, NULL, { { "state", REQ, 8 } } },

	{ "ssh-config", "grant.list", "api.ssh_config", 0, 0, NULL, { { "user", REQ, 0 } } },

	{ "session list", "session.list", "api.session_list", 0, 0, NULL,
		{ { "state", 0, 16 }, { "user", 0, 0 }, { "target", 0, 0 } } },
	{ "session watch", "session.watch", "api.session_watch", POL_FD_SOCKET, 0, pol_command_session_watch,
		{ { "id", REQ, 0 } } },
	{ "session kill", "session.control", "api.session_kill", 0, 0, pol_command_session_kill,
		{ { "id", REQ, 0 }, { "reason", REQ, 500 } } },
	{ "session lock", "session.control", "api.session_lock", 0, 0, pol_command_session_lock,
		{ { "id", REQ, 0 }, { "reason", 0, 500 } } },
	{ "session unlock", "session.control", "api.session_unlock", 0, 0, pol_command_session_unlock,
		{ { "id", REQ, 0 }, { "reason", 0, 500 } } },

	{ "recording list", "recording.list", "api.recording_list", 0, 0, NULL,
		{ { "user", 0, 0 }, { "target", 0, 0 } } },
	{ "recording export", "recording.read", "api.recording_export", POL_FD_FILE, 3600, pol_command_recording_export,
		{ { "id", REQ, 0 }, { "format", REQ, 16 } } },
	{ "recording verify", "recording.verify", "api.recording_verify", 0, 3600, pol_command_recording_verify,
		{ { "id", REQ, 0 } } },
	{ "replay", "recording.read", "api.replay", POL_FD_SOCKET, 65000, pol_command_replay,
		{ { "id", REQ, 0 }, { "from", 0, 16 } } },

	{ "file list", "file.list", "api.file_list", 0, 0, NULL,
		{ { "since", 0, 0 }, { "until", 0, 0 }, { "user", 0, 0 }, { "target", 0, 0 }, { "session", 0, 0 },
		  { "sha256", 0, 64 }, { "path", 0, 1000 } } },
	{ "file export", "recording.read", "api.file_export", POL_FD_FILE, 3600, pol_command_file_export,
		{ { "id", REQ, 64 } } },

	{ "audit search", "audit.search", "api.audit_search", 0, 0, pol_command_audit_search,
		{ { "since", 0, 0 }, { "until", 0, 0 }, { "text", 0, 1000 }, { "user", 0, 0 }, { "target", 0, 0 },
		  { "kind", REP, 16 }, { "limit", 0, 8 }, { "before", 0, 48 } } },
	{ "audit reindex", "audit.reindex", "api.audit_reindex", 0, 60, NULL, { { "recording", 0, 0 }, { "all", 0, 8 } } },
	{ "audit export", "audit.read", "api.audit_export", POL_FD_FILE, 3600, pol_command_audit_export, { { 0 } } },
	{ "audit verify", "audit.read", "api.audit_verify", 0, 3600, pol_command_audit_verify, { { 0 } } },

	{ "settings list", "settings.read", "api.settings_list", 0, 0, NULL, { { 0 } } },
	{ "settings get", "settings.read", "api.settings_get", 0, 0, NULL, { { "key", REQ, 0 } } },
	{ "settings set", "settings.set", "api.settings_set", 0, 0, NULL, { { "key", REQ, 0 }, { "value", 0, 8192 }, { "version", 0, 9 } } },
	{ "setup step", "settings.set", "api.setup_step", 0, 0, NULL, { { "step", REQ, 2 } } },
	{ "setup done", "settings.set", "api.setup_done", 0, 0, NULL, { { 0 } } },
	{ "escrow set", "escrow.set", "api.escrow_set", 0, 0, NULL, { { "public_key", REQ, 0 } } },
	{ "samples remove", "samples.remove", "api.samples_remove", 0, 0, NULL, { { 0 } } },
	{ "group retention", "group.manage", "api.group_retention", 0, 0, NULL,
		{ { "group", REQ, 0 }, { "days", REQ, 8 }, { "version", 0, 9 } } },
	{ "group requestable", "group.manage", "api.group_requestable", 0, 0, NULL,
		{ { "group", REQ, 0 }, { "requestable", REQ, 8 }, { "version", 0, 9 } } },
	{ "recording hold", "recording.hold", "api.recording_hold", 0, 0, NULL,
		{ { "id", REQ, 0 }, { "reason", REQ, 500 } } },
	{ "recording release", "recording.hold", "api.recording_release", 0, 0, NULL, { { "id", REQ, 0 } } },
	{ "retention run", "retention.run", "api.retention_run", 0, 3600, pol_command_retention_run, { { 0 } } },
	{ "backup sign", "backup.run", "api.backup_sign", 0, 60, pol_command_backup_sign,
		{ { "hash", REQ, 64 }, { "files", REQ, 18 }, { "bytes", REQ, 18 }, { "key", REQ, 16 }, { "generation", REQ, 4 } } },
	{ "key rotate", "key.rotate", "api.key_rotate", 0, 600, pol_command_key_rotate,
		{ { "ca", 0, 1 }, { "host", 0, 1 }, { "users", 0, 1 } } },
	{ "public keys", NULL, NULL, 0, 0, pol_command_public_keys, { { 0 } } },
	{ "doctor", "doctor.run", "api.doctor", 0, 0, pol_command_doctor, { { 0 } } },
};
/* clang-format on */
const size_t pol_commands_n = COUNT_OF(pol_commands);

const struct pol_command *pol_commands_find(struct span name)
{
	for (size_t i = 0; i < COUNT_OF(pol_commands); i++)
		if (span_is(name, pol_commands[i].name))
			return &pol_commands[i];
	return NULL;
}
