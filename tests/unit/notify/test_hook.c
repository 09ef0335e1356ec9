#include "tests/unit/notify/note.h"
#include "notify/hook.h"
#include "gateway/core/scope.h"

static void the_dingtalk_signature_is_openssls(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 1000);
	notify_hook_dingtalk_url(span_str("https://h/robot/send?access_token=x"), span_str("SECabc"), INT64_C(1700000000000), &out);
	assert_string_equal(buf_str(&out), "https://h/robot/send?access_token=x&timestamp=1700000000000&sign=jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D");
	buf_clear(&out);
	notify_hook_dingtalk_url(span_str("https://h/robot"), (struct span){ 0 }, 1, &out);
	assert_string_equal(buf_str(&out), "https://h/robot");
	buf_done(&out);
}

static void the_webhook_signature_is_openssls(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 100);
	notify_hook_signature(span_str("K3y"), 1700000000, span_str("{\"a\":1}"), &out);
	assert_string_equal(buf_str(&out), "f55fe4ead6a974acff2796b6cb4c2d6294480e974a8031c1c6db90aa125f14c0");
	buf_done(&out);
}

static void url_and_key_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *secret, *url, *key;
	} table[] = { { "https://h/a\nkey", "https://h/a", "key" }, { "https://h/a key", "https://h/a", "key" },
		{ "https://h/a", "https://h/a", "" }, { "https://h/a\n", "https://h/a", "" }, { "", "", "" } };
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct notify_hook_key k = notify_hook_split(span_str(table[i].secret));
		assert_true(span_is(k.url, table[i].url));
		assert_true(span_is(k.key, table[i].key));
	}
}

static void only_errcode_zero_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		bool taken;
	} table[] = { { "{\"errcode\":0,\"errmsg\":\"ok\"}", true }, { "{\"errmsg\":\"ok\",\"errcode\": 0}", true },
		{ "{\"errcode\":310000}", false }, { "{\"errcode\":01}", false }, { "{\"errcode\":0", false }, { "", false },
		{ "{\"errcode\"", false }, { "ok", false }, { "{\"errcode\":-1}", false } };
	for (size_t i = 0; i < COUNT_OF(table); i++)
		assert_int_equal(notify_hook_is_taken(span_str(table[i].answer)), table[i].taken);
}

static void what_an_answer_repeats_of_the_url_is_not_shown(void **state)
{
	struct buf words;
	(void)state;
	buf_init(&words, 1000);
	buf_printf(&words, "no route /robot/send?access_token=0123456789abcdef here 0123456789abcdef");
	notify_hook_scrub(span_str("https://host.example/robot/send?access_token=0123456789abcdef"), &words);
	assert_null(strstr(buf_str(&words), "0123456789abcdef"));
	assert_non_null(strstr(buf_str(&words), "no route /robot/send?"));
	buf_clear(&words);
	notify_hook_scrub(span_str("https://h/0123456789"), &words); /* nothing was said */
	assert_int_equal(words.len, 0);
	buf_done(&words);
}

static void bodies_are_json_for_each_kind_of_receiver(void **state)
{
	struct notify_job j;
	struct buf out;
	(void)state;
	buf_init(&out, 65536);
	note_init(&j, "test", "en");
	note_set(&j, NOTIFY_VIA, "wecom");
	notify_hook_body(&j, &out);
	assert_string_equal(buf_str(&out), "{\"msgtype\":\"text\",\"text\":{\"content\":\"Yanmen: this is a test\\u000a\\u000a\"}}");
	buf_clear(&out);
	note_set(&j, NOTIFY_VIA, "webhook");
	note_set(&j, NOTIFY_UID, "u-1");
	note_set(&j, NOTIFY_REASON, "a\"b\nc");
	notify_hook_body(&j, &out);
	assert_string_equal(buf_str(&out), "{\"id\":\"u-1\",\"event\":\"test\",\"reason\":\"a\\\"b\\u000ac\",\"subject\":\"Yanmen: this is a test\","
					   "\"text\":\"Yanmen: this is a test\\u000a\\u000aReason: a\\\"b\\u000ac\\u000a\"}");
	buf_done(&out);
}

static void a_text_for_wecom_is_cut_between_characters(void **state)
{
	struct notify_job j;
	struct buf out;
	char reason[4096];
	(void)state;
	for (size_t i = 0; i + 3 < sizeof reason; i += 3)
		memcpy(reason + i, "甲", 4);
	buf_init(&out, 65536);
	note_init(&j, "test", "zh");
	note_set(&j, NOTIFY_VIA, "wecom");
	note_set(&j, NOTIFY_REASON, reason);
	notify_hook_body(&j, &out);
	assert_true(out.len <= 2048 + 60);
	assert_non_null(strstr(buf_str(&out), "甲\"}}"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(the_dingtalk_signature_is_openssls), CASE(the_webhook_signature_is_openssls), CASE(url_and_key_are_told_apart),
		CASE(only_errcode_zero_is_taken), CASE(what_an_answer_repeats_of_the_url_is_not_shown),
		CASE(bodies_are_json_for_each_kind_of_receiver), CASE(a_text_for_wecom_is_cut_between_characters),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
