#include "tests/unit/core/unit.h"
#include "gateway/core/err.h"
#include "gateway/core/rd.h"
#include "gateway/core/scope.h"
#include "gateway/core/secret.h"
#include "sqlproxy/tds/login7.h"
#include "sqlproxy/tds/text.h"
#include <errno.h>
#include <string.h>

#define BYTES(...) span_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
enum { SIZE = 4096, AT_FLAGS1 = 24, AT_FLAGS2 = 25, AT_FLAGS3 = 27, TABLE = 36, EXTENSION = 5, AT_SSPI = 78, AT_FILE = 82, AT_CHANGE = 86, AT_LONG = 90 };

/* A login of TDS 7.4 as a client writes it; features: FeatureExt with its end. */
struct made {
	uint8_t p[SIZE];
	size_t n;
};

static void set16(struct made *m, size_t at, size_t v)
{
	m->p[at] = (uint8_t)v;
	m->p[at + 1] = (uint8_t)(v >> 8);
}

static struct made made(uint32_t version, struct span features)
{
	static const char *const texts[TDS_LOGIN7_TEXTS] = { "pc", "alice#db1", "Ab1", "SSMS", "gate", NULL, "ODBC", "", "shop" };
	struct made m = { .n = version >= 0x72000000 || version == 0x08000000 ? 94 : 86 };
	set16(&m, 4, version & 0xffff);
	set16(&m, 6, version >> 16);
	set16(&m, 8, 8000);
	m.p[24] = 0xe0;
	m.p[25] = 0x03;
	set16(&m, 32, 0x0804);
	memcpy(m.p + 72, "\1\2\3\4\5\6", 6);
	for (size_t i = 0; i < TDS_LOGIN7_TEXTS; i++) {
		set16(&m, TABLE + i * 4, m.n);
		if (i == EXTENSION && features.n > 0) {
			m.p[AT_FLAGS3] = 0x10;
			set16(&m, TABLE + i * 4 + 2, 4);
			m.n += 4;
		}
		for (const char *t = i == EXTENSION ? "" : texts[i]; *t; t++, m.n += 2) {
			m.p[m.n] = (uint8_t)*t;
			m.p[TABLE + i * 4 + 2]++;
		}
		if (i != TDS_LOGIN7_PASSWORD)
			continue;
		for (size_t k = m.n - 6; k < m.n; k++)
			m.p[k] = (uint8_t)((m.p[k] << 4 | m.p[k] >> 4) ^ 0xa5);
	}
	if (features.n > 0) {
		set16(&m, (size_t)(m.p[TABLE + 20] | m.p[TABLE + 21] << 8), m.n);
		memcpy(m.p + m.n, features.p, features.n);
		m.n += features.n;
	}
	set16(&m, 0, m.n);
	return m;
}

static int get(const struct made *m, struct tds_login7 *l, struct err *err)
{
	return tds_login7_get(span_of(m->p, m->n), l, err);
}

static void is_text(struct span utf16, const char *text)
{
	struct buf utf8;
	buf_init(&utf8, 512);
	tds_text_get(utf16, &utf8);
	assert_string_equal(buf_str(&utf8), text);
	buf_done(&utf8);
}

static void a_login_says_who_with_what_and_where_to(void **state)
{
	(void)state;
	struct made m = made(0x74000004, span_of(NULL, 0));
	struct tds_login7 l;
	scoped(secret_scope) struct secret *password = NULL;
	assert_int_equal(get(&m, &l, NULL), 0);
	assert_true(l.rank == TDS_7_4 && l.packet_size == 8000 && l.lcid == 0x0804 && l.client[5] == 6 && l.asked == 0);
	is_text(l.text[TDS_LOGIN7_USER], "alice#db1");
	is_text(l.text[TDS_LOGIN7_DATABASE], "shop");
	is_text(l.text[TDS_LOGIN7_PROGRAM], "SSMS");
	assert_int_equal(tds_login7_password(&l, &password, NULL), 0);
	assert_true(span_is(secret_span(password), "Ab1"));
	m = made(0x71000001, span_of(NULL, 0));
	assert_int_equal(get(&m, &l, NULL), 0);
	assert_int_equal(l.rank, TDS_7_1);
	is_text(l.text[TDS_LOGIN7_USER], "alice#db1");
}

static void a_login_goes_on_with_the_real_account_and_all_else_as_it_was(void **state)
{
	(void)state;
	static const uint32_t versions[] = { 0x70000000, 0x71000001, 0x72090002, 0x730a0003, 0x730b0003, 0x74000004, 0x08000000 };
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct made m = made(versions[i], span_of(NULL, 0));
		struct tds_login7 l, again;
		scoped(secret_scope) struct secret *password = NULL;
		struct buf out;
		buf_init(&out, TDS_LOGIN7_MAX);
		assert_int_equal(get(&m, &l, NULL), 0);
		const struct tds_login7_as as = { span_str("app"), span_str("s\xe4\xba\xac"), span_str(""), span_str("sql01") };
		assert_int_equal(tds_login7_put(&l, &as, &out, NULL), 0);
		assert_int_equal(tds_login7_get(buf_span(&out), &again, NULL), 0);
		is_text(again.text[TDS_LOGIN7_USER], "app");
		is_text(again.text[TDS_LOGIN7_SERVER], "sql01");
		is_text(again.text[TDS_LOGIN7_DATABASE], "shop");
		is_text(again.text[TDS_LOGIN7_HOST], "pc");
		assert_int_equal(tds_login7_password(&again, &password, NULL), 0);
		assert_true(span_is(secret_span(password), "s\xe4\xba\xac"));
		assert_true(again.version == versions[i] && memcmp(again.client, l.client, 6) == 0);
		assert_null(memmem(out.data, out.len, "a\0l\0i\0c\0e\0", 10));
		buf_done(&out);
	}
}

static void features_that_change_a_reading_or_a_login_do_not_go_on(void **state)
{
	(void)state;
	struct span asked = BYTES(0x01, 2, 0, 0, 0, 7, 7, 0x04, 1, 0, 0, 0, 3, 0x05, 0, 0, 0, 0, 0x09, 1, 0, 0, 0, 2, 0x0a, 1, 0, 0, 0, 1, 0x0d, 1, 0,
		0, 0, 1, 0xff);
	struct made m = made(0x74000004, asked);
	struct tds_login7 l, again;
	struct buf out;
	buf_init(&out, TDS_LOGIN7_MAX);
	assert_int_equal(get(&m, &l, NULL), 0);
	assert_int_equal(l.asked, 1 << TDS_FEATURE_GLOBAL_TRANSACTIONS | 1 << TDS_FEATURE_UTF8);
	const struct tds_login7_as as = { span_str("a"), span_str("b"), span_str("c"), span_str("") };
	assert_int_equal(tds_login7_put(&l, &as, &out, NULL), 0);
	assert_true(span_eq(span_of(out.data + out.len - 12, 12), BYTES(0x05, 0, 0, 0, 0, 0x0a, 1, 0, 0, 0, 1, 0xff)));
	assert_int_equal(tds_login7_get(buf_span(&out), &again, NULL), 0);
	assert_int_equal(again.asked, l.asked);
	m = made(0x74000004, BYTES(0x01, 0, 0, 0, 0, 0xff)); /* nothing is left: there is no extension at all */
	buf_clear(&out);
	assert_int_equal(get(&m, &l, NULL), 0);
	assert_int_equal(tds_login7_put(&l, &as, &out, NULL), 0);
	assert_int_equal(out.data[AT_FLAGS3], 0);
	buf_done(&out);
}

static void a_login_that_cannot_be_passed_on_is_refused_in_words(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t bits;
		const char *say;
	} rows[] = {
		{ AT_FLAGS2, 0x80, "Choose SQL Server authentication: Windows' cannot be passed on. 请选择 SQL Server 身份验证，不支持 Windows 身份验证。" },
		{ AT_SSPI + 2, 9, "Choose SQL Server authentication: Windows' cannot be passed on. 请选择 SQL Server 身份验证，不支持 Windows 身份验证。" },
		{ AT_LONG, 1, "Choose SQL Server authentication: Windows' cannot be passed on. 请选择 SQL Server 身份验证，不支持 Windows 身份验证。" },
		{ AT_FLAGS3, 0x01, "A password is not changed at login. 登录时不能修改密码。" },
		{ AT_CHANGE + 2, 1, "A password is not changed at login. 登录时不能修改密码。" },
		{ AT_FILE + 2, 1, "A database file is not attached at login. 登录时不能附加数据库文件。" },
		{ AT_FLAGS3, 0x04, "User instances are not available here. 此处不支持用户实例。" },
		{ AT_FLAGS2, 0x10, "This door is for people and their programs, not for servers. 此入口不供服务器之间互连。" },
		{ AT_FLAGS1, 0x01, "Numbers or characters of this client's kind are not read here. 不支持此客户端的数值或字符格式。" },
		{ AT_FLAGS1, 0x02, "Numbers or characters of this client's kind are not read here. 不支持此客户端的数值或字符格式。" },
		{ 7, 0x01, "This client speaks a version of TDS that is not known here. 不支持此客户端的 TDS 版本。" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct made m = made(0x74000004, span_of(NULL, 0));
		struct tds_login7 l;
		struct err err = { 0 };
		m.p[rows[i].at] |= rows[i].bits;
		assert_int_equal(get(&m, &l, &err), -EACCES);
		assert_string_equal(err.say, rows[i].say);
	}
	struct made m = made(0x74000004, BYTES(0x02, 1, 0, 0, 0, 2, 0xff));
	struct tds_login7 l;
	assert_int_equal(get(&m, &l, NULL), -EACCES); /* federated */
}

static void a_login_that_lies_is_refused(void **state)
{
	(void)state;
	struct tds_login7 l;
	struct made m = made(0x74000004, BYTES(0x0a, 1, 0, 0, 0, 1, 0xff)), bad;
	assert_int_equal(get(&m, &l, NULL), 0);
	for (size_t n = 0; n < m.n; n++) /* cut anywhere, with its own length or another one */
		assert_int_equal(tds_login7_get(span_of(m.p, n), &l, NULL), -EPROTO);
	for (size_t n = 36; n < m.n; n++) {
		bad = m;
		set16(&bad, 0, n);
		bad.n = n;
		assert_true(get(&bad, &l, NULL) < 0);
	}
	bad = m;
	set16(&bad, TABLE + 4, m.n - 2); /* the user runs out of it */
	assert_int_equal(get(&bad, &l, NULL), -EPROTO);
	bad = m;
	set16(&bad, TABLE + 4, 40); /* ... lies in the table */
	assert_int_equal(get(&bad, &l, NULL), -EPROTO);
	bad = m;
	memcpy(bad.p + TABLE + 4, bad.p + TABLE + 8, 4); /* ... is the password */
	assert_int_equal(get(&bad, &l, NULL), -EPROTO);
	bad = m;
	set16(&bad, 8, 100); /* packets of 100 bytes */
	assert_int_equal(get(&bad, &l, NULL), -EPROTO);
	bad = made(0x74000004, BYTES(0x0a, 1, 0, 0, 0, 1, 0x0a, 1, 0, 0, 0, 1, 0xff));
	assert_int_equal(get(&bad, &l, NULL), -EPROTO); /* a feature twice */
	bad = made(0x74000004, BYTES(0x0a, 0xff, 0xff, 0xff, 0xff, 1, 0xff));
	assert_int_equal(get(&bad, &l, NULL), -EPROTO);
}

static void what_does_not_fit_into_a_login_is_not_sent(void **state)
{
	(void)state;
	struct made m = made(0x74000004, span_of(NULL, 0));
	struct tds_login7 l;
	struct buf out;
	char longer[TDS_LOGIN7_TEXT + 2];
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	buf_init(&out, TDS_LOGIN7_MAX);
	assert_int_equal(get(&m, &l, NULL), 0);
	const struct tds_login7_as too_long = { span_str("a"), span_str(longer), span_str(""), span_str("") };
	const struct tds_login7_as broken = { span_str("a"), span_str("\xff"), span_str(""), span_str("") };
	assert_int_equal(tds_login7_put(&l, &too_long, &out, NULL), -EMSGSIZE);
	buf_clear(&out);
	assert_int_equal(tds_login7_put(&l, &broken, &out, NULL), -EMSGSIZE);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_login_says_who_with_what_and_where_to),
		CASE(a_login_goes_on_with_the_real_account_and_all_else_as_it_was),
		CASE(features_that_change_a_reading_or_a_login_do_not_go_on),
		CASE(a_login_that_cannot_be_passed_on_is_refused_in_words),
		CASE(a_login_that_lies_is_refused),
		CASE(what_does_not_fit_into_a_login_is_not_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
