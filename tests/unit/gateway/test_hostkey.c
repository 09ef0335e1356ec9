#include "tests/unit/gateway/rig.h"
#include <unistd.h>

static void answer_host_sign(int sock, int64_t code, uint8_t first)
{
	struct wire_host_sign_answer m = { .code = code, .signature.b = { first } };
	assert_int_equal(wire_host_sign_answer_send(sock, &m, -1), 0);
}

static void the_vault_signs_with_the_host_key_it_showed(void **state)
{
	(void)state;
	struct rig r;
	struct err err = { 0 };
	struct wire_host_sign q;
	uint8_t signature[GW_HOST_SIGNATURE];
	static const uint8_t hash[32] = { 5 };
	rig_open(&r);
	assert_int_equal(wire_host_key_answer_send(r.peer[GW_VAULT], &(struct wire_host_key_answer){ .key.b = { 7 } }, -1), 0);
	assert_int_equal(gw_hostkey_fetch(r.s, &err), 0);
	assert_int_equal(rig_take(r.peer[GW_VAULT], WIRE_T_host_key).n, 0);
	answer_host_sign(r.peer[GW_VAULT], 0, 9);
	assert_int_equal(gw_session_host_sign(r.s, span_of(hash, sizeof hash), signature, &err), 0);
	assert_int_equal(wire_host_sign_get(rig_take(r.peer[GW_VAULT], WIRE_T_host_sign), &q, NULL), 0);
	assert_true(q.key.b[0] == 7 && span_eq(q.hash, span_of(hash, sizeof hash)));
	assert_int_equal(signature[0], 9);
	answer_host_sign(r.peer[GW_VAULT], -ESTALE, 0);
	assert_null(gw_session_ending(r.s));
	assert_int_equal(gw_session_host_sign(r.s, span_of(hash, sizeof hash), signature, &err), -ESTALE);
	assert_non_null(strstr(gw_session_ending(r.s), "host key was changed"));
	assert_int_equal(gw_session_pump(r.s, &err), 0);
	assert_int_equal(r.ends, 1);
	rig_close(&r);
}

static void a_vault_that_is_replaced_in_mid_signature_is_asked_again(void **state)
{
	(void)state;
	struct rig r;
	struct err err = { 0 };
	struct wire_host_sign q;
	uint8_t signature[GW_HOST_SIGNATURE];
	static const uint8_t hash[64] = { 6 };
	int sv[2];
	rig_open(&r);
	assert_int_equal(msg_pair(sv), 0);
	answer_host_sign(sv[1], 0, 8);
	scope_close(&r.peer[GW_VAULT]);
	assert_int_equal(wire_replace_send(r.peer[GW_CONTROL], &(struct wire_replace){ .role = WIRE_VAULT }, sv[0]), 0);
	close(sv[0]);
	r.peer[GW_VAULT] = sv[1];
	assert_int_equal(gw_session_host_sign(r.s, span_of(hash, sizeof hash), signature, &err), 0);
	assert_int_equal(wire_host_sign_get(rig_take(sv[1], WIRE_T_host_sign), &q, NULL), 0);
	assert_true(span_eq(q.hash, span_of(hash, sizeof hash)) && signature[0] == 8);
	scope_close(&r.peer[GW_VAULT]); /* and one that does not come back is waited for in vain, not for ever */
	clock_fake(clock_mono_us());
	struct wire_control end = { .op = WIRE_END_SESSION, .reason = span_str("enough") };
	assert_int_equal(wire_control_send(r.peer[GW_CONTROL], &end, -1), 0);
	assert_int_equal(gw_session_host_sign(r.s, span_of(hash, sizeof hash), signature, &err), -ECANCELED);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vault_signs_with_the_host_key_it_showed),
		cmocka_unit_test(a_vault_that_is_replaced_in_mid_signature_is_asked_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
