#include "gateway/core/scope.h"
#include "policy/command/commands.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* The CLI's form that is kept for good, as far as the broker answers it: name, then the required and (in brackets) other keys. */
static const char *const contract[] = {
	"user add: name role [key lang]",
	"user disable: name [rotate version]",
	"user remove: name [version]",
	"user enable: name [version]",
	"user set: name [role lang mail version]",
	"user rename: name to [version]",
	"user factor: name policy [version]",
	"user password: name",
	"user list:",
	"factor list:",
	"factor reset: name",
	"factor codes: name",
	"passkey list: [user]",
	"passkey begin:",
	"passkey add: name credential client_data authenticator_data",
	"passkey rename: id name",
	"passkey remove: id",
	"me confirm:",
	"me password:",
	"me enrol:",
	"me language: lang",
	"me mail: [mail]",
	"me key-add: key",
	"me key-remove: key",
	"device forget: id",
	"certificate issue: user key [for from]",
	"certificate list: [user]",
	"certificate revoke: [serial user reason]",
	"certificate ca:",
	"console list:",
	"console end: id",
	"console logout:",
	"token add: name scope [user for from]",
	"token list:",
	"token revoke: id",
	"access-password add: name [door user for from]",
	"access-password list:",
	"access-password revoke: id",
	"group add: name [network_default]",
	"group put: group target",
	"group take: group target",
	"group remove: name [version]",
	"group rename: name to [version]",
	"group list:",
	"group admin: group user",
	"cluster add: name network",
	"cluster put: cluster target",
	"cluster remove: name [version]",
	"cluster set: name network [version]",
	"cluster rename: name to [version]",
	"cluster admin: cluster user",
	"cluster list:",
	"target add: name kind address cluster [charset legacy tls database]",
	"target set: name [address charset legacy tls_key tls database version]",
	"target rename: name to [version]",
	"target remove: name [version]",
	"target list:",
	"target test: name",
	"target repin: target",
	"account set: target account kind [version]",
	"account remove: target account [version]",
	"account rotate: target account [via]",
	"account settle: id",
	"account recover: id",
	"account rotations: [target account]",
	"account ages: [older]",
	"rotation add: name every [group cluster target account via at length keep]",
	"rotation set: name [every account via at length keep version]",
	"rotation remove: name [version]",
	"rotation list:",
	"template add: name [login kind root sudo about]",
	"template set: name [login kind root sudo about version]",
	"template rename: name to [version]",
	"template remove: name [version]",
	"template apply: name [target group cluster]",
	"template list:",
	"grant add: user account [target group from hours until feature idle total concurrent paste paste_max copy]",
	"grant remove: id [version]",
	"grant list:",
	"cloud add: name provider kind login group [url key_id remind]",
	"cloud set: name [provider kind login group url key_id remind version]",
	"cloud secret: name kind [version]",
	"cloud remove: name [version]",
	"cloud list:",
	"cloud allow: group user [until]",
	"cloud forbid: group user",
	"cloud open: name reason",
	"cloud openings: [name]",
	"import run: line [check]",
	"history list: kind name",
	"request add: target reason until [account starts kind detail]",
	"request list: [state]",
	"request show: id",
	"request approve: id [until reason]",
	"request refuse: id reason",
	"request withdraw: id [reason]",
	"request extend: id until reason",
	"preapproval add: name group longest [kind role user account]",
	"preapproval remove: name",
	"preapproval list:",
	"secure-mode set: cluster [secure doors unknown default version]",
	"secure-mode list:",
	"command-rule add: action [cluster program args path account target hours name reason_en reason_zh enabled place]",
	"command-rule set: id [action program args path account target hours name reason_en reason_zh enabled version]",
	"command-rule move: id to [version]",
	"command-rule remove: id [version]",
	"command-rule list: [cluster]",
	"command-rule import: [cluster]",
	"command-rule try: [id cluster program args path account target hours since]",
	"command-rule check: line [cluster account target directory]",
	"sql-rule add: action [cluster group target user role dialect database tables class flag without hours from program statements rows name reason_en reason_zh enabled place]",
	"sql-rule set: id [action user role dialect database tables class flag without hours from program statements rows name reason_en reason_zh enabled version]",
	"sql-rule move: id to [version]",
	"sql-rule remove: id [version]",
	"sql-rule list:",
	"sql-rule import: [cluster group target]",
	"sql-rule check: target [class flag table database user program address statements rows]",
	"sql-policy set: target [default approval approvers version]",
	"sql-policy list:",
	"sql-request check: target [account database]",
	"sql-request add: target reason until [account database starts mode stop_on_error rows]",
	"sql-request revise: id [reason until database starts mode stop_on_error rows]",
	"sql-request list: [state]",
	"sql-request show: id",
	"sql-request approve: id [reason until rows sha256]",
	"sql-request refuse: id reason",
	"sql-request withdraw: id [reason]",
	"channel add: name kind [address from login tls event group lang ca state]",
	"channel set: name [address from login tls event group lang ca state version]",
	"channel remove: name",
	"channel list:",
	"channel test: name [to]",
	"notice list: [state limit]",
	"notice retry: id",
	"notice drop: id",
	"duty list:",
	"duty separate: state",
	"role add: name [right about]",
	"role set: name [right about version]",
	"role remove: name [version]",
	"role list:",
	"view save: page name query",
	"view share: id [role]",
	"view remove: id",
	"view columns: page [column]",
	"me favourite: target state",
	"ssh-config: user",
	"session list: [state user target]",
	"session watch: id [pace]",
	"session kill: id reason",
	"session lock: id [reason]",
	"session unlock: id [reason]",
	"session message: id text",
	"recording list: [user target]",
	"recording export: id format [from]",
	"recording index: id",
	"recording find: id text",
	"recording verify: id",
	"replay: id [from]",
	"file list: [since until user target session sha256 path]",
	"file export: id",
	"document add: name [about note]",
	"document update: name [note edition]",
	"document set: name [rename about edition]",
	"document share: name [user role group edition]",
	"document unshare: name [user role group edition]",
	"document restore: name version [edition]",
	"document remove: name [version edition]",
	"document list: [text]",
	"document versions: name",
	"document get: name [version view again]",
	"audit search: [since until text user target kind limit before]",
	"audit save: format [since until text user target kind]",
	"audit reindex: [recording all]",
	"audit export:",
	"audit verify: [after limit]",
	"settings list:",
	"settings get: key",
	"settings set: key [value version]",
	"setup step: step",
	"setup done:",
	"escrow set: public_key",
	"samples remove:",
	"group retention: group days [version]",
	"group requestable: group requestable [version]",
	"recording hold: id reason",
	"recording release: id",
	"retention run:",
	"backup sign: hash files bytes key generation",
	"key rotate: [ca host users]",
	"public keys:",
	"doctor:",
};

/* Without a right of its own: that of the kind's list, which its function finds, or of each step, or what is one's own at the console. */
static bool asks_itself(const struct pol_command *c)
{
	static const char *const names[] = { "history list", "import run", "passkey begin", "passkey add", "passkey rename", "passkey remove", "device forget",
		"view save", "view remove", "view columns" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(c->name, names[i]) == 0)
			return true;
	return strncmp(c->name, "me ", 3) == 0;
}

static void describe(const struct pol_command *c, char *out, size_t n)
{
	size_t at = (size_t)snprintf(out, n, "%s:", c->name);
	bool open = false;

	for (const struct pol_arg *a = c->args; a->key; a++) {
		bool required = a->flags & POL_ARG_REQUIRED;
		at += (size_t)snprintf(out + at, n - at, " %s%s", !required && !open ? "[" : "", a->key);
		assert_false(required && open); /* required ones come first */
		open = open || !required;
	}
	(void)snprintf(out + at, n - at, "%s", open ? "]" : "");
}

static void the_table_is_the_contract(void **state)
{
	char line[256];

	(void)state;
	assert_int_equal(pol_commands_n, COUNT_OF(contract));
	for (size_t i = 0; i < pol_commands_n; i++) {
		describe(&pol_commands[i], line, sizeof line);
		assert_string_equal(line, contract[i]);
	}
}

static void each_name_is_found_and_stands_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < pol_commands_n; i++)
		assert_ptr_equal(pol_commands_find(span_str(pol_commands[i].name)), &pol_commands[i]);
	assert_null(pol_commands_find(span_str("user")));
	assert_null(pol_commands_find(span_str("")));
	assert_null(pol_commands_find(span_of("user add\0", 9)));
}

/* "group put" is api.group_put; what takes a descriptor or has no function needs steps of its own. */
static void rows_fit_together(void **state)
{
	char sql[64];

	(void)state;
	for (size_t i = 0; i < pol_commands_n; i++) {
		const struct pol_command *c = &pol_commands[i];
		assert_true(c->run || c->sql);
		assert_true(!c->fd || c->run);
		assert_null(c->args[POL_ARGS_MAX - 1].key);
		if (!c->sql)
			continue;
		assert_true(c->permission || asks_itself(c));
		(void)snprintf(sql, sizeof sql, "api.%s", c->name);
		for (char *p = sql; *p; p++)
			*p = *p == ' ' || *p == '-' ? '_' : *p;
		assert_string_equal(c->sql, sql);
	}
}

/* Whoever may only look may not change: the permission's verb tells. */
static void what_only_lists_needs_only_list_permissions(void **state)
{
	(void)state;
	for (size_t i = 0; i < pol_commands_n; i++) {
		const struct pol_command *c = &pol_commands[i];
		size_t n = strlen(c->name);
		bool lists = n > 5 && strcmp(c->name + n - 5, " list") == 0;
		bool may = c->permission && (strstr(c->permission, "list") || strstr(c->permission, ".read"));
		if (lists && !asks_itself(c))
			assert_true(may);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_the_contract),
		cmocka_unit_test(each_name_is_found_and_stands_once),
		cmocka_unit_test(rows_fit_together),
		cmocka_unit_test(what_only_lists_needs_only_list_permissions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
