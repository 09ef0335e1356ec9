#include "sqlproxy/classify/tsql_proc.h"
#include "gateway/core/scope.h"
#include "policy/decide/sql.h"
#include <string.h>

#define C(name) DECIDE_SQL_CLASS(name)
#define F(name) DECIDE_SQL_FLAG(name)
enum { NAME_MAX_UNITS = 128, END_OF_TEXT = CLASSIFY_TSQL_END_OF_TEXT };

static const struct classify_tsql_proc procs[] = {
	/* SQL in an argument */
	{ "sp_executesql", 0, F(DYNAMIC), 1 },
	{ "sp_prepare", C(PREPARE), F(DYNAMIC), 3 },
	{ "sp_prepexec", C(PREPARE) | C(EXECUTE), F(DYNAMIC), 3 },
	{ "sp_prepexecrpc", C(PREPARE) | C(EXECUTE), F(DYNAMIC), 2 },
	{ "sp_execute", C(EXECUTE), F(DYNAMIC), 0 },
	{ "sp_unprepare", C(DEALLOCATE), 0, 0 },
	{ "sp_cursor", C(INSERT) | C(UPDATE) | C(DELETE), F(DYNAMIC), 0 },
	{ "sp_cursoropen", 0, F(DYNAMIC), 2 },
	{ "sp_cursorprepare", C(PREPARE), F(DYNAMIC), 3 },
	{ "sp_cursorprepexec", C(PREPARE) | C(EXECUTE), F(DYNAMIC), 4 },
	{ "sp_cursorexecute", C(EXECUTE), F(DYNAMIC), 0 },
	{ "sp_cursorunprepare", C(DEALLOCATE), 0, 0 },
	{ "sp_msforeachtable", 0, F(DYNAMIC), 1 },
	{ "sp_msforeachdb", 0, F(DYNAMIC), 1 },
	{ "sp_msforeach_worker", 0, F(DYNAMIC), 1 },
	{ "sp_execresultset", 0, F(DYNAMIC), 1 },
	{ "xp_execresultset", 0, F(DYNAMIC), 1 },
	{ "sp_add_jobstep", C(ADMIN), F(DYNAMIC) | F(OSCMD), 255 },
	{ "sp_update_jobstep", C(ADMIN), F(DYNAMIC) | F(OSCMD), 255 },
	{ "sp_send_dbmail", C(ADMIN), F(DYNAMIC) | F(FILE_READ), 255 },
	{ "xp_sendmail", C(ADMIN), F(DYNAMIC) | F(FILE_READ), 255 },
	{ "sp_create_plan_guide", C(ADMIN), 0, 0 },
	/* The machine, and code on it */
	{ "xp_cmdshell", 0, F(OSCMD), 0 },
	{ "sp_oa*", 0, F(OSCMD) | F(CODE), 0 },
	{ "sp_execute_external_script", 0, F(OSCMD) | F(CODE), 0 },
	{ "xp_dirtree", 0, F(OSCMD) | F(FILE_READ), 0 },
	{ "xp_fileexist", 0, F(OSCMD) | F(FILE_READ), 0 },
	{ "xp_subdirs", 0, F(OSCMD) | F(FILE_READ), 0 },
	{ "xp_getfiledetails", 0, F(OSCMD) | F(FILE_READ), 0 },
	{ "xp_create_subdir", 0, F(OSCMD) | F(FILE_WRITE), 0 },
	{ "xp_delete_file*", 0, F(OSCMD) | F(FILE_WRITE), 0 },
	{ "xp_copy_file*", 0, F(OSCMD) | F(FILE_READ) | F(FILE_WRITE), 0 },
	{ "xp_servicecontrol", C(ADMIN), F(OSCMD), 0 },
	{ "xp_terminate_process", C(ADMIN), F(OSCMD), 0 },
	{ "xp_regread", 0, F(FILE_READ), 0 },
	{ "xp_instance_regread", 0, F(FILE_READ), 0 },
	{ "xp_regenum*", 0, F(FILE_READ), 0 },
	{ "xp_instance_regenum*", 0, F(FILE_READ), 0 },
	{ "xp_reg*", C(ADMIN), F(OSCMD), 0 },
	{ "xp_instance_reg*", C(ADMIN), F(OSCMD), 0 },
	{ "xp_readerrorlog", 0, F(FILE_READ), 0 },
	{ "sp_readerrorlog", 0, F(FILE_READ), 0 },
	{ "xp_enumerrorlogs", 0, F(FILE_READ), 0 },
	{ "xp_fixeddrives", 0, F(FILE_READ), 0 },
	{ "xp_availablemedia", 0, F(FILE_READ), 0 },
	{ "sp_makewebtask", C(ADMIN), F(FILE_WRITE) | F(DYNAMIC), 255 },
	{ "sp_addextendedproc", C(CREATE), F(CODE), 0 },
	{ "sp_dropextendedproc", C(DROP), F(CODE), 0 },
	{ "sp_add_trusted_assembly", C(ADMIN), F(CODE), 0 },
	{ "sp_drop_trusted_assembly", C(ADMIN), F(CODE), 0 },
	{ "sp_procoption", C(ADMIN), 0, 0 },
	/* Extended procedures that only tell something */
	{ "xp_msver", 0, 0, 0 },
	{ "xp_qv", 0, 0, 0 },
	{ "xp_sscanf", 0, 0, 0 },
	{ "xp_sprintf", 0, 0, 0 },
	{ "xp_loginconfig", 0, 0, 0 },
	{ "xp_logininfo", 0, 0, 0 },
	{ "xp_getnetname", 0, 0, 0 },
	{ "xp_*", 0, F(CODE), 0 },
	/* Other servers */
	{ "sp_addlinkedserver", C(ADMIN), F(REMOTE), 0 },
	{ "sp_addlinkedsrvlogin", C(ADMIN) | C(GRANT), F(REMOTE), 0 },
	{ "sp_droplinkedsrvlogin", C(ADMIN) | C(GRANT), F(REMOTE), 0 },
	{ "sp_addserver", C(ADMIN), F(REMOTE), 0 },
	{ "sp_dropserver", C(ADMIN), F(REMOTE), 0 },
	{ "sp_serveroption", C(ADMIN), F(REMOTE), 0 },
	{ "sp_addremotelogin", C(ADMIN) | C(GRANT), F(REMOTE), 0 },
	{ "sp_invoke_external_rest_endpoint", 0, F(REMOTE), 0 },
	/* Who may what */
	{ "sp_addlogin", C(GRANT), 0, 0 },
	{ "sp_droplogin", C(GRANT), 0, 0 },
	{ "sp_password", C(GRANT), 0, 0 },
	{ "sp_defaultdb", C(GRANT), 0, 0 },
	{ "sp_defaultlanguage", C(GRANT), 0, 0 },
	{ "sp_grantlogin", C(GRANT), 0, 0 },
	{ "sp_denylogin", C(GRANT), 0, 0 },
	{ "sp_revokelogin", C(GRANT), 0, 0 },
	{ "sp_addsrvrolemember", C(GRANT), 0, 0 },
	{ "sp_dropsrvrolemember", C(GRANT), 0, 0 },
	{ "sp_adduser", C(GRANT), 0, 0 },
	{ "sp_dropuser", C(GRANT), 0, 0 },
	{ "sp_grantdbaccess", C(GRANT), 0, 0 },
	{ "sp_revokedbaccess", C(GRANT), 0, 0 },
	{ "sp_addrole", C(GRANT), 0, 0 },
	{ "sp_droprole", C(GRANT), 0, 0 },
	{ "sp_addrolemember", C(GRANT), 0, 0 },
	{ "sp_droprolemember", C(GRANT), 0, 0 },
	{ "sp_addgroup", C(GRANT), 0, 0 },
	{ "sp_dropgroup", C(GRANT), 0, 0 },
	{ "sp_changegroup", C(GRANT), 0, 0 },
	{ "sp_addalias", C(GRANT), 0, 0 },
	{ "sp_dropalias", C(GRANT), 0, 0 },
	{ "sp_addapprole", C(GRANT), 0, 0 },
	{ "sp_dropapprole", C(GRANT), 0, 0 },
	{ "sp_approlepassword", C(GRANT), 0, 0 },
	{ "sp_changedbowner", C(GRANT), 0, 0 },
	{ "sp_changeobjectowner", C(GRANT), 0, 0 },
	{ "sp_change_users_login", C(GRANT), 0, 0 },
	{ "sp_validatelogins", 0, 0, 0 },
	{ "sp_xp_cmdshell_proxy_account", C(GRANT), F(OSCMD), 0 },
	{ "sp_control_dbmasterkey_password", C(GRANT), 0, 0 },
	{ "sp_addsignature*", C(GRANT), 0, 0 },
	{ "sp_setapprole", C(GRANT), F(IMPERSONATE), 0 },
	{ "sp_unsetapprole", C(GRANT), F(IMPERSONATE), 0 },
	/* The server's and the database's settings */
	{ "sp_configure", C(ADMIN), F(SET_GLOBAL), 0 },
	{ "sp_dboption", C(ADMIN) | C(ALTER), 0, 0 },
	{ "sp_dbcmptlevel", C(ADMIN) | C(ALTER), 0, 0 },
	{ "sp_db_vardecimal_storage_format", C(ADMIN) | C(ALTER), 0, 0 },
	{ "sp_set_firewall_rule", C(ADMIN), 0, 0 },
	{ "sp_set_database_firewall_rule", C(ADMIN), 0, 0 },
	{ "sp_delete_firewall_rule", C(ADMIN), 0, 0 },
	{ "sp_delete_database_firewall_rule", C(ADMIN), 0, 0 },
	{ "sp_attach_db", C(ADMIN) | C(CREATE), F(FILE_READ), 0 },
	{ "sp_attach_single_file_db", C(ADMIN) | C(CREATE), F(FILE_READ), 0 },
	{ "sp_detach_db", C(ADMIN) | C(DROP), 0, 0 },
	{ "sp_create_removable", C(ADMIN) | C(CREATE), F(FILE_WRITE), 0 },
	{ "sp_certify_removable", C(ADMIN), F(FILE_WRITE), 0 },
	{ "sp_addumpdevice", C(ADMIN), F(FILE_WRITE), 0 },
	{ "sp_dropdevice", C(ADMIN), F(FILE_WRITE), 0 },
	{ "sp_addmessage", C(ADMIN), 0, 0 },
	{ "sp_altermessage", C(ADMIN), 0, 0 },
	{ "sp_dropmessage", C(ADMIN), 0, 0 },
	{ "sp_cycle_errorlog", C(ADMIN), 0, 0 },
	{ "sp_cycle_agent_errorlog", C(ADMIN), 0, 0 },
	{ "sp_updatestats", C(ADMIN), 0, 0 },
	{ "sp_createstats", C(ADMIN), 0, 0 },
	{ "sp_autostats", C(ADMIN), 0, 0 },
	{ "sp_recompile", C(ADMIN), 0, 0 },
	{ "sp_clean_db_*", C(ADMIN), 0, 0 },
	{ "sp_trace_*", C(ADMIN), F(FILE_WRITE), 0 },
	{ "sp_monitor", 0, 0, 0 },
	{ "sp_start_job", C(ADMIN), F(DYNAMIC), 0 },
	{ "sp_stop_job", C(ADMIN), 0, 0 },
	{ "sp_add_job*", C(ADMIN), 0, 0 },
	{ "sp_update_job*", C(ADMIN), 0, 0 },
	{ "sp_delete_job*", C(ADMIN), 0, 0 },
	{ "sp_add_schedule", C(ADMIN), 0, 0 },
	{ "sp_update_schedule", C(ADMIN), 0, 0 },
	{ "sp_delete_schedule", C(ADMIN), 0, 0 },
	{ "sp_attach_schedule", C(ADMIN), 0, 0 },
	{ "sp_detach_schedule", C(ADMIN), 0, 0 },
	{ "sp_add_alert", C(ADMIN), 0, 0 },
	{ "sp_add_operator", C(ADMIN), 0, 0 },
	{ "sp_add_proxy", C(ADMIN), F(IMPERSONATE), 0 },
	{ "sp_grant_*", C(GRANT), 0, 0 },
	{ "sp_purge_jobhistory", C(ADMIN) | C(DELETE), 0, 0 },
	{ "sp_delete_backuphistory", C(ADMIN) | C(DELETE), 0, 0 },
	{ "sp_delete_database_backuphistory", C(ADMIN) | C(DELETE), 0, 0 },
	{ "sysmail_*", C(ADMIN), 0, 0 },
	/* Objects */
	{ "sp_rename", C(RENAME), 0, 0 },
	{ "sp_renamedb", C(RENAME), 0, 0 },
	{ "sp_tableoption", C(ALTER), 0, 0 },
	{ "sp_indexoption", C(ALTER), 0, 0 },
	{ "sp_settriggerorder", C(ALTER), 0, 0 },
	{ "sp_bindrule", C(ALTER), 0, 0 },
	{ "sp_unbindrule", C(ALTER), 0, 0 },
	{ "sp_bindefault", C(ALTER), 0, 0 },
	{ "sp_unbindefault", C(ALTER), 0, 0 },
	{ "sp_addtype", C(CREATE), 0, 0 },
	{ "sp_droptype", C(DROP), 0, 0 },
	{ "sp_refreshview", C(ALTER), 0, 0 },
	{ "sp_refreshsqlmodule", C(ALTER), 0, 0 },
	{ "sp_addextendedproperty", C(ALTER), 0, 0 },
	{ "sp_updateextendedproperty", C(ALTER), 0, 0 },
	{ "sp_dropextendedproperty", C(ALTER), 0, 0 },
	{ "sp_fulltext_*", C(ALTER), 0, 0 },
	{ "sp_cdc_*", C(ADMIN), 0, 0 },
	{ "sp_sequence_get_range", C(UPDATE), 0, 0 },
	/* The rest */
	{ "sp_getapplock", C(LOCK), 0, 0 },
	{ "sp_releaseapplock", C(LOCK), 0, 0 },
	{ "sp_set_session_context", C(SET), 0, 0 },
	{ "sp_repl*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_addpublication*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_addsubscri*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_addpullsubscription*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_addpushsubscription*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_addarticle", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_addmerge*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_adddistribut*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_droppublication", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_dropsubscri*", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_droparticle", C(REPL) | C(ADMIN), 0, 0 },
	{ "sp_dropdistribut*", C(REPL) | C(ADMIN), 0, 0 },
};

static const struct classify_tsql_proc functions[] = {
	{ "fn_get_audit_file*", 0, F(FILE_READ), 0 },
	{ "fn_xe_file_target_read_file", 0, F(FILE_READ), 0 },
	{ "fn_trace_gettable", 0, F(FILE_READ), 0 },
	{ "fn_dump_dblog*", 0, F(FILE_READ), 0 },
	{ "fn_full_dblog", 0, F(FILE_READ), 0 },
	{ "dm_os_enumerate_filesystem", 0, F(FILE_READ), 0 },
	{ "dm_os_file_exists", 0, F(FILE_READ), 0 },
};

static uint32_t fold(uint32_t unit)
{
	return unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit;
}

/* How many letters of Latin a collation may take it for.  Letters of other scripts are none. */
struct loose {
	uint16_t from, to;
	uint8_t least, most;
	bool any; /* the low line as well */
};
static const struct loose looses[] = {
	{ 0x80, 0xbf, 0, 1, true },     /* signs, small letters above the line */
	{ 0xc0, 0x24f, 1, 2, false },   /* letters with accents, ligatures */
	{ 0x250, 0x2ff, 0, 1, false },  /* phonetic letters */
	{ 0x300, 0x36f, 0, 0, false },  /* accents */
	{ 0x1d00, 0x1dbf, 0, 2, false },
	{ 0x1e00, 0x1eff, 1, 1, false },
	{ 0x2000, 0x2bff, 0, 2, true }, /* marks without a width, symbols made of letters */
	{ 0xfb00, 0xfb06, 2, 3, false },
	{ 0xfe30, 0xfe4f, 0, 1, true },
	{ 0xff61, 0xffff, 0, 1, true },
};

/* `at` has a bit for every place of the pattern where the name read so far may have come to. */
static uint64_t one(const char *pattern, size_t n, uint64_t at, uint32_t unit, bool any)
{
	uint64_t ret = 0;
	for (size_t i = 0; i < n; i++) {
		bool fit = unit == 0 ? any || (pattern[i] >= 'a' && pattern[i] <= 'z') : (uint8_t)pattern[i] == fold(unit);
		if ((at >> i & 1) && fit)
			ret |= UINT64_C(2) << i;
	}
	return ret;
}

static uint64_t advance(const char *pattern, size_t n, uint64_t at, uint32_t unit)
{
	if (unit >= 0xff01 && unit <= 0xff5e) /* letters of full width */
		unit -= 0xff01 - '!';
	if (unit < 0x80)
		return one(pattern, n, at, unit, false);
	for (size_t i = 0; i < COUNT_OF(looses); i++) {
		const struct loose *l = &looses[i];
		if (unit < l->from || unit > l->to)
			continue;
		uint64_t ret = l->least == 0 ? at : 0;
		for (unsigned letters = 1; letters <= l->most; letters++) {
			at = one(pattern, n, at, 0, l->any);
			ret |= letters >= l->least ? at : 0;
		}
		return ret;
	}
	return at; /* perhaps without weight */
}

static bool fits(const char *pattern, const uint16_t *name, size_t units)
{
	size_t n = strlen(pattern);
	bool prefix = pattern[n - 1] == '*';
	uint64_t at = 1;
	n -= prefix;
	for (size_t i = 0; i < units && at; i++) {
		at = advance(pattern, n, at, name[i]);
		if (prefix && (at >> n & 1))
			return true;
	}
	return at >> n & 1;
}

static bool same(const char *pattern, const uint16_t *name, size_t units)
{
	for (size_t i = 0; i < units; i++) {
		if (pattern[i] == '*')
			return true;
		if ((uint8_t)pattern[i] != fold(name[i]))
			return false;
	}
	return pattern[units] == 0 || pattern[units] == '*';
}

static bool look_up(const struct classify_tsql_proc *table, size_t n, const struct classify_tsql_lex *lex, const struct classify_token *name,
	struct classify_tsql_proc *ret)
{
	uint16_t units[NAME_MAX_UNITS];
	size_t count = 0;
	bool plain = true, found = false;
	struct classify_tsql_units u = classify_tsql_units_of(lex, name);
	for (uint32_t unit = classify_tsql_units_next(&u); unit != END_OF_TEXT && count < NAME_MAX_UNITS; unit = classify_tsql_units_next(&u)) {
		units[count++] = (uint16_t)unit; /* no server has longer names */
		plain &= unit < 0x80;
	}
	*ret = (struct classify_tsql_proc){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (plain ? !same(table[i].name, units, count) : !fits(table[i].name, units, count))
			continue;
		found = true;
		ret->name = table[i].name;
		ret->classes |= table[i].classes;
		ret->flags |= table[i].flags;
		ret->statement = table[i].statement > ret->statement ? table[i].statement : ret->statement;
		if (plain)
			break;
	}
	return found;
}

bool classify_tsql_proc(const struct classify_tsql_lex *lex, const struct classify_token *name, struct classify_tsql_proc *ret)
{
	return look_up(procs, COUNT_OF(procs), lex, name, ret);
}

bool classify_tsql_function(const struct classify_tsql_lex *lex, const struct classify_token *name, struct classify_tsql_proc *ret)
{
	return look_up(functions, COUNT_OF(functions), lex, name, ret);
}
