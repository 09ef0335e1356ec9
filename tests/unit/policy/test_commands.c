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
	"user disable: name [version]",
	"user remove: name [version]",
	"user enable: name [version]",
	"user set: name [role lang version]",
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
	"target add: name kind address cluster [charset legacy]",
	"target set: name [address charset legacy version]",
	"target rename: name to [version]",
	"target remove: name [version]",
	"target list:",
	"target test: name",
	"target repin: target",
	"account set: target account kind [version]",
	"account remove: target account [version]",
	"grant add: user account [target group from hours until feature idle total concurrent paste paste_max copy]",
	"grant remove: id [version]",
	"grant list:",
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
	"duty list:",
	"duty separate: state",
	"ssh-config: user",
	"session list: [state user target]",
	"session watch: id",
	"session kill: id reason",
	"session lock: id [reason]",
	"session unlock: id [reason]",
	"session message: id text",
	"recording list: [user target]",
	"recording export: id format",
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
	"document get: name [version view]",
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
	static const char *const names[] = { "history list", "import run", "passkey begin", "passkey add", "passkey rename", "passkey remove", "device forget" };

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
