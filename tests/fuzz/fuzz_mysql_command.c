/* What a client's commands hold: the first byte says with attributes or without, how many parameters, and which were sent before. */
#include "sqlproxy/mysql/command.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mysql_param_type types[8] = { 0 };
	struct span text = { 0 }, payload;
	struct buf out;
	struct json j;
	bool named = false, attributes;
	if (n < 2)
		return 0;
	attributes = data[0] & 1;
	const uint8_t sent[8] = { data[1] & 1, data[1] & 2, data[1] & 4, data[1] & 8, 0, 0, 0, 0 };
	const struct mysql_command_bind bind = { .params = (uint16_t)(data[0] >> 1 & 7), .sent = sent, .types = data[0] & 16 ? types : NULL };
	payload = span_of(data + 2, n - 2);
	if (mysql_command_query(payload, attributes, &text, NULL) == 0 && text.p + text.n != data + n)
		abort();
	buf_init(&out, 1 << 20);
	json_open(&j, &out);
	json_arr(&j, NULL);
	if (mysql_command_execute(payload, attributes, &bind, types, &named, &j, NULL) == 0 && bind.params > 0 && !named && !bind.types)
		for (size_t i = 0; i < bind.params; i++)
			if (!sent[i] && types[i].type) /* values were read whose types nobody named */
				abort();
	json_end(&j);
	buf_done(&out);
	return 0;
}
