#include "gateway/core/scope.h"
#include "webterm/route.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void each_path_has_its_answer(void **state)
{
	(void)state;
	static const struct {
		enum web_method method;
		const char *path;
		enum web_route_name name;
		const char *first, *second;
	} table[] = {
		{ WEB_GET, "/", WEB_ROUTE_PAGE, "", "" },
		{ WEB_HEAD, "/", WEB_ROUTE_PAGE, "", "" },
		{ WEB_GET, "/login", WEB_ROUTE_PAGE, "", "" },
		{ WEB_GET, "/sessions/0190a1b2", WEB_ROUTE_PAGE, "", "" },
		{ WEB_POST, "/login", WEB_ROUTE_METHOD, "", "" },
		{ WEB_GET, "/assets/index-1a.js", WEB_ROUTE_FILE, "", "" },
		{ WEB_GET, "/assets/x", WEB_ROUTE_FILE, "", "" },
		{ WEB_GET, "/favicon.ico", WEB_ROUTE_FILE, "", "" },
		{ WEB_GET, "/healthz", WEB_ROUTE_HEALTH, "", "" },
		{ WEB_POST, "/healthz", WEB_ROUTE_METHOD, "", "" },
		{ WEB_POST, "/api/v1/login", WEB_ROUTE_LOGIN, "", "" },
		{ WEB_POST, "/api/v1/login/abc", WEB_ROUTE_LOGIN_STEP, "abc", "" },
		{ WEB_GET, "/api/v1/me", WEB_ROUTE_ME, "", "" },
		{ WEB_GET, "/api/v1/targets", WEB_ROUTE_LIST, "targets", "" },
		{ WEB_GET, "/api/v1/targets/web-01.a_b", WEB_ROUTE_ROW, "targets", "web-01.a_b" },
		{ WEB_POST, "/api/v1/commands/session/kill", WEB_ROUTE_COMMAND, "session", "kill" },
		{ WEB_POST, "/api/v1/commands/doctor", WEB_ROUTE_COMMAND, "doctor", "" },
		{ WEB_POST, "/api/v1/terminals", WEB_ROUTE_TERMINAL_NEW, "", "" },
		{ WEB_POST, "/api/v1/terminals/i/ticket", WEB_ROUTE_TERMINAL_TICKET, "i", "" },
		{ WEB_GET, "/api/v1/terminals/i/socket", WEB_ROUTE_TERMINAL_SOCKET, "i", "" },
		{ WEB_GET, "/api/v1/terminals/i/file", WEB_ROUTE_DOWNLOAD, "i", "" },
		{ WEB_PUT, "/api/v1/terminals/i/file", WEB_ROUTE_UPLOAD, "i", "" },
		{ WEB_POST, "/api/v1/sessions/i/watch/ticket", WEB_ROUTE_WATCH_TICKET, "i", "" },
		{ WEB_GET, "/api/v1/sessions/i/watch", WEB_ROUTE_WATCH, "i", "" },
		{ WEB_POST, "/api/v1/sessions/i/replay/ticket", WEB_ROUTE_REPLAY_TICKET, "i", "" },
		{ WEB_GET, "/api/v1/sessions/i/replay", WEB_ROUTE_REPLAY, "i", "" },
		{ WEB_POST, "/api/v1/events/ticket", WEB_ROUTE_EVENTS_TICKET, "", "" },
		{ WEB_GET, "/api/v1/events", WEB_ROUTE_EVENTS, "", "" },
		{ WEB_PUT, "/api/v1/targets", WEB_ROUTE_METHOD, "", "" },
		{ WEB_OTHER, "/api/v1/targets", WEB_ROUTE_METHOD, "", "" },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct web_route r;
		web_route_find(table[i].method, span_str(table[i].path), &r);
		if (r.name != table[i].name || strcmp(r.part[0], table[i].first) != 0 || strcmp(r.part[1], table[i].second) != 0)
			fail_msg("%s: %d %s %s", table[i].path, (int)r.name, r.part[0], r.part[1]);
	}
}

static void other_paths_have_none(void **state)
{
	(void)state;
	static const char *const none[] = { "", "x", "*", "/api/", "/api/v2/me", "/api/v1/", "/api/v1/targets/", "/api/v1//me",
		"/api/v1/a/b/c", "/api/v1/ta rgets", "/api/v1/t%00", "/api/v1/targets/a'b", "/api/v1/targets/\"",
		"/api/v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	for (size_t i = 0; i < COUNT_OF(none); i++) {
		struct web_route r;
		web_route_find(WEB_GET, span_str(none[i]), &r);
		if (r.name != WEB_ROUTE_NONE)
			fail_msg("%s: %d", none[i], (int)r.name);
	}
	struct web_route r;
	web_route_find(WEB_GET, span_of("/api/v1/me\0x", 12), &r);
	assert_int_equal(r.name, WEB_ROUTE_NONE);
}

static void every_write_needs_its_token_but_the_login(void **state)
{
	(void)state;
	static const char *const writes[] = { "/api/v1/logout", "/api/v1/commands/a/b", "/api/v1/terminals",
		"/api/v1/terminals/i/ticket", "/api/v1/sessions/i/watch/ticket", "/api/v1/events/ticket" };
	struct web_route r;
	for (size_t i = 0; i < COUNT_OF(writes); i++) {
		web_route_find(WEB_POST, span_str(writes[i]), &r);
		assert_true(r.flags & WEB_ROUTE_SIGNED);
	}
	web_route_find(WEB_PUT, span_str("/api/v1/terminals/i/file"), &r);
	assert_true(r.flags & WEB_ROUTE_SIGNED);
	web_route_find(WEB_POST, span_str("/api/v1/login"), &r);
	assert_false(r.flags & WEB_ROUTE_SIGNED);
}

static void the_methods_of_a_path_are_told(void **state)
{
	(void)state;
	struct web_route r;
	struct buf b;
	buf_init(&b, 64);
	web_route_find(WEB_POST, span_str("/api/v1/terminals/i/file"), &r);
	assert_int_equal(r.name, WEB_ROUTE_METHOD);
	web_route_allow(r.allow, &b);
	assert_string_equal(buf_str(&b), "GET, HEAD, PUT");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(each_path_has_its_answer),
		cmocka_unit_test(other_paths_have_none),
		cmocka_unit_test(every_write_needs_its_token_but_the_login),
		cmocka_unit_test(the_methods_of_a_path_are_told),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
